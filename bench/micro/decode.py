"""A request with 1 KiB of body read as far as routing needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.micro.scene import deed, exchange, request_pairs
from engine.web import Headers

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 5.4


def operation() -> Callable[[], object]:
    decode, call, pairs = deed("decode"), exchange(), request_pairs()
    request = call.request

    def read() -> object:
        request.headers = Headers(pairs)
        return decode(call)

    assert read() is None
    assert call.chat.model == "gpt-4o"
    return read
