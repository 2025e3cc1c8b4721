"""Which web pages may call, and what they may read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.parts import Stage, option
from engine.web import Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.exchange import Exchange
    from engine.parts import Deed
    from engine.ports import Binding
    from engine.web import Pair

SDK_HEADERS = (
    "authorization", "content-type", "x-api-key", "api-key", "x-goog-api-key", "x-goog-api-client", "anthropic-version",
    "anthropic-beta", "anthropic-dangerous-direct-browser-access", "openai-beta", "openai-organization", "openai-project",
    "x-request-id", *(
        f"x-stainless-{word}"
        for word in (
            "arch", "async", "custom-poll-interval", "helper-method", "lang", "os", "package-version", "poll-helper",
            "read-timeout", "retry-count", "runtime", "runtime-version", "timeout",
        )
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Cors(Stage):
    """Let web pages of other origins call (the Fetch standard's CORS protocol). Put it first: a preflight carries no key.
    It answers `OPTIONS` with 204, so let the route take that method too: `POST|OPTIONS /v1/chat/completions`.

    An origin that is not listed gets no CORS headers, and the browser keeps the answer from its page."""

    example = 'cors: {origins: ["https://app.example.com"]}'

    origins: list[str] = option(
        "Origins that may call, as browsers write them; `*` for all.", example=["https://app.example.com"]
    )
    methods: list[str] = option("Methods that they may use.", default=["GET", "POST", "OPTIONS"])
    headers: list[str] = option(
        "Request headers that they may send; the default is what the SDKs send.", default=list(SDK_HEADERS)
    )
    expose: list[str] = option("Response headers that their scripts may read.", default=["x-request-id"])
    max_age: float = option("How long a browser may remember a preflight's answer.", default="10m", unit="duration")
    always: bool = option("Say the methods and the request headers with every answer, not with preflights only.", default=False)
    preflight_status: Literal["200", "204"] = option("The status of a preflight's answer.", default="204")
    credentials: bool = option("May they send cookies and the like? Not with the origin `*`.", default=False)

    def flaws(self, public: bool) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        if not self.origins:
            yield "origins", "no origin may call; list some, or leave `cors` out"
        if self.credentials and "*" in self.origins:
            yield "credentials", "browsers refuse credentials for the origin `*`; list the origins"
        for origin in self.origins:
            if origin != "*" and (origin.count("/") != 2 or "://" not in origin):
                yield "origins", f"`{origin}` is not an origin: write scheme://host[:port], without a path"
        for name in ("methods", "headers", "expose"):
            for word in getattr(self, name):
                if not _is_token(word):
                    yield name, f"`{word}` is not an HTTP name"

    def bind(self, binding: Binding) -> Deed:  # noqa: ARG002
        allowed = {origin.encode() for origin in self.origins}
        anyone = b"*" in allowed
        preflight = self._preflight_pairs()
        plain = self._plain_pairs()
        status = int(self.preflight_status)

        def cors(exchange: Exchange) -> None:
            origin = exchange.request.headers.get(b"origin")
            is_preflight = exchange.request.method == "OPTIONS"
            if not anyone:
                # The answer depends on the origin, also when there is none: caches must know (Fetch, CORS and HTTP caches).
                exchange.extra.append((b"vary", b"Origin"))
            if anyone or origin in allowed:
                exchange.extra.append((b"access-control-allow-origin", b"*" if anyone else origin or b""))
                exchange.extra.extend(preflight if is_preflight else plain)
            if is_preflight:
                exchange.answer = Response(status)

        return cors

    def _plain_pairs(self) -> list[Pair]:
        pairs = [(b"access-control-expose-headers", ", ".join(self.expose).encode())] if self.expose else []
        return pairs + (self._allowed() if self.always else []) + self._credentials_pairs()

    def _allowed(self) -> list[Pair]:
        return [
            (b"access-control-allow-methods", ", ".join(self.methods).encode()),
            (b"access-control-allow-headers", ", ".join(self.headers).encode()),
        ]

    def _preflight_pairs(self) -> list[Pair]:
        return [
            *self._allowed(),
            (b"access-control-max-age", str(int(self.max_age)).encode()),
            *self._credentials_pairs(),
        ]

    def _credentials_pairs(self) -> list[Pair]:
        return [(b"access-control-allow-credentials", b"true")] if self.credentials else []


def _is_token(word: str) -> bool:
    """RFC 9110 section 5.6.2."""
    return bool(word) and all(c.isascii() and (c.isalnum() or c in "!#$%&'*+-.^_`|~") for c in word)
