"""A bearer key recognised among 15 header fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.micro.scene import deed, exchange, request_pairs
from engine.web import Headers

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 2.8


def operation() -> Callable[[], object]:
    auth, call, pairs = deed("auth"), exchange(), request_pairs()
    request = call.request

    def recognise() -> object:
        request.headers = Headers(pairs)
        return auth(call)

    assert recognise() is None
    assert call.caller is not None
    return recognise
