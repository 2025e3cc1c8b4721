"""A fixed answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.parts import Stage, option
from engine.web import HOP_BY_HOP, Response

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.exchange import Exchange
    from engine.parts import Deed
    from engine.ports import Binding

# RFC 9110 section 5: names are tokens, values hold no line ends.
_is_name = re.compile(r"[A-Za-z0-9!#$%&'*+.^`|~-]+").fullmatch
_is_value = re.compile(r"[\x20-\x7e\t]*").fullmatch
# The server's own: it frames what it sends.
_FRAMING = {name.decode() for name in HOP_BY_HOP} | {"content-length", "date"}


@dataclass(frozen=True)
class Respond(Stage):
    """Answer with a fixed text: a page for `/`, a 410 for a path that is gone, robots.txt."""

    example = 'respond: {status: 410, body: "gone", content_type: "text/plain; charset=utf-8"}'
    writes = frozenset({"answer"})

    status: int = option("Status code.", default=200, minimum=200, maximum=599)
    body: str = option("What is sent.", default="")
    content_type: str = option("Its media type.", default="text/plain; charset=utf-8")
    headers: dict[str, str] = option("More response headers.", default={}, example={"cache-control": "max-age=3600"})

    def flaws(self, public: bool) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        if not _is_value(self.content_type):
            yield "content_type", "a header value holds printable ASCII only"
        if self.body and self.status in (204, 304):
            yield "body", f"a {self.status} has no body"
        yield from (("headers", says) for says in header_flaws(self.headers))

    def bind(self, binding: Binding) -> Deed:  # noqa: ARG002
        body = self.body.encode()
        pairs = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        if body:
            pairs.insert(0, (b"content-type", self.content_type.encode()))

        def respond(exchange: Exchange) -> None:
            exchange.answer = Response(self.status, list(pairs), body)

        return respond


def header_flaws(headers: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with response headers that a table sets."""
    for name, value in headers.items():
        if not _is_name(name) or name.lower() in _FRAMING:
            yield f"`{name}` is not a header that can be set here"
        elif not _is_value(value):
            yield f"the value of `{name}` holds more than printable ASCII"
