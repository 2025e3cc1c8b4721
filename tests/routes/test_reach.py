from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.tables import checked, codes, program

HEAD = "version: 1\nroutes:\n"


def table(*matches: str) -> str:
    return HEAD + "".join(f'  - {{match: "{match}", pipeline: [health]}}\n' for match in matches)


def unreachable(*matches: str) -> list[int]:
    """The places, from 0, of the routes that are complained about."""
    return [c.line - 3 for c in checked(table(*matches)).complaints if c.code == "R051"]


def test_a_narrower_route_may_stand_first() -> None:
    assert unreachable("GET /a/b", "GET /a/{x}", "GET /{rest...}") == []


def test_a_wider_route_hides_all_after_it() -> None:
    assert unreachable("GET /{rest...}", "GET /a/{x}", "GET /a/b", "GET /") == [1, 2, 3]


def test_only_the_same_method_hides() -> None:
    assert unreachable("GET /{rest...}", "POST /a", "GET|POST /b", "HEAD /a") == []


def test_two_routes_together_may_hide_a_third() -> None:
    assert unreachable("GET /{x}", "POST /a", "GET|POST /a") == [2]


def test_an_end_is_not_an_open_end() -> None:
    assert unreachable("GET /a/{x}", "GET /a/{rest...}") == []
    assert unreachable("GET /a/{rest...}", "GET /a/{x}", "GET /a", "GET /a/b/{more...}") == [1, 3]
    assert unreachable("GET /{x}/{rest...}", "GET /{rest...}") == []


def test_preflights_of_cors_count_as_taken() -> None:
    cors = 'cors: {origins: ["*"]}'
    text = HEAD + f'  - {{match: "POST /a", pipeline: [{cors}, health]}}\n'
    assert program(text).routes[0].methods == ("POST", "OPTIONS")
    assert "R051" in codes(text + '  - {match: "OPTIONS /a", pipeline: [health]}\n')
    assert "R051" not in codes(text + f'  - {{match: "GET /a", pipeline: [{cors}, health]}}\n')


SEGMENTS = st.sampled_from(["a", "b", "ab", "{x}", "a{x}", "{x}b", "a{x}b", "ab{x}", "{x}ab"])
PATTERNS = st.tuples(st.lists(SEGMENTS, max_size=2), st.booleans()).filter(lambda p: p[0] or p[1])
# Every segment of up to three letters, one of which no pattern holds.
WORDS = ["", *("".join(letters) for n in (1, 2, 3) for letters in itertools.product("abz", repeat=n))]


def written(pattern: tuple[list[str], bool]) -> str:
    segments, rest = pattern
    return "/" + "/".join(s.replace("{x}", f"{{x{i}}}") for i, s in enumerate([*segments, "{rest...}"] if rest else segments))


def regex(pattern: tuple[list[str], bool]) -> re.Pattern[str]:
    segments, rest = pattern
    pieces = [s.replace("{x}", "[^/]+") for s in segments]
    return re.compile("/" + "/".join([*pieces, ".*"] if rest else pieces))


def paths(pattern: tuple[list[str], bool]) -> list[str]:
    """Paths of a pattern: all of its own with few letters."""
    segments, rest = pattern
    choices = [[w for w in WORDS if re.fullmatch(s.replace("{x}", "[^/]+"), w)] for s in segments]
    ends = [[""], ["z"], ["z", "z"], ["a", "b"]] if rest else [[]]
    return ["/" + "/".join([*head, *end]) for head in itertools.product(*choices) for end in ends]


@settings(max_examples=150, deadline=None)
@given(PATTERNS, PATTERNS)
def test_covered_is_exactly_what_an_earlier_pattern_takes_all_of(
    earlier: tuple[list[str], bool], later: tuple[list[str], bool]
) -> None:
    takes = regex(earlier)
    all_taken = all(takes.fullmatch(path) for path in paths(later))
    assert unreachable(f"GET {written(earlier)}", f"GET {written(later)}") == ([1] if all_taken else [])


def test_where_the_earlier_route_stands_is_told() -> None:
    (complaint,) = checked(table("GET /a/{x}", "GET /b", "GET /a/b")).complaints
    assert "`GET /a/{x}` at line 3" in complaint.says
    assert (complaint.line, complaint.where) == (5, "routes[2].match")


@pytest.mark.parametrize("match", ["GET ${KEY}", "GET /{r${KEY}est}", "${KEY}GET /b", "GET /a${KEY}"])
def test_a_secret_in_a_match_is_not_repeated(match: str) -> None:
    both = checked(table(match, match), KEY="sk-canary-0123456789").complaints
    assert both
    assert not [c for c in both if "canary" in f"{c.says} {c.hint}"]
