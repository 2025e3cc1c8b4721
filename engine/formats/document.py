"""Reading a request's body: once, strictly, and with words that help.

What is refused here is refused because a gateway and a provider could read it differently, or because routing needs it.
Whatever else a request holds is the provider's to judge.
"""

from __future__ import annotations

from typing import Any

import orjson

from engine.chat import Asked
from engine.faults import Fault
from engine.formats.abridge import parse
from engine.formats.json_scan import repeated

# What orjson's messages are about, in our words. A message that is not listed is left out: the position says enough.
_REASONS = (
    ("depth limit", "nested too deeply"),
    ("recursion limit", "nested too deeply"),
    ("valid UTF-8", "not valid UTF-8"),
    ("surrogate", "a lone surrogate"),
    ("infinity", "a number out of range"),
    ("byte order mark", "a byte order mark"),
    ("zero-length", "the body is empty"),
    ("control character", "a raw control character in a string"),
)
ROUTED = ("model", "stream")
_KINDS = {list: "an array", str: "a string", bool: "a boolean", int: "a number", float: "a number", type(None): "null"}


def read_document(body: bytes) -> dict[str, Any]:
    """The body as an object; of a large one, long strings may be abridged. Raises Fault("invalid_json" | "invalid_body")."""
    try:
        document = parse(body, "model")
    except orjson.JSONDecodeError as error:
        raise Fault("invalid_json", _describe(error)) from None
    if not isinstance(document, dict):
        raise Fault("invalid_body", f"it must be a JSON object, not {_KINDS[type(document)]}")
    return document


def read_asked(body: bytes) -> Asked:
    """A request that names its model and says whether to stream in its body.

    Raises Fault("invalid_json" | "invalid_body")."""
    document = read_document(body)
    model, stream = document.get("model", ""), document.get("stream")
    if not isinstance(model, str):
        raise wrong("model", "must be a string")
    if stream is not None and not isinstance(stream, bool):
        raise wrong("stream", "must be a boolean")
    # We would route on one and the provider might read the other.
    if key := repeated(body, ROUTED):
        raise wrong(key, "is given more than once")
    return Asked(model, bool(stream), body, document)


def need_list(document: dict[str, Any], key: str) -> None:
    """Raises Fault("invalid_body") unless the key holds a list."""
    if key not in document:
        raise wrong(key, "is required")
    if not isinstance(document[key], list):
        raise wrong(key, "must be a list")


def wrong(key: str, says: str) -> Fault:
    return Fault("invalid_body", f"`{key}` {says}", param=key)


def _describe(error: orjson.JSONDecodeError) -> str:
    where = f"line {error.lineno}, column {error.colno}"
    reason = next((words for sign, words in _REASONS if sign in error.msg), "")
    return f"{reason} ({where})" if reason else where
