"""OpenAI Chat Completions: a request looked at before it is sent anywhere, one sentence for the first thing that is wrong.

The sentences are part of what clients may rely on: they name the field and what it must be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import Asked
from engine.faults import Fault, clipped
from engine.formats.document import ROUTED, read_document, wrong
from engine.formats.json_scan import repeated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CHOICES = ("none", "auto", "required")
_TOOL = "each tool must have type 'function' and a 'function' object"

# What a part of each type must hold: (path to a string, ...).
_PARTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "text": (("text",),),
    "image_url": (("image_url", "url"),),
    "audio_url": (("audio_url", "url"),),
    "input_audio": (("input_audio", "data"), ("input_audio", "format")),
    "file_url": (),
    # OpenAI's own, besides.
    "file": (),
    "refusal": (),
    "video_url": (),
}


def peek_chat(body: bytes, captures: Mapping[str, str], query: str, path: str = "") -> Asked:  # noqa: ARG001
    """`messages`, `tools`, `tool_choice` and `stream`, in this order. A model that is no text counts as none.

    Raises Fault("invalid_json" | "invalid_body" | "invalid_field")."""
    document = read_document(body)
    if "messages" not in document:
        raise _bad("missing 'messages' field in request", "messages")
    if "tools" in document:
        _check_tools(document["tools"])
    if "tool_choice" in document:
        _check_choice(document["tool_choice"])
    stream = document.get("stream", False)
    if not isinstance(stream, bool):
        raise _bad("invalid 'stream' field: must be boolean", "stream")
    # We would act on one and the provider might read the other.
    if key := repeated(body, ROUTED):
        raise wrong(key, "is given more than once")
    model = document.get("model")
    return Asked(model if isinstance(model, str) else "", stream, body, document)


def peek_content(body: bytes, captures: Mapping[str, str], query: str, path: str = "") -> Asked:
    """The same, and every message. Raises as `peek_chat`."""
    asked = peek_chat(body, captures, query, path)
    messages = asked.document["messages"]
    if not isinstance(messages, list):
        raise _bad("invalid 'messages' format: must be an array", "messages")
    for index, message in enumerate(messages):
        if not isinstance(message, dict):
            raise _bad(f"invalid message at index {index}: must be an object", "messages")
        _check_message(message)
    return asked


CHECKED: dict[str, Callable[[bytes, Mapping[str, str], str, str], Asked]] = {"chat": peek_chat, "content": peek_content}


def _bad(says: str, param: str) -> Fault:
    return Fault("invalid_field", says, param=param)


def _is_function(value: object) -> bool:
    return isinstance(value, dict) and value.get("type") == "function" and value.get("function") is not None


def _check_tools(tools: object) -> None:
    if not isinstance(tools, list):
        raise _bad("invalid 'tools' format: must be an array", "tools")
    if not all(map(_is_function, tools)):
        raise _bad(f"invalid 'tools' format: {_TOOL}", "tools")


def _check_choice(choice: object) -> None:
    if isinstance(choice, str):
        if choice not in _CHOICES:
            says = "must be 'none', 'auto', 'required', or a function object"
            raise _bad(f"invalid 'tool_choice': {says}", "tool_choice")
    elif not isinstance(choice, dict):
        raise _bad("invalid 'tool_choice': must be a string or function object", "tool_choice")
    elif not _is_function(choice):
        says = "function object must have type 'function' and a 'function' field"
        raise _bad(f"invalid 'tool_choice': {says}", "tool_choice")


def _check_message(message: dict[str, Any]) -> None:
    content = message.get("content", "")
    if isinstance(content, str):
        return
    if content is None and message.get("tool_calls"):
        return  # an assistant's turn that only calls has no content
    if not isinstance(content, list):
        raise _bad("invalid content format: must be a string or an array", "messages")
    if not content:
        raise _bad("content array cannot be empty", "messages")
    for index, part in enumerate(content):
        _check_part(part, index)


def _check_part(part: object, index: int) -> None:
    if not isinstance(part, dict):
        raise _bad(f"content part at index {index} must be an object", "messages")
    kind = part.get("type")
    if not isinstance(kind, str):
        raise _bad(f"content part at index {index} missing 'type' field", "messages")
    if kind not in _PARTS:
        raise _bad(f"unknown content type '{clipped(kind, 64)}' at index {index}", "messages")
    for path in _PARTS[kind]:
        if not isinstance(_at(part, path), str):
            raise _bad(f"content part at index {index} of type '{kind}' needs a text in '{'.'.join(path)}'", "messages")


def _at(part: dict[str, Any], path: tuple[str, ...]) -> object:
    value: object = part
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
