"""engine/server/connection.py over real sockets: requests, answers and the end of a connection."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.faults import Fault
from engine.web import Request, Response
from tests.tools.raw import Raw, random_cuts, turns, until
from tests.tools.serving import Plain, Tap, chunked, echo, get, post, serving, streamed


def test_requests_on_one_connection_are_answered_one_after_another(run) -> None:
    async def main() -> None:
        async with serving(echo) as served, await served.connect() as client:
            for body in (b"one", b"two", b"x" * 300_000):
                await client.send(post(body, "/a"))
                answer = await client.answer()
                assert (answer.status, answer.body, answer.framing) == (200, b"POST /a " + body, "length")
                assert "connection" not in answer.headers
                assert answer.headers["date"].endswith(" GMT")
            assert served.listener.connections == 1

    run(main())


def test_what_the_handler_sees_of_a_request(run) -> None:
    seen: list[Request] = []

    async def handler(request: Request, client: Any) -> None:
        seen.append(request)
        client.send(Response(204))

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            await client.send(get("/a%2Fb?c=d", "x-y: z"))
            answer = await client.answer()
            assert (answer.status, answer.framing, "content-length" in answer.headers) == (204, "none", False)

    run(main())
    (request,) = seen
    assert (request.method, request.path, request.query, request.version) == ("GET", "/a%2Fb", "c=d", "1.1")
    assert request.headers.get(b"x-y") == b"z"
    assert (request.body, request.incoming) == (b"", None)
    assert (request.peer, request.on_loopback, request.secure) == ("127.0.0.1", True, False)


def test_pipelined_requests_are_served_in_order_one_at_a_time_f36(run) -> None:
    active = 0

    async def handler(request: Request, client: Any) -> None:
        nonlocal active
        active += 1
        assert active == 1
        await asyncio.sleep(0)
        active -= 1
        await echo(request, client)

    async def main() -> None:
        count = 1000
        async with serving(handler) as served, await served.connect() as client:
            sending = asyncio.ensure_future(client.send(b"".join(post(b"%d" % n, "/p") for n in range(count))))
            answers = await client.answers(*["POST"] * count)
            await sending
            assert [answer.body for answer in answers] == [b"POST /p %d" % n for n in range(count)]

    run(main())


def test_pipelined_requests_take_turns_with_other_connections(run) -> None:
    order: list[str] = []

    async def handler(request: Request, client: Any) -> None:
        order.append(request.path)
        client.send(Response(200))

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as many, await served.connect() as one:
            await until(lambda: served.listener.connections == 2)
            many.sock.send(get("/many") * 400)
            one.sock.send(get("/one"))
            await one.answer()
            await many.answers(*["GET"] * 400)

    run(main())
    assert order.index("/one") < 399


@pytest.mark.parametrize("seed", range(6))
def test_the_cut_of_the_bytes_makes_no_difference_i4(run, seed: int) -> None:
    sent = post(b"a" * 50, "/1") + chunked(b"bc", b"d" * 40, path="/2") + get("/3") + post(b"", "/4")

    async def main() -> None:
        async with serving(echo) as served, await served.connect() as client:
            await client.send(sent, range(len(sent)) if seed == 0 else random_cuts(sent, seed))
            answers = await client.answers("POST", "POST", "GET", "POST")
            bodies = [b"POST /1 " + b"a" * 50, b"POST /2 bc" + b"d" * 40, b"GET /3 ", b"POST /4 "]
            assert [answer.body for answer in answers] == bodies

    run(main())


def test_head_is_answered_without_a_body(run) -> None:
    async def main() -> None:
        async with serving(echo) as served, await served.connect() as client:
            await client.send(get("/a", method="HEAD") + get("/b"))
            first, second = await client.answers("HEAD", "GET")
            assert (first.headers["content-length"], first.body) == (str(len(b"HEAD /a ")), b"")
            assert second.body == b"GET /b "

    run(main())


def test_head_of_a_stream_closes_the_source_and_keeps_the_connection(run) -> None:
    tap = Tap()

    async def handler(request: Request, client: Any) -> None:
        if request.method == "HEAD":
            assert await client.stream(streamed(tap), lambda _: None) is None
        else:
            client.send(Response(200))

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            await client.send(get(method="HEAD") + get())
            first, second = await client.answers("HEAD", "GET")
            assert first.headers["transfer-encoding"] == "chunked"
            assert second.status == 200

    run(main())
    assert tap.calls == ["close"]


@pytest.mark.parametrize("fields", [(), ("connection: keep-alive",)])
def test_http_1_0_gets_one_answer_and_the_end_of_the_connection(run, fields: tuple[str, ...]) -> None:
    async def main() -> None:
        async with serving(echo) as served, await served.connect() as client:
            await client.send(get("/a", *fields, version="1.0"))
            answer = await client.answer()
            assert (answer.body, answer.framing, answer.headers["connection"]) == (b"GET /a ", "length", "close")
            assert await client.read_to_end() == b""

    run(main())


def test_connection_close_is_honoured(run) -> None:
    async def main() -> None:
        async with serving(echo) as served, await served.connect() as client:
            await client.send(get("/a", "connection: close") + get("/never"))
            answer = await client.answer()
            assert answer.headers["connection"] == "close"
            assert await client.read_to_end() == b""
            assert served.listener.connections <= 1

    run(main())


def test_a_stream_is_chunked_and_keeps_the_connection(run) -> None:
    tap, sizes = Tap(), []

    async def handler(request: Request, client: Any) -> None:
        assert await client.stream(streamed(tap), sizes.append) is None

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            await client.send(get())
            head = await client._head()
            assert head[1]["transfer-encoding"] == "chunked", "the head does not wait for the first piece"
            for piece in (b"one", b"three"):
                tap.push(piece)
                assert await client.read() == b"%x\r\n%b\r\n" % (len(piece), piece)
            tap.end()
            assert await client.read() == b"0\r\n\r\n"
            await client.send(get())
            assert (await client._head())[0] == 200
            tap.end()
            assert await client.read() == b"0\r\n\r\n"

    run(main())
    assert sizes == [3, 5]


def test_a_stream_to_http_1_0_ends_with_the_connection(run) -> None:
    tap = Tap()

    async def handler(request: Request, client: Any) -> None:
        assert await client.stream(streamed(tap), lambda _: None) is None

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            await client.send(get("/", "connection: keep-alive", version="1.0"))
            await until(lambda: tap.write)
            tap.push(b"one")
            tap.push(b"two")
            tap.end()
            answer = await client.answer()
            assert (answer.body, answer.framing, answer.headers["connection"]) == (b"onetwo", "close", "close")
            assert "transfer-encoding" not in answer.headers

    run(main())


def test_a_fault_in_a_stream_is_told_in_band_and_the_connection_goes_on_f06(run) -> None:
    tap, faults = Tap(), []

    async def handler(request: Request, client: Any) -> None:
        faults.append(await client.stream(streamed(tap), lambda _: None))

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            await client.send(get())
            await until(lambda: tap.write)
            tap.push(b"data;")
            tap.end(Fault("upstream_stalled"))
            assert (await client.answer()).body == b"data;!upstream_stalled"
            await client.send(get(method="HEAD"))
            assert (await client.answer("HEAD")).status == 200

    run(main())
    assert faults[0].code == "upstream_stalled"


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_truncation_without_words_shows_f07(run, version: str) -> None:
    tap, faults = Tap(), []

    async def handler(request: Request, client: Any) -> None:
        faults.append(await client.stream(streamed(tap, Plain(words=b"")), lambda _: None))

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            await client.send(get(version=version))
            await until(lambda: tap.write)
            tap.push(b"half")
            await client.read()
            tap.end(Fault("upstream_truncated"))
            if version == "1.1":
                with pytest.raises((ConnectionResetError, AssertionError)):
                    await client.answer()
            else:
                with pytest.raises(ConnectionResetError):
                    await client.read_to_end()

    run(main())
    assert [fault.code for fault in faults] == ["upstream_truncated"]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"GET / HTTP/1.1\nhost: x\n\n", "bad_request"),
        (get("/", "content-length: 3", "transfer-encoding: chunked"), "bad_request"),
        (get(version="2.0"), "version_not_supported"),
        (get("/" + "a" * 9000), "uri_too_long"),
        (get("/", "x: " + "y" * 17000), "head_too_large"),
        (get("/", "expect: 200-ok", "content-length: 3", method="POST"), "expectation_failed"),
    ],
)
def test_a_malformed_request_gets_one_answer_and_fin_i1(run, sent: bytes, code: str) -> None:
    handled: list[str] = []

    async def handler(request: Request, client: Any) -> None:
        handled.append(request.path)
        await echo(request, client)

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            await client.send(get("/good") + sent + get("/smuggled"))
            assert (await client.answer()).body == b"GET /good "
            answer = await client.answer()
            assert (answer.status, answer.body, answer.headers["connection"]) == (Fault(code).status, code.encode(), "close")
            assert await client.read_to_end() == b"", "FIN, not a reset"
            assert served.refused == [(code, "")]

    run(main())
    assert handled == ["/good"]


def test_a_client_that_goes_on_sending_after_a_refusal_still_reads_it(run) -> None:
    async def main() -> None:
        async with serving(echo) as served, await served.connect() as client:
            await client.send(b"BAD\r\n\r\n")
            await client.send(b"x" * 30_000)
            assert (await client.answer()).status == 400
            assert await client.read_to_end() == b""

    run(main())


def test_an_early_answer_with_an_unread_body_closes_i5(run) -> None:
    handled: list[str] = []

    async def handler(request: Request, client: Any) -> None:
        handled.append(request.path)
        client.send(Response(401, [], b"no"))

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            body = get("/smuggled") + b"x" * 20_000
            await client.send(get("/", f"content-length: {2 * len(body)}", method="POST"))
            answer = await client.answer()
            assert (answer.status, answer.headers["connection"]) == (401, "close")
            await client.send(body)
            assert await client.read_to_end() == b""
            assert served.listener.connections == 1, "it is not closed before the client had time to read"

    run(main())
    assert handled == ["/"]


def test_the_drain_after_an_early_answer_is_bounded_in_bytes_and_time_i5(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.server.line.LINGER_SECONDS", 0.02)

    async def handler(request: Request, client: Any) -> None:
        client.send(Response(401))

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            # A client that reads its answer only after a great part of its body is sent, as many do.
            await client.send(get("/", "content-length: 9000000", method="POST") + b"x" * 200_000)
            assert (await client.answer()).status == 401
            with pytest.raises(OSError):
                await client.send(b"x" * 100_000_000)
            await until(lambda: served.listener.connections == 0)

    run(main())


def test_a_handler_that_raises_is_a_500_and_reported(run) -> None:
    async def handler(request: Request, client: Any) -> None:
        raise KeyError("secret")

    async def main() -> None:
        async with serving(handler, reports=1) as served, await served.connect() as client:
            await client.send(get("/a"))
            answer = await client.answer()
            assert (answer.status, answer.body, answer.headers["connection"]) == (500, b"internal", "close")
            assert await client.read_to_end() == b""
            assert served.refused == [("internal", "/a")]

    run(main())


def test_a_handler_that_does_not_answer_is_a_500_and_reported(run) -> None:
    async def handler(request: Request, client: Any) -> None:
        pass

    async def main() -> None:
        async with serving(handler, reports=1) as served, await served.connect() as client:
            await client.send(get())
            assert (await client.answer()).status == 500

    run(main())


def test_a_fault_that_a_handler_lets_through_is_answered(run) -> None:
    async def handler(request: Request, client: Any) -> None:
        raise Fault("overloaded")

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            await client.send(get())
            assert (await client.answer()).body == b"overloaded"

    run(main())


def test_a_header_that_cannot_be_written_is_a_500_i2(run) -> None:
    async def handler(request: Request, client: Any) -> None:
        client.send(Response(200, [(b"x", b"a\r\nset-cookie: b")]))

    async def main() -> None:
        async with serving(handler, reports=1) as served, await served.connect() as client:
            await client.send(get())
            assert (await client.answer()).status == 500

    run(main())


def test_a_refusal_that_cannot_be_written_is_reported_and_the_end(run) -> None:
    async def handler(request: Request, client: Any) -> None:
        raise KeyError

    def refuse(fault: Fault, path: str) -> Response:
        raise ValueError

    async def main() -> None:
        async with serving(handler, reports=2) as served, await served.connect() as client:
            served.listener._door.refuse = refuse
            await client.send(get())
            assert await client.read_to_end() == b""
            assert [type(exc) for exc in served.reported] == [KeyError, ValueError]

    run(main())


def test_a_handler_that_fails_after_its_answer_closes_the_connection(run) -> None:
    async def handler(request: Request, client: Any) -> None:
        client.send(Response(200, [], b"fine"))
        raise KeyError

    async def main() -> None:
        async with serving(handler, reports=1) as served, await served.connect() as client:
            await client.send(get())
            assert (await client.answer()).body == b"fine"
            assert await client.read_to_end() == b""

    run(main())


def test_a_request_is_answered_once(run) -> None:
    async def handler(request: Request, client: Any) -> None:
        client.send(Response(200, [], b"one"))
        with pytest.raises(RuntimeError):
            client.send(Response(200, [], b"two"))

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            await client.send(get() + get())
            assert [answer.body for answer in await client.answers("GET", "GET")] == [b"one", b"one"]

    run(main())


async def _leave(client: Raw, how: str) -> None:
    if how == "fin":
        client.close()
    elif how == "half":
        client.finish()
    else:
        client.reset()


@pytest.mark.parametrize("how", ["fin", "half", "reset"])
@pytest.mark.parametrize("phase", ["head", "body", "handling", "streaming"])
def test_a_client_that_leaves_cancels_its_handler_f30_f31(run, phase: str, how: str) -> None:
    began, ended, tap = [], [], Tap()

    async def handler(request: Request, client: Any) -> None:
        began.append(request)
        try:
            if request.incoming is not None:
                await request.incoming.read()
            if phase == "streaming":
                await client.stream(streamed(tap), lambda _: None)
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError as exc:
            ended.append(exc.args)
            raise

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            sent = post(b"body")
            await client.send(sent[:20] if phase == "head" else sent[:-2] if phase == "body" else sent)
            if phase != "head":
                await until(lambda: began)
            if phase == "streaming":
                await until(lambda: tap.write)
                tap.push(b"x")
                await client.read()
            await _leave(client, how)
            await until(lambda: served.listener.connections == 0)

    run(main())
    assert ended == ([] if phase == "head" else [("client_gone",)])
    assert tap.cancelled == (phase == "streaming")


def test_a_fin_right_behind_a_request_is_gone_too_f31(run) -> None:
    async def handler(request: Request, client: Any) -> None:
        await asyncio.get_running_loop().create_future()

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            client.sock.send(get())
            client.finish()
            assert await client.read_to_end() == b""
            await until(lambda: served.listener.connections == 0)

    run(main())


def test_who_has_the_whole_answer_may_leave_while_the_handler_ends(run) -> None:
    ended: list[str] = []

    async def main() -> None:
        go_on = asyncio.get_running_loop().create_future()

        async def handler(request: Request, client: Any) -> None:
            client.send(Response(200))
            await go_on
            ended.append(request.path)

        async with serving(handler) as served, await served.connect() as client:
            await client.send(get("/a") + get("/never"))
            await client.answer()
            client.close()
            await until(lambda: served.listener.connections == 0)
            go_on.set_result(None)
            await turns()

    run(main())
    assert ended == ["/a"]


def test_expect_is_answered_when_the_body_is_asked_for_i6(run) -> None:
    async def main() -> None:
        asked = asyncio.get_running_loop().create_future()

        async def handler(request: Request, client: Any) -> None:
            await asked
            await echo(request, client)

        async with serving(handler) as served, await served.connect() as client:
            await client.send(get("/", "expect: 100-continue", "content-length: 4", method="POST"))
            await turns()
            with pytest.raises(BlockingIOError):
                client.sock.recv(1)
            asked.set_result(None)
            assert await client.read() == b"HTTP/1.1 100 Continue\r\n\r\n"
            await client.send(b"bo")
            await client.send(b"dy")
            answer = await client.answer()
            assert (answer.body, answer.interim) == (b"POST / body", [])
            await client.send(get())
            assert (await client.answer()).interim == []

    run(main())


@pytest.mark.parametrize("there", [4, 2])
def test_expect_is_not_answered_when_the_body_has_begun_i6(run, there: int) -> None:
    async def main() -> None:
        async with serving(echo) as served, await served.connect() as client:
            await client.send(post(b"body", "/", "expect: 100-continue")[: there - 4 or None])
            await turns()
            await client.send(b"body"[there:])
            answer = await client.answer()
            assert (answer.body, answer.interim) == (b"POST / body", [])

    run(main())


def test_expect_is_not_answered_after_a_final_answer_i6(run) -> None:
    async def handler(request: Request, client: Any) -> None:
        client.send(Response(401, [], b"no"))

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            await client.send(get("/", "expect: 100-continue", "content-length: 4", method="POST"))
            answer = await client.answer()
            assert (answer.status, answer.interim, answer.headers["connection"]) == (401, [], "close")

    run(main())
