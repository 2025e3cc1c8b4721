"""One whole answer framed, and the head of one stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.micro.scene import ANSWER_BODY, HEAD
from engine.server.framing import write_stream_head, write_whole
from engine.settings import Limits
from engine.web import Pair, Response
from engine.wire.head import read_request_head

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 5.8

_DATE = b"date: Fri, 20 Nov 2026 12:00:00 GMT\r\n"
_PAIRS: list[Pair] = [
    (b"content-type", b"application/json"),
    (b"openai-processing-ms", b"412"),
    (b"x-ratelimit-limit-requests", b"10000"),
    (b"x-ratelimit-remaining-requests", b"9999"),
    (b"x-upstream-request-id", b"req_0123456789abcdef0123456789abcdef"),
    (b"x-request-id", b"req-0123456789ab00000001"),
]


def operation() -> Callable[[], object]:
    asked = read_request_head(HEAD, Limits())
    whole, stream = Response(200, _PAIRS, ANSWER_BODY), Response(200, _PAIRS)

    def frame() -> tuple[bytes, bytes]:
        return write_whole(whole, asked, True, _DATE), write_stream_head(stream, asked, True, _DATE)

    assert frame()[0].endswith(b"\r\n\r\n" + ANSWER_BODY)
    return frame
