from __future__ import annotations

from tests.tools.step import World


def test_the_figures_as_the_meter_tells_them() -> None:
    world = World()
    exchange = world.step("metrics", world.exchange("GET", "/metrics"))
    assert exchange.answer is not None
    assert (exchange.answer.status, exchange.answer.body) == (200, b"# figures\n")
    assert dict(exchange.answer.headers)[b"content-type"].startswith(b"text/plain; version=0.0.4")
