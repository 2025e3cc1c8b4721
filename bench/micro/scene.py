"""What the guards are measured on: an SDK's request, a provider's answers, the plain table, a world that answers at once."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from bench.table import KEY, PLAIN, fit
from bench.upstream import whole
from bench.work import chats
from engine.exchange import Exchange
from engine.formats import FORMATS
from engine.observe.metrics import Figures
from engine.ports import Binding, Services
from engine.providers.targets import targets_of
from engine.routes.compile import check
from engine.runtime.table import parts, read_secret_file
from engine.web import Headers, Request
from engine.wire.head import read_response_head

if TYPE_CHECKING:
    from engine.chat import Asked
    from engine.parts import Deed
    from engine.ports import Outgoing, Patience, Write
    from engine.program import Program, Route
    from engine.targets import Target
    from engine.web import Pair

LIMIT = 64 * 1024 * 1024  # bytes of an answer

# 15 header fields and 1 KiB of body, as the openai package sends them.
REQUEST = chats(key=KEY, sizes=(1024, 1024), variants=1).requests[0]
HEAD, BODY = REQUEST[: REQUEST.index(b"\r\n\r\n") + 4], REQUEST[REQUEST.index(b"\r\n\r\n") + 4 :]

# What providers say of themselves in every answer.
_FIELDS = (
    b"date: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
    b"openai-organization: org-bench\r\n"
    b"openai-processing-ms: 412\r\n"
    b"openai-version: 2020-10-01\r\n"
    b"x-ratelimit-limit-requests: 10000\r\n"
    b"x-ratelimit-limit-tokens: 2000000\r\n"
    b"x-ratelimit-remaining-requests: 9999\r\n"
    b"x-ratelimit-remaining-tokens: 1999000\r\n"
    b"x-ratelimit-reset-requests: 6ms\r\n"
    b"x-request-id: req_0123456789abcdef0123456789abcdef\r\n"
    b"strict-transport-security: max-age=31536000; includeSubDomains; preload\r\n"
    b"cf-cache-status: DYNAMIC\r\n"
    b"set-cookie: __cf_bm=0123456789abcdef; path=/; HttpOnly; Secure; SameSite=None\r\n"
    b"set-cookie: _cfuvid=0123456789abcdef; path=/; HttpOnly; Secure; SameSite=None\r\n"
    b"x-content-type-options: nosniff\r\n"
    b"server: cloudflare\r\n"
    b"cf-ray: 0123456789abcdef-FRA\r\n"
    b'alt-svc: h3=":443"; ma=86400\r\n'
)
ANSWER_BODY = whole(600).partition(b"\r\n\r\n")[2]
ANSWER_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%b\r\n" % (len(ANSWER_BODY), _FIELDS)
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n%b\r\n" % _FIELDS

_CHUNK = (
    b'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1,"model":"gpt-4o",'
    b'"choices":[{"index":0,"delta":%b,"finish_reason":%b}]}\n\n'
)
_USAGE = (
    b'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[],'
    b'"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}}\n\n'
)


def chat_events(many: int = 50) -> list[bytes]:
    """A stream in OpenAI's chat format, from its first event to `[DONE]`."""
    texts = [_CHUNK % (b'{"content":" hello"}', b"null")] * (many - 4)
    first, last = _CHUNK % (b'{"role":"assistant","content":""}', b"null"), _CHUNK % (b"{}", b'"stop"')
    return [first, *texts, last, _USAGE, b"data: [DONE]\n\n"]


def chunked(events: list[bytes]) -> list[bytes]:
    """The same as it travels: every event its own chunk, and the last chunk behind the last of them."""
    chunks = [b"%x\r\n%b\r\n" % (len(event), event) for event in events]
    return [*chunks[:-1], chunks[-1] + b"0\r\n\r\n"]


@cache
def program() -> Program:
    """The plain table's."""
    checked = check(yaml.safe_dump(fit(PLAIN, 9)), "routes.yaml", {}, read_secret_file, parts())
    assert checked.program is not None, checked.complaints
    return checked.program


def route() -> Route:
    return program().routes[0]


def targets() -> tuple[Target, ...]:
    return targets_of(program().providers["upstream"], "")


@cache
def request_pairs() -> list[Pair]:
    lines = [line.partition(b": ") for line in HEAD.split(b"\r\n")[1:] if line]
    return [(name, value) for name, _, value in lines]


@cache
def answer_pairs(head: bytes = ANSWER_HEAD) -> list[Pair]:
    return list(read_response_head(head).headers)


def request() -> Request:
    """One that was just read: nobody has looked into its headers yet."""
    return Request("POST", "/v1/chat/completions", "", Headers(request_pairs()), "1.1", BODY, peer="127.0.0.1")


def exchange() -> Exchange:
    return Exchange(request(), route(), {}, "req-0123456789ab00000001", time.monotonic())


@cache
def asked() -> Asked:
    return FORMATS["openai_chat"].peek(BODY, {}, "")


class Reply:
    """Implements ports.Reply: all of it is there. A stream when it has events."""

    def __init__(self, *events: bytes) -> None:
        self.status = 200
        self.headers = Headers(answer_pairs(STREAM_HEAD if events else ANSWER_HEAD))
        self._events = events

    async def read(self, limit: int) -> bytes:
        return ANSWER_BODY

    async def peek(self, beyond: int) -> bytes:
        return b"".join(self._events)

    async def pour(self, write: Write) -> None:
        for event in self._events:
            write(event)

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def close(self) -> None: ...


class AtOnce:
    """Implements ports.Transport."""

    async def send(self, outgoing: Outgoing, patience: Patience) -> Reply:
        return Reply()

    async def close(self) -> None: ...


def services() -> Services:
    """Real clocks and figures; nothing is sent, nothing is written, nobody sleeps."""
    transport = AtOnce()

    async def sleep(seconds: float) -> None: ...

    def discard(row: dict[str, Any]) -> None: ...

    return Services(
        now=time.monotonic,
        wall=time.time,
        dice=lambda: 0.5,
        sleep=sleep,
        transport=lambda name: transport,
        meter=Figures(),
        write_log=discard,
        status=dict,
    )


def deed(word: str) -> Deed:
    """A stage of the plain table's chat route, bound."""
    (use,) = (use for use in route().stages if use.word == word)
    return use.part.bind(Binding(program(), route(), services()))


def report(mistake: BaseException) -> None:
    """A guard in which something fails measures nothing."""
    raise mistake
