"""Whole lives of the real thing: supervisor and workers as processes."""

import errno
import http.client
import json
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from engine.runtime.events import Event
from engine.runtime.supervisor import _hold_standard_descriptors, run
from tests.tools.running import running, table, until

ASK = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "one two three " * 20}]})


def ask(connection: http.client.HTTPConnection, **headers: str) -> http.client.HTTPResponse:
    """A stream of which the first bytes are there."""
    fields = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    connection.request("POST", "/v1/chat/completions", ASK, fields)
    response = connection.getresponse()
    assert response.status == 200
    assert response.read(10)
    return response


def is_open(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=1).close()
    except OSError:
        return False
    return True


def test_a_first_ctrl_c_lets_what_is_in_flight_end(tmp_path: Path) -> None:
    """F-60, F-69: the terminal signals the whole group, the stream goes on to its end, and nothing is left behind."""
    with running(tmp_path, table(workers=2)) as engine, engine.connection() as connection:
        address = engine.address
        stream = ask(connection, x_echo_pace="10ms")
        os.killpg(engine.pid, signal.SIGINT)
        engine.wait_for("draining")
        until(lambda: not is_open(address))
        assert engine.process.poll() is None
        assert b"data: [DONE]" in stream.read()
        assert engine.wait() == 0
        assert engine.kinds() == ["ready", "draining", "stopped"]
        assert [row["status_code"] for row in engine.log()] == [200]


def test_a_drain_has_an_end(tmp_path: Path) -> None:
    """F-60: a stream that would never end is told so in its own format, and all is over within two seconds more."""
    with running(tmp_path, table(shutdown="100ms")) as engine, engine.connection() as connection:
        stream = ask(connection, x_echo_stall_after="2")
        engine.signal(signal.SIGTERM)
        told = stream.read()
        assert b'"error"' in told
        assert b"[DONE]" not in told
        assert engine.wait(2.5) == 0
        assert [row["error_type"] for row in engine.log()] == ["shutting_down"]


@pytest.mark.parametrize(("second", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_second_signal_does_not_wait(tmp_path: Path, second: int, code: int) -> None:
    """F-61: the stream is cut, the log is flushed."""
    with running(tmp_path, table(shutdown="60s")) as engine, engine.connection() as connection:
        stream = ask(connection, x_echo_stall_after="2")
        engine.signal(signal.SIGTERM)
        engine.wait_for("draining")
        began = time.monotonic()
        engine.signal(second)
        assert b'"error"' in stream.read()
        assert engine.wait(3) == code
        assert time.monotonic() - began < 2.5
        assert len(engine.log()) == 1


def test_a_stopped_worker_cannot_hold_up_the_end(tmp_path: Path) -> None:
    """F-61: who does not end in time is killed."""
    hurry = "import engine.runtime.ending as ending; ending.DRAIN_GRACE = 0.05"
    with running(tmp_path, table(shutdown="1ms"), prelude=hurry) as engine:
        engine.wait_for("ready")
        (worker,) = engine.workers()
        os.kill(worker, signal.SIGSTOP)
        engine.signal(signal.SIGTERM)
        assert engine.wait(4) == 0


def test_a_wrong_table_is_told_and_nothing_is_served(tmp_path: Path) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text("version: 1\nnonsense: true\n")
    events: list[Event] = []
    assert run(path, on_event=events.append, environ={}) == 1
    assert [event.kind for event in events] == ["refused"]
    assert events[0].checked is not None
    assert events[0].checked.complaints


def test_a_missing_table_is_told(tmp_path: Path) -> None:
    events: list[Event] = []
    assert run(tmp_path / "none.yaml", on_event=events.append, environ={}) == 1
    assert "does not exist" in events[0].says


def test_a_port_in_use_is_a_failed_start(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text(table())
    events: list[Event] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        assert run(tmp_path / "routes.yaml", listen=listen, on_event=events.append, environ={}) == 3
    assert events[0].kind == "failed"
    assert "already in use" in events[0].says


def test_a_listener_that_raises_is_survived(tmp_path: Path) -> None:
    """F-70: stderr is closed."""

    def print_it(event: Event) -> None:
        raise BrokenPipeError

    assert run(tmp_path / "none.yaml", on_event=print_it, environ={}) == 1


def test_no_descriptor_of_ours_takes_the_place_of_a_standard_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """F-70: started with stdin and stdout closed, the next socket would be sent the log."""
    opened = []

    def fstat(fd: int) -> None:
        if fd < 2:
            raise OSError(errno.EBADF, "closed")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", fstat)
        patch.setattr(os, "open", lambda path, flags: opened.append((path, flags)))
        _hold_standard_descriptors()
    assert opened == [(os.devnull, os.O_RDWR)] * 2
