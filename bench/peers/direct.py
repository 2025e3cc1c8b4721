"""The mock upstream itself with nothing before it: what each gateway's latency is measured against."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bench.peers.peer import Peer, Setting

if TYPE_CHECKING:
    from pathlib import Path


def _version(installed: Path) -> str:
    return "mock"


def _command(setting: Setting) -> list[str]:
    return [sys.executable, "-m", "bench.upstream", str(setting.port)]


PEERS = (Peer("direct", _version, _command),)
