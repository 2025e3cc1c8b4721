from pathlib import Path

import pytest

from engine.runtime.reload import Tables, needs_restart
from engine.runtime.respawn import MOST_CRASHES, TRIAL
from engine.settings import Server, Timeouts, Tls
from tests.tools.clock import Clock
from tests.tools.running import table


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tables(tmp_path: Path, clock: Clock) -> Tables:
    (tmp_path / "routes.yaml").write_text(table())
    made = Tables(tmp_path / "routes.yaml", {}, clock.time)
    take(made)
    return made


def take(tables: Tables, text: str | None = None) -> None:
    if text is not None:
        tables.paths[0].write_text(text)
    reading = tables.read()
    assert reading.outcome == "applied"
    assert reading.generation is not None
    tables.adopt(reading.generation)


def words(tables: Tables) -> str:
    return tables.current.table.text.split('body: "')[1].split('"')[0]


def test_numbers_count_up(tables: Tables) -> None:
    assert tables.current.number == 1
    assert tables.status is None  # a start is no reload
    take(tables, table(word="two"))
    assert tables.current.number == 2
    assert tables.status is not None
    assert tables.status["outcome"] == "applied"


def test_the_same_table_is_no_change(tables: Tables) -> None:
    """F-62."""
    tables.paths[0].write_text(table())
    assert tables.read().outcome == "unchanged"
    assert tables.current.number == 1


def test_the_environment_file_is_part_of_the_table(tables: Tables) -> None:
    take(tables, table(word="${WORD:-none}"))
    tables.paths[1].write_text("WORD=other\n")
    assert tables.read().outcome == "applied"


BROKEN = {
    "empty": b"",
    "not text": b"\xff\xfe",
    "not YAML": b"a: [",
    "unknown key": b"version: 1\nnonsense: 1\n",
    "too large": b"x" * (1 << 20) + b"y",
    "unset variable": table(word="${UNSET}").encode(),
    "half written": table()[:300].encode(),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_changes_nothing(tables: Tables, broken: bytes) -> None:
    """F-63."""
    tables.paths[0].write_bytes(broken)
    reading = tables.read()
    assert reading.outcome == "refused"
    assert reading.generation is None
    assert tables.status is not None
    assert tables.status["outcome"] == "refused"
    assert words(tables) == "one"


def test_a_file_that_is_gone_or_a_folder_changes_nothing(tables: Tables) -> None:
    """F-63."""
    tables.paths[0].unlink()
    assert tables.read().outcome == "refused"
    tables.paths[0].mkdir()
    assert tables.read().outcome == "refused"


def test_five_deaths_bring_the_table_before_back(tables: Tables) -> None:
    """F-68."""
    take(tables, table(word="two"))
    assert [tables.crashed() for _ in range(MOST_CRASHES)][-1]
    tables.roll_back("deaths")
    assert (words(tables), tables.current.number) == ("one", 3)
    assert tables.status is not None
    assert (tables.status["outcome"], tables.status["says"]) == ("rolled_back", "deaths")
    assert not any(tables.crashed() for _ in range(20))  # there is nothing further to come back to


def test_the_first_table_is_never_taken_back(tables: Tables) -> None:
    assert not any(tables.crashed() for _ in range(20))
    assert tables.roll_back("deaths") is None
    assert words(tables) == "one"


def test_a_table_that_kills_is_not_what_one_comes_back_to(tables: Tables, clock: Clock) -> None:
    take(tables, table(word="kills"))
    tables.crashed()
    take(tables, table(word="mended?"))
    tables.roll_back("no")
    assert words(tables) == "one"


def test_a_table_that_has_lived_is_what_one_comes_back_to(tables: Tables, clock: Clock) -> None:
    take(tables, table(word="two"))
    tables.crashed()
    clock.run_to(TRIAL + 1)
    take(tables, table(word="three"))
    tables.roll_back("no")
    assert words(tables) == "two"


def test_what_needs_a_restart() -> None:
    tls = Tls(cert="a", key="b")
    assert needs_restart(Server(), Server(timeouts=Timeouts(idle=1.0))) == []
    assert needs_restart(Server(), Server(listen="127.0.0.1:1", workers=2, tls=tls)) == ["listen", "workers", "tls"]
