"""I2, I3: what goes to a provider is written anew from fields, and every parser reads it alike."""

from __future__ import annotations

import dataclasses

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.faults import Fault
from engine.settings import Limits
from engine.upstream.request import JOINED, RequestWriter
from engine.web import HOP_BY_HOP
from engine.wire.reader import RequestReader
from tests.tools.calling import origin, outgoing, target

TO = target(443, pairs=((b"authorization", b"Bearer sk-1"), (b"user-agent", b"engine/1")))


def written(call: object) -> bytes:
    return b"".join(RequestWriter(origin(443, "https", "api.test")).write(call))  # type: ignore[arg-type]


def test_a_request_byte_for_byte() -> None:
    assert written(outgoing(TO, b'{"a":1}', pairs=((b"content-type", b"application/json"),))) == (
        b"POST /v1/chat HTTP/1.1\r\n"
        b"host: api.test\r\n"
        b"accept-encoding: identity\r\n"
        b"authorization: Bearer sk-1\r\n"
        b"user-agent: engine/1\r\n"
        b"content-type: application/json\r\n"
        b"content-length: 7\r\n"
        b"\r\n"
        b'{"a":1}'
    )


def test_content_length_says_that_there_is_no_body_only_where_one_is_expected() -> None:
    assert b"content-length: 0\r\n" in written(outgoing(TO, b""))
    assert b"content-length" not in written(outgoing(TO, b"", method="GET"))


def test_the_host_names_a_port_that_is_not_the_schemes_own() -> None:
    writer = RequestWriter(origin(8080, "https", "::1"))
    assert b"\r\nhost: [::1]:8080\r\n" in writer.write(outgoing(TO))[0]


@pytest.mark.parametrize("name", sorted(HOP_BY_HOP | {b"host", b"content-length", b"expect", b"accept-encoding"}))
def test_fields_of_one_hop_and_of_the_transport_never_travel(name: bytes) -> None:
    for call in (outgoing(TO, pairs=((name, b"evil"),)), outgoing(dataclasses.replace(TO, pairs=((name, b"evil"),)))):
        assert b"evil" not in written(call)


@pytest.mark.parametrize(
    "pair",
    [(b"x", b"a\r\ny: z"), (b"x", b"\x00"), (b"x\r\ny", b"z"), (b"X", b"z"), (b"x", b"\x7f"), (b"", b"z"), (b"x y", b"z")],
)
def test_what_cannot_be_written_is_refused_before_anything_is_sent(pair: tuple[bytes, bytes]) -> None:
    for call in (outgoing(TO, pairs=(pair,)), outgoing(dataclasses.replace(TO, pairs=(pair,)))):
        with pytest.raises(Fault) as caught:
            written(call)
        assert caught.value.code == "internal"


@pytest.mark.parametrize("path", ["", "v1", "/a b", "/a\r\nx: y", "/é", "/a#b"])
def test_a_path_that_is_not_origin_form_is_refused(path: str) -> None:
    with pytest.raises(Fault):
        written(outgoing(TO, path=path))


def test_a_large_body_is_not_copied() -> None:
    writer, body = RequestWriter(origin(80)), bytes(JOINED + 1)
    head, second = writer.write(outgoing(TO, body))
    assert second is body
    assert head.endswith(b"\r\n\r\n")
    assert len(writer.write(outgoing(TO, body[:-1]))) == 1


def test_targets_with_equal_names_keep_their_own_credentials() -> None:
    writer = RequestWriter(origin(80))
    for key in (b"one", b"two", b"one", b"three") * 500:
        # Made anew each time: an id may be given again, a credential may not.
        one = target(80, pairs=((b"authorization", key),))
        assert b"authorization: " + key + b"\r\n" in writer.write(outgoing(one))[0]
    assert len(writer._blocks) <= 1024


names = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=12).map(lambda name: b"x-" + name.encode())
letters = [chr(c) for c in (9, *range(0x20, 0x7F), *range(0x80, 0x100))]
values = st.text(letters, max_size=20).map(lambda value: value.encode("latin-1").strip())
fields = st.lists(st.tuples(names, values), max_size=8).map(tuple)


@settings(max_examples=150, deadline=None)
@given(fields, fields, st.binary(max_size=50), st.text("abc/-_.~%20", max_size=20))
def test_h11_and_our_own_reader_read_back_what_was_meant(first, second, body, path) -> None:  # type: ignore[no-untyped-def]
    to = target(80, pairs=first)
    data = written(outgoing(to, body, path="/" + path, pairs=second))
    expected = [
        (b"host", b"api.test"),
        (b"accept-encoding", b"identity"),
        *first,
        *second,
        (b"content-length", b"%d" % len(body)),
    ]

    theirs = h11.Connection(h11.SERVER)
    theirs.receive_data(data)
    request = theirs.next_event()
    assert isinstance(request, h11.Request)
    assert (request.method, request.target, list(request.headers)) == (b"POST", b"/" + path.encode(), expected)
    read = b""
    while isinstance(event := theirs.next_event(), h11.Data):
        read += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert read == body
    assert theirs.trailing_data == (b"", False)

    ours = RequestReader(Limits())
    ours.feed(data)
    head = ours.head()
    assert head is not None
    assert (head.path, list(head.headers.pairs), head.length) == ("/" + path, expected[:-1], len(body))
    assert (ours.take(), ours.ended) == (body, True)
