import subprocess
import sys
from pathlib import Path

SCRIPT = """
import os, select, sys
from pathlib import Path
from engine.runtime.lookout import Lookout
from engine.runtime.signals import Signals

path = Path("routes.yaml")
with Signals() as signals:
    lookout = Lookout([path], signals.forget)
    assert lookout.changed()  # nothing to read is no end
    n = 0
    while not select.select([lookout], [], [], 0.09)[0]:
        n += 1
        path.write_text("x" * n)  # again and again: whoever watches needs a moment to begin
    print("changed", lookout.changed(), flush=True)
    os.kill(lookout.pid, 9)
    while lookout.changed():
        pass
    print("gone", flush=True)
    lookout.dismiss()
    print(os.waitstatus_to_exitcode(os.waitpid(lookout.pid, 0)[1]))
"""


def test_a_change_is_read_and_so_is_the_end_of_who_watches(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, timeout=10, check=False
    )
    assert done.stdout.splitlines() == ["changed True", "gone", "-9"], done.stderr
