import os
import signal
import subprocess
import sys

from engine.runtime.signals import HEARD, Signals


def test_signals_are_bytes_to_read() -> None:
    before = [signal.getsignal(number) for number in HEARD]
    with Signals() as signals:
        assert signals.take() == []
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.take() == [signal.SIGHUP, signal.SIGTERM]
        assert signals.take() == []
    assert [signal.getsignal(number) for number in HEARD] == before


def test_a_storm_never_blocks_and_keeps_one() -> None:
    """F-64."""
    with Signals() as signals:
        for _ in range(1000):
            os.kill(os.getpid(), signal.SIGHUP)
        assert set(signals.take()) == {signal.SIGHUP}


def test_a_third_signal_ends_even_a_supervisor_that_hangs() -> None:
    """F-61."""
    script = """
import os, signal
from engine.runtime.signals import Signals
with Signals():
    for n in range(3):
        print(n, flush=True)
        os.kill(os.getpid(), signal.SIGINT)
    print("still here", flush=True)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=10, check=False)
    assert (done.returncode, done.stdout) == (130, b"0\n1\n2\n")
