"""A plan of one ask carried out: sent, answered at once, the answer read and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.micro.hand import finish
from bench.micro.scene import asked, deed, exchange, targets
from engine.strategies.strategy import once
from engine.targets import Ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.exchange import Exchange

BUDGET = 13.0


def operation() -> Callable[[], object]:
    call, chat, ask = deed("call"), asked(), Ask(targets())

    def carry_out() -> Exchange:
        made = exchange()
        made.chat = chat
        made.plan = once(ask)
        waiting = call(made)
        if waiting is not None:
            finish(waiting)
        return made

    assert carry_out().reply.status == 200
    return carry_out
