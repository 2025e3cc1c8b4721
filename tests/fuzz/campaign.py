"""Many cases of one kind, each told by its seed and number, so that every find can be seen again alone."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from engine.faults import Fault

# What a suite run begins with; another seed gives other cases.
SEED = int(os.environ.get("ENGINE_FUZZ_SEED", "1"))


@dataclass(frozen=True)
class Kind:
    """`make` gives the bytes of a case; `check` raises AssertionError, or lets escape what should not, and returns a word for
    how the case ended, which is counted."""

    name: str
    make: Callable[[Random], bytes]
    check: Callable[[bytes, Random], str]


class Found(AssertionError):
    """A case that did not hold."""

    def __init__(self, kind: str, seed: int, number: int, data: bytes, why: BaseException) -> None:
        says = f"{type(why).__name__}: {why}"
        super().__init__(f"{kind} --seed {seed} --only {number}\n{data!r}\n{says[:2000]}")
        self.data = data
        self.why = why


def fault_of(attempt: Callable[[], object]) -> Fault | None:
    """What it raises; anything but a Fault escapes."""
    try:
        attempt()
    except Fault as fault:
        return fault
    return None


def dice_of(seed: int, number: int) -> Random:
    return Random(seed << 40 | number)


def run_case(kind: Kind, seed: int, number: int) -> str:
    """Raises Found."""
    dice = dice_of(seed, number)
    data = kind.make(dice)
    try:
        return kind.check(data, dice)
    except Exception as why:
        raise Found(kind.name, seed, number, data, why) from why


def run_cases(kind: Kind, runs: int, seed: int = SEED, first: int = 0) -> Counter[str]:
    """How many cases ended how. Raises Found at the first that did not hold."""
    ends: Counter[str] = Counter()
    for number in range(first, first + runs):
        ends[run_case(kind, seed, number)] += 1
    return ends


def shrink(kind: Kind, data: bytes, tries: int = 20000) -> bytes:
    """A shorter case that does not hold for a reason of the same type."""

    def reason(case: bytes) -> type | None:
        # What a case is cut by comes of dice: several throws, so that one lucky cut does not hide the flaw.
        for throw in range(4):
            try:
                kind.check(case, Random(throw))
            except Exception as why:
                return type(why)
        return None

    wanted = reason(data)
    size = max(1, len(data) // 2)
    while wanted is not None and size and tries > 0:
        at, shorter = 0, False
        while at < len(data) and tries > 0:
            tries -= 1
            case = data[:at] + data[at + size :]
            if reason(case) is wanted:
                data, shorter = case, True
            else:
                at += size
        size = size if shorter and size > 1 else size // 2
    return data
