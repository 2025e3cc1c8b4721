"""Gemini generateContent: a request to a provider, written from the neutral shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.formats.effort import budget_of, effort_of
from engine.formats.gemini_generate.words import NAME, TIERS, thinks_in_levels
from engine.formats.gemini_generate.write_contents import write_contents
from engine.formats.tool_names import tool_name

if TYPE_CHECKING:
    from engine.chat import ChatRequest, Reasoning, Tool, ToolChoice
    from engine.formats.format import Habits
    from engine.formats.losses import Losses

MOST_STOPS = 5
_LEVELS = {
    "none": "MINIMAL",
    "minimal": "MINIMAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "xhigh": "HIGH",
    "max": "HIGH",
}
_FREE_TEXT = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}


def write_request(chat: ChatRequest, losses: Losses, habits: Habits) -> dict[str, Any]:  # noqa: ARG001
    """The document for a provider; model and the wish to stream stand in its path."""
    document: dict[str, Any] = {}
    if parts := [{"text": text.text} for text in chat.system if text.text]:
        document["systemInstruction"] = {"parts": parts}
    document["contents"] = write_contents(chat, losses)
    if chat.tools:
        document["tools"] = [{"functionDeclarations": [_write_tool(tool, losses) for tool in chat.tools]}]
        if chat.choice is not None:
            document["toolConfig"] = {"functionCallingConfig": _write_choice(chat.choice)}
    if config := _write_config(chat, losses):
        document["generationConfig"] = config
    if chat.service_tier in TIERS:
        document["serviceTier"] = TIERS[chat.service_tier]
    return document


def _write_config(chat: ChatRequest, losses: Losses) -> dict[str, Any]:
    if len(chat.stop) > MOST_STOPS:
        losses.note("stop_count")
    config: dict[str, Any] = {
        "maxOutputTokens": chat.max_tokens,
        "temperature": chat.temperature,
        "topP": chat.top_p,
        "topK": chat.top_k,
        "seed": chat.seed,
        "frequencyPenalty": chat.frequency_penalty,
        "presencePenalty": chat.presence_penalty,
        "candidateCount": chat.n,
        "responseLogprobs": chat.logprobs,
        "logprobs": chat.top_logprobs,
        "stopSequences": chat.stop[:MOST_STOPS] or None,
        "thinkingConfig": _write_thinking(chat, losses) or None,
    }
    if chat.output is not None:
        config["responseMimeType"] = "application/json"
        config["responseJsonSchema"] = chat.output.schema if chat.output.kind == "schema" else None
    return {key: value for key, value in config.items() if value is not None}


def _write_thinking(chat: ChatRequest, losses: Losses) -> dict[str, Any]:
    """A level or a budget, as the model's version wants it; never both."""
    reasoning = chat.reasoning
    if reasoning is None:
        return {}
    config: dict[str, Any] = {}
    if thinks_in_levels(chat.model):
        if level := _level(reasoning, losses):
            config["thinkingLevel"] = level
    elif (budget := budget_of(reasoning, losses)) is not None:
        config["thinkingBudget"] = budget
    if reasoning.show is not None and reasoning.effort != "none" and reasoning.budget != 0:
        config["includeThoughts"] = reasoning.show
    return config


def _level(reasoning: Reasoning, losses: Losses) -> str:
    """ "" where the model is to decide."""
    word = effort_of(reasoning, losses)
    level = _LEVELS.get(word, "")
    if not reasoning.effort and word:
        losses.note("budget_step")
    elif level != word.upper():
        losses.note("effort")
    return level


def _write_tool(tool: Tool, losses: Losses) -> dict[str, Any]:
    name = tool_name(tool.name, NAME)
    if name != tool.name:
        losses.note("tool_name")
    told: dict[str, Any] = {"name": name, "description": tool.description}
    if tool.kind == "custom":
        told["parametersJsonSchema"] = _FREE_TEXT
    elif tool.schema is not None:
        told["parametersJsonSchema"] = tool.schema
    return told


def _write_choice(choice: ToolChoice) -> dict[str, Any]:
    names = [tool_name(name, NAME) for name in choice.names]
    if choice.mode in ("auto", "none"):
        return {"mode": choice.mode.upper()}
    if choice.mode == "some" and not choice.required:
        return {"mode": "VALIDATED", "allowedFunctionNames": names}
    return {"mode": "ANY", **({"allowedFunctionNames": names} if names else {})}
