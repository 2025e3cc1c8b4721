"""What the request door is fuzzed with: requests as clients send them, and those that smugglers do."""

from __future__ import annotations

GET = b"GET /a?b=c HTTP/1.1\r\nHost: example.com\r\n\r\n"
SDK = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept-Encoding: gzip, deflate\r\n"
    b"Connection: keep-alive\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
    b"User-Agent: OpenAI/Python 2.8.0\r\nX-Stainless-Retry-Count: 0\r\nAuthorization: Bearer sk-0\r\n"
    b'Content-Length: 13\r\n\r\n{"model":"m"}'
)
CHUNKED = (
    b"POST /v1/messages HTTP/1.1\r\nhost: h:80\r\nx-api-key: k\r\ntransfer-encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n2;a=b\r\nde\r\n0\r\n\r\n"
)
EXTENDED = (
    b'PUT /u HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: Chunked\r\n\r\nA;a="b;\\"c";d\r\n0123456789\r\n'
    b"0\r\nX-Sum: 1\r\n\r\n"
)


def _framed(fields: bytes, body: bytes, first: bytes = b"POST /s HTTP/1.1") -> bytes:
    return first + b"\r\nHost: h\r\n" + fields + b"\r\n\r\n" + body


_HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n"

FAIR = (
    *(GET, SDK, SDK, SDK + SDK, SDK + SDK + GET, CHUNKED, CHUNKED + CHUNKED, EXTENDED, b"\r\n" + GET),
    b"GET http://h/x?y HTTP/1.1\r\nHost: h\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
    b"HEAD / HTTP/1.0\r\n\r\n",
    b"DELETE /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    _framed(b"Content-Length: 5\r\nExpect: 100-continue", b"hello"),
    _framed(b"Content-Length: 33", _HIDDEN),
    _framed(b"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13", b"", b"GET /ws HTTP/1.1"),
    _framed(b"X-A:\ta \t\r\nx-b:\r\nCookie: a=b; c=\xc3\xa9\r\nX-A: again\r\nContent-Length: 0", b""),
)

# The families of reliability.md, section 1.4: CL.TE, TE.CL, TE.TE, CL.0, 0.CL, and what hides a field.
DESYNC = (
    _framed(b"Content-Length: 6\r\nTransfer-Encoding: chunked", b"0\r\n\r\nG"),
    _framed(b"Transfer-Encoding: chunked\r\nContent-Length: 4", b"5c\r\n" + _HIDDEN + b"0\r\n\r\n"),
    _framed(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"0\r\n\r\n" + _HIDDEN),
    _framed(b"Transfer-Encoding: identity, chunked", b"0\r\n\r\n" + _HIDDEN),
    _framed(b"Transfer-Encoding : chunked", b"0\r\n\r\n" + _HIDDEN),
    _framed(b"X: y\r\n Transfer-Encoding: chunked", b"0\r\n\r\n" + _HIDDEN),
    _framed(b"X: y\nTransfer-Encoding: chunked", b"0\r\n\r\n" + _HIDDEN),
    _framed(b"X: y\rTransfer-Encoding: chunked", b"0\r\n\r\n" + _HIDDEN),
    _framed(b"Content-Length: 0\r\nContent-Length: 33", _HIDDEN),
    _framed(b"Content-Length: 33, 33", _HIDDEN),
    _framed(b"Content-Length: 033", _HIDDEN),
    _framed(b"Content-Length: 5\r\nConnection: content-length", b"hello"),
    _framed(b"Content-Length: 33\r\nUpgrade: h2c", _HIDDEN),
    _framed(b"Transfer-Encoding: chunked", b"2\r\nab\r\n0\r\nContent-Length: 5\r\n\r\n" + _HIDDEN),
    _framed(b"Transfer-Encoding: chunked", b"2\nab\r\n0\r\n\r\n" + _HIDDEN),
    _framed(b"Transfer-Encoding: chunked", b"2\r\nabXX0\r\n\r\n" + _HIDDEN),
    _framed(b"Transfer-Encoding: chunked", b"ffffffffffffffff1\r\nab\r\n0\r\n\r\n"),
    _framed(b"Transfer-Encoding: chunked", b"2;\nx\r\nab\r\n0\r\n\r\n" + _HIDDEN),
    b"POST /s HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + _HIDDEN,
    b"GET /a HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n" + _HIDDEN,
    b"GET http://i/a HTTP/1.1\r\nHost: h\r\n\r\n" + _HIDDEN,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
)

SEEDS = FAIR * 2 + DESYNC

TOKENS = (
    *(b"Content-Length: 5\r\n", b"content-length: 0\r\n", b"Content-Length:13\r\n", b"Transfer-Encoding: chunked\r\n"),
    *(b"transfer-encoding: x\r\n", b"Host: h\r\n", b"Connection: close\r\n", b"connection: x, host\r\n", b"Upgrade: h2c\r\n"),
    *(b"Expect: 100-continue\r\n", b"Expect: x\r\n", b"Accept: */*\r\n", b"X_Y: z\r\n", b"Authorization: Bearer a\r\n"),
    *(b"chunked", b"identity", b"gzip, ", b" HTTP/1.1", b" HTTP/1.0", b" HTTP/2.0", b"http://h", b"*", b"/", b"?", b"#"),
    *(
        b"0\r\n\r\n",
        b"3\r\nabc\r\n",
        b"5;x=y\r\n",
        b"ffffffff\r\n",
        b"0\r\nx: y\r\n\r\n",
        b"a" * 130,
        b"x: y\r\n" * 9,
        _HIDDEN,
        GET,
    ),
)
