"""Media by URL, fetched for who needs the bytes: what is asked for, what is refused, and how it ends."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from engine.faults import Fault
from engine.formats import FORMATS
from engine.ports import Patience
from engine.program import StageUse
from engine.stages.conversing import Conversing
from engine.stages.decode import Fetch
from engine.stages.fetching import AT_ONCE, Busy, Fetches, fetches_of
from engine.strategies.strategy import once
from engine.targets import Ask, Origin, Target
from tests.tools.step import HANG, FakeReply, World, reply, stage, targets

(CHAT,) = targets("c")
(GEMINI,) = targets("g", format="gemini_generate")
(CLAUDE,) = targets("a", format="anthropic_messages")
PNG = b"\x89PNG, or so it says"
CAT, DOG = "https://a.example/cat", "https://a.example/dog"


def png(body: bytes = PNG, media_type: bytes = b"image/png", status: int = 200, fault: Fault | None = None) -> FakeReply:
    return FakeReply(status, ((b"content-type", media_type),), [body[:5], body[5:]], fault)


@dataclass
class Web:
    """A ports.Get that answers by path."""

    answers: dict[str, Any]
    asked: list[tuple[str, str]] = field(default_factory=list)
    patience: list[Patience] = field(default_factory=list)
    under_way: int = 0
    most: int = 0
    dropped: int = 0

    async def get(self, origin: Origin, path: str, patience: Patience) -> Any:
        self.asked.append((str(origin), path))
        self.patience.append(patience)
        assert not origin.allow_private
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        answer = self.answers[path]
        try:
            await (asyncio.Event().wait() if answer == HANG else asyncio.sleep(0))
        except asyncio.CancelledError:
            self.dropped += 1
            raise
        finally:
            self.under_way -= 1
        if isinstance(answer, Fault):
            raise answer
        return answer


def images(*urls: str) -> dict[str, Any]:
    content = [{"type": "text", "text": "look"}, *({"type": "image_url", "image_url": {"url": url}} for url in urls)]
    return {"model": "m", "messages": [{"role": "user", "content": content}]}


def conversing(web: Web, document: dict[str, Any], spoken: str = "openai_chat", **rules: Any) -> tuple[Conversing, Busy]:
    world, busy = World(), Busy()
    exchange = world.chat("m")
    exchange.chat.document = document
    exchange.chat.body = json.dumps(document).encode()
    fetches = Fetches(Fetch(**rules), web.get, world.services.now, busy)
    return Conversing(exchange, FORMATS[spoken], world.services, "warn", fetches), busy


def sent(web: Web, document: dict[str, Any], target: Target, spoken: str = "openai_chat", **rules: Any) -> tuple[Any, str]:
    """(what goes to the provider, what was lost)."""
    talk, busy = conversing(web, document, spoken, **rules)
    asyncio.run(talk.fetch(FORMATS[target.format], 1e9))
    assert (busy.requests, web.under_way) == (0, 0)
    conversion, outgoing = talk.begin(target)
    return json.loads(outgoing.body), conversion.told()


def refused(web: Web, document: dict[str, Any], target: Target = GEMINI, spoken: str = "openai_chat", **rules: Any) -> Fault:
    talk, busy = conversing(web, document, spoken, **rules)
    with pytest.raises(Fault) as caught:
        asyncio.run(talk.fetch(FORMATS[target.format], 1e9))
    assert (busy.requests, web.under_way) == (0, 0)
    assert all(answer.closed for answer in web.answers.values() if isinstance(answer, FakeReply) and answer.was_read)
    return caught.value


# -- who gets bytes ----------------------------------------------------------------------------------------------------------


def test_who_cannot_read_urls_gets_bytes_and_nothing_is_lost() -> None:
    web = Web({"/cat": png()})
    document, lost = sent(web, images(CAT), GEMINI)
    data = base64.b64encode(PNG).decode()
    assert document["contents"][0]["parts"][1] == {"inlineData": {"mimeType": "image/png", "data": data}}
    assert "image_url" not in lost
    assert web.asked == [("https://a.example", "/cat")]
    assert web.answers["/cat"].closed


def test_who_reads_urls_gets_the_url() -> None:
    web = Web({})
    document, _ = sent(web, images(CAT), CLAUDE)
    assert document["messages"][0]["content"][1]["source"] == {"type": "url", "url": CAT}
    assert not web.asked


def test_the_clients_own_format_has_its_urls_back_also_where_it_is_written_anew() -> None:
    web = Web({})
    file = {"fileData": {"mimeType": "image/png", "fileUri": CAT}}
    talk, _ = conversing(web, {"contents": [{"role": "user", "parts": [file]}]}, "gemini_generate")
    asyncio.run(talk.fetch(FORMATS["gemini_generate"], 1e9))
    assert CAT.encode() in talk.begin(GEMINI, FORMATS["gemini_generate"])[1].body
    assert not web.asked


def test_a_file_by_url_for_a_format_that_has_no_word_for_it() -> None:
    web = Web({"/paper": png(b"%PDF-1.7", b"application/pdf")})
    piece = {"type": "input_file", "file_url": "https://a.example/paper"}
    asked = {"model": "m", "input": [{"role": "user", "content": [piece]}]}
    document, _ = sent(web, asked, CHAT, "openai_responses")
    (part,) = document["messages"][0]["content"]
    assert part["file"]["file_data"] == "data:application/pdf;base64," + base64.b64encode(b"%PDF-1.7").decode()


def test_media_in_a_tools_result_too() -> None:
    web = Web({"/cat": png()})
    source = {"type": "url", "url": CAT}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "image", "source": source}]}
    call = {"type": "tool_use", "id": "t1", "name": "look", "input": {}}
    messages = [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    document, _ = sent(web, {"model": "m", "max_tokens": 9, "messages": messages}, GEMINI, "anthropic_messages")
    assert "inlineData" in json.dumps(document)
    assert CAT not in json.dumps(document)


def test_what_the_table_does_not_list_and_what_is_no_web_url_is_left_alone() -> None:
    web = Web({})
    document, lost = sent(web, images(CAT), GEMINI, kinds=["file"])
    assert document["contents"][0]["parts"][1]["fileData"]["fileUri"] == CAT
    assert "image_url" in lost
    document, _ = sent(web, images("gs://bucket/cat"), GEMINI)
    assert document["contents"][0]["parts"][1]["fileData"]["fileUri"] == "gs://bucket/cat"
    assert not web.asked


def test_each_url_once_for_all_attempts_and_the_next_provider_has_the_url_again() -> None:
    web = Web({"/cat": png(), "/dog": png()})
    talk, _ = conversing(web, images(CAT, DOG, CAT))

    async def main() -> None:
        await asyncio.gather(talk.fetch(FORMATS[GEMINI.format], 1e9), talk.fetch(FORMATS[GEMINI.format], 1e9))
        await talk.fetch(FORMATS[GEMINI.format], 1e9)

    asyncio.run(main())
    assert sorted(web.asked) == [("https://a.example", "/cat"), ("https://a.example", "/dog")]
    assert talk.begin(GEMINI)[1].body.count(b"inlineData") == 3
    assert talk.begin(CLAUDE)[1].body.count(CAT.encode()) == 2


# -- what is refused ---------------------------------------------------------------------------------------------------------

LATE = "it did not come within 10 seconds"
NOBODY = "its host has no public address"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (png(status=302), "a redirect, which is not followed"),
        (png(status=404), "status 404"),
        (png(status=206), "status 206"),
        (png(media_type=b"text/html"), "its content type is text/html"),
        (png(b"x" * 21), "it is larger than 20 bytes"),
        (png(fault=Fault("upstream_truncated")), "is not valid, or was cut off"),
        (Fault("upstream_too_large"), "it is larger than 20 bytes"),
        (Fault("upstream_blocked", inside="10.0.0.7"), NOBODY),
        (Fault("upstream_dns", inside="10.0.0.7"), NOBODY),
        (Fault("upstream_connect", inside="192.0.2.7 port 443: ECONNREFUSED"), "its host cannot be reached"),
        (Fault("upstream_tls", inside="192.0.2.7"), "no trusted certificate"),
        (Fault("upstream_timeout"), LATE),
        (Fault("upstream_stalled"), LATE),
        (Fault("upstream_encoding"), "compressed"),
    ],
)
def test_what_does_not_come_as_it_should_is_an_error_of_the_request_that_names_the_piece(answer: Any, says: str) -> None:
    fault = refused(Web({"/cat": answer}), images(CAT), limit=20)
    assert (fault.code, fault.status, fault.row.retryable) == ("unfetched", 400, False)
    assert fault.param == "messages[0].content[1].image_url.url"
    assert f"`{fault.param}`" in fault.message
    assert says in fault.message
    told = fault.message + fault.inside
    assert not [word for word in ("10.0.0", "192.0.2", "a.example") if word in told], "neither address nor URL"


def test_a_name_inside_and_a_name_that_is_not_are_told_alike() -> None:
    faults = [refused(Web({"/cat": Fault(code)}), images(CAT)) for code in ("upstream_dns", "upstream_blocked")]
    assert faults[0].message == faults[1].message


def test_nothing_is_cut_to_fit() -> None:
    exactly, _ = sent(Web({"/cat": png(b"x" * 20)}), images(CAT), GEMINI, limit=20)
    assert len(base64.b64decode(exactly["contents"][0]["parts"][1]["inlineData"]["data"])) == 20
    web = Web({"/cat": png(b"x" * 20), "/dog": png(b"x" * 20)})
    fault = refused(web, images(CAT, DOG), limit=20, total=39)
    assert "all that is fetched is larger than 39 bytes" in fault.message


def test_what_a_failed_attempt_read_does_not_count_against_the_next() -> None:
    web = Web({"/cat": png(b"x" * 20, fault=Fault("upstream_truncated"))})
    talk, _ = conversing(web, images(CAT), total=30)
    with pytest.raises(Fault, match="unfetched"):
        asyncio.run(talk.fetch(FORMATS[GEMINI.format], 1e9))
    web.answers["/cat"] = png(b"x" * 20)
    asyncio.run(talk.fetch(FORMATS[GEMINI.format], 1e9))
    assert b"inlineData" in talk.begin(GEMINI)[1].body


def test_too_many_are_refused_before_any_is_fetched() -> None:
    web = Web({})
    fault = refused(web, images(*(f"{CAT}{n}" for n in range(4))), most=3)
    assert (fault.code, fault.status) == ("unfetched", 400)
    assert "at most 3" in fault.message
    assert not web.asked


def test_a_url_that_is_not_plain_is_refused_unasked() -> None:
    web = Web({})
    for url in ("http://a.example/cat", "https://u:p@a.example/cat", "https://127.1/cat", "https://a.example:8443/cat"):
        assert refused(web, images(url)).code == "unfetched"
    assert not web.asked


# -- how many, how long ------------------------------------------------------------------------------------------------------


def test_several_at_once_but_not_all() -> None:
    web = Web({f"/{n}": png() for n in range(8)})
    document, _ = sent(web, images(*(f"https://a.example/{n}" for n in range(8))), GEMINI)
    assert [("inlineData" in part) for part in document["contents"][0]["parts"]] == [False] + [True] * 8
    assert web.most == AT_ONCE


def test_one_moment_for_all_of_them_within_the_calls_own() -> None:
    for due, until in ((1e9, 107.0), (103.0, 103.0)):
        web = Web({"/cat": png(), "/dog": png()})
        talk, _ = conversing(web, images(CAT, DOG), timeout=7.0)  # the world's clock stands at 100
        asyncio.run(talk.fetch(FORMATS[GEMINI.format], due))
        assert {one.until for one in web.patience} == {until}
        assert {one.most for one in web.patience} == {20 * 1024 * 1024}


def test_the_first_that_fails_ends_the_others() -> None:
    web = Web({"/cat": HANG, "/dog": png(status=500)})
    assert "status 500" in refused(web, images(CAT, DOG)).message
    assert web.dropped <= 1
    assert web.under_way == 0


def test_a_client_that_leaves_ends_them_all() -> None:
    web = Web({"/cat": HANG, "/dog": HANG})
    talk, busy = conversing(web, images(CAT, DOG))

    async def main() -> None:
        fetching = asyncio.create_task(talk.fetch(FORMATS[GEMINI.format], 1e9))
        await asyncio.sleep(0.001)
        assert (busy.requests, web.under_way) == (1, 2)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching

    asyncio.run(main())
    assert (busy.requests, web.under_way, web.dropped) == (0, 0, 2)


def test_a_worker_fetches_for_so_many_requests_at_once() -> None:
    web = Web({"/cat": png()})
    talk, busy = conversing(web, images(CAT), requests=2)
    busy.requests = 2
    with pytest.raises(Fault) as caught:
        asyncio.run(talk.fetch(FORMATS[GEMINI.format], 1e9))
    assert (caught.value.code, caught.value.status, busy.requests) == ("overloaded", 503, 2)
    assert not web.asked


# -- within a call -----------------------------------------------------------------------------------------------------------

GEMINI_SAYS = b'{"candidates":[{"content":{"role":"model","parts":[{"text":"a cat"}]},"finishReason":"STOP"}]}'


def calling(web: Web, words: str, *answers: FakeReply) -> tuple[World, Any]:
    """A world whose route fetches, and an exchange with a picture for `g`, a Gemini."""
    world = World(answers).route(stages=(StageUse("decode", stage(words)),))
    world.services.get = web.get
    exchange = world.chat("m", plan=once(Ask((GEMINI,))))
    exchange.chat.document = images(CAT)
    exchange.chat.body = json.dumps(exchange.chat.document).encode()
    return world, exchange


def test_a_call_fetches_where_the_routes_decode_says_so() -> None:
    web = Web({"/cat": png()})
    world, exchange = calling(web, "decode: {fetch: {}}", reply(body=GEMINI_SAYS))
    world.step("call: {timeout: 4s}", exchange)
    assert b"inlineData" in world.transport.sent[0].body
    assert [one.until for one in web.patience] == [104.0], "no longer than the call itself"
    web = Web({})
    world, exchange = calling(web, "decode", reply(body=GEMINI_SAYS))
    assert fetches_of(world.binding) is None
    world.step("call", exchange)
    assert CAT.encode() in world.transport.sent[0].body
    assert not web.asked


def test_what_cannot_be_fetched_is_not_tried_again_and_nothing_is_sent() -> None:
    web = Web({"/cat": png(status=500)})
    world, exchange = calling(web, "decode: {fetch: {}}")
    with pytest.raises(Fault, match="unfetched"):
        world.step("call: {retries: 3}", exchange)
    assert (len(web.asked), world.transport.sent, world.waits) == (1, [], [])
    assert [one.code for one in exchange.tries] == ["unfetched"]
    assert world.binding.shared["fetching"].requests == 0
    assert world.binding.shared["retries"].active == 0
