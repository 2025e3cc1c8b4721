"""Smaller answers, for clients that can undo it."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from fnmatch import translate
from typing import TYPE_CHECKING

from engine.parts import Stage, option

if TYPE_CHECKING:
    from engine.exchange import Exchange
    from engine.parts import Deed
    from engine.ports import Binding
    from engine.web import Request, Response

_GZIP = 31  # zlib's window of 15 bits, with gzip's header and trailer (RFC 1952)
_none = re.compile(rb";\s*q=0(?:\.0{0,3})?\s*$").search


@dataclass(frozen=True)
class Compress(Stage):
    """Send whole answers with `Content-Encoding: gzip` to clients that accept it (RFC 9110 section 12.5.3). Streams never are:
    what is held back to be compressed comes late."""

    example = 'compress: {least: 1KiB, never: ["curl/7.*"]}'
    sending = True

    least: int = option("Bodies that are smaller go as they are.", default="1KiB", unit="size")
    level: int = option("1 is fast, 9 is small.", default=5, minimum=1, maximum=9)
    never: list[str] = option(
        "User agents that get it uncompressed whatever they say; `*` stands for any characters, case means nothing.",
        default=[],
        example=["curl/7.*"],
    )

    def bind(self, binding: Binding) -> Deed:  # noqa: ARG002
        expression = "|".join(translate(agent.lower()) for agent in self.never)
        never = re.compile(expression.encode()).match if expression else None

        def compress(exchange: Exchange) -> None:
            answer, request = exchange.answer, exchange.request
            assert answer is not None
            if answer.stream is not None or len(answer.body) < max(1, self.least) or _has_coding(answer):
                return
            answer.headers.append((b"vary", b"Accept-Encoding"))
            if not accepts_gzip(request) or (never and never(request.headers.get(b"user-agent", b"").lower())):
                return
            answer.headers.append((b"content-encoding", b"gzip"))
            answer.body = zlib.compress(answer.body, self.level, _GZIP)

        return compress


def accepts_gzip(request: Request) -> bool:
    given = request.headers.get(b"accept-encoding")
    if given is None:
        return False
    return any(part.strip().startswith(b"gzip") and not _none(part) for part in given.lower().split(b","))


def _has_coding(answer: Response) -> bool:
    return any(name == b"content-encoding" for name, _ in answer.headers)
