"""A provider that plays another script for every model, so that one gateway serves many tests of faults.

with Scripted() as provider:
    provider.play("broken", [Reset()])                  # the first request for `broken`, then all others
    provider.play("again", whole(b"{}", 500), REPLY)    # fails once
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import orjson

from tests.tools.fake_upstream import CHUNKED_HEAD, Entry, FakeUpstream, Script, Send, chunk, whole
from tests.tools.recorder import ANSWER, STREAM

JSON = b"content-type: application/json"
REPLY = whole(ANSWER, 200, JSON)
EVENTS = [event + b"\n\n" for event in STREAM.split(b"\n\n") if event]
CLOSING = whole(ANSWER, 200, JSON, b"connection: close")
# The head of a stream and its first event, and all of it.
BEGUN = [Send(CHUNKED_HEAD), Send(chunk(EVENTS[0]))]
STREAMED = [Send(CHUNKED_HEAD), *(Send(chunk(event)) for event in EVENTS), Send(b"0\r\n\r\n")]


def failure(status: int, *fields: bytes, says: str = "no") -> list[Any]:
    """A provider's own error."""
    body = orjson.dumps({"error": {"message": says, "type": "server_error", "param": None, "code": None}})
    return whole(body, status, JSON, *fields)


class Scripted(FakeUpstream):
    """Models that no script is known for are answered well."""

    def __init__(self) -> None:
        super().__init__(choose=self._script_of)
        self._plays: dict[str, list[Script]] = {}

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def play(self, model: str, *scripts: Script) -> str:
        """Returns the model's name. The last script serves for all requests that follow."""
        self._plays[model] = list(scripts)
        return model

    def asked(self, model: str) -> list[bytes]:
        """The requests for it, in order of arrival."""
        return [entry.data for entry in self.of(model) if entry.what == "request"]

    def keys(self, model: str) -> list[str]:
        """The credentials that they came with."""
        return [_field(request, b"authorization") for request in self.asked(model)]

    def of(self, model: str) -> list[Entry]:
        """What happened on each connection from the request for this model to the next request on it."""
        return list(self._of(model))

    def saw_of(self, model: str, *whats: str, times: int = 1, within: float = 10.0) -> Entry:
        """Waits until one of `whats` has happened to requests for the model so many times; the last of them."""
        deadline = time.monotonic() + within
        while len(found := [entry for entry in self.of(model) if entry.what in whats]) < times:
            assert time.monotonic() < deadline, f"no {whats}: {[entry.what for entry in self.of(model)]}"
            time.sleep(0.002)
        return found[times - 1]

    def _serve(self, plain: socket.socket, number: int) -> None:
        # Else a second small write waits for the other side to say something, and arrives in the middle of the next request.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super()._serve(plain, number)

    def _of(self, model: str) -> Iterator[Entry]:
        current: dict[int, bool] = {}
        for entry in list(self.journal):
            if entry.what == "request":
                current[entry.connection] = _model_of(entry.data) == model
            if current.get(entry.connection):
                yield entry

    def _script_of(self, request: bytes) -> Script:
        scripts = self._plays.get(_model_of(request))
        if scripts is None:
            return STREAMED if b'"stream":true' in request else REPLY
        return scripts.pop(0) if len(scripts) > 1 else scripts[0]


def _model_of(request: bytes) -> str:
    try:
        body = orjson.loads(request.partition(b"\r\n\r\n")[2])
    except ValueError:
        return ""
    return str(body.get("model", "")) if isinstance(body, dict) else ""


def _field(request: bytes, name: bytes) -> str:
    lines = request.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    return next(line[len(name) + 1 :].strip().decode() for line in lines if line.lower().startswith(name + b":"))
