"""A table made fit for load: the user's stages and routes, but every provider is the mock.

No real provider is ever called: a base URL, a key and a listen address are replaced whatever the table says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from engine.routes.text import load

if TYPE_CHECKING:
    from pathlib import Path

KEY = "bench-key-0123456789abcdef"

# The six stages and the metrics, as one serves traffic.
PLAIN: dict[str, Any] = {
    "version": 1,
    "server": {"listen": "127.0.0.1:0"},
    "providers": {"upstream": {"kind": "openai", "keys": ["x"], "base_url": "http://x/v1"}},
    "models": [{"name": "gpt-4o", "provider": "upstream"}],
    "pipelines": {
        "chat": [
            {"auth": {"keys": [KEY]}},
            "decode",
            {"select": {"by": "model"}},
            {"call": {"timeout": "5m", "retries": 2}},
            "convert",
            "log",
        ]
    },
    "routes": [
        {"match": "POST /v1/chat/completions", "speaks": "openai_chat", "pipeline": "chat"},
        {"match": "GET /metrics", "pipeline": ["metrics"]},
    ],
}


def fit(table: dict[str, Any], upstream_port: int, workers: int | None = None) -> dict[str, Any]:
    """`table` with every provider but echo at 127.0.0.1:`upstream_port`, listening on a free loopback port."""
    made = dict(table)
    made["server"] = {**(table.get("server") or {}), "listen": "127.0.0.1:0"}
    made["server"].pop("tls", None)
    if workers:
        made["server"]["workers"] = workers
    made["providers"] = {
        name: words
        if words.get("kind") == "echo"
        else {
            **{k: v for k, v in words.items() if k not in ("proxy", "http2", "transport")},
            "base_url": f"http://127.0.0.1:{upstream_port}/v1",
            "keys": ["bench-upstream-key-0123456789"],
            "allow_private": True,
        }
        for name, words in (table.get("providers") or {}).items()
    }
    return made


def grown(routes: int, models: int) -> dict[str, Any]:
    """The plain table among many: the route and the model that are asked for come last."""
    others = [
        {"match": f"POST /v1/other{i}/{{name}}/completions", "speaks": "openai_chat", "pipeline": "chat"}
        for i in range(routes - 2)
    ]
    names = [{"name": f"model-{i}", "provider": "upstream"} for i in range(models - 1)]
    return {**PLAIN, "routes": [*others, *PLAIN["routes"]], "models": [*names, *PLAIN["models"]]}


def read(path: Path) -> dict[str, Any]:
    """A table from a file, as the engine reads YAML. Raises SystemExit when it is none."""
    root, complaints = load(path.read_text(), str(path))
    plain = root.plain() if root is not None else None
    if not isinstance(plain, dict):
        raise SystemExit(
            f"{path} is no table: {complaints[0].says if complaints else 'not a mapping'}; `engine check` tells all"
        )
    return plain


def write(table: dict[str, Any], folder: Path) -> Path:
    path = folder / "routes.yaml"
    path.write_text(yaml.safe_dump(table, sort_keys=False))
    return path
