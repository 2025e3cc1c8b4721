"""What is told of an unexpected exception holds nothing of what was being worked on."""

from __future__ import annotations

import errno
import subprocess
import sys

import pytest

from engine.faults import Fault
from engine.runtime.mistakes import in_full, in_short
from engine.server.sockets import ListenError

CANARY = "sk-canary-0123456789"


def caught(mistake: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise mistake from cause
    except BaseException as error:
        return error


@pytest.mark.parametrize(
    "mistake",
    [
        ValueError(CANARY),
        KeyError(CANARY),
        TypeError(CANARY),
        RuntimeError({"prompt": CANARY}),
        OSError(errno.ENOENT, "no such file", CANARY),
        OSError(CANARY),
        UnicodeEncodeError("ascii", CANARY, 0, 1, CANARY),
        Fault("upstream_error", CANARY, inside=CANARY),
        ExceptionGroup(CANARY, [ValueError(CANARY), caught(KeyError(CANARY))]),
        type("Derived", (AttributeError,), {})(CANARY),
    ],
    ids=lambda mistake: type(mistake).__name__,
)
def test_its_text_is_left_out_and_so_are_those_of_its_causes(mistake: BaseException) -> None:
    error = caught(mistake, caught(LookupError(CANARY), caught(ValueError(CANARY))))
    error.add_note(CANARY)
    assert "canary" not in in_full(error) + in_short(error)
    assert in_full(error).count("Traceback") == 3
    assert type(mistake).__name__ in in_full(error).splitlines()[-1 if not isinstance(mistake, ExceptionGroup) else -3]


def test_where_it_arose_is_told() -> None:
    told = in_full(caught(ValueError(CANARY)))
    assert "test_mistakes.py" in told
    assert "in caught" in told
    assert told.endswith("\nValueError\n")


def test_what_is_nobodys_data_is_told() -> None:
    assert in_short(caught(AttributeError("'NoneType' object has no attribute 'send'"))).endswith("attribute 'send'")
    assert in_short(OSError(errno.EMFILE, "too many")) == "OSError: EMFILE"
    assert in_short(ListenError("cannot listen there")) == "ListenError: cannot listen there"
    assert in_short(Fault("upstream_dns")) == "Fault: upstream_dns"


def test_a_chain_has_an_end() -> None:
    first, second = ValueError(), KeyError()
    first.__context__, second.__context__ = second, first
    assert in_full(first).count("Traceback") == 4


def test_what_nobody_catches_is_told_the_same_way() -> None:
    script = f"""
import threading
from engine.runtime.mistakes import tell_all
tell_all()
class Lingering:
    def __del__(self): raise ValueError("can" + "ary")
def work(): raise KeyError("can" + "ary")
thread = threading.Thread(target=work)
thread.start()
thread.join()
Lingering()
raise RuntimeError("can" + "ary")  # {CANARY[:2]}
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert [name for name in ("KeyError", "ValueError", "RuntimeError") if name in done.stderr] == [
        "KeyError", "ValueError", "RuntimeError",
    ]  # fmt: skip
    assert "canary" not in done.stderr
