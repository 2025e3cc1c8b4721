"""An unexpected exception, as it may be told: its type, where it arose, and of its text only what cannot be anybody's data.

What an exception says may quote what was being worked on: a prompt, a provider's answer, a key (reliability.md, sections 4.4
and 4.10). The lines of code that a traceback shows are our own, and stay.
"""

from __future__ import annotations

import errno
import sys
import threading
import traceback
from typing import TYPE_CHECKING

from engine.faults import Fault
from engine.runtime.generation import Mismatch
from engine.server.sockets import ListenError

if TYPE_CHECKING:
    from collections.abc import Iterator

FRAMES = 8  # of each exception, the innermost
LINKS = 4  # exceptions of a chain
# Worded by the interpreter from names in the code, or by us from the table's own; not what derives from these.
_SPOKEN = (AttributeError, NameError, UnboundLocalError, RecursionError, ListenError, Mismatch)


def in_short(mistake: BaseException) -> str:
    """One line: the type, and what may be said."""
    says = _says(mistake)
    name = type(mistake).__qualname__
    return f"{name}: {says}"[:500] if says else name


def in_full(mistake: BaseException) -> str:
    """As the interpreter would print it, causes first, without the texts."""
    return "\n".join(reversed([_one(link) for link in _chain(mistake)]))


def tell_all() -> None:
    """Has exceptions that nobody caught told so, in this process and in its threads: for children of the supervisor."""
    sys.excepthook = lambda kind, mistake, trace: _print(mistake)  # noqa: ARG005
    sys.unraisablehook = lambda told: _print(told.exc_value)
    threading.excepthook = lambda told: _print(told.exc_value)


def _print(mistake: BaseException | None) -> None:
    if mistake is not None and sys.stderr is not None:
        sys.stderr.write(in_full(mistake))


def _says(mistake: BaseException) -> str:
    if isinstance(mistake, Fault):
        return mistake.code
    if isinstance(mistake, OSError) and mistake.errno:
        return errno.errorcode.get(mistake.errno, "unknown")  # not the text: it may name a file or an address
    return str(mistake) if type(mistake) in _SPOKEN else ""


def _one(mistake: BaseException) -> str:
    return "Traceback (most recent call last):\n" + "".join(_lines(mistake))


def _lines(mistake: BaseException) -> Iterator[str]:
    yield from traceback.format_tb(mistake.__traceback__, limit=-FRAMES)
    yield in_short(mistake) + "\n"
    if isinstance(mistake, BaseExceptionGroup):
        for inner in mistake.exceptions[:LINKS]:
            yield "one of them: " + in_short(inner) + "\n"


def _chain(mistake: BaseException) -> Iterator[BaseException]:
    """The exception and what it came from, up to LINKS of them."""
    link: BaseException | None = mistake
    for _ in range(LINKS):
        if link is None:
            return
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
