"""The field that frames a body, spoilt in every way that is known to hide it from one parser and not from another.

After PortSwigger's HTTP Request Smuggler 3 and smuggler (reliability.md, section 1.4): one byte at a time in four places,
and the families that have names.
"""

from __future__ import annotations

from collections.abc import Iterator

BYTES = [bytes((byte,)) for byte in (*range(0x01, 0x21), *range(0x7F, 0x100))]
TE = (b"Transfer-Encoding", b"chunked")
CL = (b"Content-Length", b"27")

# White space that RFC 9110 section 5.6.3 allows around a value.
ALLOWED = (b" ", b"\t")


def byte_mutations(name: bytes, value: bytes) -> Iterator[tuple[str, bytes, bool]]:
    """(what it is, the field's lines without their last CRLF, may it be accepted)."""
    for byte in BYTES:
        yield f"{byte!r} before the name", byte + name + b": " + value, False
        yield f"{byte!r} after the name", name + byte + b": " + value, False
        yield f"{byte!r} after the colon", name + b":" + byte + value, byte in ALLOWED
        yield f"{byte!r} after the value", name + b": " + value + byte, byte in ALLOWED


def coding_families() -> Iterator[tuple[str, bytes, bool]]:
    """Transfer-Encoding; of none may a body be read."""
    te = b"Transfer-Encoding: chunked"
    for what, lines in {
        "nameprefix": b"X: y\r\n\x00" + te,
        "nameprefix, a word": b"Foo " + te,
        "vertwrap": b"Transfer-Encoding:\n\x0bchunked",
        "vertwrap, CRLF": b"Transfer-Encoding:\r\n\x0bchunked",
        "linewrap": b"Transfer-Encoding:\r\n chunked",
        "linewrap, a tab": b"Transfer-Encoding:\r\n\tchunked",
        "linewrap before": b"X: y\r\n " + te,
        "0dspam": b"Transfer\r-Encoding: chunked",
        "0dspam, twice": b"Transfer-Encoding\r\r: chunked",
        "0dwrap": b"X: y\r" + te,
        "0awrap": b"X: y\n" + te,
        "x:": b"x:" + te.replace(b" ", b"") + b"\r\nTransfer-Encoding: x:chunked",
        "x: in the name": b"Transfer-Encoding: x: chunked",
        "backslash": b"Transfer\\Encoding: chunked\r\nTransfer-Encoding: \\chunked",
        "backslash in the name": b"Transfer-Encoding\\: chunked",
        "%45 in the name": b"Transfer-%45ncoding: chunked",
        "underscore": b"Transfer_Encoding: chunked",
        "soft hyphen": b"Transfer\xadEncoding: chunked",
        "soft hyphen, UTF-8": b"Transfer\xc2\xadEncoding: chunked",
        "RFC 2047": b"Transfer-Encoding: =?iso-8859-1?B?Y2h1bmtlZA==?=",
        "RFC 2047, Q": b"Transfer-Encoding: =?utf-8?Q?=63hunked?=",
        "quoted": b'Transfer-Encoding: "chunked"',
        "quoted, single": b"Transfer-Encoding: 'chunked'",
        "dual": te + b"\r\nTransfer-Encoding: identity",
        "reverse dual": b"Transfer-Encoding: identity\r\n" + te,
        "dual, unknown": te + b"\r\nTransfer-Encoding: x",
        "dual, chunked twice": te + b"\r\n" + te,
        "nested": b"Transfer-Encoding: identity, chunked, identity",
        "nested, chunked last": b"Transfer-Encoding: gzip, chunked",
        "nested, chunked twice": b"Transfer-Encoding: chunked, chunked",
        "a comma before": b"Transfer-Encoding: , chunked",
        "a comma behind": b"Transfer-Encoding: chunked,",
        "a parameter": b"Transfer-Encoding: chunked;q=1",
        "identity": b"Transfer-Encoding: identity",
        "nothing": b"Transfer-Encoding:",
        "chunk": b"Transfer-Encoding: chunk",
        "xchunked": b"Transfer-Encoding: xchunked",
        "no colon": b"Transfer-Encoding chunked",
        "two colons": b"Transfer-Encoding:: chunked",
        "a long s": b"Tran\xc5\xbffer-Encoding: chunked",
    }.items():
        yield what, lines, False


def length_families() -> Iterator[tuple[str, bytes, bool]]:
    """Content-Length; of none may a body be read."""
    cl = b"Content-Length: "
    spelt = (b"+27", b"-27", b"027", b"27e0", b"27.0", b"27,0", b"0,27", b"27, 27", b"27 27", b"27;a", b"0x1b", b'"27"', b"2_7")
    odd = (b"", b"27\xc2\xa0", b"\xef\xbc\x92\xef\xbc\x97", b"\xd9\xa2\xd9\xa7", b"27\x00", b"27\r", b"1" * 13, b"1" * 40)
    for value in (*spelt, *odd):
        yield f"{value!r}", cl + value, False
    for what, lines in {
        "dual": cl + b"27\r\n" + cl + b"27",
        "dual, nought": cl + b"0\r\n" + cl + b"27",
        "reverse dual": cl + b"27\r\n" + cl + b"0",
        "x:": b"Content-Length: x:27",
        "%2D": b"Content%2DLength: 27",
        "underscore": b"Content_Length: 27",
        "backslash": b"Content-Length\\: 27",
        "linewrap": b"Content-Length:\r\n 27",
        "vertwrap": b"Content-Length:\n\x0b27",
        "0dspam": b"Content\r-Length: 27",
        "nested": b"X: y\r\n Content-Length: 27",
        "soft hyphen": b"Content\xadLength: 27",
    }.items():
        yield what, lines, False


SMUGGLED = b"GET /hidden HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
PATH = b"/v1/chat/completions"
BODY = b'{"model":"m","messages":[]}'


def mutations() -> Iterator[tuple[str, bytes, bool]]:
    """(what it is, a whole request with the smuggled one behind it, may the first be accepted). Each spoilt field stands
    alone, and beside its whole counterpart, where even the allowed white space is two framings in one request."""
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    for what, lines, fair in (*byte_mutations(*TE), *coding_families()):
        yield f"TE, {what}", _request(lines, chunked), fair
        yield f"TE, {what}, beside CL", _request(b"Content-Length: 4\r\n" + lines, chunked), False
    for what, lines, fair in (*byte_mutations(*CL), *length_families()):
        yield f"CL, {what}", _request(lines, BODY), fair
        yield f"CL, {what}, beside TE", _request(lines + b"\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"), False


def _request(lines: bytes, body: bytes) -> bytes:
    return b"POST %b HTTP/1.1\r\nHost: h\r\n%b\r\n\r\n%b%b" % (PATH, lines, body, SMUGGLED)
