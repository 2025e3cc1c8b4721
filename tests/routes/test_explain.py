from __future__ import annotations

import json

from engine.faults import Fault
from engine.ports import Outgoing
from engine.program import Route
from engine.routes.explain import (
    SHOWN_BODY,
    Explanation,
    describe_outgoing,
    describe_routes,
    describe_stages,
    render_json,
    render_text,
    why_not,
)
from engine.routes.match import Matcher
from engine.secret import Secret
from engine.targets import Considered, Origin, Target
from engine.web import Response
from tests.tools.tables import program

TABLE = program(
    """version: 1
providers: {echo: {kind: echo}}
default: {provider: echo}
pipelines:
  chat: [log, auth: {keys: ["${KEY}"]}, decode, select, call, convert]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat}
  - {match: "GET|POST /v1/{x}/completions", public: true, pipeline: [health]}
  - {match: "GET /health", pipeline: [health]}
"""
)
CHAT = TABLE.routes[0]
SECRET = Secret("sk-canary-0123456789")


def outgoing(body: bytes = b'{"model": "x"}') -> Outgoing:
    target = Target(
        "echo:x",
        "echo",
        "x",
        "openai_chat",
        Origin("https", "api.example.com", 8443),
        "/v1",
        credential=SECRET,
        pairs=(
            (b"authorization", b"Bearer sk-canary-0123456789"),
            (b"x-api-key", b"sk-canary-0123456789"),
            (b"user-agent", b"engine/1"),
        ),
    )
    return Outgoing(target, "POST", "/v1/chat/completions", ((b"accept", b"application/json"),), body)


def explanation() -> Explanation:
    return Explanation(
        "POST",
        "/v1/chat/completions",
        route=CHAT,
        captures={"x": "y"},
        others=why_not(TABLE, "POST", "/v1/chat/completions", CHAT),
        steps=[(use, "done") for use in CHAT.stages if use.word in ("auth", "decode", "select")],
        considered=[Considered("echo:x", True, "the default"), Considered("other", False, "no key")],
        outgoing=outgoing(),
    )


def test_the_table_as_a_person_reads_it() -> None:
    assert describe_routes(TABLE) == [
        ("POST /v1/chat/completions", "openai_chat", "(log) > auth > decode > select > call > convert"),
        ("GET|POST /v1/{x}/completions", "-", "health [public]"),
        ("GET /health", "-", "health"),
    ]


def test_stages_in_the_order_in_which_they_run() -> None:
    rows = describe_stages(CHAT)
    assert [row[0] for row in rows] == ["auth", "decode", "select", "call", "convert", "log"]
    assert rows[3] == ("call", "chat, plan", "reply", "in place")
    assert rows[-1][3] == "after the last byte"


def test_why_the_others_did_not_take_it() -> None:
    taken = Matcher(TABLE.routes).match("POST", "/v1/chat/completions")[0]
    assert why_not(TABLE, "POST", "/v1/chat/completions", taken) == [
        ("GET|POST /v1/{x}/completions", "it stands later, at line 8"),
        ("1 more", "the path is another"),
    ]
    assert why_not(TABLE, "POST", "/health", None) == [
        ("GET /health", "it takes GET, not POST"),
        ("2 more", "the path is another"),
    ]
    assert why_not(TABLE, "HEAD", "/health", TABLE.routes[2]) == [("2 more", "the path is another")]


def test_a_capture_that_cannot_be_decoded() -> None:
    assert why_not(TABLE, "GET", "/v1/%zz/completions", None)[0][1] == "its captures cannot be decoded"


def test_the_upstream_request_is_shown_with_its_credentials_masked() -> None:
    text = render_text(explanation())
    assert "would send (nothing was sent):" in text
    assert "POST https://api.example.com:8443/v1/chat/completions" in text
    assert "host: api.example.com:8443" in text
    assert "authorization: Bearer ***6789" in text
    assert "x-api-key: ***6789" in text
    assert '{"model": "x"}' in text
    assert SECRET.reveal() not in text + render_json(explanation())


def test_text_tells_route_stages_and_candidates() -> None:
    text = render_text(explanation())
    assert "route     POST /v1/chat/completions, line 7" in text
    assert "captures  x = y" in text
    assert "* echo:x: the default" in text
    assert "- other: no key" in text
    lines = [line.split() for line in text.splitlines()]
    assert ["select", "reads", "chat", "writes", "plan", "done"] in lines
    assert ["convert", "reads", "chat,", "reply", "writes", "answer", "not", "reached"] in lines
    assert ["log", "reads", "-", "writes", "-", "after", "the", "last", "byte"] in lines


def test_json_holds_the_same() -> None:
    document = json.loads(render_json(explanation()))
    assert document["route"]["match"] == "POST /v1/chat/completions"
    assert document["stages"][3] == {
        "stage": "call",
        "reads": ["chat", "plan"],
        "writes": ["reply"],
        "runs": "in place",
        "did": None,
    }
    assert document["would_send"]["url"] == "https://api.example.com:8443/v1/chat/completions"
    assert ["authorization", "Bearer ***6789"] in document["would_send"]["headers"]
    assert document["considered"][0] == {"name": "echo:x", "chosen": True, "why": "the default"}
    assert document["fails"] is None


def test_other_ends() -> None:
    nothing = Explanation("GET", "/none", fault=Fault("not_found"))
    assert "no route takes this request" in render_text(nothing)
    assert "fails with 404 not_found" in render_text(nothing)
    assert json.loads(render_json(nothing))["route"] is None
    answered = Explanation("GET", "/health", route=TABLE.routes[2], answer=Response(200))
    assert "answers 200 without calling anybody" in render_text(answered)
    assert json.loads(render_json(answered))["answers"] == 200


def test_a_long_body_is_cut() -> None:
    shown = describe_outgoing(outgoing(b"x" * (SHOWN_BODY + 500)))["body"]
    assert shown.endswith("... (500 more characters)")


def test_a_credential_without_its_secret_at_hand_is_masked_all_the_same() -> None:
    sent = outgoing()
    bare = Target("t", "p", "", "openai_chat", Origin("http", "h", 80), "", pairs=((b"api-key", b"sk-canary"),))
    sent.target = bare
    assert ("api-key", "***") in describe_outgoing(sent)["headers"]


def test_routes_have_names_of_their_own() -> None:
    assert len({route.name for route in TABLE.routes}) == len(TABLE.routes)
    assert isinstance(CHAT, Route)


def test_a_refusal_is_the_last_line() -> None:
    refused = explanation()
    refused.refused = Fault("missing_key")
    says = "as it stands this request is refused with 401 missing_key; the rest is shown as if the key were right"
    assert render_text(refused).splitlines()[-1] == says
    assert json.loads(render_json(refused))["refused"]["code"] == "missing_key"
    assert json.loads(render_json(explanation()))["refused"] is None


def test_the_built_in_echo_is_no_place_on_the_network() -> None:
    echoed = explanation()
    echoed.builtin = True
    text = render_text(echoed)
    assert "answered by the built-in echo, nothing travels" in text
    assert "  POST /v1/chat/completions\n" in text
    sent = json.loads(render_json(echoed))["would_send"]
    assert (sent["url"], sent["note"]) == (None, "answered by the built-in echo, nothing travels")
    assert "api.example.com" not in text + json.dumps(sent)
