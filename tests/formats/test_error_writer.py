from __future__ import annotations

from typing import get_args, get_type_hints

import orjson
import pytest

from engine.faults import Fault
from engine.formats import FORMATS
from engine.formats.error_writer import ErrorWriter, errors_of
from engine.formats.styles import STYLES
from engine.parts import build
from engine.program import Program, Route
from engine.settings import Errors, Server

CHAT = FORMATS["openai_chat"]


def writer(**said: object) -> ErrorWriter:
    return ErrorWriter(CHAT, build(Errors, said))


def test_every_style_has_its_word() -> None:
    assert {"format", *STYLES} == set(get_args(get_type_hints(Errors)["style"]))


def test_without_a_word_of_the_table_it_is_the_formats() -> None:
    fault = Fault("upstream_rate_limit", retry_after=3)
    for plain in (ErrorWriter(CHAT), writer()):
        told = plain.response(fault, "req-1")
        assert (told.status, told.body) == (429, CHAT.write_fault(fault, "req-1"))
        assert told.headers == [(b"content-type", b"application/json"), (b"retry-after", b"3")]
        assert plain.event(fault, "req-1") == CHAT.write_stream_fault(fault, "req-1")


def test_other_words_by_code_and_then_by_blame() -> None:
    tells = writer(
        style="plain", say={"upstream": "sorry: {message}", "upstream_reset": "gone ({code})"}, status={"upstream": 502}
    )
    told = tells.response(Fault("upstream_timeout"), "r")
    assert (told.status, told.body) == (502, b"sorry: the provider's answer took too long")
    assert told.headers == [(b"content-type", b"text/plain; charset=utf-8")]
    assert tells.response(Fault("upstream_reset"), "r").body == b"gone (upstream_reset)"
    assert tells.response(Fault("not_found"), "r").status == 404


def test_a_detail_is_never_taken_for_a_hole() -> None:
    tells = writer(style="plain", say={"invalid_json": "bad: {detail}"})
    assert tells.response(Fault("invalid_json", "{message}"), "r").body == b"bad: {message}"
    assert tells.response(Fault("invalid_json"), "r").body == b"bad: the body is not valid JSON"


def test_a_style_for_some() -> None:
    tells = writer(style="plain", styles={"unknown_vendor": "taxonomy", "gateway": "format"})
    assert orjson.loads(tells.response(Fault("unknown_vendor", "none"), "r").body) == {
        "error": {"type": "validation_error", "message": "none"}
    }
    assert orjson.loads(tells.response(Fault("internal"), "r").body)["error"]["code"] == "internal"


def test_the_formats_own_shape_with_other_words() -> None:
    tells = writer(say={"client": "no"}, status={"client": 422})
    told = tells.response(Fault("invalid_json", headers=((b"allow", b"GET"),)), "r")
    error = orjson.loads(told.body)["error"]
    assert (told.status, error["message"], error["code"]) == (422, "no", "invalid_json")
    assert (b"allow", b"GET") in told.headers


def test_a_streams_end_has_the_tables_words() -> None:
    event = writer(style="plain", say={"upstream": "gone"}).event(Fault("upstream_reset"), "r")
    assert orjson.loads(event[6:])["error"]["message"] == "gone"
    assert b"external_error" in writer(style="taxonomy").event(Fault("upstream_reset"), "r")


@pytest.mark.parametrize(("by_route", "by_server", "status"), [(418, 421, 418), (None, 421, 421), (None, None, 404)])
def test_the_route_goes_before_the_server(by_route: int | None, by_server: int | None, status: int) -> None:
    def said(status: int | None) -> Errors | None:
        return None if status is None else Errors(status={"not_found": status})

    route = Route("GET /", ("GET",), "/", "", True, (), 0, said(by_route))
    program = Program("d", Server(errors=said(by_server)), {}, {}, (), None, (route,))
    assert errors_of(program, route, CHAT).response(Fault("not_found"), "r").status == status
