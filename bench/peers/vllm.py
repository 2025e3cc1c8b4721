"""vLLM's router (Rust), round robin over one worker, logs at warning."""

from __future__ import annotations

from bench.peers.peer import Peer, Setting, free_port, venv_version


def _command(setting: Setting) -> list[str]:
    return [
        str(setting.installed / "vllm/bin/vllm-router"),
        "--host", "127.0.0.1", "--port", str(setting.port),
        "--worker-urls", f"http://127.0.0.1:{setting.upstream}",
        "--policy", "round_robin", "--log-level", "warning",
        "--prometheus-port", str(free_port()), "--prometheus-host", "127.0.0.1",
        "--max-payload-size", str(64 * 2**20),
    ]  # fmt: skip


PEER = Peer("vllm", venv_version("vllm_router"), _command)
