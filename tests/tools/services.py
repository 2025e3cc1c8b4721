"""Services that a test owns: a clock that stands, dice that repeat, a log and a meter that remember."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from engine.exchange import Exchange
from engine.ports import Services, Transport
from engine.targets import Target


class RememberingMeter:
    """A ports.Meter that a test can read."""

    def __init__(self) -> None:
        self.active = 0
        self.done: list[Exchange] = []
        self.attempts: list[tuple[str, str]] = []
        self.counts: Counter[str] = Counter()

    def began(self, exchange: Exchange) -> None:
        self.active += 1

    def finished(self, exchange: Exchange) -> None:
        self.active -= 1
        self.done.append(exchange)

    def attempt(self, target: Target, code: str) -> None:
        self.attempts.append((target.name, code))

    def count(self, name: str, by: float = 1) -> None:
        self.counts[name] += int(by)

    def lag(self, seconds: float) -> None: ...

    def expose(self) -> bytes:
        return b"# figures\n"


def services(
    transport: Callable[[str], Transport] | None = None, status: Mapping[str, Any] | None = None
) -> tuple[Services, RememberingMeter, list[dict[str, Any]]]:
    """(services, their meter, their log rows)."""
    meter = RememberingMeter()
    rows: list[dict[str, Any]] = []
    ticks = iter(range(10**9))

    async def no_wait(seconds: float) -> None: ...

    def no_transport(provider: str) -> Transport:
        raise AssertionError(f"nothing should be sent to {provider}")

    made = Services(
        now=lambda: next(ticks) * 0.001,
        wall=lambda: 1_700_000_000.0,
        dice=lambda: 0.5,
        sleep=no_wait,
        transport=transport or no_transport,
        meter=meter,
        write_log=rows.append,
        status=lambda: status or {},
    )
    return made, meter, rows
