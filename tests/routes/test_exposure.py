from __future__ import annotations

import pytest

from tests.tools.tables import checked, codes


def table(listen: str, auth: str, route: str = "") -> str:
    served = f'routes: [{{match: "GET /x", {route}pipeline: [auth: {{{auth}}}, health]}}]\n'
    return f'version: 1\nserver: {{listen: "{listen}"}}\n' + served


OPEN = 'keys: ["${EMPTY}"], open_on_loopback: true'


@pytest.mark.parametrize("listen", ["127.0.0.1:8080", "127.1.2.3:0", "[::1]:80", "localhost:80"])
def test_without_a_key_loopback_is_open(listen: str) -> None:
    assert codes(table(listen, OPEN)) == []


ELSEWHERE = ["0.0.0.0:8080", "[::]:80", "[fe80::1%eth0]:80", ":8080", "192.168.1.2:80", "gateway.example:80"]


@pytest.mark.parametrize("listen", ELSEWHERE)
def test_without_a_key_nothing_else_may_be_listened_on(listen: str) -> None:
    """No key, no exposure."""
    assert codes(table(listen, OPEN)) == ["R060"]
    assert codes(table(listen, 'keys: ["${KEY}"], open_on_loopback: true')) == []
    assert codes(table(listen, 'named: {ci: "${KEY}"}, open_on_loopback: true')) == []
    assert codes(table(listen, OPEN, "public: true, ")) == []


@pytest.mark.parametrize(
    "listen", ["8080", "localhost", "127.0.0.1", "[::1]", "127.0.0.1:99999", "::1:80", "http://127.0.0.1:80", ""]
)
def test_what_is_no_address_to_listen_on(listen: str) -> None:
    assert codes(table(listen, 'keys: ["${KEY}"]')) == ["R023"]


def test_credentials_in_the_table_are_pointed_at_and_not_repeated() -> None:
    text = (
        'version: 1\nproviders:\n  a: {kind: openai, keys: ["sk-canary-inline", "${KEY}", ""]}\n'
        '  b: {kind: echo, transport: httpx, proxy: "http://proxy:1"}\n'
        '  c: {kind: echo, transport: httpx, proxy: "http://canary:canary@proxy:1"}\n'
        'routes: [{match: "GET /x", pipeline: [auth: {keys: ["${KEY}"], named: {ci: "canary-ci"}}, health]}]\n'
    )
    complaints = checked(text).complaints
    assert [(c.code, c.severity, c.where) for c in complaints] == [
        ("R062", "warning", "providers.a.keys[0]"),
        ("R062", "warning", "providers.c.proxy"),
        ("R062", "warning", "routes[0].pipeline[0].auth.named.ci"),
    ]
    assert "canary" not in repr([(c.says, c.hint) for c in complaints])


def test_a_variable_without_braces_is_an_error() -> None:
    text = 'version: 1\nproviders: {a: {kind: openai, keys: ["$OPENAI_API_KEY"], transport: httpx, proxy: "%MY_PROXY%"}}\n'
    complaints = checked(text + 'routes: [{match: "GET /x", pipeline: [health]}]\n').complaints
    assert [(c.code, c.severity, c.hint) for c in complaints] == [
        ("R015", "error", "did you mean `${OPENAI_API_KEY}`?"),
        ("R015", "error", "did you mean `${MY_PROXY}`?"),
    ]
