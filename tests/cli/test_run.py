from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.commands import BAD, GOOD, ran
from tests.tools.gateway import environment, gateway


def test_it_says_where_it_listens_what_it_serves_and_what_is_unavailable() -> None:
    with gateway() as running:
        pass
    said = "\n".join(running.said)
    assert "listening on http://127.0.0.1:" in said
    table = (Path(__file__).parents[2] / "routes.yaml").read_text()
    assert f"{table.count('match: ')} routes, 7 models" in said
    assert "set OPENAI_API_KEY" in said
    assert "callers on loopback are let in" in said


def test_with_a_key_set_it_does_not_say_that_anybody_is_let_in() -> None:
    with gateway(GATEWAY_KEY="gw-canary-0123456789") as running:
        pass
    assert "let in" not in "\n".join(running.said)
    assert "canary" not in "\n".join(running.said)


def test_a_wrong_table_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text(BAD)
    done = subprocess.run(
        [sys.executable, "-m", "engine", "run", str(tmp_path / "routes.yaml")],
        capture_output=True, text=True, timeout=30, env=environment({"GATEWAY_KEY": "gw-canary-0123456789"}), check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("error[R") == 2
    assert "Traceback" not in done.stderr


def test_an_address_in_use_is_told_in_a_line() -> None:
    with gateway() as running:
        port = running.url.rpartition(":")[2]
        done = subprocess.run(
            [sys.executable, "-m", "engine", "run", "--listen", f"127.0.0.1:{port}"],
            capture_output=True, text=True, timeout=30, env=environment({}), check=False,
        )  # fmt: skip
    assert done.returncode == 3
    assert "in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_open_table_is_served_on_loopback_only_whatever_the_command_line_says() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "engine", "run", "--listen", "0.0.0.0:0"],
        capture_output=True, text=True, timeout=30, env=environment({}), check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "no key is set" in done.stderr
    assert "listening" not in done.stderr


def test_the_command_line_wins_over_the_table(tmp_path: Path) -> None:
    table = tmp_path / "routes.yaml"
    table.write_text(GOOD.replace("version: 1\n", 'version: 1\nserver: {listen: "127.0.0.1:1"}\n'))
    with gateway(table, "--listen", "127.0.0.1:0", "--workers", "2", GATEWAY_KEY="gw-canary-0123456789") as running:
        assert not running.url.endswith(":1")


@pytest.mark.parametrize("workers", ["0", "-1", "many", "257"])
def test_workers_are_a_number(workers: str) -> None:
    assert ran("run", "--workers", workers).code == 2


def test_interrupt_ends_it_in_good_order() -> None:
    with gateway() as running:
        assert running.stop(signal.SIGINT) == 0
