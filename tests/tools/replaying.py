"""A provider of every format that replays golden answers: which of them says the model's name, `a-text`, behind its provider's
letter. It takes nothing but what the format's documentation allows, and keeps what it was asked."""

from __future__ import annotations

import re
from typing import Any

import orjson

from tests.tools.conversation import Document
from tests.tools.fake_upstream import CHUNKED_HEAD, FakeUpstream, Script, Send, chunk, whole
from tests.tools.streams import streamed_by
from tests.tools.strict_providers import complaints, refusal

JSON = b"content-type: application/json"
_PATHS = {"/chat/completions": "C", "/responses": "R", "/messages": "A", "enerateContent": "G"}
_ERRORS: dict[str, Any] = {
    "C": lambda status, says: {"error": {"message": says, "type": "invalid_request_error", "param": None, "code": None}},
    "R": lambda status, says: {"error": {"message": says, "type": "invalid_request_error", "param": None, "code": None}},
    "A": lambda status, says: {"type": "error", "error": {"type": "invalid_request_error", "message": says}},
    "G": lambda status, says: {"error": {"code": status, "message": says, "status": "INVALID_ARGUMENT"}},
}


class Asked:
    """One request: the provider's letter, the model, and the body."""

    def __init__(self, request: bytes) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        self.path = head.split(b" ", 2)[1].decode()
        self.letter = next(letter for part, letter in _PATHS.items() if part in self.path)
        self.document: Document = orjson.loads(body)
        named = re.search(r"models/([^:]+):", self.path)
        self.model = named[1] if named else str(self.document["model"])
        self.stream = "streamGenerate" in self.path or bool(self.document.get("stream"))

    @property
    def text(self) -> str:
        return orjson.dumps(self.document).decode()


class Replaying(FakeUpstream):
    """`answers`: by the model's name without its letter, the answer of each format, or a list of them, one per turn so far."""

    def __init__(self, answers: dict[str, list[dict[str, Document]]]) -> None:
        super().__init__(choose=self._script_of)
        self._answers = answers
        self.complaints: list[str] = []

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def asked(self, model: str) -> list[Asked]:
        return [asked for asked in map(Asked, self.requests) if asked.model == model]

    def _script_of(self, request: bytes) -> Script:
        asked = Asked(request)
        if wrong := complaints(asked.letter, asked.document, asked.model):
            self.complaints += wrong
            return whole(refusal(asked.letter, wrong), 400, JSON)
        _, _, name = asked.model.partition("-")
        if name.isdigit():
            return whole(orjson.dumps(_ERRORS[asked.letter](int(name), "told by the provider")), int(name), JSON)
        if name == "broken":
            return self._broken(asked.letter)
        turns = self._answers[name]
        answer = turns[min(_results(asked.text), len(turns) - 1)][asked.letter]
        if not asked.stream:
            return whole(orjson.dumps(answer), 200, JSON)
        return [Send(CHUNKED_HEAD), *(Send(chunk(event)) for event in _events(asked.letter, answer)), Send(b"0\r\n\r\n")]

    def _broken(self, letter: str) -> Script:
        """A stream that begins well and ends with the provider's own error."""
        events = _events(letter, self._answers["text"][0][letter])[: -3 if letter in "CG" else -4]
        error = _ERRORS[letter](503, "overloaded")
        error = {"type": "error", **error["error"]} if letter == "R" else error
        name = f"event: {error['type']}\n" if letter in "RA" else ""
        last = f"{name}data: {orjson.dumps(error).decode()}\n\n".encode()
        return [Send(CHUNKED_HEAD), *(Send(chunk(event)) for event in [*events, last]), Send(b"0\r\n\r\n")]


def _results(text: str) -> int:
    """Has a result come back?"""
    return int(any(word in text for word in ('"role":"tool"', "function_call_output", "tool_result", "functionResponse")))


def _events(letter: str, answer: Document) -> list[bytes]:
    end = b"\r\n\r\n" if letter == "G" else b"\n\n"
    return [event + end for event in streamed_by(letter, answer).split(end) if event]
