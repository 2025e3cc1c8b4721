from __future__ import annotations

import sys

import pytest

from bench.process import NotReady, Server


def test_a_server_that_listens_is_found_by_what_it_prints() -> None:
    server = Server(
        "any", [sys.executable, "-c", "print('hello\\nlistening on 4711', flush=True); import time; time.sleep(60)"], core=None
    )
    try:
        assert server.wait_for(r"listening on (\d+)") == "4711"
        assert server.rss_bytes() > 0
    finally:
        server.stop()


def test_a_server_that_ends_is_quoted_with_all_that_it_said() -> None:
    lines = "\n".join(f"line {i}" for i in range(10))
    server = Server("any", [sys.executable, "-c", f"print({lines!r}); raise SystemExit('the reason')"], core=None)
    with pytest.raises(NotReady, match="any: ") as said:
        server.wait_for("listening")
    server.stop()
    assert "line 0\n" in str(said.value)
    assert "line 9\n" in str(said.value)
    assert "the reason" in str(said.value)
