from __future__ import annotations

import pytest

from tests.tools.tables import checked, codes, says

AUTH = 'auth: {keys: ["${KEY}"]}'
ECHO = "version: 1\nproviders: {echo: {kind: echo}}\ndefault: {provider: echo}\n"


def table(pipeline: str, *, speaks: str = "speaks: openai_chat, ", public: bool = False) -> str:
    said = "public: true, " if public else ""
    return ECHO + f'routes: [{{match: "POST /chat", {speaks}{said}pipeline: [{pipeline}]}}]\n'


WHOLE = f"{AUTH}, decode, select, call, convert, log"


def test_the_six_stages_in_order() -> None:
    assert codes(table(WHOLE)) == []


@pytest.mark.parametrize(
    ("pipeline", "said", "hint"),
    [
        (f"{AUTH}, select, call, convert", "`select` needs `chat`, which no earlier stage gives", "put `decode` before it"),
        (f"{AUTH}, decode, call, convert", "`call` needs `plan`, which no earlier stage gives", "put `select` before it"),
        (
            f"{AUTH}, decode, call, select, convert",
            "`call` needs `plan`, which no earlier stage gives",
            "move `select` before it",
        ),
        (f"{AUTH}, decode, select, convert", "`convert` needs `reply`, which no earlier stage gives", "put `call` before it"),
    ],
)
def test_what_a_stage_reads_an_earlier_one_has_written(pipeline: str, said: str, hint: str) -> None:
    (complaint,) = [c for c in checked(table(pipeline)).complaints if c.code == "R040"]
    assert (complaint.says, complaint.hint) == (said, hint)


def test_the_same_lack_is_told_once() -> None:
    assert codes(table(f"{AUTH}, select, call, convert")).count("R040") == 1


def test_stages_after_the_last_byte_may_stand_anywhere() -> None:
    assert codes(table(f"log, {AUTH}, decode, select, call, convert")) == []


def test_a_pipeline_must_answer() -> None:
    assert codes(table(f"{AUTH}, decode, select, call, log")) == ["R044"]
    assert codes(table("log", speaks="")) == ["R044"]


def test_nothing_runs_after_an_answer() -> None:
    assert says(table("health, metrics", speaks=""), "R043") == ["`metrics` would never run: `health` before it has answered"]
    assert codes(table("health, log", speaks="")) == []


def test_a_call_needs_an_auth_or_a_public_route() -> None:
    assert codes(table("decode, select, call, convert")) == ["R041"]
    assert codes(table("decode, select, call, convert", public=True)) == []
    assert codes(table(f"decode, select, call, {AUTH}, convert")) == ["R041"]


def test_auth_needs_a_key() -> None:
    empty = WHOLE.replace("${KEY}", "${EMPTY}")
    assert codes(table(empty)) == ["R042"]
    assert codes(table(empty, public=True)) == []
    assert codes(table(empty.replace('"]}', '"], open_on_loopback: true}'))) == []


def test_decode_needs_to_know_the_format() -> None:
    assert codes(table(WHOLE, speaks="")) == ["R052"]
    assert codes(table("health", speaks="")) == []


def test_of_a_pipeline_with_an_unknown_stage_nothing_is_said_to_be_lacking() -> None:
    assert codes(table(f"{AUTH}, decode, selct, call, convert")) == ["R034"]


def test_a_stage_with_wrong_options_still_writes_what_it_writes() -> None:
    assert codes(table(f"{AUTH}, decode, select: {{by: modle}}, call, convert")) == ["R023"]


def test_cors_stands_first() -> None:
    cors = 'cors: {origins: ["*"]}'
    assert codes(table(f"{cors}, health", speaks="")) == []
    assert codes(table(f"{AUTH}, {cors}, health", speaks="")) == ["R043"]


def test_a_pipeline_of_many_routes_is_complained_of_once_per_place() -> None:
    text = ECHO + f"pipelines: {{chat: [{AUTH}, decode, call, convert]}}\nroutes:\n"
    text += "".join(f'  - {{match: "POST /{i}", speaks: openai_chat, pipeline: chat}}\n' for i in range(20))
    assert codes(text) == ["R040"]


def test_a_pipeline_that_no_route_uses_is_checked_too() -> None:
    text = ECHO + 'pipelines: {chat: [decode, call, convert]}\nroutes: [{match: "GET /health", pipeline: [health]}]\n'
    assert sorted(codes(text)) == ["R040", "R054"]


def test_a_late_cors_is_complained_of_once() -> None:
    cors = 'cors: {origins: ["*"]}'
    assert says(table(f"health, {cors}", speaks=""), "R043") == ["`cors` answers preflights only as the first stage"]


def test_an_early_answer_is_complained_of_once() -> None:
    (complaint,) = checked(table(f"{AUTH}, respond, decode, select, call, convert")).complaints
    assert complaint.says == "`decode` and 3 more would never run: `respond` before them has answered"
    assert complaint.hint == "take `respond` away, or what stands behind it"
    (complaint,) = checked(table("health, decode, select", speaks="speaks: openai_chat, ")).complaints
    assert complaint.hint == "put them before `health`"


def test_options_that_are_for_one_format() -> None:
    words = f"{AUTH}, {{decode: {{check: chat}}}}, select, call, convert"
    assert codes(table(words)) == []
    (complaint,) = checked(table(words, speaks="speaks: gemini_generate, ")).complaints
    assert (complaint.code, "only for routes that speak `openai_chat`" in complaint.says) == ("R045", True)


def test_what_a_stage_needs_depends_on_its_options() -> None:
    assert codes(table(f"{AUTH}, {{select: {{by: even}}}}, decode, call, convert")) == []
    assert codes(table(f"{AUTH}, {{select: {{by: even, able: true}}}}, decode, call, convert")) == ["R040"]


def test_stages_for_answers_stand_anywhere() -> None:
    assert codes(table(f"{AUTH}, decode, select, call, convert, {{headers: {{set: {{x-a: b}}}}}}, compress")) == []


def test_what_is_forwarded_spends_keys_and_answers() -> None:
    words = "forward: {to: echo, below: /}"
    assert codes(table(f"{AUTH}, {words}, log")) == []
    assert codes(table(words)) == ["R041"]
    assert codes(table(f"{AUTH}, {words}", speaks="")) == ["R052"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("{to: echo, below: /v1}", "`forward`: the route's path does not begin with `/v1/`"),
        ('{to: echo, path: "/m/{model}"}', "`forward`: the route's match captures no `{model}`"),
    ],
)
def test_options_that_speak_of_another_path_than_the_routes(words: str, said: str) -> None:
    assert says(table(f"{AUTH}, forward: {words}"), "R045") == [said]


def test_whom_it_is_forwarded_to_must_exist() -> None:
    assert codes(table(f"{AUTH}, forward: {{to: ecko, below: /}}")) == ["R030"]
