"""The sections of a route table, as dataclasses: what each key means, and its schema.

What a provider takes beyond `ProviderWords` belongs to its kind, what a pool takes beyond `PoolWords` to its strategy,
what a stage takes to the stage: those parts are handed in as `Parts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.parts import Part, Registry, option
from engine.secret import Secret  # noqa: TC001  options are read at run time
from engine.settings import Errors, Limits, Server, Timeouts, Tls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.formats.format import Format
    from engine.providers.catalog import Kind


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a table may name: stages, strategies, wire formats and provider kinds, by word."""

    stages: Registry
    strategies: Registry
    formats: Mapping[str, Format]
    kinds: Mapping[str, Kind]


@dataclass(frozen=True)
class ProviderWords(Part):
    """Whom we can call. What is not said here comes from the catalogue's row of its `kind`."""

    example = 'openai: {kind: openai, keys: ["${OPENAI_API_KEY:-}"]}'

    kind: str = option("A row of the catalogue: it gives format, base URL and credential style.", example="openai")
    keys: list[Secret] = option(
        "Its API keys. Each is a credential of its own; empty ones are left out.", default=[], example=["${OPENAI_API_KEY:-}"]
    )
    base_url: str | None = option(
        "Where it is, instead of the kind's own URL.", default=None, example="http://127.0.0.1:11434/v1"
    )
    format: str | None = option("The wire format it speaks, instead of the kind's.", default=None, names="format")
    credential: str | None = option("How a key is sent, instead of the kind's way.", default=None, example="bearer")
    allow_private: bool | None = option(
        "Let this provider be at a loopback or private address. The local kinds allow it already.", default=None
    )
    transport: Literal["h11", "httpx"] = option("`httpx` gives HTTP/2 and proxies and costs more CPU time.", default="h11")
    proxy: Secret | None = option("A forward proxy (`transport: httpx`).", default=None, example="http://proxy.example:3128")
    http2: bool = option("Speak HTTP/2, and nothing else (`transport: httpx`).", default=False)
    headers: dict[str, str] = option(
        "Headers added to every request to it.", default={}, example={"openai-organization": "org-1"}
    )
    forward: list[str] = option(
        "Client headers that travel to it, besides those of its format.", default=[], example=["x-trace-id"]
    )
    max_tokens: int = option(
        "Sent when a request of another format names no limit and this provider's format requires one (Anthropic).",
        default=4096,
        minimum=1,
    )
    gunzip: bool = option(
        "Take whole answers that come gzipped, though no coding is asked for; otherwise that is an error.", default=False
    )
    connections: int = option("Open connections per worker at most.", default=1000, minimum=1, maximum=100000)
    wait: float = option("How long a request waits for a free connection.", default="5s", unit="duration")


@dataclass(frozen=True)
class PoolWords(Part):
    """A virtual provider: a strategy over providers and other pools."""

    example = "reliable: {strategy: fallback, of: [openai, anthropic]}"

    strategy: str = option("How one of `of` is chosen.", example="fallback")
    of: list[str] = option("Providers and pools, by name.", names="target", example=["openai", "anthropic"])


@dataclass(frozen=True)
class ModelWords(Part):
    """A name that a client may give, and where it goes. Exact names win over globs, globs in file order."""

    example = "{name: smart, provider: reliable, model: gpt-4o}"

    name: str = option("What the client says; `*` stands for any characters.", example="claude-*")
    provider: str = option("The provider or pool it goes to.", names="target", example="openai")
    model: str | None = option("The provider's name for it, when it is another.", default=None, example="gpt-4o")
    description: str | None = option("Said in the list of models.", default=None, example="the one to use")
    can: list[Literal["streaming", "tools", "image", "video", "audio", "file"]] | None = option(
        "All that it can do beyond text, for `select: {able: true}`; without it, everything.", default=None, example=["tools"]
    )


@dataclass(frozen=True)
class DefaultWords(Part):
    """Where a model goes that is not in `models`. Without this section it is refused (400)."""

    example = "default: {provider: echo}"

    provider: str | None = option("The provider or pool it goes to.", default=None, names="target", example="echo")
    model: str | None = option(
        "The model that replaces it: one of `models`, or with `provider` any name that the provider knows.",
        default=None,
        example="gpt-4o",
    )


@dataclass(frozen=True)
class RouteWords(Part):
    """What is served. The first route in file order that matches takes the request."""

    example = '{match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat}'

    match: str = option(
        "`METHOD /path`. `GET|POST` lists methods; `{name}` captures a segment or a part of one, `{rest...}` the remainder.",
        example="POST /v1/chat/completions",
    )
    # A name or a list: schema.py says so.
    pipeline: str = option("A pipeline by name, or its stages as a list.", example="chat")
    speaks: str | None = option(
        "The client's wire format: requests are read and errors written in it.",
        default=None,
        names="format",
        example="openai_chat",
    )
    public: bool = option("Let anybody in: no stage asks for a key.", default=False)
    errors: Errors | None = option("How errors are written here, instead of `server.errors`.", default=None)


TOP: Mapping[str, str] = {
    "version": "The version of the route language: 1.",
    "server": "Where the engine listens, and its limits and clocks.",
    "providers": "Whom we can call, by name.",
    "pools": "Virtual providers, by name: a strategy over providers and other pools.",
    "models": "What a client may name, and where it goes.",
    "default": "Where an unknown model goes.",
    "pipelines": "Straight lines of stages, by name.",
    "routes": "What is served; the first route in file order that matches takes the request.",
}
REQUIRED = ("version", "routes")

# What has options of its own, for the reference.
SECTIONS: Mapping[str, type] = {
    "server": Server,
    "server.limits": Limits,
    "server.timeouts": Timeouts,
    "server.tls": Tls,
    "server.errors": Errors,
    "providers": ProviderWords,
    "pools": PoolWords,
    "models": ModelWords,
    "default": DefaultWords,
    "routes": RouteWords,
}
