from __future__ import annotations

import pytest

from engine.routes.pattern import BadMatch, Segment, read_match, read_path


def test_a_match_is_methods_and_a_path() -> None:
    assert read_match("GET|POST /v1/models") == (("GET", "POST"), "/v1/models")


def test_a_segment_holds_one_name_with_text_around_it() -> None:
    pattern = read_path("/v1/{version}/pre-{model}:generate/x%20y")
    assert pattern.segments == (
        Segment("v1"),
        Segment("", "version"),
        Segment("pre-", "model", ":generate"),
        Segment("x%20y"),
    )
    assert pattern.names == ("version", "model")
    assert not pattern.literal


def test_the_remainder_is_the_last_segment() -> None:
    pattern = read_path("/files/{a}/{rest...}")
    assert pattern.rest == "rest"
    assert pattern.names == ("a", "rest")
    assert len(pattern.segments) == 2


@pytest.mark.parametrize("path", ["/", "/a/", "/a"])
def test_a_slash_at_the_end_is_part_of_the_path(path: str) -> None:
    assert "/" + "/".join(segment.before for segment in read_path(path).segments) == path


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("/a", "`POST /a`"),
        ("post /a", "`POST`"),
        ("GET a", "`/a`"),
        ("GET /a?b", "query"),
        ("GET /{a", "`{name}`"),
        ("GET /a b", "POST /v1"),
        ("GET\t/a", "POST /v1"),
        (" GET /a", "POST /v1"),
        ("", "POST /v1"),
    ],
)
def test_the_likely_right_form_is_told(text: str, hint: str) -> None:
    with pytest.raises(BadMatch) as bad:
        read_match(text)
    assert hint in bad.value.hint


@pytest.mark.parametrize(
    "path",
    ["/{}", "/{a b}", "/{...}", "/{a...}b", "/x{a...}", "/{a...}/b", "/{a}{b}", "/{a}/{a}", "/a//b", "/./a", "/a/..",
        "/%g0", "/ä", "/a#b",
     "/{a}}", "/a\\b", "//"],
)  # fmt: skip
def test_what_could_never_match_is_refused(path: str) -> None:
    with pytest.raises(BadMatch):
        read_path(path)


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "FETCH", "", "GET|", "GET|GET"])
def test_methods_that_are_not_served(method: str) -> None:
    with pytest.raises(BadMatch):
        read_match(f"{method} /a")


@pytest.mark.parametrize(
    ("match", "hint"),
    [
        ("/health", "write `GET /health`"),
        ("https://x/d", "write `GET /d`"),
        ("GET https://x/d", "write `/d`"),
        ("GET https://x", "write `/`"),
        ("GET /a/*", "write `/a/{rest...}`"),
        ("GET /a/*/b*", "write `/a/{name}/b{name}`"),
        ("/a/*", "write `GET /a/{rest...}`"),
    ],
)
def test_the_match_that_was_meant(match: str, hint: str) -> None:
    with pytest.raises(BadMatch) as bad:
        read_match(match, "GET")
    assert bad.value.hint == hint
