"""Floods of what is cheap to send, against the real command: pipelines, malformed requests, tiny chunks."""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import time
from collections.abc import Iterator

import orjson
import pytest

from tests.conftest import Measure
from tests.tools.deployed import CHAT, Deployed, chat, deployed, run, until
from tests.tools.load import posting
from tests.tools.raw import Answer, Raw, random_cuts
from tests.tools.running import children_of
from tests.tools.serving import get

KEY = "gw-canary-floods-0123456789"
TABLE = """
version: 1
server:
  listen: "${LISTEN}"
providers:
  echo: {kind: echo, by_headers: true, pace: 1ms}
default: {provider: echo}
pipelines:
  open: [decode, {select: {by: model}}, call, convert, log]
  locked: [{auth: {keys: ["${GATEWAY_KEY}"]}}, decode, {select: {by: model}}, call, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: open, public: true}
  - {match: "POST /locked/v1/chat/completions", speaks: openai_chat, pipeline: locked}
  - {match: "GET /mine", pipeline: [{auth: {keys: ["${GATEWAY_KEY}"]}}, {respond: {body: "one"}}]}
  - {match: "GET /word", public: true, pipeline: [{respond: {body: "one"}}]}
  - {match: "GET /metrics", pipeline: [metrics]}
"""
MANY = bool(os.environ.get("ENGINE_TEST_MANY"))


@pytest.fixture(scope="module")
def served() -> Iterator[Deployed]:
    with deployed(TABLE, GATEWAY_KEY=KEY) as it:
        yield it


@pytest.fixture
def worker(served: Deployed) -> int:
    return children_of(served.process.pid)[0]


def spent(pid: int) -> float:
    """Seconds of CPU time of a process's main thread."""
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0]) / 1e9


def resident(pid: int) -> int:
    """Bytes."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def said(answer: Answer) -> str:
    content: str = orjson.loads(answer.body)["choices"][0]["message"]["content"]
    return content


@pytest.mark.parametrize("seed", range(2))
def test_a_thousand_pipelined_requests(served: Deployed, seed: int, measured: Measure) -> None:
    """F-36, I1, I4: all sent before the first is answered, cut anywhere; in order, and each with its own key or without."""
    requests = [posting(chat("m", "turn 0"), x_echo_delay="100ms")]
    for n in range(1, 1000):
        right, wrong = f"authorization: Bearer {KEY}", f"authorization: Bearer {KEY}x"
        asked = posting(chat("m", f"turn {n}"), f"/locked{CHAT}", authorization=f"Bearer {KEY}")
        # A refusal before a body has come would end the connection (I5): those refused have none.
        requests.append((get("/mine"), asked, get("/mine", wrong), get("/mine", right))[n % 4])
    data = b"".join(requests)

    async def main() -> list[Answer]:
        async with await Raw.open(served.address) as raw:
            sending = asyncio.create_task(raw.send(data, random_cuts(data, seed, 50)))
            answers = await raw.answers(*["GET"] * len(requests))
            await sending
            return answers

    began = time.monotonic()
    answers = run(main())
    measured("a thousand pipelined requests took", time.monotonic() - began, "s")
    wanted = [200] + [401 if n % 4 in (0, 2) else 200 for n in range(1, 1000)]
    wrong = [n for n, (answer, status) in enumerate(zip(answers, wanted, strict=True)) if answer.status != status]
    wrong += [n for n, answer in enumerate(answers) if n % 4 == 1 and said(answer) != f"turn {n}"]
    measured("of a thousand answers out of order or with another's key", len(wrong), at_most=0)


def unread(sock_port: int, server_port: int) -> int:
    """Bytes that the kernel holds for the server's end of a connection (proc(5): rx_queue)."""
    with open("/proc/net/tcp") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    ends = (f":{server_port:04X}", f":{sock_port:04X}")
    return next(int(row[4].split(":")[1], 16) for row in rows if row[1].endswith(ends[0]) and row[2].endswith(ends[1]))


def test_what_is_sent_behind_a_slow_request_is_left_in_the_kernel(served: Deployed, worker: int, measured: Measure) -> None:
    """F-36: the gateway takes 64 KiB of it, and what it was reading."""

    async def main() -> int:
        async with await Raw.open(served.address) as raw:
            await raw.send(posting(chat("m"), x_echo_delay="400ms"))
            sent, flood = 0, get("/word") * 5000
            for _ in range(40):
                try:
                    sent += raw.sock.send(flood)
                except BlockingIOError:
                    await asyncio.sleep(0.005)
            unsent = struct.unpack("i", fcntl.ioctl(raw.sock, 0x5411, b"\0" * 4))[0]  # SIOCOUTQ
            assert sent > 2**20, "enough to see a difference"
            taken = sent - unsent - unread(raw.sock.getsockname()[1], served.address[1])
            raw.reset()
            return taken

    before = resident(worker)
    measured("taken in behind a request under way", run(main()) / 1024, "KiB", at_most=64 + 256)
    measured("memory for it", (resident(worker) - before) / 1024, "KiB", at_most=1024, hard=8192)


MALFORMED = {
    "bare-lf": b"GET /word HTTP/1.1\nhost: x\n\n",
    "no-host": b"GET /word HTTP/1.1\r\n\r\n",
    "fold": b"GET /word HTTP/1.1\r\nhost: x\r\na: b\r\n c\r\n\r\n",
    "space-before-colon": b"GET /word HTTP/1.1\r\nhost: x\r\na : b\r\n\r\n",
    "nul": b"GET /word HTTP/1.1\r\nhost: x\r\na: \x00\r\n\r\n",
    "cl-and-te": b"POST /word HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
    "version": b"GET /word HTTP/3.0\r\nhost: x\r\n\r\n",
    "method": b"BREW /word HTTP/1.1\r\nhost: x\r\n\r\n",
    "target": b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    "fields": b"GET /word HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 200 + b"\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


async def each_on_its_own(address: tuple[str, int], requests: list[bytes]) -> list[bytes]:
    """The first 12 bytes of each answer; eight at a time."""
    heard: list[bytes] = []

    async def call(mine: list[bytes]) -> None:
        for request in mine:
            async with await Raw.open(address) as raw:
                raw.sock.send(request)
                heard.append((await raw.read_to_end())[:12])

    await asyncio.gather(*(call(requests[n::8]) for n in range(8)))
    return heard


def cost(served: Deployed, worker: int, requests: list[bytes]) -> tuple[float, list[bytes]]:
    """Microseconds of CPU for each, and how the answers begin."""
    before = spent(worker)
    heard = run(each_on_its_own(served.address, requests))
    return (spent(worker) - before) / len(requests) * 1e6, heard


def test_a_malformed_request_costs_no_more_than_a_good_one(served: Deployed, worker: int, measured: Measure) -> None:
    """F-37: each on a connection of its own. One line a second for each kind on stderr, and no row of the log."""
    count = 20_000 if MANY else 1500
    good = posting(chat("m"), connection="close")
    bad = [request for _ in range(count // len(MALFORMED)) for request in MALFORMED.values()]
    cost(served, worker, [good] * 200 + bad[:200])  # warm
    rows, lines = served.running.logged.qsize(), len(served.said)
    refused = served.figure("engine_refused_total")
    of_good, heard = cost(served, worker, [good] * count)
    assert set(heard) == {b"HTTP/1.1 200"}
    before, began = resident(worker), time.monotonic()
    of_bad, heard = cost(served, worker, bad)
    took = time.monotonic() - began
    assert {answer[:10] for answer in heard} <= {b"HTTP/1.1 4", b"HTTP/1.1 5"}
    assert {orjson.loads(line)["status_code"] for line in list(served.running.logged.queue)[rows:]} <= {200, 499}
    assert served.figure("engine_refused_total") - refused == len(bad)
    measured("CPU of a malformed request", of_bad, f"us, {of_good:.0f} of a good one", at_most=of_good, hard=2 * of_good)
    measured(f"memory after {len(bad)} malformed requests", (resident(worker) - before) / 1024, "KiB", at_most=1024, hard=8192)
    until(lambda: any("not valid HTTP" in line for line in served.said[lines:]))
    kinds = 5  # bad_request, head_too_large, uri_too_long, not_implemented, version_not_supported
    measured(f"lines on stderr in {took:.1f} s", len(served.said) - lines, at_most=kinds * (int(took) + 2))


def chunk_flood(size: int, count: int = 100_000) -> bytes:
    head = get(CHAT, "content-type: application/json", "transfer-encoding: chunked", method="POST")
    empty = len(orjson.dumps(chat("m", "")))
    body = orjson.dumps(chat("m", "w" * (size * count - empty)))
    return head + b"".join(b"%x\r\n%b\r\n" % (size, body[at : at + size]) for at in range(0, size * count, size)) + b"0\r\n\r\n"


def test_a_hundred_thousand_tiny_chunks(served: Deployed, worker: int, measured: Measure) -> None:
    """F-37: chunks of one byte are refused soon, and cost no more than a good request of the size that was read; those of
    16 bytes, which are allowed, cost what they cost."""

    async def sent(data: bytes) -> Answer:
        async with await Raw.open(served.address) as raw:
            raw.sock.setblocking(False)
            sending = asyncio.create_task(asyncio.get_running_loop().sock_sendall(raw.sock, data))
            answer = await raw.answer("POST")
            await asyncio.gather(sending, return_exceptions=True)
            return answer

    def each(data: bytes, times: int) -> tuple[float, Answer]:
        before = spent(worker)
        answers = [run(sent(data)) for _ in range(times)]
        return (spent(worker) - before) / times * 1000, answers[-1]

    each(chunk_flood(1), 3)
    took, answer = each(chunk_flood(1), 10)
    assert (answer.status, answer.headers["connection"]) == (400, "close")
    assert b"too many tiny chunks" in answer.body
    measured("CPU of 100,000 chunks of one byte", took, "ms", at_most=5, hard=50)
    took, answer = each(chunk_flood(16), 2)
    assert answer.status == 200
    measured("CPU of 100,000 chunks of 16 bytes, answered", took, "ms", at_most=200, hard=2000)
