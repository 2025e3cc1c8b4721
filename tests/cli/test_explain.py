"""Show 3: route, stages, target and the upstream request are shown, and nothing is sent."""

from __future__ import annotations

import socket
from pathlib import Path

import orjson
import pytest

from tests.tools.commands import GOOD, ran

BODY = '{"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}'


@pytest.fixture
def sink() -> socket.socket:  # type: ignore[misc]
    """A listening socket that sees nothing, or the test fails."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening
        with pytest.raises(BlockingIOError):
            listening.accept()


@pytest.fixture
def table(tmp_path: Path, sink: socket.socket, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GATEWAY_KEY", "gw-canary-0123456789")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789")
    port = sink.getsockname()[1]
    path = tmp_path / "routes.yaml"
    path.write_text(
        GOOD.replace("{kind: openai,", f'{{kind: openai, base_url: "http://127.0.0.1:{port}/v1", allow_private: true,')
    )
    return path


def explain(table: Path, *argv: str):  # type: ignore[no-untyped-def]
    return ran("explain", *argv, "--table", str(table))


def test_the_whole_way_is_shown_and_nothing_is_sent(table: Path, sink: socket.socket) -> None:
    told = explain(table, "POST", "/v1/chat/completions", "-d", BODY)
    assert told.code == 0
    for words in ("POST /v1/chat/completions", "auth", "decode", "select", "call", "would send to openai", BODY):
        assert words in told.out
    assert f"http://127.0.0.1:{sink.getsockname()[1]}/v1/chat/completions" in told.out
    assert "canary" not in told.out
    assert "***6789" in told.out


def test_it_is_data_too(table: Path) -> None:
    told = orjson.loads(explain(table, "POST", "/v1/chat/completions", "-d", BODY, "--format", "json").out)
    assert told["route"]["match"] == "POST /v1/chat/completions"
    assert "canary" not in str(told)


def test_a_request_that_auth_would_refuse_is_explained_all_the_same(table: Path) -> None:
    assert "401 missing_key" in explain(table, "POST", "/v1/chat/completions", "-d", BODY).out
    told = explain(table, "POST", "/v1/chat/completions", "-d", BODY, "-H", "authorization: Bearer gw-canary-0123456789")
    assert "lets in `key-" in told.out


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["GET", "/v1/chat/completions"], "405 method_not_allowed"),
        (["POST", "/nowhere"], "404 not_found"),
        (["POST", "/v1/chat/completions", "-d", "{"], "400 invalid_json"),
        (["POST", "/v1/chat/completions", "-d", '{"model": "x", "messages": []}'], "400 unknown_model"),
    ],
)
def test_failures_are_explained(table: Path, argv: list[str], says: str) -> None:
    told = explain(table, *argv)
    assert told.code == 1
    assert says in told.out


def test_a_body_may_come_from_a_file_and_bad_words_are_usage_errors(table: Path, tmp_path: Path) -> None:
    (tmp_path / "body.json").write_text(BODY)
    assert explain(table, "POST", "/v1/chat/completions", "-d", f"@{tmp_path}/body.json").code == 0
    assert explain(table, "POST", "/v1/chat/completions", "-d", "@/no/such/file").code == 2
    assert explain(table, "POST", "v1/chat").code == 2
    assert explain(table, "POST", "/v1", "-H", "no colon").code == 2
