"""One request with 1 KiB of body, and one answer, through the readers of two kept connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.micro.scene import ANSWER_BODY, ANSWER_HEAD, BODY, REQUEST
from engine.settings import Limits
from engine.wire.reader import RequestReader, ResponseReader

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 18.0


def operation() -> Callable[[], object]:
    requests, answers = RequestReader(Limits()), ResponseReader()
    answer = ANSWER_HEAD + ANSWER_BODY

    def read() -> tuple[bytes, bytes]:
        requests.feed(REQUEST)
        requests.head()
        body = requests.take()
        answers.expect("POST")
        _, answered = answers.begin(answer)
        return body, answered or answers.take()

    assert read() == (BODY, ANSWER_BODY)
    assert requests.idle
    assert answers.reusable
    return read
