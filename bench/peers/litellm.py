"""LiteLLM proxy (Python) by its page of production practices: a master key, one worker to a core, `set_verbose` off,
JSON logs, `LITELLM_LOG=ERROR`, `LITELLM_MODE=PRODUCTION`, a request timeout, and no spend logs, as there is no database."""

from __future__ import annotations

from bench.peers.peer import Peer, Setting, venv_version
from bench.table import KEY

_CONFIG = """
model_list:
  - model_name: gpt-4o
    litellm_params: {{model: openai/gpt-4o, api_base: "http://127.0.0.1:{upstream}/v1", api_key: sk-bench}}
general_settings: {{master_key: {key}, disable_spend_logs: true, disable_error_logs: true}}
litellm_settings: {{set_verbose: false, json_logs: true, request_timeout: 600, telemetry: false}}
"""
_KEY = f"sk-{KEY}"


def _command(setting: Setting) -> list[str]:
    path = setting.folder / "litellm.yaml"
    path.write_text(_CONFIG.format(upstream=setting.upstream, key=_KEY))
    return [
        str(setting.installed / "litellm/bin/litellm"),
        "--config", str(path), "--host", "127.0.0.1", "--port", str(setting.port), "--num_workers", "1",
    ]  # fmt: skip


_ENV = {"LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}

PEERS = (Peer("litellm", venv_version("litellm"), _command, env=_ENV, key=_KEY),)
