"""`pytest -m faults`: every test that names an invariant or a fault, and what the run measured, as a list at its end.

`--promises=FILE` writes the same as docs/reliability.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.tools.promises import Ledger, Measured, promises_of

# How fast examples are made says something of the machine, nothing of the engine.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

Measure = Callable[..., None]
_ledger = pytest.StashKey[Ledger]()
_named = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--promises", metavar="FILE", help="write what was promised and measured as Markdown")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "faults: names an invariant (I) or a fault (F); set by itself")
    config.stash[_ledger] = Ledger()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function):
            names = item.stash[_named] = promises_of(item.function, item.module.__doc__ or "")
            if names:
                item.add_marker("faults")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: pytest.TestReport = yield  # type: ignore[misc,assignment]
    if report.when == "call" or report.outcome != "passed":
        item.config.stash[_ledger].note(item.stash.get(_named, []), item.nodeid, report.outcome)
    return report  # type: ignore[return-value]


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measure:
    """`measured("what", 1.2, "ms", at_most=5)` puts a figure on record, under every promise that the test names. Only what
    is beyond `hard` fails the test: a count is exact, a time on a busy machine is not."""

    def measure(
        what: str,
        value: float,
        unit: str = "",
        *,
        at_most: float | None = None,
        at_least: float | None = None,
        hard: float | None = None,
    ) -> None:
        held = (at_most is None or value <= at_most) and (at_least is None or value >= at_least)
        target = f"at most {at_most:g}" if at_most is not None else f"at least {at_least:g}" if at_least is not None else ""
        figure = Measured(what, round(value, 3), unit, target, held)
        request.config.stash[_ledger].measured(request.node.stash.get(_named, []), figure)
        if hard is None:
            assert held, figure.told()
        else:
            assert value >= hard if at_least is not None else value <= hard, figure.told()

    return measure


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    ledger = config.stash[_ledger]
    if config.option.markexpr == "faults":
        terminalreporter.section("promises")
        for line in ledger.lines():
            terminalreporter.write_line(line)
        missed = ledger.missed()
        terminalreporter.write_line("\n  ".join([f"{len(missed)} figures missed what is promised", *missed]))
    if file := config.getoption("--promises"):
        Path(file).write_text(ledger.markdown())
