"""OpenAI Chat Completions: replies of hosts that only nearly speak it, laid out as OpenAI's own API does.

Nothing that a reply holds is lost but its model's name, where the client is to see another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from engine.faults import Fault
from engine.formats.json_documents import split
from engine.formats.tolerant import mapping, text

if TYPE_CHECKING:
    from collections.abc import Callable

_USAGE = ("prompt_tokens", "completion_tokens", "total_tokens")
_DETAILS: dict[str, tuple[str, ...]] = {
    "prompt_tokens_details": ("cached_tokens", "audio_tokens"),
    "completion_tokens_details": (
        "reasoning_tokens",
        "audio_tokens",
        "accepted_prediction_tokens",
        "rejected_prediction_tokens",
    ),
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """`model` is shown instead of the reply's own ("": that one stays); `fill`: what is missing is filled in; `fresh`: tool
    calls get ids of ours. `created` is in Unix seconds, `dice` uniform in [0, 1)."""

    model: str
    fill: bool
    fresh: bool
    created: int
    dice: Callable[[], float]

    def hex(self, digits: int) -> str:
        """Unlikely to come twice; not unguessable."""
        return "".join(f"{int(self.dice() * 2**32):08x}" for _ in range(0, digits, 8))[:digits]

    def reply_id(self) -> str:
        return "chatcmpl-" + self.hex(20)

    def fingerprint(self) -> str:
        return "fp_" + self.hex(18)

    def call_id(self) -> str:
        return "call_" + self.hex(32)


class Tidy:
    """Whole replies and errors."""

    __slots__ = ("_wishes",)

    def __init__(self, wishes: Wishes) -> None:
        self._wishes = wishes

    def whole(self, body: bytes) -> bytes:
        """A body that is known to be JSON. Raises Fault("upstream_bad_body") when it lacks what every reply has."""
        document = orjson.loads(body)
        if isinstance(document, list) and len(document) == 1:
            document = document[0]  # as Gemini writes errors
        if not isinstance(document, dict):
            return body
        if document.get("error"):
            return orjson.dumps(tidy_error(document)) if self._wishes.fill else body
        if self._wishes.fill:
            self._fill(document)
        if self._wishes.model:
            document["model"] = self._wishes.model
        return orjson.dumps(document)

    def _fill(self, document: dict[str, Any]) -> None:
        for key in ("object", "choices"):
            if key not in document:
                raise Fault("upstream_bad_body", f"missing required field '{key}'")
        document["id"] = text(document.get("id")) or self._wishes.reply_id()
        document.setdefault("service_tier", "default")
        if not isinstance(document.get("system_fingerprint"), str):
            document["system_fingerprint"] = self._wishes.fingerprint()
        for choice in document["choices"] or ():
            if isinstance(choice, dict):
                self._fill_choice(choice)
        document["usage"] = full_usage(document.get("usage"))

    def _fill_choice(self, choice: dict[str, Any]) -> None:
        choice.setdefault("logprobs", None)
        message = choice.get("message")
        if isinstance(message, dict):
            fill_message(message)
            if isinstance(message.get("tool_calls"), list):
                message["tool_calls"] = self._calls(message["tool_calls"])

    def _calls(self, calls: list[Any]) -> list[Any]:
        return [tidied for call in calls for tidied in (self._call(call) if isinstance(call, dict) else [call])]

    def _call(self, call: dict[str, Any]) -> list[dict[str, Any]]:
        function = mapping(call.get("function"))
        parts = split(text(function.get("arguments")))
        if len(parts) > 1:
            return [{**call, "id": self._wishes.call_id(), "function": {**function, "arguments": part}} for part in parts]
        if self._wishes.fresh or not call.get("id"):
            return [{**call, "id": self._wishes.call_id()}]
        return [call]


def fill_message(message: dict[str, Any]) -> None:
    """Of a whole reply, or of a stream's delta."""
    message.setdefault("annotations", [])
    message.setdefault("refusal", None)


def full_usage(usage: object) -> dict[str, Any]:
    """With every field that OpenAI's has; what is not known is 0, and nothing is added up."""
    out = dict(mapping(usage))
    for key in _USAGE:
        out[key] = out.get(key) or 0
    for key, fields in _DETAILS.items():
        out[key] = out.get(key) or dict.fromkeys(fields, 0)
    return out


def tidy_error(document: dict[str, Any]) -> dict[str, Any]:
    """Its type follows from its code, where it has one."""
    error = document["error"]
    if not isinstance(error, dict):
        return {**document, "error": {"message": str(error), "type": "api_error", "param": None}}
    code = error.get("code")
    kind = "api_error" if code in (None, "") else f"{code}_error"
    return {**document, "error": {**error, "type": kind, "param": error.get("param")}}
