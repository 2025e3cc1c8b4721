"""What is asked of a gateway: request bytes as an SDK sends them, made before the clock starts."""

from __future__ import annotations

import random
from dataclasses import dataclass

import orjson

# The header fields of the openai package's requests, host and content-length besides.
SDK_HEADERS = (
    b"accept: application/json\r\n"
    b"accept-encoding: gzip, deflate\r\n"
    b"connection: keep-alive\r\n"
    b"content-type: application/json\r\n"
    b"user-agent: OpenAI/Python 2.8.1\r\n"
    b"x-stainless-arch: x64\r\n"
    b"x-stainless-async: false\r\n"
    b"x-stainless-lang: python\r\n"
    b"x-stainless-os: Linux\r\n"
    b"x-stainless-package-version: 2.8.1\r\n"
    b"x-stainless-runtime: CPython\r\n"
    b"x-stainless-runtime-version: 3.11.7\r\n"
)
_WORDS = b"the quick brown fox jumps over a lazy dog while seven wizards quietly vex bold knights near big walls".split()


@dataclass(frozen=True, slots=True)
class Work:
    """Requests to be sent in turn, and whether their answers are streams."""

    name: str
    requests: tuple[bytes, ...]
    streamed: bool = False


def chats(
    path: str = "/v1/chat/completions",
    *,
    model: str = "gpt-4o",
    key: str = "",
    streamed: bool = False,
    sizes: tuple[int, int] = (200, 8192),
    variants: int = 64,
    extra: str = "",
    headers: str = "",
) -> Work:
    """Chat requests whose bodies vary in size between `sizes` (bytes), evenly on a log scale; the same on every run.
    `extra` is put into the system message: "events=50 gap=0" tells the mock upstream how to stream.
    `headers` are further header lines, each with its CRLF."""
    dice = random.Random(7)
    made = []
    for _ in range(variants):
        low, high = sizes
        size = int(low * (high / low) ** dice.random())
        made.append(_request(path, _body(model, size, streamed, extra, dice), key, headers))
    return Work("stream" if streamed else "json", tuple(made), streamed)


def _body(model: str, size: int, streamed: bool, extra: str, dice: random.Random) -> bytes:
    document = {
        "model": model,
        "messages": [{"role": "system", "content": extra or "be brief"}, {"role": "user", "content": ""}],
        **({"stream": True} if streamed else {}),
    }
    room = max(0, size - len(orjson.dumps(document)))
    start = dice.randrange(len(_WORDS))
    text = b" ".join(_WORDS[start:] + _WORDS * (room // 90 + 1))[:room]
    document["messages"][1]["content"] = text.decode()  # type: ignore[index]
    return orjson.dumps(document)


def _request(path: str, body: bytes, key: str, headers: str) -> bytes:
    auth = b"authorization: Bearer " + key.encode() + b"\r\n" if key else b""
    return b"POST %b HTTP/1.1\r\nhost: 127.0.0.1\r\n%b%b%bcontent-length: %d\r\n\r\n%b" % (
        path.encode(),
        SDK_HEADERS,
        headers.encode(),
        auth,
        len(body),
        body,
    )
