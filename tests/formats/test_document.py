from __future__ import annotations

import pytest

from engine.faults import Fault
from engine.formats.document import need_list, read_asked, read_document


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "the body is empty (line 1, column 1)"),
        (b"{", "line 1, column 2"),
        (b'{"a":\n tru}', "line 2, column"),
        (b'{"a":NaN}', "line 1, column 6"),
        (b'{"a":1e999}', "a number out of range (line 1, column 6)"),
        (b'{"a":1' + b"0" * 5000 + b"}", "a number out of range"),
        (b'{"a":"\\ud800"}', "a lone surrogate (line 1, column 7)"),
        (b'{"\\udc00":1}', "a lone surrogate"),
        (b'{"a":"\xff"}', "not valid UTF-8"),
        (b"\xef\xbb\xbf{}", "a byte order mark"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, "nested too deeply"),
        (b'{"a":"\x01"}', "a raw control character in a string"),
        (b"{} x", "line 1, column 4"),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(body: bytes, says: str) -> None:
    """reliability.md 1.5: 400 with a place, never 500, never RecursionError."""
    with pytest.raises(Fault) as caught:
        read_document(body)
    assert caught.value.code == "invalid_json"
    assert caught.value.status == 400
    assert says in caught.value.detail


def test_the_body_is_never_quoted() -> None:
    with pytest.raises(Fault) as caught:
        read_document(b'{"prompt": "my secret", oops}')
    assert "secret" not in caught.value.message
    assert "oops" not in caught.value.message


@pytest.mark.parametrize(
    ("body", "kind"), [(b"[]", "an array"), (b'"x"', "a string"), (b"1", "a number"), (b"null", "null"), (b"true", "a boolean")]
)
def test_only_an_object_is_a_request(body: bytes, kind: str) -> None:
    with pytest.raises(Fault, match="invalid_body") as caught:
        read_document(body)
    assert kind in caught.value.detail


@pytest.mark.parametrize(
    ("body", "param", "says"),
    [
        (b'{"model":1}', "model", "must be a string"),
        (b'{"model":null}', "model", "must be a string"),
        (b'{"stream":"true"}', "stream", "must be a boolean"),
        (b'{"stream":1}', "stream", "must be a boolean"),
        (b'{"model":"a","model":"b"}', "model", "more than once"),
        (b'{"model":"a","x":{},"mod\\u0065l":"a"}', "model", "more than once"),
        (b'{"stream":true,"stream":false}', "stream", "more than once"),
    ],
)
def test_what_routing_reads_is_read_strictly(body: bytes, param: str, says: str) -> None:
    with pytest.raises(Fault) as caught:
        read_asked(body)
    assert (caught.value.code, caught.value.param) == ("invalid_body", param)
    assert says in caught.value.detail


@pytest.mark.parametrize(
    ("body", "model", "stream"),
    [
        (b"{}", "", False),
        (b'{"model":"m"}', "m", False),
        (b'{"model":"m","stream":null}', "m", False),
        (b'{"stream":true,"model":"\xc3\xa9"}', "é", True),
        (b'{"a":{"model":1,"stream":2},"b":["model","stream"]}', "", False),
    ],
)
def test_what_is_asked(body: bytes, model: str, stream: bool) -> None:
    asked = read_asked(body)
    assert (asked.model, asked.stream) == (model, stream)
    assert asked.body is body


@pytest.mark.parametrize(
    ("document", "says"), [({}, "is required"), ({"messages": {}}, "must be a list"), ({"messages": None}, "list")]
)
def test_a_list_is_needed(document: dict[str, object], says: str) -> None:
    with pytest.raises(Fault) as caught:
        need_list(document, "messages")
    assert caught.value.param == "messages"
    assert says in caught.value.detail
