"""How guards are timed: CPU time of this thread, best of several short runs, each beside the same run of the unit."""

from __future__ import annotations

import gc
import importlib
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from statistics import median
from time import thread_time_ns
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUN_NS = 4_000_000  # one timed run
RUNS = 3  # of which the best counts
_GROWN_BY = 8  # an estimate is believed when it is at least this part of a run


@dataclass(slots=True)
class Guard:
    """A guard, and what its rounds have measured: `costs` in ns, `units` as multiples of the unit beside them."""

    name: str
    budget: float
    operation: Callable[[], object]
    loops: int = 0
    costs: list[float] = field(default_factory=list)
    units: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Of the budget, by the median of the rounds."""
        return median(self.units) / self.budget

    def to_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "ns": median(self.costs),
            "units": median(self.units),
            "least_units": min(self.units),
            "budget": self.budget,
            "share": self.share,
            "rounds": len(self.units),
        }


def names() -> list[str]:
    """All guards: the files beside this one that have a budget."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return [file.stem for file in files if "\nBUDGET = " in file.read_text()]


def load(name: str) -> Guard:
    """A guard with everything set up."""
    module = importlib.import_module(f"bench.micro.{name}")
    return Guard(name, module.BUDGET, module.operation())


def measure(guards: list[Guard], rounds: int, run_ns: int = RUN_NS) -> Iterator[int]:
    """Every guard once a round; yields the number of each round that is over."""
    unit = Guard("unit", 1.0, _unit())
    for guard in (unit, *guards):
        guard.loops = _loops(guard.operation, run_ns)
    for number in range(rounds):
        for guard in guards:
            _measure_one(guard, unit)
        yield number + 1


def _measure_one(guard: Guard, unit: Guard) -> None:
    gc.collect()
    gc.disable()
    try:
        # In turns, so that a machine that slows down slows both.
        runs = [(_run(unit.operation, unit.loops), _run(guard.operation, guard.loops)) for _ in range(RUNS)]
    finally:
        gc.enable()
    one = min(spent for spent, _ in runs) / unit.loops
    cost = min(spent for _, spent in runs) / guard.loops
    guard.costs.append(cost)
    guard.units.append(cost / one)


def _run(operation: Callable[[], object], loops: int) -> int:
    """ns of CPU time."""
    began = thread_time_ns()
    for _ in repeat(None, loops):
        operation()
    return thread_time_ns() - began


def _loops(operation: Callable[[], object], run_ns: int) -> int:
    operation()
    loops = 1
    while (spent := _run(operation, loops)) < run_ns // _GROWN_BY:
        loops *= 4
    return max(1, loops * run_ns // max(1, spent))


class _Ledger:
    __slots__ = ("total",)

    def __init__(self) -> None:
        self.total = 0

    def add(self, amount: int) -> int:
        self.total += amount
        return self.total


def _unit() -> Callable[[], object]:
    """About a microsecond of what the engine does all day: dictionaries, bytes, method calls. To change it is to change all
    budgets."""
    ledger = _Ledger()
    held: dict[bytes, int] = {}
    pairs = [(b"content-type", b"application/json"), (b"content-length", b"1024"), (b"accept", b"*/*"), (b"host", b"x")]

    def unit() -> bytes:
        for name, value in pairs:
            held[name] = held.get(name, 0) & 1023
            ledger.add(len(value))
        return b"".join([b"%b: %b\r\n" % pair for pair in pairs])

    return unit
