"""The life of the real command: reload, several workers, a worker that dies, and the end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import orjson
import pytest

from tests.tools.deployed import CHAT, Deployed, chat, deployed, until
from tests.tools.gateway import PATIENCE, Gateway, environment
from tests.tools.running import children_of

TABLE = """
version: 1
server:
  listen: "${LISTEN}"
  workers: 1
  timeouts: {shutdown: 20s}
providers:
  echo: {kind: echo, by_headers: true, pace: 1ms}
default: {provider: echo}
pipelines:
  chat: [decode, {select: {by: model}}, call, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}
  - {match: "GET /word", public: true, pipeline: [{respond: {body: "one"}}]}
  - {match: "GET /health", pipeline: [{health: {shape: detailed}}]}
  - {match: "GET /metrics", pipeline: [metrics]}
"""
TWO = TABLE.replace('"one"', '"two"')
LONG = " ".join(f"w{n}" for n in range(60))


@pytest.fixture(scope="module")
def shared() -> Iterator[Deployed]:
    with deployed(TABLE) as it:
        yield it


@pytest.fixture
def served() -> Iterator[Deployed]:
    with deployed(TABLE) as it:
        yield it


@contextmanager
def stream(served: Deployed, says: str = LONG, **headers: str) -> Iterator[Iterator[bytes]]:
    """A stream of which the first event has come; gives the rest."""
    body = orjson.dumps(chat("m", says, stream=True))
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx.stream("POST", f"{served.url}{CHAT}", content=body, headers=names, timeout=PATIENCE) as answer:
        pieces = answer.iter_raw()
        assert next(pieces).startswith(b"data: ")
        yield pieces


def test_a_new_table_is_adopted_and_streams_end_on_the_old_one(shared: Deployed) -> None:
    """F-62."""
    before = shared.get("/health").json()["generation"]
    with stream(shared, x_echo_pace="10ms", x_request_id="streaming") as rest:
        shared.table.write_text(TWO)
        assert "new table" in shared.reload()
        assert shared.get("/word").text == "two"
        assert shared.row_count("streaming") == 0, "it is still under way"
        assert b"[DONE]" in b"".join(rest)
    assert shared.row("streaming")["status_code"] == 200
    told = shared.get("/health").json()
    assert (told["generation"], told["last_reload"]["outcome"]) == (before + 1, "applied")
    assert shared.figure("engine_config_generation") == before + 1
    shared.table.write_text(TABLE)
    assert "new table" in shared.reload()


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nroutes: [",
        TWO.replace("decode", "decoed"),
        TWO.replace("shutdown: 20s", "shutdown: 20"),
        TWO.replace("provider: echo}", "provider: ekko}"),
        TWO + '\nmodels: [{name: "${NOT_SET_ANYWHERE}", provider: echo}]\n',
        "",
        "\x00\x01",
        TWO[: len(TWO) // 2],
    ],
)
def test_a_bad_table_changes_nothing_and_health_tells_of_it(shared: Deployed, text: str) -> None:
    """F-63."""
    before = shared.get("/health").json()["generation"]
    shared.table.write_text(text)
    assert "served on" in shared.reload()
    until(lambda: (shared.get("/health").json()["last_reload"] or {}).get("outcome") == "refused")
    told = shared.get("/health").json()
    assert (told["status"], told["generation"]) == ("healthy", before)
    assert shared.get("/word").text == "one"
    assert any(re.search(r"routes.yaml:\d+:\d+|routes.yaml", line) for line in told["last_reload"]["complaints"])
    shared.table.write_text(TABLE)
    assert "as before" in shared.reload()


def test_the_same_text_is_no_reload(shared: Deployed) -> None:
    """F-62, F-64: and a storm of signals is harmless."""
    before = shared.get("/health").json()["generation"]
    for _ in range(20):
        shared.process.send_signal(signal.SIGHUP)
    assert "as before" in shared.reload()
    assert shared.get("/health").json()["generation"] == before
    assert shared.process.poll() is None


def test_a_removed_table_changes_nothing(shared: Deployed) -> None:
    """F-63."""
    shared.table.unlink()
    assert "served on" in shared.reload()
    assert shared.get("/word").text == "one"
    shared.table.write_text(TABLE)
    shared.reload()


def test_a_watched_table_reloads_by_itself() -> None:
    with deployed(TABLE, "--watch") as served:
        half = served.table.with_name("half.yaml")
        half.write_text(TWO)
        half.replace(served.table)
        until(lambda: served.get("/word").text == "two")
        served.table.write_text("version: 1\nroutes: [")
        until(lambda: (served.get("/health").json()["last_reload"] or {}).get("outcome") == "refused")
        assert served.get("/word").text == "two"


def test_reloads_fail_nobody_who_is_calling(shared: Deployed) -> None:
    """F-62: on kept connections and new ones."""
    done = False

    def call_on() -> set[tuple[int, str]]:
        heard = set()
        with httpx.Client(base_url=shared.url, timeout=PATIENCE) as kept:
            while not done:
                for answer in (kept.get("/word"), shared.get("/word")):
                    heard.add((answer.status_code, answer.text))
        return heard

    with ThreadPoolExecutor(2) as pool:
        calling = [pool.submit(call_on) for _ in range(2)]
        for n in range(8):
            shared.table.write_text(TABLE if n % 2 else TWO)
            assert "new table" in shared.reload()
        done = True
        heard = set().union(*(call.result() for call in calling))
    assert heard == {(200, "one"), (200, "two")}


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def requests(served: Deployed) -> float:
    return served.figure("engine_requests_total", route=f"POST {CHAT}")


def test_figures_are_those_of_all_workers_also_of_one_that_was_killed() -> None:
    """F-66: each of two workers answers some; sums are right, never go back, and a dead worker is replaced."""
    with deployed(TABLE, "--workers", "2") as served:
        pid = served.process.pid
        first, second = until(lambda: (pids := children_of(pid)) and len(pids) == 2 and pids)
        for sleeping, count in ((first, 4), (second, 7)):
            with stopped(sleeping):
                for n in range(count):
                    assert served.post(chat("m"), x_request_id=f"of-{sleeping}-{n}").status_code == 200
        until(lambda: requests(served) == 11)
        assert served.row(f"of-{second}-6")["status_code"] == 200
        os.kill(first, signal.SIGKILL)
        killed = time.monotonic()
        until(lambda: len(set(children_of(pid)) - {first}) == 2)
        assert time.monotonic() - killed < 5
        assert requests(served) == 11, "what the dead had counted stays"
        for _ in range(9):
            assert served.post(chat("m")).status_code == 200
            assert requests(served) >= 11
        until(lambda: requests(served) == 20)
        assert served.figure("engine_worker_deaths_total") == 1
        assert served.active() == 0


def test_streams_end_well_when_told_to_stop(served: Deployed) -> None:
    """F-60: no new connections, every stream to its end, exit code 0 (the fixture asks for it), every row written."""
    with ThreadPoolExecutor(4) as pool:

        def whole(n: int) -> bytes:
            with stream(served, x_echo_pace="10ms", x_request_id=f"drained-{n}") as rest:
                return b"".join(rest)

        streams = [pool.submit(whole, n) for n in range(4)]
        until(lambda: served.active() == 4)
        served.process.send_signal(signal.SIGTERM)
        until(lambda: not is_open(served.address))
        assert all(b"[DONE]" in each.result(PATIENCE) for each in streams)
    assert served.process.wait(PATIENCE) == 0
    assert [served.row(f"drained-{n}")["error_type"] for n in range(4)] == [None] * 4


def test_a_kept_connection_ends_with_its_last_answer(served: Deployed) -> None:
    """F-60: what is in flight is answered, with `Connection: close`; idle connections end at once."""
    with httpx.Client(base_url=served.url, timeout=PATIENCE) as kept, socket.create_connection(served.address) as idle:
        idle.settimeout(PATIENCE)
        idle.sendall(b"GET /word HTTP/1.1\r\nhost: x\r\n\r\n")
        assert idle.recv(1000).endswith(b"one")
        with ThreadPoolExecutor(1) as pool:
            kept.get("/word")
            body = orjson.dumps(chat("m"))
            last = pool.submit(kept.post, CHAT, content=body, headers={"x-echo-delay": "200ms"})
            until(lambda: served.active() == 1)
            served.process.send_signal(signal.SIGTERM)
            assert idle.recv(1000) == b""
            assert last.result(PATIENCE).status_code == 200
            assert last.result().headers["connection"] == "close"
    assert served.process.wait(PATIENCE) == 0


def is_open(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=5).close()
    except OSError:
        return False
    return True


@contextmanager
def undrained(folder: Path, text: str) -> Iterator[Deployed]:
    """A gateway whose end the test judges itself."""
    table = folder / "routes.yaml"
    table.write_text(text)
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", "run", str(table)],
        env=environment({"LISTEN": "127.0.0.1:0"}), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    running = Gateway(process)
    try:
        running.wait_ready()
        yield Deployed(running, table)
    finally:
        process.kill()
        running.stop()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    assert "Traceback" not in "".join(running.said)


@pytest.mark.parametrize(("second", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_second_signal_ends_it_at_once(tmp_path: Path, second: int, code: int) -> None:
    """F-61: the stream is told so in band, its row is written."""
    with undrained(tmp_path, TABLE) as served:
        with stream(served, x_echo_stall_after="3", x_request_id="cut") as rest:
            served.process.send_signal(signal.SIGTERM)
            until(lambda: any("finishing" in line for line in served.said))
            began = time.monotonic()
            served.process.send_signal(second)
            told = b"".join(rest)
            assert b"shutting_down" in told
            assert b"[DONE]" not in told
        assert served.process.wait(PATIENCE) == code
        assert time.monotonic() - began < 3
        assert served.row("cut")["error_type"] == "shutting_down"


def test_patience_has_an_end(tmp_path: Path) -> None:
    """F-60: after timeouts.shutdown what is left is cut, in order; who waits for a first byte gets a 503."""
    with undrained(tmp_path, TABLE.replace("shutdown: 20s", "shutdown: 100ms")) as served:
        with ThreadPoolExecutor(1) as pool, stream(served, x_echo_stall_after="3") as rest:
            waiting = pool.submit(served.post, chat("m"), x_echo_delay="60s", x_request_id="waiting")
            until(lambda: served.active() == 2)
            served.process.send_signal(signal.SIGTERM)
            assert b"shutting_down" in b"".join(rest)
            assert waiting.result(PATIENCE).status_code == 503
            assert waiting.result().json()["error"]["code"] == "shutting_down"
        assert served.process.wait(PATIENCE) == 0
        row = served.row("waiting")
        assert (row["status_code"], row["error_type"]) == (503, "shutting_down")
