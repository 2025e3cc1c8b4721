"""The heads of one request read and written, and of its answer: 15 fields in, 20 back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.micro.scene import ANSWER_HEAD, HEAD, answer_pairs, request_pairs
from engine.settings import Limits
from engine.wire.head import (
    read_request_head,
    read_response_head,
    recognise_request,
    recognise_response,
    write_request_head,
    write_response_head,
)

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 27.0


def operation() -> Callable[[], object]:
    limits = Limits()
    request, answer = request_pairs(), answer_pairs()
    assert recognise_request(HEAD)
    assert recognise_response(ANSWER_HEAD)

    def heads() -> None:
        read_request_head(HEAD, limits)
        write_request_head("POST", "/v1/chat/completions", request)
        read_response_head(ANSWER_HEAD)
        write_response_head(200, answer)

    return heads
