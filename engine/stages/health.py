"""Is it well?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import orjson

from engine import __version__
from engine.parts import Stage, option
from engine.web import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.exchange import Exchange
    from engine.parts import Deed
    from engine.ports import Binding

JSON = (b"content-type", b"application/json")
TEXT = (b"content-type", b"text/plain; charset=utf-8")
NEVER_KEPT = (b"cache-control", b"no-store")


@dataclass(frozen=True)
class Health(Stage):
    """Answer that the gateway is up: 200, or 503 while it shuts down. No provider is asked.

    `text`: `OK`. `simple`: `{"status":"healthy"}`. `models`: status, the number of models in the table, and the time.
    `detailed`: version, uptime, the table's generation, and how the last reload went."""

    example = "health: {shape: detailed}"
    writes = frozenset({"answer"})
    watches = True

    shape: Literal["text", "simple", "models", "detailed"] = option("How much is told.", default="simple")

    def bind(self, binding: Binding) -> Deed:
        status = binding.services.status
        models, wall = len(binding.program.models), binding.services.wall

        def counted(word: str, told: Mapping[str, Any]) -> Response:  # noqa: ARG001
            now = datetime.fromtimestamp(int(wall()), UTC)
            said = {"status": word, "models": models, "timestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ")}
            return _answer(word, JSON, orjson.dumps(said))

        write = {"text": _text, "simple": _simple, "models": counted, "detailed": _detailed}[self.shape]

        def health(exchange: Exchange) -> None:
            told = status()
            exchange.answer = write("draining" if told.get("draining") else "healthy", told)

        return health


def _answer(word: str, content_type: tuple[bytes, bytes], body: bytes) -> Response:
    return Response(200 if word == "healthy" else 503, [content_type, NEVER_KEPT], body)


def _text(word: str, told: Mapping[str, Any]) -> Response:  # noqa: ARG001
    return _answer(word, TEXT, b"OK" if word == "healthy" else word.encode())


def _simple(word: str, told: Mapping[str, Any]) -> Response:  # noqa: ARG001
    return _answer(word, JSON, orjson.dumps({"status": word}))


def _detailed(word: str, told: Mapping[str, Any]) -> Response:
    return _answer(word, JSON, orjson.dumps({"status": word, "version": __version__, **told}))
