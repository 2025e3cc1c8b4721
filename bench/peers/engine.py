"""The engine itself, with the whole pipeline: auth, decode, select, call, convert, log, metrics."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import engine
from bench.peers.peer import Peer, Setting
from bench.table import PLAIN, fit, write

if TYPE_CHECKING:
    from pathlib import Path


def _version(installed: Path) -> str:
    return engine.__version__


def _command(setting: Setting) -> list[str]:
    table = fit(PLAIN, setting.upstream)
    table["server"]["listen"] = f"127.0.0.1:{setting.port}"
    table["server"]["limits"] = {"body": "64MiB"}
    return [sys.executable, "-m", "engine", "run", str(write(table, setting.folder))]


PEERS = (Peer("engine", _version, _command),)
