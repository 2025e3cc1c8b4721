from __future__ import annotations

import pytest

from engine.faults import Fault
from engine.formats.gemini_generate import FORMAT

BODY = b'{"contents":[{"parts":[{"text":"hi"}]}]}'


@pytest.mark.parametrize(
    ("captures", "path", "stream"),
    [
        ({"model": "gemini-3"}, "/gemini/v1beta/models/gemini-3:streamGenerateContent", True),
        ({"model": "gemini-3"}, "/gemini/v1beta/models/gemini-3:generateContent", False),
        ({"model": "gemini-3", "action": "streamGenerateContent"}, "/x", True),
        ({"model": "gemini-3"}, "", False),
    ],
)
def test_the_path_says_which_model_and_whether_to_stream(captures: dict[str, str], path: str, stream: bool) -> None:
    asked = FORMAT.peek(BODY, captures, "", path)
    assert (asked.model, asked.stream) == ("gemini-3", stream)
    assert FORMAT.rename(asked, "other") is BODY


@pytest.mark.parametrize(
    ("stream", "query", "path"),
    [
        (True, "alt=sse", "/models/m:streamGenerateContent?alt=sse"),
        (True, "key=secret&alt=sse", "/models/m:streamGenerateContent?alt=sse"),
        (True, "", "/models/m:streamGenerateContent"),
        (False, "alt=sse", "/models/m:generateContent"),
    ],
)
def test_of_the_query_only_alt_travels(stream: bool, query: str, path: str) -> None:
    asked = FORMAT.peek(BODY, {"action": "streamGenerateContent" if stream else "generateContent"}, query)
    assert FORMAT.path(asked, "m", query) == path


@pytest.mark.parametrize("model", ["../x", "a/b", "a?b#c", "a b", "é", "a:generateContent?key="])
def test_a_model_cannot_leave_its_place_in_the_path(model: str) -> None:
    """reliability.md 1.3: every templated part of a URL is validated or escaped."""
    asked = FORMAT.peek(BODY, {}, "")
    path = FORMAT.path(asked, model)
    assert path.startswith("/models/")
    assert path.endswith(":generateContent")
    assert not set(path[len("/models/") : -len(":generateContent")]) & set("/?# :")


@pytest.mark.parametrize(("body", "says"), [(b"{}", "is required"), (b'{"contents":"hi"}', "must be a list")])
def test_contents_are_needed(body: bytes, says: str) -> None:
    with pytest.raises(Fault) as caught:
        FORMAT.peek(body, {}, "")
    assert caught.value.param == "contents"
    assert says in caught.value.detail
