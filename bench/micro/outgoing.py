"""The request to a provider of the same format built, nothing forwarded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.micro.scene import BODY, asked, request, request_pairs, targets
from engine.formats import FORMATS
from engine.providers.outgoing import outgoing
from engine.web import Headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.ports import Outgoing

BUDGET = 2.0


def operation() -> Callable[[], object]:
    target, spoken, chat, came, pairs = targets()[0], FORMATS["openai_chat"], asked(), request(), request_pairs()

    def build() -> Outgoing:
        came.headers = Headers(pairs)
        return outgoing(target, chat, came, spoken)

    assert build().body == BODY
    return build
