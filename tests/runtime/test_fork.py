"""Forks happen in processes of their own: a test runner may have threads."""

import subprocess
import sys

START = """
import os, signal, sys
from engine.runtime.fork import fork
from engine.runtime.signals import Signals
"""


def outcome(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", START + script], capture_output=True, text=True, timeout=10, check=False
    )


def test_the_child_does_its_work_and_ends_there() -> None:
    done = outcome("""
try:
    pid = fork(lambda: 7, lambda: print("forget", flush=True))
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
finally:
    print("the parent's own end")
""")
    assert done.stdout.splitlines() == ["forget", "7", "the parent's own end"]


def test_work_that_raises_is_told_and_has_an_exit_code() -> None:
    done = outcome("""
for work in (lambda: 1 / 0, lambda: sys.exit(4)):
    print(os.waitstatus_to_exitcode(os.waitpid(fork(work, lambda: None), 0)[1]))
""")
    assert done.stdout.split() == ["70", "4"]
    assert done.stderr.count("ZeroDivisionError") == 1


def test_a_signal_meant_for_the_child_is_never_heard_by_the_parent() -> None:
    done = outcome("""
with Signals() as signals:
    reader, writer = os.pipe()
    def work():
        os.write(writer, b"!")
        signal.pause()
        return 0
    pid = fork(work, signals.forget)
    os.read(reader, 1)
    os.kill(pid, signal.SIGTERM)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), signal.SIGTERM in signals.take())
    print(signal.pthread_sigmask(signal.SIG_BLOCK, []))
""")
    assert done.stdout.splitlines() == ["-15 False", "set()"]
