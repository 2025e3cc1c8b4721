"""The vendors' SDKs as clients, the real command between, a provider of every format: 16 pairs, whole and streamed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from tests.golden.conversations.answers import calls
from tests.tools.conversation import answered
from tests.tools.deployed import Deployed, deployed
from tests.tools.replaying import Replaying
from tests.tools.sdks import DATA, SDKS, URL_SAFE, Question

TABLE = """
version: 1
server: {listen: "${LISTEN}"}
providers:
  chat: {kind: mistral, keys: ["${KEY}"], base_url: "${UP}/v1", allow_private: true}
  responses: {kind: openai, format: openai_responses, keys: ["${KEY}"], base_url: "${UP}/v1", allow_private: true}
  messages: {kind: anthropic, keys: ["${KEY}"], base_url: "${UP}", allow_private: true}
  gemini: {kind: gemini, keys: ["${KEY}"], base_url: "${UP}/v1beta", allow_private: true}
models:
  - {name: "C-*", provider: chat}
  - {name: "R-*", provider: responses}
  - {name: "A-*", provider: messages}
  - {name: "G-*", provider: gemini}
pipelines:
  chat: [decode, {select: {by: model}}, {call: {retries: 0}}, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}
  - {match: "POST /v1/responses", speaks: openai_responses, pipeline: chat, public: true}
  - {match: "POST /anthropic/v1/messages", speaks: anthropic_messages, pipeline: chat, public: true}
  - {match: "POST /gemini/{version}/models/{model}:generateContent", speaks: gemini_generate, pipeline: chat, public: true}
  - {match: "POST /gemini/{version}/models/{model}:streamGenerateContent", speaks: gemini_generate, pipeline: chat,
     public: true}
"""
ANSWERS = {
    "text": [answered("Hello – ☀.", cached=10)],
    "json": [answered('{"city":"Oslo"}')],
    "loop": [calls("Oslo", "Rome", text="Let me see."), answered("In Rome.")],
    "thoughts": [calls(text="Hello", thought="Somebody greets.")],
    "length": [answered("Once upon", finish=("length", "max_output_tokens", "max_tokens", "MAX_TOKENS"))],
    "filter": [answered("I", finish=("content_filter", "content_filter", "refusal", "SAFETY"))],
    "thinking-loop": [calls("Oslo", "Rome", thought="Two calls."), answered("In Rome.")],
}


@pytest.fixture(scope="module")
def provider() -> Iterator[Replaying]:
    with Replaying(ANSWERS) as it:
        yield it
        assert it.complaints == []


@pytest.fixture(scope="module")
def served(provider: Replaying) -> Iterator[Deployed]:
    with deployed(TABLE, UP=provider.origin, KEY="sk-up") as it:
        yield it


@pytest.fixture(scope="module", params=SDKS, ids=lambda sdk: sdk.__name__)
def sdk(request: pytest.FixtureRequest, served: Deployed) -> Iterator[Any]:
    made = request.param(served.url)
    yield made
    made.close()


PROVIDERS = pytest.mark.parametrize("theirs", "CRAG")
STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@STREAMED
@PROVIDERS
def test_a_text_and_its_tokens(sdk: Any, provider: Replaying, theirs: str, stream: bool) -> None:
    told = sdk.ask(Question(f"{theirs}-text", stream))
    assert (told.text, told.usage, told.finish) == ("Hello – ☀.", (30, 20), sdk.finishes["stop"])
    assert provider.asked(f"{theirs}-text")[-1].letter == theirs


@STREAMED
@PROVIDERS
@pytest.mark.parametrize("name", ["loop", "thinking-loop"])
def test_a_loop_of_calls_and_results(sdk: Any, provider: Replaying, theirs: str, stream: bool, name: str) -> None:
    asked = Question(f"{theirs}-{name}", stream, tools=True, think=name != "loop")
    first = sdk.ask(asked)
    assert [(called, given) for _, called, given in first.calls] == [
        ("weather", {"city": "Oslo"}),
        ("weather", {"city": "Rome"}),
    ]
    assert first.finish == sdk.finishes["calls"]
    second = sdk.ask(Question(asked.model, stream, tools=True, think=asked.think, before=first))
    assert second.text == "In Rome."
    sent = provider.asked(asked.model)[-1].text
    assert all(word in sent for word in ('"warm"', '"hot"'))
    # What the provider sealed is there again, byte for byte, and nothing of ours is.
    assert "gw1." not in sent
    if name != "loop" and theirs != "C":
        assert {"R": '"SEAL"', "A": '"SEAL"', "G": '"U0VBTA=="'}[theirs] in sent


@STREAMED
@PROVIDERS
def test_a_picture(sdk: Any, provider: Replaying, theirs: str, stream: bool) -> None:
    told = sdk.ask(Question(f"{theirs}-text", stream, image=True))
    assert told.text == "Hello – ☀."
    # Google's SDK writes base64 in the alphabet of URLs, which no other provider takes.
    sent = provider.asked(f"{theirs}-text")[-1].text
    assert (DATA in sent) or (theirs == sdk.letter == "G" and URL_SAFE in sent)


@STREAMED
@PROVIDERS
def test_json_of_a_schema(sdk: Any, provider: Replaying, theirs: str, stream: bool) -> None:
    told = sdk.ask(Question(f"{theirs}-json", stream, schema=True))
    assert orjson.loads(told.text) == {"city": "Oslo"}
    document = provider.asked(f"{theirs}-json")[-1].document
    where = {
        "C": ["response_format", "json_schema", "schema"], "R": ["text", "format", "schema"],
        "A": ["output_config", "format", "schema"], "G": ["generationConfig", "responseJsonSchema"],
    }[theirs]  # fmt: skip
    for key in where:
        document = document[key]
    assert document["required"] == ["city"]


@STREAMED
@PROVIDERS
@pytest.mark.parametrize("why", ["length", "filter"])
def test_why_an_answer_ended(sdk: Any, theirs: str, stream: bool, why: str) -> None:
    asked = Question(f"{theirs}-{why}", stream)
    if stream and why in sdk.raised:
        with pytest.raises(sdk.raised[why]):
            sdk.ask(asked)
        return
    told = sdk.ask(asked)
    assert told.finish == sdk.finishes[why]
    assert told.text


@STREAMED
@PROVIDERS
def test_thoughts(sdk: Any, theirs: str, stream: bool) -> None:
    told = sdk.ask(Question(f"{theirs}-thoughts", stream, think=True))
    assert (told.thought, told.text) == ("Somebody greets.", "Hello")


@STREAMED
@PROVIDERS
@pytest.mark.parametrize("status", [400, 429, 503])
def test_an_error_is_the_sdks_own(sdk: Any, theirs: str, stream: bool, status: int) -> None:
    with pytest.raises(sdk.errors[status]) as caught:
        sdk.ask(Question(f"{theirs}-{status}", stream))
    known: Any = caught.value
    assert getattr(known, "status_code", getattr(known, "code", None)) == status
    if status == 400:
        assert "told by the provider" in str(known)


@PROVIDERS
def test_an_error_within_a_stream(sdk: Any, theirs: str) -> None:
    with pytest.raises(sdk.errors[0]):
        sdk.ask(Question(f"{theirs}-broken", stream=True))
