"""SGLang's model gateway (Rust), `smg launch`, round robin over one worker, logs at warn."""

from __future__ import annotations

from bench.peers.peer import Peer, Setting, free_port, venv_version


def _command(setting: Setting) -> list[str]:
    return [
        str(setting.installed / "sglang/bin/smg"), "launch",
        "--host", "127.0.0.1", "--port", str(setting.port),
        "--worker-urls", f"http://127.0.0.1:{setting.upstream}",
        "--policy", "round_robin", "--log-level", "warn",
        "--prometheus-port", str(free_port()), "--prometheus-host", "127.0.0.1",
        "--max-concurrent-requests", "8192", "--max-payload-size", str(64 * 2**20),
    ]  # fmt: skip


PEER = Peer("sglang", venv_version("sglang_router"), _command)
