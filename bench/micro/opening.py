"""The beginning of a stream judged: an event of text, as nearly always."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bench.micro.scene import chat_events
from engine.formats.opening import is_plain

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 1.2


def operation() -> Callable[[], object]:
    judge = partial(is_plain, chat_events()[0])
    assert judge()
    return judge
