from __future__ import annotations

import platform
import resource
import subprocess
import sys

import pytest

from engine.runtime import memory

PROGRAM = """
import resource
from engine.runtime.memory import keep_freed
assert {advice}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(3):
    held = [bytes(8 << 20), bytes(8 << 20)]
    del held
before = faults()
held = [bytes(8 << 20), bytes(8 << 20)]
print(faults() - before)
"""


def faults_with(advice: str) -> int:
    program = PROGRAM.format(advice=advice)
    return int(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries take no such advice")
def test_what_was_freed_is_used_again() -> None:
    pages = (16 << 20) // resource.getpagesize()
    assert faults_with("keep_freed()") < pages / 4


def test_a_library_that_takes_no_advice_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: None) -> object:
        return object()

    monkeypatch.setattr(memory.ctypes, "CDLL", nothing)
    assert not memory.keep_freed()
