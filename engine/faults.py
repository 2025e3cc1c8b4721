"""Faults: one exception type and one table. A fault is data; each client format writes it in its own error shape.

Status codes follow RFC 9110 section 15 and, for providers' failures, a gateway's duty to say whose fault it was: an
upstream's 401 is our 502, so that an SDK does not think its own key is bad (reliability.md, F-15).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Blame(Enum):
    CLIENT = "client"
    GATEWAY = "gateway"
    UPSTREAM = "upstream"


@dataclass(frozen=True, slots=True)
class Row:
    """`kind` is the error's family in OpenAI's and Anthropic's words; `retryable`: may another attempt help?;
    `pools`: the `on:` word by which a fallback pool moves on ("" never); `alone`: a detail is said instead of `says`."""

    status: int
    kind: str
    blame: Blame
    retryable: bool
    says: str
    pools: str = ""
    alone: bool = False


_C, _G, _U = Blame.CLIENT, Blame.GATEWAY, Blame.UPSTREAM

TABLE: dict[str, Row] = {
    # the door
    "bad_request": Row(400, "invalid_request_error", _C, False, "the request is not valid HTTP/1.1"),
    "uri_too_long": Row(414, "invalid_request_error", _C, False, "the request target is too long"),
    "head_too_large": Row(431, "invalid_request_error", _C, False, "the request's header section is too large"),
    "body_too_large": Row(413, "invalid_request_error", _C, False, "the request body is too large"),
    "request_timeout": Row(408, "invalid_request_error", _C, False, "the request did not arrive in time"),
    "expectation_failed": Row(417, "invalid_request_error", _C, False, "only `Expect: 100-continue` is understood"),
    "not_implemented": Row(501, "invalid_request_error", _C, False, "this method or transfer coding is not implemented"),
    "version_not_supported": Row(505, "invalid_request_error", _C, False, "only HTTP/1.0 and HTTP/1.1 are understood"),
    # the router
    "not_found": Row(404, "invalid_request_error", _C, False, "no route matches this path"),
    "method_not_allowed": Row(405, "invalid_request_error", _C, False, "this path does not take this method"),
    # auth
    "missing_key": Row(
        401, "authentication_error", _C, False, "an API key is required, as `Authorization: Bearer` or `x-api-key`"
    ),
    "wrong_key": Row(401, "authentication_error", _C, False, "the API key is not valid"),
    "forbidden": Row(403, "permission_error", _C, False, "this is not allowed"),
    # decode
    "invalid_json": Row(400, "invalid_request_error", _C, False, "the body is not valid JSON"),
    "invalid_body": Row(400, "invalid_request_error", _C, False, "the body is not a valid request"),
    "invalid_field": Row(400, "invalid_request_error", _C, False, "a field of the request is not valid", alone=True),
    "unfetched": Row(400, "invalid_request_error", _C, False, "a URL in the request could not be fetched"),
    "media_type": Row(415, "invalid_request_error", _C, False, "the body's content type is not supported"),
    # select
    "unknown_model": Row(400, "invalid_request_error", _C, False, "the model is not known here"),
    "unknown_vendor": Row(400, "invalid_request_error", _C, False, "nothing is configured for this vendor", alone=True),
    "model_unavailable": Row(503, "api_error", _G, False, "the model's provider has no usable key"),
    "no_models": Row(503, "api_error", _G, False, "no model is configured that could be chosen"),
    "incapable": Row(400, "invalid_request_error", _C, False, "no model here can do all that the request asks for"),
    "unsupported": Row(400, "invalid_request_error", _C, False, "the model's provider cannot do this"),
    "no_upstream": Row(503, "overloaded_error", _G, True, "no provider can take this request now", "server"),
    # call: what a provider or the way to it did
    "upstream_connect": Row(502, "api_error", _U, True, "the provider cannot be reached", "network"),
    "upstream_connect_timeout": Row(504, "timeout_error", _U, True, "connecting to the provider took too long", "timeout"),
    "upstream_dns": Row(502, "api_error", _U, True, "the provider's name cannot be resolved", "network"),
    "upstream_tls": Row(502, "api_error", _U, False, "no trusted TLS connection to the provider", "network"),
    "upstream_blocked": Row(502, "api_error", _G, False, "the provider's address is not allowed"),
    "upstream_pool_timeout": Row(503, "overloaded_error", _G, True, "no connection to the provider became free", "server"),
    "upstream_first_byte_timeout": Row(504, "timeout_error", _U, True, "the provider did not answer in time", "timeout"),
    "upstream_timeout": Row(504, "timeout_error", _U, False, "the provider's answer took too long", "timeout"),
    "upstream_stalled": Row(504, "timeout_error", _U, False, "the provider stopped sending", "timeout"),
    "upstream_truncated": Row(502, "api_error", _U, False, "the provider's answer was cut off", "network"),
    "upstream_reset": Row(502, "api_error", _U, True, "the provider closed the connection before answering", "network"),
    "upstream_protocol": Row(502, "api_error", _U, False, "the provider's answer is not valid HTTP", "server"),
    "upstream_too_large": Row(502, "api_error", _U, False, "the provider's answer is too large"),
    "upstream_encoding": Row(502, "api_error", _U, False, "the provider's answer has an unknown content coding"),
    "upstream_bad_body": Row(502, "api_error", _U, False, "the provider's answer is not what its format says", "server"),
    "upstream_redirect": Row(502, "api_error", _U, False, "the provider answered with a redirect, which is not followed"),
    "upstream_auth": Row(502, "api_error", _U, False, "the provider refused the gateway's credential", "auth"),
    "upstream_rate_limit": Row(429, "rate_limit_error", _U, True, "the provider's rate limit is reached", "rate_limit"),
    "upstream_overloaded": Row(503, "overloaded_error", _U, True, "the provider is overloaded", "server"),
    "upstream_error": Row(502, "api_error", _U, True, "the provider failed", "server"),
    "upstream_refused": Row(400, "invalid_request_error", _U, False, "the provider refused the request"),
    # the house itself
    "overloaded": Row(503, "overloaded_error", _G, True, "the gateway is at its limit"),
    "shutting_down": Row(503, "overloaded_error", _G, True, "the gateway is shutting down"),
    "internal": Row(500, "api_error", _G, False, "something went wrong in the gateway"),
    "client_gone": Row(499, "api_error", _C, False, "the client left"),
}


class Fault(Exception):
    """A meant failure. `code` is a row of TABLE; `detail` is what is said to the client beyond the row's own words and
    therefore never holds a secret or the text of an exception. `retry_after` is in seconds. `status` overrides the
    row's status (a provider's own 4xx); `headers` are extra response headers (Allow). `inside` is for the operator: it goes
    to the log and never to a client. `stale`: it met a connection that had lain idle, and the provider most likely never
    saw the request (reliability.md, F-21)."""

    __slots__ = ("code", "detail", "headers", "inside", "param", "retry_after", "stale", "status")

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        param: str | None = None,
        retry_after: float | None = None,
        status: int | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        inside: str = "",
    ) -> None:
        row = TABLE[code]
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.param = param
        self.retry_after = retry_after
        self.status = status or row.status
        self.headers = headers
        self.inside = inside
        self.stale = False

    @property
    def row(self) -> Row:
        return TABLE[self.code]

    @property
    def message(self) -> str:
        row = self.row
        if not self.detail:
            return row.says
        return self.detail if row.alone else f"{row.says}: {self.detail}"


def quoted(text: str, most: int = 64) -> str:
    """A piece of the client's own request as an error may show it: cut to `most` characters, nothing unprintable."""
    return f"`{clipped(text, most)}`"


def clipped(text: str, most: int) -> str:
    """`text` cut to `most` characters, with `?` for what cannot be printed."""
    shown = text[:most]
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else "?" for c in shown)
    return shown + "..." if len(text) > most else shown
