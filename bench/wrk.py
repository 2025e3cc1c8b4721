"""wrk as the load generator of a closed loop, where it is installed: the same requests, from a script made for them.

It is C and so leaves more of the core that it shares to the upstream; it knows no streams, no open loop and no gaps, for
which the suite has its own generator (bench/load.py).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.work import Work

# One line of figures at the end; wrk gives latencies in microseconds.
_SCRIPT = """
local requests = {
%s
}
local at = 0
function request()
  at = at %% #requests + 1
  return requests[at]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("figures %%d %%d %%d %%d %%d %%d\\n", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What wrk said at its end. Latencies in seconds."""

    seconds: float
    requests: int
    errors: int
    p50: float
    p99: float
    p999: float


def installed() -> str | None:
    """The path of wrk, if any."""
    return shutil.which("wrk")


def script(work: Work) -> str:
    """The requests of `work` in turn, in Lua."""
    return _SCRIPT % ",\n".join(f'"{_quoted(request)}"' for request in work.requests)


def run(port: int, work: Work, connections: int, seconds: float) -> Told:
    """One closed-loop run on one thread. Raises RuntimeError with what wrk said when it gave no figures."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "requests.lua"
        path.write_text(script(work))
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{max(1, round(seconds))}s",
            "-s",
            str(path),
            f"http://127.0.0.1:{port}",
        ]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
    return told(said.stdout, said.stderr)


def told(output: str, complaint: str = "") -> Told:
    """The figures in wrk's output. Raises RuntimeError when there are none."""
    found = re.search(r"^figures (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$", output, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"wrk gave no figures: {(complaint or output).strip()[-300:]}")
    requests, duration, errors, p50, p99, p999 = map(int, found.groups())
    return Told(duration / 1e6, requests, errors, p50 / 1e6, p99 / 1e6, p999 / 1e6)


def _quoted(data: bytes) -> str:
    """A Lua string: printable ASCII as it is, all else as three decimal digits."""
    plain = {ord(c): c for c in map(chr, range(32, 127)) if c not in '"\\'}
    return "".join(plain.get(byte, f"\\{byte:03d}") for byte in data)
