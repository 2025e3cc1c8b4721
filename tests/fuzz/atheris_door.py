"""The request door under a fuzzer that is guided by coverage: python -m tests.fuzz.atheris_door CORPUS [libFuzzer options]

It needs `pip install atheris` (and httptools, if llhttp is to read along). What it finds, libFuzzer writes to a file.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from zlib import crc32

try:
    atheris = import_module("atheris")
except ImportError:
    sys.exit("atheris is not installed here: pip install atheris")

with atheris.instrument_imports(include=["engine.wire", "engine.web"]):
    from tests.fuzz import door

from tests.fuzz.campaign import dice_of
from tests.fuzz.requests import SEEDS


def one(data: bytes) -> None:
    """One case. The cuts depend on the bytes alone, so that a find can be seen again."""
    door.check(data, dice_of(1, crc32(data)))


def plant(folder: Path) -> None:
    """An empty corpus begins with the seeds."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, seed in enumerate(SEEDS):
        (folder / f"seed{place:03}").write_bytes(seed)


if __name__ == "__main__":
    for word in sys.argv[1:]:
        if not word.startswith("-"):
            plant(Path(word))
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
