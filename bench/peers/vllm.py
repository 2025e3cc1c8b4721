"""vLLM's router (Rust), one worker behind it. Its documentation starts it with `consistent_hash`, and names that for chat
with a history; its log level is info unless told, which is three lines per request. Its requests carry the session header
that the policy asks for. `vllm-quiet` does less: round robin, logs at warning."""

from __future__ import annotations

from functools import partial

from bench.peers.peer import Peer, Setting, free_port, venv_version


def _command(setting: Setting, policy: str, level: str) -> list[str]:
    return [
        str(setting.installed / "vllm/bin/vllm-router"),
        "--host", "127.0.0.1", "--port", str(setting.port),
        "--worker-urls", f"http://127.0.0.1:{setting.upstream}",
        "--policy", policy, "--log-level", level,
        "--prometheus-port", str(free_port()), "--prometheus-host", "127.0.0.1",
        "--max-payload-size", str(64 * 2**20),
    ]  # fmt: skip


_VERSION = venv_version("vllm_router")

PEERS = (
    Peer(
        "vllm",
        _VERSION,
        partial(_command, policy="consistent_hash", level="info"),
        headers=lambda _: "x-session-id: bench-session\r\n",
    ),
    Peer("vllm-quiet", _VERSION, partial(_command, policy="round_robin", level="warning")),
)
