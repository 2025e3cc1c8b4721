"""Portkey's gateway (Node), `node build/start-server.js` in production mode, as its deployment guide has it, and headless:
without the console, which would keep every request. The provider is told per request, in headers."""

from __future__ import annotations

from pathlib import Path

import orjson

from bench.peers.peer import Peer, Setting

_PACKAGE = Path("portkey/node_modules/@portkey-ai/gateway")


def _version(installed: Path) -> str:
    path = installed / _PACKAGE / "package.json"
    return str(orjson.loads(path.read_bytes())["version"]) if path.exists() else ""


def _command(setting: Setting) -> list[str]:
    return ["node", str(setting.installed / _PACKAGE / "build/start-server.js"), "--headless", f"--port={setting.port}"]


def _headers(setting: Setting) -> str:
    return f"x-portkey-provider: openai\r\nx-portkey-custom-host: http://127.0.0.1:{setting.upstream}/v1\r\n"


_ENV = {"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": "127.0.0.1"}

PEERS = (Peer("portkey", _version, _command, env=_ENV, headers=_headers),)
