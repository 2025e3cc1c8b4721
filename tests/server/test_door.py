"""engine/server/door.py: what connections share."""

from __future__ import annotations

import pytest

from engine.server import door as subject
from engine.server.door import Door
from engine.settings import Limits, Server
from engine.web import Response
from tests.tools.services import RememberingMeter
from tests.tools.serving import echo


class Someone:
    idle = True

    def retire(self) -> None: ...

    def close_now(self) -> None: ...


@pytest.fixture
def door() -> Door:
    settings = Server(limits=Limits(connections=2))
    return Door(echo, lambda fault, path: Response(500), settings, RememberingMeter(), print)


def test_the_census_knows_when_the_house_is_full_and_when_it_is_empty(door: Door) -> None:
    one, two, emptied = Someone(), Someone(), []
    door.emptied = lambda: emptied.append(True)
    door.enter(one)
    assert not door.full
    door.enter(two)
    assert door.full
    door.leave(one)
    door.leave(one)
    assert list(door.census) == [two]
    assert emptied == []
    door.leave(two)
    assert emptied == [True]


def test_the_date_is_written_once_a_second(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    wall = [784111777.2]
    monkeypatch.setattr(subject.time, "time", lambda: wall[0])
    first = door.date()
    assert first == b"date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"  # the example of RFC 9110 section 5.6.7
    wall[0] += 0.7
    assert door.date() is first
    wall[0] += 0.2
    assert door.date() == b"date: Sun, 06 Nov 1994 08:49:38 GMT\r\n"
