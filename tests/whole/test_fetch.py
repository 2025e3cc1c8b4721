"""Images and files by URL, fetched by the real command: never from a private address, however it is named, and the provider
gets the bytes of what is fetched.

The table has no word that would allow loopback. Where something is to be fetched in these tests, the policy itself is replaced
within the process; the port is, in all of them, since a test may not listen on 443.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.tools.fake_upstream import FakeUpstream, Stall, whole
from tests.tools.running import Running, running, until
from tests.upstream.test_dial import SPELLINGS, sink
from tests.whole.test_ssrf import HOSTS, NAMES

CHAT, RESPONSES, CLAUDE = "/v1/chat/completions", "/v1/responses", "/v1/messages"
ENVIRON = {"PYTHONPATH": str(Path(__file__).parents[2])}  # this tree, whichever is installed
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 300

PORT = """
from engine.stages import media_url
media_url._USUAL = {{"http": {port}, "https": {port}}}
"""
OPEN = """
from engine.upstream import dial
dial.is_public = lambda address: address == "127.0.0.1"
ANSWERS["pictures.example"] = ["127.0.0.1"]
"""
ANSWER = {
    "gemini": {"candidates": [{"content": {"role": "model", "parts": [{"text": "a cat"}]}, "finishReason": "STOP"}]},
    "openai": {"object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant", "content": "a cat"},
                                                         "finish_reason": "stop"}]},
}  # fmt: skip


def table(provider: FakeUpstream, fetch: str) -> str:
    at = f"credential: none, base_url: 'http://127.0.0.1:{provider.port}/v1', allow_private: true"
    stages = f"[{{decode: {{{fetch}}}}}, {{select: {{by: model}}}}, {{call: {{retries: 0}}}}, convert, log]"
    routes = ((CHAT, "openai_chat"), (RESPONSES, "openai_responses"), (CLAUDE, "anthropic_messages"))
    rows = [f'  - {{match: "POST {path}", speaks: {format}, public: true, pipeline: {stages}}}' for path, format in routes]
    return "\n".join(
        [
            "version: 1",
            'server: {listen: "127.0.0.1:0"}',
            "providers:",
            f"  gemini: {{kind: gemini, {at}}}",
            f"  openai: {{kind: mistral, {at}}}",
            "models: [{name: gemini, provider: gemini}, {name: openai, provider: openai}]",
            "routes:",
            *rows,
            "",
        ]
    )


def answering(request: bytes) -> list[Any]:
    kind = "gemini" if b":generateContent" in request.split(b"\r\n")[0] else "openai"
    return whole(orjson.dumps(ANSWER[kind]), 200, b"content-type: application/json")


@contextmanager
def serving(folder: Path, port: int, prelude: str = "", fetch: str = "fetch: {http: true}") -> Iterator[tuple[Running, Any]]:
    """(the engine, its provider); names are the tests' own, and `port` counts as the usual one."""
    with FakeUpstream(choose=answering) as provider, ExitStack() as stack:
        patched = NAMES + PORT.format(port=port) + prelude
        yield stack.enter_context(running(folder, table(provider, fetch), prelude=patched, environ=ENVIRON)), provider


def post(engine: Running, path: str, document: dict[str, Any]) -> tuple[int, str]:
    with engine.connection() as connection:
        connection.request(
            "POST", path, orjson.dumps(document), {"content-type": "application/json", "authorization": "Bearer x"}
        )
        answer = connection.getresponse()
        return answer.status, answer.read().decode() + str(answer.headers)


def image(url: str, model: str = "gemini") -> dict[str, Any]:
    content = [{"type": "text", "text": "what is it?"}, {"type": "image_url", "image_url": {"url": url}}]
    return {"model": model, "messages": [{"role": "user", "content": content}]}


def paper(url: str, model: str = "openai") -> dict[str, Any]:
    return {"model": model, "input": [{"role": "user", "content": [{"type": "input_file", "file_url": url}]}]}


def test_no_private_address_is_fetched_from_however_it_is_named(tmp_path: Path) -> None:
    """Names of Appendix D's addresses, alone and among public ones, numbers in any spelling, users and other ports."""
    with sink() as (port, reached), serving(tmp_path, port) as (engine, provider):
        hosts = [*(f"{host}.example" for host in HOSTS), "localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", *SPELLINGS]
        tricks = [
            f"http://u:p@127.0.0.1:{port}/",
            f"http://a.example\\@127.0.0.1:{port}/",
            f"http://127.0.0.1:{port}#@a.example/",
        ]
        for url in [*(f"{scheme}://{host}:{port}/x" for host in hosts for scheme in ("http", "https")), *tricks]:
            for path, document in ((CHAT, image(url)), (RESPONSES, paper(url)), (RESPONSES, paper(url, "gemini"))):
                status, told = post(engine, path, document)
                assert (status, "could not be fetched" in told) == (400, True), (url, told)
                assert not [word for word in ("127.", "7f00", "169.254", "0.0.0.0", "8.8.8.8", ".example") if word in told]
        assert not provider.requests, "a request whose media is refused goes nowhere"
    assert not reached


def test_a_name_that_answers_otherwise_the_second_time_gains_nothing(tmp_path: Path) -> None:
    """Rebinding: each answer is judged when it is dialled, and what was judged is what is dialled."""
    rebinding = """
_before = socket.getaddrinfo
def rebind(host, *args, **kw):
    if host != "rebind.example":
        return _before(host, *args, **kw)
    ANSWERS[host] = ["8.8.8.8", "10.0.0.1"] if host not in ANSWERS else ["127.0.0.1"]
    return _before(host, *args, **kw)
socket.getaddrinfo = rebind
"""
    with sink() as (port, reached), serving(tmp_path, port, rebinding) as (engine, _):
        for _ in range(3):
            status, told = post(engine, CHAT, image(f"http://rebind.example:{port}/x"))
            assert (status, "no public address" in told) == (400, True)
    assert not reached


def test_no_redirect_is_followed(tmp_path: Path) -> None:
    with sink() as (port, reached):
        moved = whole(PNG, 302, b"content-type: image/png", b"location: http://127.0.0.1:%d/" % port)
        with FakeUpstream(moved) as web, serving(tmp_path, web.port, OPEN) as (engine, provider):
            status, told = post(engine, CHAT, image(f"http://pictures.example:{web.port}/cat"))
            assert (status, "redirect" in told) == (400, True)
            assert (len(web.requests), len(provider.requests)) == (1, 0)
    assert not reached


def test_the_provider_gets_the_bytes(tmp_path: Path) -> None:
    png, pdf = (whole(PNG, 200, b"content-type: " + mime) for mime in (b"image/png", b"application/pdf"))
    with FakeUpstream(choose=lambda request: pdf if b"/paper" in request else png) as web:  # noqa: SIM117
        with serving(tmp_path, web.port, OPEN) as (engine, provider):
            data = base64.b64encode(PNG)
            at = f"http://pictures.example:{web.port}"
            status, told = post(engine, CHAT, image(f"{at}/cat?size=1"))
            assert (status, "a cat" in told, "image_url" in told) == (200, True, False), told
            assert b'"inlineData":{"mimeType":"image/png","data":"' + data + b'"}' in provider.requests[-1]
            assert post(engine, RESPONSES, paper(f"{at}/paper"))[0] == 200
            assert b"data:application/pdf;base64," + data in provider.requests[-1]
            source = {"type": "document", "source": {"type": "url", "url": f"{at}/paper"}}
            messages = [{"role": "user", "content": [source]}]
            assert post(engine, CLAUDE, {"model": "openai", "max_tokens": 9, "messages": messages})[0] == 200
            assert b"data:application/pdf;base64," + data in provider.requests[-1]
            assert post(engine, CHAT, image(f"{at}/same", "openai"))[0] == 200
            assert f"{at}/same".encode() in provider.requests[-1], "the same format passes as it came"
    assert [request.split(b" ")[1] for request in web.requests] == [b"/cat?size=1", b"/paper", b"/paper"]
    assert not [request for request in web.requests if b"authorization" in request.lower() or b"cookie" in request.lower()]


@pytest.mark.parametrize(
    ("body", "media_type", "fetch", "says"),
    [
        (PNG, b"image/png", "limit: 1KiB", "larger than 1024 bytes"),
        (PNG, b"image/png", "total: 1KiB", "larger than 1024 bytes"),
        (b"<html>", b"text/html", "", "content type is text/html"),
    ],
)
def test_what_does_not_fit_is_refused_and_named(tmp_path: Path, body: bytes, media_type: bytes, fetch: str, says: str) -> None:
    with FakeUpstream(whole(body, 200, b"content-type: " + media_type)) as web:  # noqa: SIM117
        with serving(tmp_path, web.port, OPEN, f"fetch: {{http: true, {fetch}}}") as (engine, provider):
            status, told = post(engine, CHAT, image(f"http://pictures.example:{web.port}/cat"))
            assert (status, says in told, "`messages[0].content[1].image_url.url`" in told) == (400, True, True), told
            assert not provider.requests


def test_what_does_not_come_in_time_is_refused(tmp_path: Path) -> None:
    with (
        FakeUpstream([Stall()]) as web,
        serving(tmp_path, web.port, OPEN, "fetch: {http: true, timeout: 200ms}") as (engine, _),
    ):
        status, told = post(engine, CHAT, image(f"http://pictures.example:{web.port}/cat"))
        assert (status, "did not come within 0.2 seconds" in told) == (400, True), told


def test_a_client_that_leaves_ends_what_is_fetched_for_it(tmp_path: Path) -> None:
    """F-30"""
    with FakeUpstream([Stall()]) as web, serving(tmp_path, web.port, OPEN) as (engine, provider):
        with engine.connection() as connection:
            body = orjson.dumps(image(f"http://pictures.example:{web.port}/cat"))
            connection.request("POST", CHAT, body, {"content-type": "application/json"})
            until(lambda: web.requests)
        until(lambda: web.times("eof") or web.times("rst"), 3)
        assert not provider.requests


def test_nothing_is_fetched_unless_the_table_says_so(tmp_path: Path) -> None:
    with FakeUpstream(whole(PNG)) as web, serving(tmp_path, web.port, OPEN, "") as (engine, provider):
        url = f"http://pictures.example:{web.port}/cat"
        assert post(engine, CHAT, image(url))[0] == 200
        assert url.encode() in provider.requests[-1]
        status, told = post(engine, RESPONSES, paper(url))
        assert (status, "file_url" in told) == (400, True)
        assert not web.requests
