"""A plan chosen by the model's name, asked for its first step and told that it went well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.micro.scene import asked, deed, exchange
from engine.targets import Ask, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 0.83


def operation() -> Callable[[], object]:
    select, call, well = deed("select"), exchange(), Outcome()
    call.chat = asked()

    def choose() -> object:
        select(call)
        step = next(call.plan)
        try:
            call.plan.send(well)
        except StopIteration:
            return step
        raise RuntimeError("the plan goes on after a success")

    assert isinstance(choose(), Ask)
    return choose
