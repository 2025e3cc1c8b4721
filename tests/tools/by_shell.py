"""The real `engine run`, started by a line of shell: with limits, inherited descriptors, or another place for its log."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tests.tools.deployed import Deployed
from tests.tools.gateway import Gateway, environment


@contextmanager
def by_shell(
    folder: Path, text: str, line: str, *, pass_fds: Sequence[int] = (), stdout: int | IO[Any] = subprocess.PIPE, code: int = 0
) -> Iterator[Deployed]:
    """`line` holds ENGINE where the command goes. Without a pipe for its stdout there are no log rows. At the end: the exit
    code, and no traceback."""
    table = folder / "routes.yaml"
    table.write_text(text)
    process = subprocess.Popen(
        ["/bin/bash", "-c", line.replace("ENGINE", f'exec "{sys.executable}" -m engine run "{table}"')],
        env=environment({"LISTEN": "127.0.0.1:0"}), pass_fds=pass_fds, stdout=stdout, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    if process.stdout is None:
        process.stdout = io.StringIO()
    running = Gateway(process)
    try:
        running.wait_ready()
        yield Deployed(running, table)
        assert running.stop() == code, running.said
        assert not [said for said in running.said if "Traceback" in said or "never retrieved" in said], running.said
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
