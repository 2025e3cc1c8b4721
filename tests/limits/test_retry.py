from __future__ import annotations

from email.utils import format_datetime, formatdate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.faults import TABLE, Fault
from engine.limits.retry import MOST_UNPAID, RetryBudget, RetryPolicy, read_retry_after
from engine.web import Headers

WALL = 1_700_000_000.0
POLICY = RetryPolicy(attempts=5, base=0.5, cap=8.0)


def after(**values: str) -> float | None:
    return read_retry_after(Headers((k.replace("_", "-").encode(), v.encode("latin-1")) for k, v in values.items()), WALL)


@pytest.mark.parametrize(
    ("given_value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7\t", 7.0),
        ("1.5", 1.5),
        ("+3", 3.0),
        ("-5", 0.0),
        ("3600", 3600.0),
        ("3601", 3600.0),
        ("9" * 15, 3600.0),
        ("9" * 400, 3600.0),
        (formatdate(WALL + 30, usegmt=True), 30.0),
        (formatdate(WALL - 30, usegmt=True), 0.0),
        (formatdate(WALL + 10**7, usegmt=True), 3600.0),
        ("Tuesday, 14-Nov-23 22:13:50 GMT", 30.0),  # RFC 850
        ("Tue Nov 14 22:13:50 2023", 30.0),  # asctime
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("1e3", None),
        ("0x10", None),
        ("7, 8", None),
        ("\u00b2", None),
        ("Tue, 99 Nov 2023 22:13:50 GMT", None),
        ("Tue, 14 Nov 99999999999 22:13:50 GMT", None),
        ("x" * 100_000, None),
    ],
)
def test_retry_after_is_sanitised(given_value: str, seconds: float | None) -> None:
    """F-13"""
    assert after(retry_after=given_value) == seconds


def test_milliseconds_go_first_and_nothing_is_nothing() -> None:
    """F-13"""
    assert after(retry_after_ms="1500", retry_after="2") == 1.5
    assert after(retry_after_ms="junk", retry_after="2") == 2.0
    assert after(retry_after_ms="-1") == 0.0
    assert after(retry_after_ms="9" * 30) == 3600.0
    assert after() is None


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80), st.sampled_from([b"retry-after", b"retry-after-ms"]))
def test_any_value_gives_nothing_or_a_sane_wait(value: bytes, name: bytes) -> None:
    """F-13: garbage never raises."""
    seconds = read_retry_after(Headers([(name, value)]), WALL)
    assert seconds is None or 0.0 <= seconds <= 3600.0


@settings(max_examples=100, deadline=None)
@given(st.datetimes())
def test_any_date_gives_a_sane_wait(moment) -> None:  # type: ignore[no-untyped-def]
    seconds = after(retry_after=format_datetime(moment))
    assert seconds is None or 0.0 <= seconds <= 3600.0


def test_backoff_doubles_up_to_the_cap_with_full_jitter() -> None:
    """F-14"""
    fault = Fault("upstream_error")
    longest = [RetryPolicy(99, 0.5, 8.0).next_wait(n, fault, lambda: 1.0) for n in range(1, 8)]
    assert longest == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert POLICY.next_wait(3, fault, lambda: 0.25) == 0.5
    assert POLICY.next_wait(1, fault, lambda: 0.0) == 0.0


def test_attempts_end() -> None:
    fault = Fault("upstream_error")
    assert POLICY.next_wait(4, fault, lambda: 0.5) is not None
    assert POLICY.next_wait(5, fault, lambda: 0.5) is None
    assert RetryPolicy(1, 0.5, 8.0).next_wait(1, fault, lambda: 0.5) is None


@pytest.mark.parametrize("code", TABLE)
def test_only_what_can_help_is_tried_again(code: str) -> None:
    wait = POLICY.next_wait(1, Fault(code), lambda: 0.5)
    assert (wait is not None) == TABLE[code].retryable


def test_a_hint_is_waited_for_unless_it_is_too_long() -> None:
    """F-13: the later of backoff and hint; beyond the cap, stop rather than come back early."""

    def wait(hint: float, dice: float = 0.5) -> float | None:
        return POLICY.next_wait(1, Fault("upstream_rate_limit", retry_after=hint), lambda: dice)

    assert wait(3.0) == 3.0
    assert wait(0.1, dice=1.0) == 0.5
    assert wait(8.0) == 8.0
    assert wait(8.1) is None


def test_the_budget_is_a_fifth_of_those_who_are_not_retrying_but_at_least_three() -> None:
    """F-14"""
    budget = RetryBudget()
    begin(budget)
    assert [budget.take() for _ in range(4)] == [True, True, True, False]
    budget.give()
    assert budget.take()
    for _ in range(119):
        begin(budget)
    while budget.take():
        pass
    assert budget.retrying == 20
    for _ in range(120):
        budget.active -= 1
    assert not budget.take()
    for _ in range(20):
        budget.give()
    assert (budget.active, budget.retrying) == (0, 0)


def test_short_retries_do_not_spend_a_crowd_twice() -> None:
    """F-14: each comes and goes at once, so never are many under way."""
    budget = RetryBudget()
    for _ in range(600):
        begin(budget)
    made = 0
    while budget.take():
        budget.give()
        made += 1
    assert made == 100, "a fifth of the other five hundred"
    for _ in range(5):
        begin(budget)
    assert not budget.take()
    begin(budget)
    assert budget.take(), "six more have begun"


def test_what_was_paid_by_requests_that_are_over_is_gone() -> None:
    budget = RetryBudget()
    for _ in range(100):
        for _ in range(60):
            begin(budget)
        budget.active -= 60
    for _ in range(60):
        begin(budget)
    assert sum(budget.take() for _ in range(60)) == 10


def test_a_few_requests_need_not_pay() -> None:
    budget = RetryBudget()
    begin(budget)
    for _ in range(MOST_UNPAID):
        assert budget.take()
        budget.give()
    assert not budget.take(), "nothing has succeeded for long"
    budget.unpaid = 0
    assert budget.take()


def begin(budget: RetryBudget) -> None:
    budget.active += 1
    budget.paid += 1


def test_a_burst_against_a_dead_provider_is_held_to_a_fifth() -> None:
    """F-14: 1000 requests at once, all answers 503: at most 1.2 x 1000 attempts."""
    budget = RetryBudget()
    attempts = 1000
    waiting = list(range(1000))
    for _ in waiting:
        begin(budget)
    retrying = [one for one in waiting if budget.take()]
    for _ in range(len(waiting) - len(retrying)):
        budget.active -= 1
    attempts += len(retrying)
    for _ in retrying:  # each fails again and asks for another, up to two retries
        budget.give()
        if budget.take():
            attempts += 1
            budget.give()
        budget.active -= 1
    assert attempts <= 1200
