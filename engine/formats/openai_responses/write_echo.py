"""OpenAI Responses: what an answer repeats of its request. SDKs demand most of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.formats.openai_responses.write_tools import write_choice, write_format, write_tool

if TYPE_CHECKING:
    from engine.chat import ChatRequest, Tool


def write_echo(chat: ChatRequest) -> dict[str, Any]:
    """What the client did not say is told as the API's own defaults are."""
    kinds = {tool.name: tool.kind for tool in chat.tools}
    return {
        "instructions": "\n\n".join(text.text for text in chat.system) or None,
        "max_output_tokens": chat.max_tokens,
        "metadata": chat.metadata,
        "parallel_tool_calls": chat.parallel is not False,
        "previous_response_id": None,
        "reasoning": _write_reasoning(chat),
        "service_tier": chat.service_tier or "default",
        "store": False,
        "temperature": 1.0 if chat.temperature is None else chat.temperature,
        "text": {"format": write_format(chat.output), **({"verbosity": chat.verbosity} if chat.verbosity else {})},
        "tool_choice": write_choice(chat.choice, kinds) if chat.choice is not None else "auto",
        "tools": [_write_tool(tool) for tool in chat.tools],
        "top_logprobs": chat.top_logprobs or 0,
        "top_p": 1.0 if chat.top_p is None else chat.top_p,
        "truncation": "disabled",
        "user": chat.user or None,
    }


def _write_reasoning(chat: ChatRequest) -> dict[str, Any]:
    effort = chat.reasoning.effort if chat.reasoning is not None else ""
    shown = chat.reasoning is not None and chat.reasoning.show
    return {"effort": effort or None, "summary": "auto" if shown else None}


def _write_tool(tool: Tool) -> dict[str, Any]:
    """Under the name that the client gave."""
    told = write_tool(tool)
    return told if tool.kind == "native" else told | {"name": tool.name}
