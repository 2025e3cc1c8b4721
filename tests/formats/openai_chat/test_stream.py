from __future__ import annotations

import httpx
import openai
import orjson
import pytest

from engine.faults import Fault
from engine.formats.openai_chat import FORMAT

CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}


def write(**fields: object) -> bytes:
    return b"data: %b\n\n" % orjson.dumps({**CHUNK, **fields})


def test_a_host_without_done_ends_with_its_reason() -> None:
    tap = FORMAT.tap()
    tap.feed(write(choices=[{"index": 0, "delta": {"content": "x"}, "finish_reason": None}]))
    assert not tap.finished
    tap.feed(b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n')
    assert tap.finished


def test_usage_beside_choices_counts_and_the_last_wins() -> None:
    tap = FORMAT.tap()
    for tokens in (1, 2, 3):
        choice = {"index": 0, "delta": {"content": "x"}, "finish_reason": None}
        tap.feed(write(choices=[choice], usage={"prompt_tokens": 5, "completion_tokens": tokens}))
    assert tap.usage is not None
    assert tap.usage.output == 3


def test_usage_stays_when_a_later_chunk_has_none() -> None:
    tap = FORMAT.tap()
    tap.feed(write(choices=[], usage={"prompt_tokens": 5, "completion_tokens": 1}))
    tap.feed(write(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]))
    assert tap.usage is not None
    assert tap.finished


def test_done_within_text_is_no_end() -> None:
    tap = FORMAT.tap()
    tap.feed(write(choices=[{"index": 0, "delta": {"content": "data: [DONE]"}, "finish_reason": None}]))
    assert not tap.finished


def test_the_sdk_raises_on_a_fault_in_the_stream() -> None:
    """F-06: what the openai SDK makes of it."""
    first = write(choices=[{"index": 0, "delta": {"content": "x"}, "finish_reason": None}])
    body = first + FORMAT.write_stream_fault(Fault("upstream_stalled"), "req-1")

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body)

    with (
        httpx.Client(transport=httpx.MockTransport(handle)) as http,
        openai.OpenAI(api_key="k", base_url="http://test/v1", http_client=http) as client,
    ):
        stream = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}], stream=True)
        assert next(stream).choices[0].delta.content == "x"
        with pytest.raises(openai.APIError, match="stopped sending"):
            next(stream)
