"""Every known way to hide the field that frames a body, sent to the real command (I1; reliability.md, section 1.4)."""

from __future__ import annotations

import asyncio
import re
from random import Random
from typing import Any

from engine.settings import Limits
from engine.wire.request_reader import RequestReader
from tests.fuzz.campaign import SEED, dice_of
from tests.fuzz.door import DOOR, read
from tests.fuzz.framing_mutations import mutations
from tests.tools.deployed import deployed, run
from tests.tools.raw import Raw

TABLE = """
version: 1
server: {listen: "${LISTEN}"}
providers: {echo: {kind: echo}}
default: {provider: echo}
pipelines: {chat: [decode, {select: {by: model}}, call, convert]}
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}
  - {match: "GET /hidden", public: true, pipeline: [{respond: {body: "you found me"}}]}
  - {match: "GET /metrics", pipeline: [metrics]}
"""
FINAL = re.compile(rb"HTTP/1\.1 ([2-5][0-9]{2}) [A-Z]")
AT_ONCE = 32
CONNECTIONS = 1500


async def exchange(address: tuple[str, int], data: bytes, cuts: list[int], finish: bool) -> bytes:
    """All that comes back until FIN. `finish`: nothing more is sent, and the other side is told so."""
    async with await Raw.open(address) as raw:
        await raw.send(data, cuts)
        if finish:
            raw.finish()
        return await raw.read_to_end()


def statuses(answered: bytes) -> list[int]:
    """Of the final answers."""
    return [int(status) for status in FINAL.findall(answered)]


async def all_answers(address: tuple[str, int], requests: list[bytes], finish: bool = False) -> list[bytes]:
    """Every second request is cut in two."""
    dice, room = Random(1), asyncio.Semaphore(AT_ONCE)

    async def one(place: int, data: bytes) -> bytes:
        async with room:
            return await exchange(address, data, [dice.randrange(len(data))] if place % 2 else [], finish)

    return await asyncio.gather(*(one(place, data) for place, data in enumerate(requests)))


def test_no_spoilt_framing_field_gets_a_request_through_i1(measured: Any) -> None:
    """One refusal, then FIN: the request behind is never answered. White space around a value is no flaw."""
    cases = list(mutations())
    with deployed(TABLE) as served:
        answered = run(all_answers(served.address, [data for _, data, _ in cases]))
        found = served.figure("engine_requests_total", route="GET /hidden")
    wrong, refused = [], 0
    for (what, _, fair), answer in zip(cases, answered, strict=True):
        told = statuses(answer)
        good = told == [200, 200] if fair else told in ([400], [501]) and b"connection: close" in answer.lower()
        refused += not fair and good
        if not good:
            wrong.append((what, told))
    assert wrong == []
    assert found == 8, "only behind what is allowed"
    measured("mutations of framing fields sent", len(cases), at_least=2 * 1300)
    measured("mutations refused with 400 or 501 and FIN", refused)
    measured("mutations accepted that should not be", len(wrong), at_most=0)


def test_no_more_answers_than_requests_i1_f37(measured: Any) -> None:
    """Fuzzed connections: one answer at most for every request that the reader sees, and one refusal, which is the last."""
    fuzzed = [data for number in range(CONNECTIONS) if (data := DOOR.make(dice_of(SEED, number)))]
    with deployed(TABLE) as served:
        answered = run(all_answers(served.address, fuzzed, finish=True))
        assert served.get("/hidden").status_code == 200, "and it goes on"
    for data, answer in zip(fuzzed, answered, strict=True):
        reading, told = read([data], RequestReader(Limits())), statuses(answer)
        assert len(told) <= len(reading.heads) + bool(reading.code), (data, told)
        assert bool(told) or not (reading.code or reading.ends), (data, "no answer")
        assert max(told, default=200) < 500 or max(told) in (501, 505), (data, told)
        assert not re.search(rb"(?is)connection: close\r\n.*HTTP/1\.1 [2-5]", answer), (data, "an answer after the last")
    measured("fuzzed connections", len(fuzzed))
