from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.exchange import Caller
from engine.faults import Fault
from engine.secret import Secret
from engine.stages.auth import Auth, credentials_of, fingerprint
from tests.tools.step import World, flaws

KEY = "gw-Zm9vYmFyMTIz-secret-key"
OTHER = "gw-another-key-000000000"
AUTH = {"auth": {"keys": [KEY, "", OTHER], "named": {"ci": "ci-key-11111"}}}
DEED = World().bind(AUTH)


def caller(headers=(), query: str = "", words=AUTH, world: World | None = None, **more) -> Caller | None:  # type: ignore[no-untyped-def]
    world = world or World()
    return world.step(words, world.exchange(headers=headers, query=query, **more)).caller


def refused(headers=(), query: str = "", words=AUTH, **more) -> Fault:  # type: ignore[no-untyped-def]
    with pytest.raises(Fault) as caught:
        caller(headers, query, words, **more)
    return caught.value


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": f"Bearer {KEY}"}, ""),
        ({"authorization": f"bearer {KEY}"}, ""),
        ({"authorization": f"BEARER  {KEY} "}, ""),
        ({"x-api-key": KEY}, ""),
        ({"x-goog-api-key": KEY}, ""),
        ({"api-key": KEY}, ""),
        ({}, f"key={KEY}"),
        ({}, f"alt=sse&key={KEY}&x=1"),
        ({}, "key=" + KEY.replace("-", "%2D")),
        ({"authorization": f"Bearer {KEY}", "x-api-key": KEY}, f"key={KEY}"),  # the same one thrice is one
        ({"authorization": "Basic dXNlcjpwYXNz", "x-api-key": KEY}, ""),
    ],
)
def test_a_key_lets_in_wherever_it_stands(headers, query) -> None:  # type: ignore[no-untyped-def]
    assert caller(headers, query) == Caller(fingerprint(Secret(KEY)))


def test_the_same_headers_again_are_the_same_caller_and_only_of_the_deed_that_knew_them() -> None:
    world = World()
    headers = world.exchange(headers={"authorization": f"Bearer {KEY}"}).request.headers
    others = World().bind({"auth": {"keys": ["another-key-after-a-reload"]}})
    for _ in range(2):
        exchange = world.exchange()
        exchange.request.headers = headers
        DEED(exchange)
        assert exchange.caller == Caller(fingerprint(Secret(KEY)))
        with pytest.raises(Fault, match="wrong_key"):
            others(exchange)
    # A second key elsewhere in the request is seen, whatever was found out about its headers.
    exchange = world.exchange(query="key=" + OTHER)
    exchange.request.headers = headers
    with pytest.raises(Fault, match="wrong_key"):
        DEED(exchange)


def test_who_was_refused_is_refused_again() -> None:
    exchange = World().exchange(headers={"authorization": "Bearer nobody's"})
    for _ in range(2):
        with pytest.raises(Fault, match="wrong_key"):
            DEED(exchange)


def test_a_named_key_gives_its_name() -> None:
    assert caller({"x-api-key": "ci-key-11111"}) == Caller("ci")


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, ""),
        ({"authorization": "Bearer"}, ""),
        ({"authorization": "Bearer "}, ""),
        ({"authorization": KEY}, ""),
        ({"authorization": f"Basic {KEY}"}, ""),
        ({"x-api-key": ""}, ""),
        ({}, "key="),
        ({}, f"apikey={KEY}"),
        ({}, f"Key={KEY}"),
        ({"cookie": f"key={KEY}"}, ""),
    ],
)
def test_no_key_is_a_missing_key(headers, query) -> None:  # type: ignore[no-untyped-def]
    fault = refused(headers, query)
    assert (fault.code, fault.status) == ("missing_key", 401)
    assert fault.headers == ((b"www-authenticate", b"Bearer"),)


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=1, max_size=60))
def test_any_other_credential_is_refused_with_the_same_words(guess: bytes) -> None:
    """reliability.md 4.1: nothing tells how near a guess came."""
    world = World()
    with pytest.raises(Fault) as caught:
        DEED(world.exchange(headers=[(b"x-api-key", guess)]))
    assert (caught.value.code, caught.value.detail) == ("wrong_key", "")


def mutations() -> list[bytes]:
    key = KEY.encode()
    out = [key[:i] for i in range(1, len(key))] + [key[i:] for i in range(1, len(key))]  # CVE-2026-35030: prefixes
    for i in range(len(key)):
        out += [key[:i] + bytes([key[i] ^ bit]) + key[i + 1 :] for bit in (1, 2, 0x20, 0x80)]
        out += [key[:i] + key[i + 1 :], key[:i] + key[i : i + 1] + key[i:]]
    out += [key.upper(), key.lower(), key.swapcase(), key + b"\x00", b"\x00" + key, key + b" ", b'"' + key + b'"', key * 2]
    out += [b"' OR 1=1--", b'"', b"\\", b"\x00", b"x" * 60_000, "\u00e9".encode(), b"*", b"%", b"null", b"***"]
    return [one for one in out if one not in (key, OTHER.encode())]


@pytest.mark.parametrize("carrier", [b"x-api-key", b"authorization"])
def test_no_mutation_of_a_key_is_let_in(carrier: bytes) -> None:
    world = World()
    for guess in mutations():
        if carrier == b"authorization" and guess.strip() == KEY.encode():
            continue  # white space around a credential is not part of it
        value = b"Bearer " + guess if carrier == b"authorization" else guess
        with pytest.raises(Fault) as caught:
            DEED(world.exchange(headers=[(carrier, value)]))
        assert caught.value.code == "wrong_key", guess


def test_two_different_keys_are_refused_even_if_both_are_right() -> None:
    fault = refused({"authorization": f"Bearer {KEY}", "x-api-key": OTHER})
    assert (fault.code, fault.detail) == ("wrong_key", "the request holds two different keys")
    assert refused([(b"api-key", KEY.encode()), (b"api-key", b"x")]).code == "wrong_key"
    assert refused({"x-api-key": KEY}, "key=other").code == "wrong_key"


def test_an_empty_key_of_an_unset_variable_lets_nobody_in() -> None:
    assert refused({"x-api-key": ""}).code == "missing_key"
    nobody = {"auth": {"keys": ["", ""], "named": {"ci": ""}}}
    assert refused({"x-api-key": "x"}, words=nobody).code == "wrong_key"
    assert refused({}, words=nobody).code == "missing_key"


OPEN = {"auth": {"keys": [""], "open_on_loopback": True}}


def test_open_on_loopback_lets_in_whoever_calls_there_while_no_key_is_set() -> None:
    assert caller({}, words=OPEN) == Caller("loopback", "none")
    assert caller({"authorization": "Bearer anything"}, words=OPEN) == Caller("loopback", "none")  # SDKs always send one
    assert refused({}, words=OPEN, on_loopback=False).code == "missing_key"


def test_one_key_set_is_asked_of_everybody() -> None:
    words = {"auth": {"keys": ["", KEY], "open_on_loopback": True}}
    assert refused({}, words=words).code == "missing_key"
    assert caller({"x-api-key": KEY}, words=words) is not None


def test_a_public_route_without_keys_lets_everybody_in_and_with_keys_nobody_else() -> None:
    nobody = {"auth": {"keys": []}}
    assert caller({}, words=nobody, world=World().route(public=True), on_loopback=False) == Caller("public", "none")
    with pytest.raises(Fault, match="missing_key"):
        caller({}, words=AUTH, world=World().route(public=True))


def test_flaws() -> None:
    assert flaws("auth: {keys: ['']}") == ["keys"]
    assert flaws("auth") == ["keys"]
    assert flaws("auth: {keys: ['']}", public=True) == []
    assert flaws(OPEN) == []
    assert flaws(AUTH) == []
    assert flaws("auth: {named: {a: k}}") == []


def test_the_fingerprint_is_stable_and_tells_nothing() -> None:
    """Workers and restarts must agree on it: it is what the log calls a caller."""
    assert fingerprint(Secret(KEY)) == "key-60e5da85"
    assert fingerprint(Secret(KEY)) != fingerprint(Secret(OTHER))
    assert KEY not in repr(Auth(keys=[Secret(KEY)]))


def test_credentials_are_gathered_from_everywhere() -> None:
    request = World().exchange(headers=[(b"x-api-key", b"a"), (b"api-key", b"b")], query="key=c%20d&key=e").request
    assert credentials_of(request) == {b"a", b"b", b"c d", b"e"}
