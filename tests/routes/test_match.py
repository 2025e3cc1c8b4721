from __future__ import annotations

import re
import timeit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.faults import Fault
from engine.program import Route
from engine.routes.match import Matcher
from engine.routes.pattern import read_match


def route(match: str, speaks: str = "", extra: tuple[str, ...] = ()) -> Route:
    methods, path = read_match(match)
    return Route(match, methods + extra, path, speaks, False, ())


def matcher(*matches: str) -> Matcher:
    return Matcher([route(match) for match in matches])


def refusal(found: Matcher, method: str, path: str) -> Fault:
    with pytest.raises(Fault) as fault:
        found.match(method, path)
    return fault.value


def test_a_literal_path() -> None:
    found, captures = matcher("GET /a", "POST /a").match("POST", "/a")
    assert found.name == "POST /a"
    assert captures == {}


@pytest.mark.parametrize(
    ("path", "captures"),
    [
        ("/gemini/v1/models/gpt:run", {"version": "v1", "model": "gpt"}),
        ("/gemini/v1/models/a:b:run", {"version": "v1", "model": "a:b"}),
        ("/gemini/v1/models/a%2Fb:run", {"version": "v1", "model": "a/b"}),
        ("/gemini/v%C3%A4/models/%25:run", {"version": "vä", "model": "%"}),
    ],
)
def test_captures_are_percent_decoded_after_the_path_was_cut(path: str, captures: dict[str, str]) -> None:
    """I9: the raw path decides, so an encoded slash never makes a new segment."""
    assert matcher("POST /gemini/{version}/models/{model}:run").match("POST", path)[1] == captures


@pytest.mark.parametrize(
    "path", ["/gemini//models/x:run", "/gemini/v/models/:run", "/gemini/v/models/x", "/gemini/v/models/x:run/"]
)
def test_a_name_stands_for_one_character_or_more_and_no_slash(path: str) -> None:
    assert refusal(matcher("POST /gemini/{version}/models/{model}:run"), "POST", path).code == "not_found"


@pytest.mark.parametrize("bad", ["/m/%", "/m/%2", "/m/%zz", "/m/%FF"])
def test_percent_encoding_that_is_none_is_a_bad_request(bad: str) -> None:
    assert refusal(matcher("GET /m/{x}"), "GET", bad).code == "bad_request"


@pytest.mark.parametrize(
    ("path", "rest"), [("/f/", ""), ("/f/a", "a"), ("/f/a/b/", "a/b/"), ("/f//", "/"), ("/f/a%2Fb", "a/b")]
)
def test_the_remainder(path: str, rest: str) -> None:
    assert matcher("GET /f/{rest...}").match("GET", path)[1] == {"rest": rest}


def test_the_remainder_begins_after_its_slash() -> None:
    assert refusal(matcher("GET /f/{rest...}"), "GET", "/f").code == "not_found"


def test_the_first_in_file_order_wins_also_against_a_literal() -> None:
    found = matcher("GET /a/{x}", "GET|POST /a/b")
    assert found.match("GET", "/a/b")[0].name == "GET /a/{x}"
    assert found.match("POST", "/a/b")[0].name == "GET|POST /a/b"
    assert matcher("GET /a/b", "GET /a/{x}").match("GET", "/a/b")[0].name == "GET /a/b"


def test_an_early_pattern_in_another_branch_wins() -> None:
    found = matcher("GET /{a}/{rest...}", "GET /x/{b}/c", "GET /x/y/{c}")
    assert found.match("GET", "/x/y/c")[0].name == "GET /{a}/{rest...}"
    found = matcher("GET /x/{b}/c", "GET /{a}/{rest...}", "GET /x/y/{c}")
    assert found.match("GET", "/x/y/c")[0].name == "GET /x/{b}/c"
    assert found.match("GET", "/x/y/d")[0].name == "GET /{a}/{rest...}"


def test_head_is_served_by_get_unless_a_route_lists_it() -> None:
    assert matcher("GET /a").match("HEAD", "/a")[0].name == "GET /a"
    assert matcher("GET /{x}").match("HEAD", "/a")[0].name == "GET /{x}"
    assert matcher("GET /a", "HEAD /a").match("HEAD", "/a")[0].name == "HEAD /a"


def test_another_method_is_405_with_allow() -> None:
    """RFC 9110 section 15.5.6."""
    fault = refusal(matcher("GET /a", "PUT|POST /{x}", "DELETE /b"), "OPTIONS", "/a")
    assert fault.code == "method_not_allowed"
    assert fault.headers == ((b"allow", b"GET, HEAD, POST, PUT"),)


@pytest.mark.parametrize("path", ["*", "", "example.com:443", "a"])
def test_a_target_without_a_slash_matches_nothing(path: str) -> None:
    assert refusal(matcher("GET|OPTIONS /{rest...}", "GET|OPTIONS /"), "OPTIONS", path).code == "not_found"


def test_the_format_of_an_error_is_that_of_the_nearest_route() -> None:
    found = Matcher(
        [
            route("GET /health"),
            route("POST /v1/chat/completions", "openai_chat"),
            route("POST /v1/responses", "openai_responses"),
            route("POST /anthropic/v1/messages", "anthropic_messages"),
            route("POST /gemini/{v}/models/{m}:run", "gemini_generate"),
        ]
    )

    def near(path: str) -> str:
        nearest = found.nearest(path)
        return nearest.speaks if nearest else ""

    assert near("/v1/chat/completions") == "openai_chat"
    assert near("/v1/responses/1") == "openai_responses"
    assert near("/v1/unknown") == "openai_chat"
    assert near("/anthropic/v2") == "anthropic_messages"
    assert near("/gemini/v9/anything/else") == "gemini_generate"
    assert near("/gemini/v1/models/x:run") == "gemini_generate"
    assert near("/health") == ""
    assert near("/elsewhere") == ""
    assert near("/v1x") == ""
    assert near("/" * 8000) == ""


SEGMENTS = st.sampled_from(["a", "b", "ab", "{x}", "a{x}", "{x}b", "a{x}b", "{x}:r"])
PIECES = st.sampled_from(["a", "b", "ab", "aab", "abb", "z", "az", "zb", "azb", "z:r", ":r", ""])


def written(segments: list[str], rest: bool) -> str:
    named = [segment.replace("{x}", f"{{x{i}}}") for i, segment in enumerate(segments)]
    return "GET /" + "/".join([*named, "{rest...}"] if rest else named)


def plain(path: str) -> re.Pattern[str]:
    """The same pattern as a regular expression: the slow twin."""
    literal = re.escape(path.removeprefix("GET ")).replace(r"\{rest\.\.\.\}", "(.*)")
    return re.compile(re.sub(r"\\\{x[0-9]\\\}", "([^/]+)", literal))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.lists(SEGMENTS, max_size=3), st.booleans()), min_size=1, max_size=6),
    st.lists(PIECES, min_size=1, max_size=4),
)
def test_agrees_with_trying_one_regular_expression_after_the_other(
    table: list[tuple[list[str], bool]], pieces: list[str]
) -> None:
    matches = [written(segments, rest) for segments, rest in table if segments or rest]
    path = "/" + "/".join(pieces)
    first = next((m for m in matches if plain(m).fullmatch(path)), None)
    if first is None:
        assert refusal(matcher(*matches), "GET", path).code == "not_found"
        return
    found, captures = matcher(*matches).match("GET", path)
    assert found.name == first
    expected = plain(found.name).fullmatch(path)
    assert expected is not None
    assert tuple(captures.values()) == expected.groups()


def test_a_thousand_routes_cost_what_ten_do() -> None:
    def cost(count: int) -> float:
        found = matcher(
            *[f"POST /m{i}/{{model}}:op{i}" for i in range(count // 2)], *[f"POST /m/{{x}}:op{i}" for i in range(count // 2)]
        )
        path = f"/m/abc:op{count // 2 - 1}"
        return min(timeit.repeat(lambda: found.match("POST", path), number=200, repeat=5))

    # A walk over all would be a hundred times; shapes by the length of what follows the name make it two or three.
    assert cost(1000) < 10 * cost(10)
