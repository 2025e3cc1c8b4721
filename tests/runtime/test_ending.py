import signal

import pytest

from engine.runtime.ending import DRAIN_GRACE, QUIT_GRACE, START_SECONDS, Ending
from tests.tools.clock import Clock


class FakeMember:
    def __init__(self, *, ready: bool = True) -> None:
        self.born = 0.0
        self.ready = ready
        self.killed = 0

    def kill(self) -> None:
        self.killed += 1


class FakeCrew(list[FakeMember]):
    def __init__(self, *members: FakeMember) -> None:
        super().__init__(members)
        self.told: list[str] = []
        self.dismissed = False

    def tell(self, message: dict[str, str]) -> None:
        self.told.append(message["do"])

    def dismiss(self) -> None:
        self.dismissed = True


class Scene:
    def __init__(self, *members: FakeMember) -> None:
        self.clock, self.crew, self.kinds = Clock(), FakeCrew(*members), []
        self.ending = Ending(self.crew, self.clock.time, lambda event: self.kinds.append(event.kind))  # type: ignore[arg-type]


def test_nothing_ends_by_itself() -> None:
    scene = Scene(FakeMember())
    scene.clock.run_to(1e9)
    scene.ending.kill_the_late()
    assert scene.ending.code is None
    assert scene.ending.next_due() == float("inf")
    assert scene.crew[0].killed == 0


def test_the_first_signal_drains_and_nobody_is_replaced() -> None:
    """F-60."""
    scene = Scene(FakeMember())
    scene.ending.stop(signal.SIGTERM, 30.0)
    assert (scene.ending.code, scene.crew.told, scene.kinds) == (0, ["drain"], ["draining"])
    assert scene.crew.dismissed
    scene.clock.run_to(30.0 + DRAIN_GRACE - 0.1)
    scene.ending.kill_the_late()
    assert scene.crew[0].killed == 0
    scene.clock.run_to(scene.ending.next_due())
    scene.ending.kill_the_late()
    assert scene.crew[0].killed == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_second_does_not_wait(number: int, code: int) -> None:
    """F-61."""
    scene = Scene(FakeMember())
    scene.ending.stop(signal.SIGTERM, 30.0)
    scene.ending.stop(number, 30.0)
    assert (scene.ending.code, scene.crew.told) == (code, ["drain", "quit"])
    assert scene.ending.next_due() == QUIT_GRACE


def test_a_failed_start_has_its_own_code() -> None:
    """F-68."""
    scene = Scene(FakeMember())
    scene.ending.fail("no")
    assert (scene.ending.code, scene.crew.told, scene.kinds) == (3, ["quit"], ["failed"])


def test_a_worker_that_is_never_ready_is_killed() -> None:
    scene = Scene(FakeMember(), FakeMember(ready=False))
    assert scene.ending.next_due() == START_SECONDS
    scene.clock.run_to(START_SECONDS)
    scene.ending.kill_the_late()
    assert [member.killed for member in scene.crew] == [0, 1]
