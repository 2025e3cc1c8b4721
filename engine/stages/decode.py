"""Hot: guarded by bench/micro/decode.py. The request, as far as routing needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.faults import Fault
from engine.formats import FORMATS
from engine.formats.openai_chat.check import CHECKED
from engine.parts import Part, Stage, option
from engine.stages.wanted_stream import wanted_stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.exchange import Exchange
    from engine.parts import Deed
    from engine.ports import Binding
    from engine.web import Body, Request


@dataclass(frozen=True)
class Fetch(Part):
    """Fetch images and files that a client gives by URL, where the provider speaks another format than the client and cannot
    fetch them itself."""

    kinds: list[Literal["image", "file"]] = option("What is fetched.", default=["image", "file"])
    limit: int = option("Bytes of one; beyond: 400.", default="20MiB", unit="size")
    total: int = option("Bytes of all that one request names; beyond: 400.", default="40MiB", unit="size")
    most: int = option("URLs that are fetched for one request; beyond: 400.", default=8, minimum=1, maximum=100)
    timeout: float = option("For all of them together, within the `timeout` of `call`.", default="10s", unit="duration")
    http: bool = option("Also plain `http://`, port 80.", default=False)
    requests: int = option("Requests that may be fetching at once, per worker; beyond: 503.", default=32, minimum=1)


@dataclass(frozen=True)
class Decode(Stage):
    """Read the request in the format that the route `speaks`: its model, and whether it wants a stream. The body itself is
    kept as it came."""

    example = "decode"
    writes = frozenset({"chat"})

    check: Literal["usual", "chat", "content"] = option(
        "How much is looked at here, where the provider would look too. `usual`: what routing needs. `chat`: that there are "
        "messages, and `tools`, `tool_choice` and `stream` as OpenAI's chat format has them, while a `model` is not asked for. "
        "`content`: the same, and every part of every message.",
        default="usual",
    )
    media_type: Literal["json", "any"] = option(
        "`any`: a body is read as JSON whatever it calls itself, as of clients that say nothing or something else.",
        default="json",
    )
    stream_in_body: bool = option(
        '`"stream": true` asks for a stream in every format, also where the path says it (Gemini).', default=False
    )

    fetch: Fetch | None = option(
        "Fetch images and files that are given by URL, for providers of another format that need their bytes; without it, such "
        "a URL is passed on or refused (docs/formats.md). `fetch: {}` takes the defaults: `kinds` [image, file], `limit` 20MiB "
        "each, `total` 40MiB, `most` 8, `timeout` 10s, `http` false, `requests` 32 at once. Only public addresses are dialled, "
        "no redirect is followed, and the content type must be `image/...`, for files `application/pdf` or `text/...`.",
        default=None,
        example={"limit": "5MiB"},
    )

    def flaws(self, public: bool) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        if self.fetch is not None and not (self.fetch.timeout and self.fetch.limit and self.fetch.total):
            yield "fetch", "nothing can be fetched in no time or no bytes"

    def formats(self) -> frozenset[str]:
        return frozenset() if self.check == "usual" else frozenset({"openai_chat"})

    def bind(self, binding: Binding) -> Deed:
        decode = self._plain(binding)
        return wanted_stream(decode) if self.stream_in_body and binding.route.speaks == "gemini_generate" else decode

    def _plain(self, binding: Binding) -> Deed:
        peek = FORMATS[binding.route.speaks].peek if self.check == "usual" else CHECKED[self.check]
        any_type = self.media_type == "any"

        async def wait_and_peek(exchange: Exchange, incoming: Body) -> None:
            request = exchange.request
            request.body = await incoming.read()
            exchange.chat = peek(request.body, exchange.captures, request.query, request.path)

        def decode(exchange: Exchange) -> object:
            request = exchange.request
            get = request.headers.get
            if get(b"content-type") != b"application/json" or get(b"content-encoding") is not None:
                check_media_type(request, any_type)
            if request.body is None:
                assert request.incoming is not None
                return wait_and_peek(exchange, request.incoming)
            exchange.chat = peek(request.body, exchange.captures, request.query, request.path)
            return None

        return decode  # type: ignore[return-value]  # an awaitable only when the body has not arrived


def check_media_type(request: Request, any_type: bool = False) -> None:
    """JSON, or nothing said, or anything; not compressed. Raises Fault("media_type")."""
    if request.headers.get(b"content-encoding", b"identity") != b"identity":
        raise Fault("media_type", "send the body uncompressed")
    given = request.headers.get(b"content-type")
    if given is None or any_type or given == b"application/json":
        return
    media_type = given.partition(b";")[0].strip().lower()
    if media_type not in (b"", b"application/json", b"text/json") and not media_type.endswith(b"+json"):
        raise Fault("media_type", "send `application/json`")
