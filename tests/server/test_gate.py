"""engine/server/gate.py: descriptors that are left."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator

import pytest

from engine.server.gate import RESERVE, Gate


@pytest.fixture
def probe() -> Iterator[int]:
    read, write = os.pipe()
    yield read
    os.close(read)
    os.close(write)


def lowest_free(probe: int) -> int:
    number = os.dup(probe)
    os.close(number)
    return number


def test_it_shuts_while_the_reserve_is_left_f42(probe: int) -> None:
    gate = Gate(probe, 1000 + RESERVE)
    lowest = lowest_free(probe)
    assert not gate.shut((lowest + 0.5) / 1000)
    assert gate.shut((lowest - 0.5) / 1000)


def test_of_few_descriptors_a_quarter_is_the_reserve_and_it_opens_again(probe: int) -> None:
    limit = (lowest_free(probe) + 3) * 4 // 3
    gate, held = Gate(probe, limit), []
    try:
        while not gate.shut():
            held.append(os.dup(probe))
        assert 0 < len(held) <= 4
        os.close(held.pop())
        assert not gate.shut()
    finally:
        for number in held:
            os.close(number)


def test_the_limit_is_the_processs_own() -> None:
    assert not Gate(0).shut()
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > RESERVE


def test_no_descriptor_at_all_is_shut(monkeypatch: pytest.MonkeyPatch) -> None:
    def dup(_: int) -> int:
        raise OSError(24, "too many")

    monkeypatch.setattr(os, "dup", dup)
    assert Gate(0, 1000).shut()
