"""A peer's setting as it can be published: its command line, environment and configuration, without this machine's paths."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.peers.peer import Setting

if TYPE_CHECKING:
    from bench.peers.peer import Peer


def told(peer: Peer, installed: Path) -> dict[str, object]:
    """{"command", "env", "headers", "files"} of `peer`; ports stand for those of a run, which are others each time."""
    with tempfile.TemporaryDirectory() as folder:
        setting = Setting(8080, 9000, Path(folder), installed)
        command = [_plain(word, setting) for word in peer.command(setting)]
        files = {path.name: _plain(path.read_text(), setting) for path in sorted(Path(folder).iterdir()) if path.is_file()}
        return {
            "command": " ".join(command),
            "env": dict(peer.env),
            "headers": peer.headers(setting).replace("\r\n", "\n").strip(),
            "files": files,
        }


def _plain(text: str, setting: Setting) -> str:
    """Without where things lie: `FOLDER` is a peer's own, and programs go by their names."""
    text = text.replace(str(setting.folder), "FOLDER").replace(f"{setting.installed}/", "")
    if text == sys.executable:
        return "python"
    return Path(text).name if text.startswith("/") and "\n" not in text else text
