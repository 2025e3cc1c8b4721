from __future__ import annotations

import pytest

from engine.faults import Fault
from tests.tools.step import World, flaws, stage

BODY = b'{ "model" : "gpt-4o", "stream":true, "messages": [ ] }'


class Arriving:
    def __init__(self, outcome: bytes | Fault) -> None:
        self.outcome = outcome
        self.reads = 0

    async def read(self) -> bytes:
        self.reads += 1
        if isinstance(self.outcome, Fault):
            raise self.outcome
        return self.outcome


def test_a_body_that_is_there_is_peeked_at_without_waiting() -> None:
    world = World()
    exchange = world.exchange(body=BODY, headers={"content-type": "application/json"})
    assert world.bind("decode")(exchange) is None
    assert (exchange.chat.model, exchange.chat.stream) == ("gpt-4o", True)
    assert exchange.chat.body is BODY


def test_a_body_that_is_still_arriving_is_waited_for() -> None:
    world = World()
    incoming = Arriving(BODY)
    exchange = world.step("decode", world.exchange(body=None, incoming=incoming))
    assert exchange.chat.model == "gpt-4o"
    assert exchange.request.body == BODY
    assert incoming.reads == 1


def test_what_goes_wrong_with_a_body_is_its_own_fault() -> None:
    world = World()
    with pytest.raises(Fault, match="body_too_large"):
        world.step("decode", world.exchange(body=None, incoming=Arriving(Fault("body_too_large"))))


@pytest.mark.parametrize(
    "given", [None, "application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json", "text/json", ""]
)
def test_json_by_any_name_is_taken(given: str | None) -> None:
    world = World()
    headers = {} if given is None else {"content-type": given}
    assert world.step("decode", world.exchange(body=BODY, headers=headers)).chat.model == "gpt-4o"


@pytest.mark.parametrize(
    "given", ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "json"]
)
def test_anything_else_is_not(given: str) -> None:
    world = World()
    with pytest.raises(Fault) as caught:
        world.step("decode", world.exchange(body=BODY, headers={"content-type": given}))
    assert caught.value.status == 415


def test_a_compressed_body_is_not_guessed_at() -> None:
    world = World()
    assert world.step("decode", world.exchange(body=BODY, headers={"content-encoding": "identity"})).chat.model == "gpt-4o"
    with pytest.raises(Fault) as caught:
        world.step("decode", world.exchange(body=BODY, headers={"content-encoding": "gzip"}))
    assert caught.value.status == 415


@pytest.mark.parametrize(("body", "code"), [(b"", "invalid_json"), (b"{", "invalid_json"), (b"[]", "invalid_body")])
def test_the_format_judges_the_body(body: bytes, code: str) -> None:
    world = World()
    with pytest.raises(Fault) as caught:
        world.step("decode", world.exchange(body=body))
    assert caught.value.code == code


def test_the_routes_format_reads_what_its_path_says() -> None:
    world = World().route(speaks="gemini_generate")
    exchange = world.exchange(path="/gemini/v1beta/models/gemini-pro:streamGenerateContent", body=b'{"contents":[]}')
    exchange.captures = {"version": "v1beta", "model": "gemini-pro"}
    world.step("decode", exchange)
    assert (exchange.chat.model, exchange.chat.stream) == ("gemini-pro", True)


def test_clients_that_say_anything_of_their_body() -> None:
    """curl says that it is a form unless it is told otherwise."""
    world = World()
    for given in ("application/x-www-form-urlencoded", "text/plain"):
        exchange = world.exchange(body=BODY, headers={"content-type": given})
        assert world.step("decode: {media_type: any}", exchange).chat.model == "gpt-4o"
    with pytest.raises(Fault, match="media_type"):
        world.step("decode: {media_type: any}", world.exchange(body=BODY, headers={"content-encoding": "br"}))


@pytest.mark.parametrize(("check", "code"), [("usual", ""), ("chat", "invalid_field"), ("content", "invalid_field")])
def test_how_much_is_looked_at(check: str, code: str) -> None:
    """G12; the rules are in formats/openai_chat/check.py."""
    world, words = World(), {"decode": {"check": check}}
    body = b'{"model":"m","messages":[],"tools":3}'
    if not code:
        assert world.step(words, world.exchange(body=body)).chat.model == "m"
        return
    with pytest.raises(Fault, match=code):
        world.step(words, world.exchange(body=body))
    assert stage(words).formats() == {"openai_chat"}


def test_what_is_fetched_has_limits_and_is_off_unless_said() -> None:
    assert stage("decode").fetch is None  # type: ignore[attr-defined]
    told = stage("decode: {fetch: {limit: 1MiB, timeout: 2s}}").fetch  # type: ignore[attr-defined]
    assert (told.kinds, told.limit, told.total, told.most, told.timeout) == (["image", "file"], 2**20, 40 * 2**20, 8, 2.0)
    assert not told.http
    assert flaws("decode: {fetch: {}}") == []
    for nothing in ("limit: 0B", "total: 0B", "timeout: 0s"):
        assert flaws(f"decode: {{fetch: {{{nothing}}}}}") == ["fetch"]
