"""SGLang's model gateway (Rust), `smg launch`, one worker behind it. Its guide recommends `cache_aware`, which is also the
default, as is the log level info: two lines per request. `sglang-quiet` does less: round robin, logs at warn."""

from __future__ import annotations

from functools import partial

from bench.peers.peer import Peer, Setting, free_port, venv_version


def _command(setting: Setting, policy: str, level: str) -> list[str]:
    return [
        str(setting.installed / "sglang/bin/smg"), "launch",
        "--host", "127.0.0.1", "--port", str(setting.port),
        "--worker-urls", f"http://127.0.0.1:{setting.upstream}",
        "--policy", policy, "--log-level", level,
        "--prometheus-port", str(free_port()), "--prometheus-host", "127.0.0.1",
        "--max-concurrent-requests", "8192", "--max-payload-size", str(64 * 2**20),
    ]  # fmt: skip


_VERSION = venv_version("sglang_router")

PEERS = (
    Peer("sglang", _VERSION, partial(_command, policy="cache_aware", level="info")),
    Peer("sglang-quiet", _VERSION, partial(_command, policy="round_robin", level="warn")),
)
