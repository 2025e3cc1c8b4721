"""Reloads of the real thing, and the decisions alone."""

import os
import signal
import threading
from pathlib import Path

from engine.runtime.events import Event
from engine.runtime.reload import Tables
from engine.runtime.rollout import Rollout
from tests.tools.clock import Clock
from tests.tools.running import running, table, until


def test_a_reload_under_load_fails_nobody(tmp_path: Path) -> None:
    """F-62: many reloads, connections kept alive and not, no error; each answer is of one table or the other."""
    with running(tmp_path, table(workers=2)) as engine:
        answers: list[bytes] = []
        done = threading.Event()

        def ask_on() -> None:
            with engine.connection() as connection:
                while not done.is_set():
                    connection.request("GET", "/word")
                    answers.append(connection.getresponse().read())
                    answers.append(engine.get("/word"))

        engine.wait_for("ready")
        threads = [threading.Thread(target=ask_on) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for times in range(1, 16):
                engine.reload(table(workers=2, word="two" if times % 2 else "one"))
                engine.wait_for("reloaded", times)
        finally:
            done.set()
            for thread in threads:
                thread.join(10)
        assert len(answers) > 50
        assert set(answers) == {b"one", b"two"}
        assert engine.health()["generation"] == 16
        assert engine.figure("engine_config_generation") == 16  # of both workers


def test_what_is_in_flight_ends_on_the_table_it_began_with(tmp_path: Path) -> None:
    """F-62, F-71."""
    with running(tmp_path, table()) as engine, engine.connection() as connection:
        body = b'{"model":"m","stream":true,"messages":[{"role":"user","content":"%s"}]}' % (b"word " * 30)
        headers = {"content-type": "application/json", "x-echo-pace": "10ms"}
        connection.request("POST", "/v1/chat/completions", body, headers)
        stream = connection.getresponse()
        assert stream.read(10)
        engine.reload(table(word="two"))
        engine.wait_for("reloaded")
        assert engine.get("/word") == b"two"
        assert b"[DONE]" in stream.read()


def test_a_bad_table_changes_nothing_but_the_status(tmp_path: Path) -> None:
    """F-63: logged, counted, shown in /health of every worker; mending it is no change."""
    with running(tmp_path, table(workers=2)) as engine:
        engine.wait_for("ready")
        engine.reload("version: 1\nroutes: [\n")
        assert engine.wait_for("refused")["complaints"]
        until(lambda: engine.health()["last_reload"] is not None)
        told = engine.health()
        assert told["last_reload"]["outcome"] == "refused"
        assert told["last_reload"]["complaints"][0].startswith("routes.yaml:")
        assert told["generation"] == 1
        assert engine.get("/word") == b"one"
        (tmp_path / "routes.yaml").unlink()
        engine.signal(signal.SIGHUP)
        assert "does not exist" in engine.wait_for("refused", 2)["says"]
        engine.reload(table(workers=2))
        engine.wait_for("unchanged")
        assert engine.figure("engine_reloads_total") == 3
        assert len(engine.workers()) == 2


def test_a_storm_of_signals_is_few_reloads_and_the_last_text_wins(tmp_path: Path) -> None:
    """F-64."""
    with running(tmp_path, table()) as engine:
        (before,) = until(lambda: engine.wait_for("ready") and engine.workers())
        for n in range(100):
            engine.reload(table(word=f"word-{n}"))
        until(lambda: engine.get("/word") == b"word-99")
        assert engine.workers() == [before]
        assert engine.figure("engine_reloads_total") < 100


def test_the_environment_file_is_read_again(tmp_path: Path) -> None:
    with running(tmp_path, table(word="${WORD:-none}")) as engine:
        assert engine.get("/word") == b"none"
        (tmp_path / ".env").write_text("WORD=mended\n")
        engine.signal(signal.SIGHUP)
        engine.wait_for("reloaded")
        assert engine.get("/word") == b"mended"


def test_what_a_reload_cannot_change_is_told_and_the_rest_applied(tmp_path: Path) -> None:
    with running(tmp_path, table()) as engine:
        engine.wait_for("ready")
        engine.reload(table(workers=3, word="two"))
        assert "server.workers" in engine.wait_for("restart_needed")["says"]
        engine.wait_for("reloaded")
        assert engine.get("/word") == b"two"
        assert len(engine.workers()) == 1


def test_a_file_that_is_watched_reloads_by_itself(tmp_path: Path) -> None:
    with running(tmp_path, table(), watch=True) as engine:
        engine.wait_for("ready")
        engine.write(table(word="two"))  # renamed over
        engine.wait_for("reloaded", 1)
        (tmp_path / "routes.yaml").write_text(table(word="three"))  # written in place
        engine.wait_for("reloaded", 2)
        assert engine.get("/word") == b"three"


def test_a_worker_born_during_a_reload_serves_the_new_table(tmp_path: Path) -> None:
    """F-71."""
    with running(tmp_path, table(workers=2)) as engine:
        engine.wait_for("ready")
        os.kill(engine.workers()[0], signal.SIGKILL)
        engine.reload(table(workers=2, word="two"))
        engine.wait_for("reloaded")
        assert {engine.get("/word") for _ in range(10)} == {b"two"}


class FakeMember:
    def __init__(self, generation: int) -> None:
        self.generation = generation


class FakeCrew(list[FakeMember]):
    complete = True

    def __init__(self, size: int) -> None:
        super().__init__(FakeMember(1) for _ in range(size))
        self.told: list[dict] = []

    def tell(self, message: dict) -> None:
        self.told.append(message)


def test_it_is_announced_once_when_the_last_worker_has_it(tmp_path: Path) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text(table())
    tables = Tables(path, {}, Clock().time)
    tables.adopt(tables.read().generation)
    crew, events, counted = FakeCrew(2), [], []
    rollout = Rollout(tables, crew, counted.append, events.append)  # type: ignore[arg-type]
    path.write_text(table(word="two"))
    rollout.reload()
    assert [message["do"] for message in crew.told] == ["adopt", "status"]
    rollout.heed(crew[0], {"says": "adopted", "number": 2})  # type: ignore[arg-type]
    assert events == []
    rollout.heed(crew[1], {"says": "adopted", "number": 2})  # type: ignore[arg-type]
    rollout.announce()
    assert [(event.kind, event.facts) for event in events] == [("reloaded", {"generation": 2})]
    assert counted == ["reload.applied"]
    assert isinstance(events[0], Event)


def test_a_late_refusal_of_an_older_table_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text(table())
    tables = Tables(path, {}, Clock().time)
    tables.adopt(tables.read().generation)
    crew, events = FakeCrew(1), []
    rollout = Rollout(tables, crew, lambda word: None, events.append)  # type: ignore[arg-type]
    for word in ("two", "three"):
        path.write_text(table(word=word))
        rollout.reload()
    rollout.heed(crew[0], {"says": "refused", "number": 2, "why": "old"})  # type: ignore[arg-type]
    assert events == []
    rollout.heed(crew[0], {"says": "refused", "number": 3, "why": "new"})  # type: ignore[arg-type]
    assert [event.kind for event in events] == ["rolled_back"]
    assert tables.current.number == 4
