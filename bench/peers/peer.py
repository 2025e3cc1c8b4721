"""What a peer is: how to tell that it is installed, how to start it, how to ask it."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from bench.process import Server
from bench.table import KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a peer is to listen and what is behind it. `folder` is its own, for its configuration and logs; `installed`
    is where install.sh put things."""

    port: int
    upstream: int
    folder: Path
    installed: Path


@dataclass(frozen=True, slots=True)
class Peer:
    """`command` makes the command line and writes what configuration it needs; `version` tells what is installed, or "".
    `headers` are what a request to it must carry beyond an SDK's own."""

    name: str
    version: Callable[[Path], str]
    command: Callable[[Setting], list[str]]
    env: Mapping[str, str] = field(default_factory=dict)
    headers: Callable[[Setting], str] = lambda _: ""
    path: str = "/v1/chat/completions"
    key: str = KEY


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(peer: Peer, setting: Setting, core: int | None) -> Server:
    """The peer, answering. Raises TimeoutError when it does not within a minute and a half."""
    server = Server(peer.name, peer.command(setting), core=core, env=peer.env)
    server.discard_output()
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and server.process.poll() is None:
        if _answers(peer, setting):
            return server
        time.sleep(0.25)
    server.stop()
    raise TimeoutError(f"{peer.name} does not answer")


def _answers(peer: Peer, setting: Setting) -> bool:
    body = b'{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}'
    headers = {"content-type": "application/json", "authorization": f"Bearer {peer.key}"}
    extra = [line.split(": ", 1) for line in peer.headers(setting).split("\r\n") if line]
    connection = HTTPConnection("127.0.0.1", setting.port, timeout=10)
    try:
        connection.request("POST", peer.path, body, {**headers, **dict(extra)})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def venv_version(package: str) -> Callable[[Path], str]:
    """The version of a Python peer: the name of its dist-info in its own environment."""

    def version(installed: Path) -> str:
        for info in installed.glob(f"*/lib/python*/site-packages/{package}-*.dist-info"):
            return info.name.removeprefix(f"{package}-").removesuffix(".dist-info")
        return ""

    return version
