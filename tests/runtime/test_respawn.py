from engine.runtime.respawn import LONGEST, MOST_CRASHES, QUICK, TRIAL, Respawn, Trial


def test_a_worker_that_had_lived_is_replaced_at_once() -> None:
    """F-66: however often it is killed."""
    respawn = Respawn()
    assert [respawn.delay(QUICK * 2, 0.5) for _ in range(20)] == [0.0] * 20


def test_a_worker_that_dies_at_once_waits_ever_longer() -> None:
    """F-68: 0.1 s to 30 s."""
    respawn = Respawn()
    delays = [respawn.delay(0.01, 0.999999) for _ in range(15)]
    assert delays[0] == 0.0
    assert 0.099 < delays[1] < 0.1
    assert delays == sorted(delays)
    assert LONGEST * 0.99 < delays[-1] <= LONGEST
    assert respawn.delay(QUICK, 0.5) == 0.0


def test_places_do_not_march_in_step() -> None:
    first, second = Respawn(), Respawn()
    for respawn in (first, second):
        respawn.delay(0, 0.0)
    assert first.delay(0, 0.0) == 0.05
    assert 0.07 < second.delay(0, 0.5) < 0.08


def test_no_number_of_deaths_overflows() -> None:
    respawn = Respawn()
    assert max(respawn.delay(0, 0.5) for _ in range(3000)) <= LONGEST


def test_a_new_table_is_blamed_for_the_fifth_death_within_a_minute() -> None:
    trial = Trial(began=100.0)
    assert [trial.crashed(101.0 + n) for n in range(MOST_CRASHES)] == [False] * (MOST_CRASHES - 1) + [True]


def test_deaths_after_the_minute_are_not_its_fault() -> None:
    trial = Trial(began=0.0)
    assert not any(trial.crashed(TRIAL + 1 + n) for n in range(20))


def test_a_table_that_kills_is_not_one_to_come_back_to() -> None:
    trial = Trial(began=0.0)
    assert trial.passed(1.0)
    trial.crashed(2.0)
    assert not trial.passed(3.0)
    assert trial.passed(TRIAL + 1)
