"""Long runs: python -m tests.fuzz.by_hand door|answer|chunks|sse|taps|documents|table [--runs N] [--seed N] [--only N]

Every case is told by its seed and number; `--only` runs one again. What does not hold is made small and written down, and
the run goes on.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from functools import partial

from tests.fuzz.answers import ANSWER
from tests.fuzz.campaign import Found, Kind, run_case, shrink
from tests.fuzz.chunks import CHUNKS
from tests.fuzz.documents import DOCUMENTS
from tests.fuzz.door import DOOR
from tests.fuzz.events import SSE
from tests.fuzz.table import TABLE
from tests.fuzz.taps import TAPS

KINDS = {kind.name: kind for kind in (DOOR, ANSWER, CHUNKS, SSE, TAPS, DOCUMENTS, TABLE)}
MOST_FINDS = 20
_TELL_EVERY = 60.0  # seconds

say = partial(print, flush=True)


def arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.by_hand", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("--runs", type=int, default=1_000_000, help="cases (default: a million)")
    parser.add_argument("--seed", type=int, default=0, help="0: of the clock")
    parser.add_argument("--only", type=int, help="the number of one case")
    return parser.parse_args(words)


def run(kind: Kind, seed: int, numbers: range) -> tuple[Counter[str], list[Found]]:
    ends: Counter[str] = Counter()
    finds: list[Found] = []
    began = told = time.monotonic()
    for number in numbers:
        try:
            ends[run_case(kind, seed, number)] += 1
        except Found as found:
            finds.append(found)
            say(f"{found}\nmade small: {shrink(kind, found.data)!r}\n")
            if len(finds) == MOST_FINDS:
                say("that is enough")
                break
        if not number % 1000 and time.monotonic() - told > _TELL_EVERY:
            told = time.monotonic()
            say(f"{number:,} cases, {(number - numbers[0]) / (told - began):,.0f}/s, {len(finds)} finds")
    return ends, finds


def main(words: list[str] | None = None) -> int:
    """0: everything held; 1: it did not."""
    asked = arguments(words)
    seed = asked.seed or time.time_ns() % 1_000_000_000
    say(f"{asked.kind} --seed {seed}")
    numbers = range(asked.runs) if asked.only is None else range(asked.only, asked.only + 1)
    ends, finds = run(KINDS[asked.kind], seed, numbers)
    say(f"{ends.total() + len(finds):,} cases, {len(finds)} finds; how they ended: {dict(ends.most_common())}")
    return 1 if finds else 0


if __name__ == "__main__":
    sys.exit(main())
