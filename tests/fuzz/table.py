"""The route table's loader under fuzz, for long runs by hand (F-63); the suite has its own in tests/routes/test_compile.py."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

from engine.routes.complaints import CODES, render_text
from tests.fuzz.campaign import Kind
from tests.fuzz.mutation import mutate
from tests.tools.tables import ENVIRON, checked

ROOT = Path(__file__).parents[2]
_LINE = b"----------\n"
SEEDS = (
    (ROOT / "routes.yaml").read_bytes(),
    *(case.read_bytes().partition(_LINE)[0] for case in sorted((ROOT / "tests/golden/routes").glob("*.txt"))),
)
TOKENS = (
    *(
        b"- ",
        b": ",
        b"{",
        b"}",
        b"[",
        b"]",
        b"&a ",
        b"*a",
        b"<<: *a",
        b"${",
        b"${KEY}",
        b"${KEY:-x}",
        b'"',
        b"'",
        b"!x ",
        b"|\n",
        b">-\n",
    ),
    *(
        b"null",
        b"-1",
        b"1e9",
        b"10s",
        b"64KiB",
        b"GET /",
        b"{x}",
        b"{x...}",
        b"...",
        b"---\n",
        b"#",
        b"\t",
        b"\xc3\xa9",
        b"\xe2\x80\xa8",
    ),
    *(
        b"kind: echo",
        b"of: [a, a]",
        b"pipeline: ",
        b"match: ",
        b"keys: [x]\n",
        b"a" * 200,
        b"[" * 40,
        b"\n      ",
        b"? a\n: b\n",
    ),
)


def check(data: bytes, dice: Random) -> str:
    """Any text gives a program or complaints that point into it, soon, and never shows a secret."""
    text = data.decode(errors="replace")
    began = time.process_time()
    result = checked(text)
    shown = render_text(result.complaints, {"routes.yaml": text})
    assert time.process_time() - began < 1, "it takes too long"
    errors = [complaint for complaint in result.complaints if complaint.severity == "error"]
    assert (result.program is None) is bool(errors)
    assert {complaint.code for complaint in result.complaints} <= set(CODES)
    assert ENVIRON["KEY"] not in shown, "a secret is shown"
    return errors[0].code if errors else "a program"


TABLE = Kind("table", lambda dice: mutate(dice, SEEDS, TOKENS), check)
