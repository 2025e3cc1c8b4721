from __future__ import annotations

import asyncio

from engine.routes.explain import Explanation
from engine.runtime.rehearsal import rehearse
from engine.runtime.table import Table
from engine.web import Headers, Request
from tests.tools.commands import GOOD

RACING = GOOD.replace("models:", "pools: {quick: {strategy: race, of: [openai, echo]}}\nmodels:").replace(
    "{name: gpt-4o, provider: openai}", "{name: gpt-4o, provider: quick}"
)


def told(text: str, body: bytes, method: str = "POST", path: str = "/v1/chat/completions") -> Explanation:
    program = Table("routes.yaml", text, {"GATEWAY_KEY": "gw-0123456789", "OPENAI_API_KEY": "sk-0123456789"}).check().program
    assert program is not None
    headers = Headers([(b"content-type", b"application/json")])
    return asyncio.run(rehearse(program, Request(method, path, "", headers, body=body)))


def test_it_ends_where_something_would_be_sent() -> None:
    seen = told(GOOD, b'{"model": "gpt-4o", "messages": []}')
    assert [use.word for use, _ in seen.steps] == ["auth", "decode", "select", "call"]
    assert seen.outgoing is not None
    assert seen.outgoing.target.provider == "openai"
    assert seen.outgoing.body == b'{"model": "gpt-4o", "messages": []}'
    assert seen.fault is None


def test_a_race_is_explained_too() -> None:
    seen = told(RACING, b'{"model": "gpt-4o", "messages": []}')
    assert seen.outgoing is not None
    assert any(c.name.startswith("openai") for c in seen.considered)


def test_it_ends_where_a_stage_fails() -> None:
    seen = told(GOOD, b'{"model": "nobody", "messages": []}')
    assert seen.fault is not None
    assert seen.fault.code == "unknown_model"
    assert seen.outgoing is None


def test_no_route_is_explained() -> None:
    seen = told(GOOD, b"", "GET", "/nowhere")
    assert seen.route is None
    assert seen.fault is not None
    assert seen.fault.code == "not_found"


def test_what_auth_would_refuse_and_what_the_engine_answers_itself_is_marked() -> None:
    seen = told(GOOD, b'{"model": "echo", "messages": []}')
    assert seen.refused is not None
    assert (seen.refused.status, seen.refused.code) == (401, "missing_key")
    assert seen.builtin
    assert seen.steps[-1][1] == "the built-in echo would answer"
    assert not told(GOOD, b'{"model": "gpt-4o", "messages": []}').builtin


def test_stages_for_answers_take_no_part() -> None:
    text = GOOD.replace(" decode,", " headers: {set: {x-a: b}}, decode,")
    assert text != GOOD
    seen = told(text, b'{"model": "gpt-4o", "messages": []}')
    assert [use.word for use, _ in seen.steps] == ["auth", "decode", "select", "call"]
