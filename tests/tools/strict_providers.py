"""Providers that take nothing that their documentation does not allow: what is wrong with a request, field by field.

Stricter than the real ones where those are known to look away, so that nothing depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson

Document = dict[str, Any]

WORD = re.compile(r"[a-zA-Z0-9_-]{1,64}")
# What the providers sealed in tests; nothing else may come back.
SEALS = {"R": {"SEAL", "SEAL2"}, "A": {"SEAL", "SEAL2"}, "G": {"U0VBTA==", "U0VBTDI="}}
UNSEALED = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="


def complaints(letter: str, document: Document, model: str = "") -> list[str]:
    """[] for a request that is taken."""
    check: Callable[[Document, str], Iterator[str]] = {"C": _chat, "R": _responses, "A": _messages, "G": _gemini}[letter]
    return list(check(document, model or str(document.get("model", ""))))


def _known(told: Document, allowed: str, where: str, needed: str = "") -> Iterator[str]:
    yield from (f"{where}: unknown field {key}" for key in told if key not in allowed.split())
    yield from (f"{where}: {key} is required" for key in needed.split() if key not in told)


def _choosing(document: Document) -> Iterator[str]:
    for key in ("tool_choice", "parallel_tool_calls"):
        if key in document and not document.get("tools"):
            yield f"{key} without tools"


# OpenAI Chat Completions

_CHAT = (
    "model messages tools tool_choice parallel_tool_calls max_tokens max_completion_tokens temperature top_p seed "
    "frequency_penalty presence_penalty n logprobs top_logprobs stop response_format reasoning_effort verbosity user metadata "
    "service_tier prompt_cache_key stream stream_options store logit_bias"
)
_ROLES = {
    "system": "role content name", "developer": "role content name", "user": "role content name",
    "assistant": "role content name refusal tool_calls reasoning_content annotations", "tool": "role content tool_call_id",
}  # fmt: skip
_CHAT_PARTS = {
    "text": "type text", "image_url": "type image_url", "input_audio": "type input_audio", "file": "type file",
}  # fmt: skip


def _chat(document: Document, model: str) -> Iterator[str]:
    yield from _known(document, _CHAT, "request", "model messages")
    yield from _choosing(document)
    if "max_tokens" in document and "max_completion_tokens" in document:
        yield "two limits"
    if "stream_options" in document and not document.get("stream"):
        yield "stream_options without stream"
    if len(document.get("stop") or ()) > 4 and isinstance(document["stop"], list):
        yield "more than 4 stop sequences"
    for tool in document.get("tools", []):
        yield from _known(tool, "type function custom", "tool", "type")
        yield from _known(tool.get("function", {}), "name description parameters strict", "function")
        if "function" in tool and not WORD.fullmatch(tool["function"]["name"]):
            yield "a tool's name"
    waiting: set[str] = set()
    for message in document["messages"]:
        yield from _chat_message(message, waiting)
    if waiting:
        yield f"calls without results: {sorted(waiting)}"


def _chat_message(message: Document, waiting: set[str]) -> Iterator[str]:
    role, needed = message.get("role", ""), "role" if message.get("tool_calls") else "role content"
    yield from _known(message, _ROLES.get(role, ""), f"{role} message", needed)
    if role == "tool":
        if message.get("tool_call_id") not in waiting:
            yield "a result without its call"
        waiting.discard(message.get("tool_call_id", ""))
    elif waiting:
        yield f"calls without results: {sorted(waiting)}"
    for part in message["content"] if isinstance(message.get("content"), list) else []:
        yield from _known(part, _CHAT_PARTS.get(part.get("type"), ""), "part", part.get("type", "type"))
        if part.get("type") != "text" and role != "user":
            yield f"a {role}'s {part.get('type')}"
    for call in message.get("tool_calls", []):
        yield from _chat_call(call, waiting)
    if role == "assistant" and not any(message.get(field) for field in ("content", "tool_calls", "refusal")):
        yield "an assistant that says nothing"


def _chat_call(call: Document, waiting: set[str]) -> Iterator[str]:
    yield from _known(call, "id type function custom", "call", "id type")
    if len(call["id"]) > 64 or call["id"] in waiting:
        yield "a call's id"
    waiting.add(call["id"])
    yield from _known(call.get("function", {}), "name arguments", "function")
    if "function" in call and not isinstance(call["function"]["arguments"], str):
        yield "arguments that are no string"


# OpenAI Responses

_RESPONSES = (
    "model input instructions tools tool_choice parallel_tool_calls max_output_tokens temperature top_p top_logprobs text "
    "reasoning include metadata user service_tier prompt_cache_key store stream truncation previous_response_id"
)
_ITEMS = {
    "message": "type role content id status phase",
    "function_call": "type call_id name arguments id status",
    "custom_tool_call": "type call_id name input id status",
    "function_call_output": "type call_id output id status",
    "custom_tool_call_output": "type call_id output id status",
    "reasoning": "type id summary content encrypted_content status",
}
_SAID = {"user": {"input_text", "input_image", "input_file"}, "assistant": {"output_text", "refusal"}}


def _responses(document: Document, model: str) -> Iterator[str]:
    yield from _known(document, _RESPONSES, "request", "model input")
    yield from _choosing(document)
    if document.get("max_output_tokens", 16) < 16:
        yield "max_output_tokens below 16"
    for tool in document.get("tools", []):
        yield from _known(tool, "type name description parameters strict format", "tool", "type")
    waiting: set[str] = set()
    items = document["input"] if isinstance(document["input"], list) else []
    for item in items:
        yield from _item(item, waiting)
    if items and items[-1].get("type") == "reasoning":
        yield "reasoning without the item that follows it"
    if waiting:
        yield f"calls without outputs: {sorted(waiting)}"


def _item(item: Document, waiting: set[str]) -> Iterator[str]:
    kind = item.get("type", "message")
    yield from _known(item, _ITEMS.get(kind, ""), kind)
    if kind == "message":
        if waiting:
            yield f"calls without outputs: {sorted(waiting)}"
        allowed = _SAID.get(item["role"], {"input_text"})
        parts = item["content"] if isinstance(item["content"], list) else []
        yield from (f"{item['role']}'s {part['type']}" for part in parts if part["type"] not in allowed)
    elif kind in ("function_call", "custom_tool_call"):
        if not item.get("id", "fc").startswith(("fc", "ctc")):
            yield "a call's item id"
        waiting.add(item["call_id"])
    elif kind.endswith("_output"):
        if item["call_id"] not in waiting:
            yield "an output without its call"
        waiting.discard(item["call_id"])
    elif kind == "reasoning":
        if "summary" not in item or not item.get("id", "rs_").startswith("rs_"):
            yield "reasoning without summary, or with another's id"
        if item.get("encrypted_content") not in SEALS["R"]:
            yield "encrypted content that cannot be verified"


# Anthropic Messages

_MESSAGES = (
    "model messages system max_tokens stream temperature top_p top_k stop_sequences tools tool_choice thinking output_config "
    "metadata service_tier"
)
_BLOCKS = {
    "text": "type text cache_control citations", "image": "type source cache_control",
    "document": "type source title cache_control", "tool_use": "type id name input cache_control caller",
    "tool_result": "type tool_use_id content is_error cache_control", "thinking": "type thinking signature",
    "redacted_thinking": "type data",
}  # fmt: skip
_THOUGHT = {"SEAL": "Two calls.", "SEAL2": "One more."}


def _messages(document: Document, model: str) -> Iterator[str]:
    yield from _known(document, _MESSAGES, "request", "model messages max_tokens")
    if "tool_choice" in document and not document.get("tools"):
        yield "tool_choice without tools"
    thinking = document.get("thinking", {})
    thinks = thinking.get("type", "disabled") != "disabled"
    if thinking.get("type") == "enabled" and not 1024 <= thinking["budget_tokens"] < document["max_tokens"]:
        yield "a budget out of bounds"
    if thinks and (
        document.keys() & {"temperature", "top_k"} or document.get("tool_choice", {}).get("type") in ("any", "tool")
    ):
        yield "thinking with sampling or a forced call"
    for tool in document.get("tools", []):
        yield from _known(tool, "name description input_schema strict cache_control type", "tool", "name input_schema")
        if tool.get("input_schema", {}).get("type") != "object":
            yield "a tool's schema"
    waiting: set[str] = set()
    role = "assistant"
    for message in document["messages"]:
        yield from _known(message, "role content", "message", "role content")
        if message["role"] == role:
            yield "roles do not alternate"
        role = message["role"]
        blocks = message["content"] if isinstance(message["content"], list) else [{"type": "text", "text": message["content"]}]
        yield from _blocks(blocks, role, waiting)
    if waiting:
        yield f"calls without results: {sorted(waiting)}"
    if thinks and document["messages"][-1]["role"] == "user" and len(document["messages"]) > 1:
        last = document["messages"][-2]["content"]
        called = isinstance(last, list) and any(block["type"] == "tool_use" for block in last)
        if called and last[0]["type"] not in ("thinking", "redacted_thinking"):
            yield "Expected `thinking` or `redacted_thinking`, but found `tool_use`"


def _blocks(blocks: list[Document], role: str, waiting: set[str]) -> Iterator[str]:
    if not blocks:
        yield "an empty turn"
    results = [block for block in blocks if block["type"] == "tool_result"]
    if {block["tool_use_id"] for block in results} != waiting:
        yield f"results {[block['tool_use_id'] for block in results]} for the calls {sorted(waiting)}"
    if results != blocks[: len(results)]:
        yield "results must come first"
    waiting.clear()
    for block in blocks:
        kind = block["type"]
        yield from _known(block, _BLOCKS.get(kind, ""), kind)
        if (kind in ("tool_use", "thinking", "redacted_thinking")) and role != "assistant":
            yield f"a user's {kind}"
        if kind == "text" and not block["text"].strip():
            yield "text content blocks must be non-empty"
        if kind == "tool_use":
            if not WORD.fullmatch(block["id"]) or not isinstance(block["input"], dict) or block["id"] in waiting:
                yield "a call's id or input"
            waiting.add(block["id"])
        if kind == "thinking" and _THOUGHT.get(block["signature"]) not in (block["thinking"], None):
            yield "a thought that was changed"
        if kind == "thinking" and block["signature"] not in SEALS["A"]:
            yield "Invalid `signature` in `thinking` block"
        if kind == "redacted_thinking" and block["data"] != "HIDDEN":
            yield "Invalid `data` in `redacted_thinking` block"


# Gemini generateContent

_GEMINI = "contents systemInstruction tools toolConfig generationConfig safetySettings serviceTier"
_CONFIG = (
    "maxOutputTokens temperature topP topK seed frequencyPenalty presencePenalty candidateCount stopSequences responseLogprobs "
    "logprobs responseMimeType responseSchema responseJsonSchema thinkingConfig"
)
_PARTS = {
    "text": "text thought thoughtSignature", "inlineData": "inlineData thoughtSignature", "fileData": "fileData",
    "functionCall": "functionCall thoughtSignature", "functionResponse": "functionResponse",
}  # fmt: skip


def _gemini(document: Document, model: str) -> Iterator[str]:
    yield from _known(document, _GEMINI, "request", "contents")
    config = document.get("generationConfig", {})
    yield from _known(config, _CONFIG, "generationConfig")
    # Google's SDK writes some in snake_case, which the service takes too.
    thinking = {
        re.sub("_([a-z])", lambda m: m[1].upper(), key): value for key, value in config.get("thinkingConfig", {}).items()
    }
    yield from _known(thinking, "thinkingBudget thinkingLevel includeThoughts", "thinkingConfig")
    if {"thinkingBudget", "thinkingLevel"} <= thinking.keys():
        yield "a budget and a level"
    if len(document.get("tools", [])) > 1:
        yield "more than one tool object"
    waiting: list[tuple[Any, str]] = []
    role, contents = "model", document["contents"]
    # The current turn begins with the last content of the user that holds more than results.
    turn = max((at for at, content in enumerate(contents) if any("text" in part for part in _user(content))), default=0)
    for at, content in enumerate(contents):
        yield from _known(content, "role parts", "content", "role parts")
        if content["role"] == role:
            yield "roles do not alternate"
        role, parts = content["role"], content["parts"]
        if not parts:
            yield "an empty content"
        for part in parts:
            kind = next((key for key in part if key in _PARTS), "text")
            yield from _known(part, _PARTS[kind], kind)
            if part.get("thoughtSignature", UNSEALED) not in {*SEALS["G"], UNSEALED}:
                yield "Corrupted thought signature"
            if "functionResponse" in part:
                yield from _known(part["functionResponse"], "id name response parts", "functionResponse", "name response")
        given = [part["functionResponse"] for part in parts if "functionResponse" in part]
        if [(each.get("id"), each["name"]) for each in given] != waiting:
            yield f"responses {[each.get('id') for each in given]} for the calls {waiting}"
        called = [part for part in parts if "functionCall" in part]
        waiting = [(part["functionCall"].get("id"), part["functionCall"]["name"]) for part in called]
        if "gemini-3" in model and called and at > turn and "thoughtSignature" not in called[0]:
            yield "Function call is missing a thought_signature"
    if waiting:
        yield f"calls without responses: {waiting}"


def _user(content: Document) -> list[Document]:
    return content["parts"] if content["role"] == "user" else []


def refusal(letter: str, says: list[str]) -> bytes:
    """The provider's own 400."""
    message = "; ".join(says)
    if letter == "A":
        return orjson.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": message}})
    if letter == "G":
        return orjson.dumps({"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}})
    return orjson.dumps({"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}})
