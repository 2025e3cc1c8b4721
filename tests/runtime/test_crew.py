import pytest

from engine.runtime import crew as module
from engine.runtime.channel import Channel
from engine.runtime.crew import FORK_AGAIN, Crew
from tests.tools.clock import Clock


class Scene:
    """A crew whose workers are never born: `fork` only says what it was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
        self.clock = Clock()
        self.born: list[tuple[object, object]] = []
        self.out_of_memory = False
        monkeypatch.setattr(module, "fork", self._fork)
        self.crew = Crew(size, self._work, lambda: None, self.clock.time, lambda: 0.5)

    def _fork(self, work: object, forget: object) -> int:
        if self.out_of_memory:
            raise OSError("no process")
        self.born.append((work, forget))
        return 1000 + len(self.born)

    def _work(self, slot: int, serial: int, channel: Channel) -> int:
        channel.close()
        return slot * 100 + serial

    def fill(self) -> list[int]:
        return [member.pid for member in self.crew.fill(1)]

    def close(self) -> None:
        self.crew.forget_all()


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch):
    made = Scene(monkeypatch, 2)
    yield made
    made.close()


def test_every_place_is_filled_once(scene: Scene) -> None:
    assert scene.crew.next_due == 0.0
    assert scene.fill() == [1001, 1002]
    assert scene.fill() == []
    assert scene.crew.next_due == float("inf")
    assert [(member.slot, member.serial, member.generation) for member in scene.crew] == [(0, 1, 1), (1, 2, 1)]
    assert not scene.crew.complete
    for member in scene.crew:
        member.ready = True
    assert scene.crew.complete


def test_the_dead_are_replaced_at_once_and_in_a_loop_later(scene: Scene) -> None:
    """F-66, F-68."""
    scene.fill()
    scene.clock.run_to(100)
    gone = scene.crew.died(1001)
    assert gone is not None
    gone.channel.close()
    assert scene.crew.next_due == 100
    assert scene.fill() == [1003]
    gone = scene.crew.died(1003)
    assert gone is not None
    gone.channel.close()
    assert scene.fill() == []
    assert 100 < scene.crew.next_due <= 100.1
    scene.clock.run_to(scene.crew.next_due)
    assert scene.fill() == [1004]
    assert sorted(member.slot for member in scene.crew) == [0, 1]


def test_a_stranger_is_nobody(scene: Scene) -> None:
    scene.fill()
    assert scene.crew.died(99) is None


def test_the_dismissed_are_not_replaced(scene: Scene) -> None:
    """Neither those who are gone already nor those who go later."""
    scene.fill()
    first = scene.crew.died(1001)
    scene.crew.dismiss()
    second = scene.crew.died(1002)
    assert scene.fill() == []
    assert scene.crew.next_due == float("inf")
    for gone in (first, second):
        assert gone is not None
        gone.channel.close()


def test_no_process_to_be_had_is_tried_again(scene: Scene) -> None:
    """F-43."""
    scene.out_of_memory = True
    assert scene.fill() == []
    assert scene.crew.next_due == FORK_AGAIN
    scene.out_of_memory = False
    scene.clock.run_to(FORK_AGAIN)
    assert len(scene.fill()) == 2


def test_a_worker_knows_its_place_and_nothing_of_the_others(scene: Scene) -> None:
    """F-67: it must not hold the supervisor's ends, or the others would never see them close."""
    scene.fill()
    members = list(scene.crew)
    work, forget = scene.born[1]
    forget()  # type: ignore[operator]
    assert [member.channel.fileno() for member in members] == [-1, -1]
    assert work() == 102  # type: ignore[operator]


def test_a_successor_is_ready_before_the_one_before_it_drains(scene: Scene) -> None:
    """F-50."""
    scene.fill()
    scene.clock.run_to(100)
    old = next(member for member in scene.crew if member.slot == 0)
    sent: list[dict] = []
    old.channel.send = sent.append  # type: ignore[method-assign]
    scene.crew.succeed(old)
    scene.crew.succeed(old)  # said twice
    assert scene.fill() == [1003]
    assert {member.pid for member in scene.crew} == {1001, 1002, 1003}
    assert sent == []
    new = next(member for member in scene.crew if member.pid == 1003)
    assert (new.slot, old.leaving) == (0, True)
    scene.crew.relieve(new)
    assert sent == [{"do": "drain"}]
    assert scene.crew.died(1001) is old
    assert scene.fill() == []
    old.channel.close()


def test_nobody_succeeds_at_the_end(scene: Scene) -> None:
    scene.fill()
    old = next(iter(scene.crew))
    scene.crew.dismiss()
    scene.crew.succeed(old)
    assert not old.leaving
    assert scene.fill() == []
