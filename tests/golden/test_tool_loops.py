"""A loop of tools with thinking, through every pair of formats, to a provider that takes nothing but what it documents."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest

from engine.chat import Asked
from engine.formats import FORMATS
from engine.formats.conversion import Conversion, read_chat
from engine.formats.format import Habits, Telling
from engine.formats.losses import Losses
from tests.golden.conversations.answers import calls
from tests.golden.conversations.tools import chat_tools, gemini_tools, messages_tools, responses_tools
from tests.tools.conversation import LETTERS, MODELS, Document, answered, asked, gemini_answer, messages_answer
from tests.tools.streams import gathered_by, streamed_by
from tests.tools.strict_providers import SEALS, complaints

THIRD = MODELS | {"G": "gemini-3-pro-preview"}
QUESTIONS = asked(
    {"tools": chat_tools("weather"), "reasoning_effort": "low"},
    {"tools": responses_tools("weather"), "reasoning": {"effort": "low", "summary": "auto"}},
    {"tools": messages_tools("weather"), "thinking": {"type": "enabled", "budget_tokens": 2048}},
    {"tools": gemini_tools("weather"), "generationConfig": {"thinkingConfig": {"includeThoughts": True}}},
)
_OTHER = {"SEAL": "SEAL2", "U0VBTA==": "U0VBTDI=", "call_1": "call_3", "rs_1": "rs_2"}
PAIRS = [(client, provider) for client in "CRAG" for provider in "CRAG"]


def other(value: Any) -> Any:
    """A second turn's own ids and seals."""
    if isinstance(value, dict):
        return {key: other(each) for key, each in value.items()}
    if isinstance(value, list):
        return [other(each) for each in value]
    return _OTHER.get(value, value) if isinstance(value, str) else value


TURNS = [
    calls("Oslo", "Rome", text="Let me see.", thought="Two calls."),
    {letter: other(answer) for letter, answer in calls("Bern", thought="One more.").items()},
    answered("In Rome."),
]
# Anthropic may hide a thought; it wants that back too.
TURNS[0]["A"]["content"].insert(1, {"type": "redacted_thinking", "data": "HIDDEN"})


def conversation(client: str, provider: str, document: Document, stream: bool) -> tuple[Document, Conversion | None]:
    """(what the provider gets, the way back; None where bytes pass)."""
    spoken = FORMATS[LETTERS[client]]
    if client == provider:
        return document, None
    chat = read_chat(spoken, Asked("m", stream, orjson.dumps(document), document))
    pair = Conversion(spoken, FORMATS[LETTERS[provider]], Telling(chat, "a" * 24, 1, "m", Losses(spoken.name)), "warn")
    return orjson.loads(pair.request(THIRD[provider], Habits())), pair


def given_back(client: str, provider: str, answer: Document, pair: Conversion | None, stream: bool) -> Document:
    """What the client's SDK makes of the provider's answer."""
    if pair is None:
        return copy.deepcopy(answer)
    if not stream:
        body, heard = pair.reply(orjson.dumps(answer))
        assert heard.fault is None
        return orjson.loads(body)  # type: ignore[no-any-return]
    pipe = pair.stream("req-1")
    return gathered_by(client, pipe.feed(streamed_by(provider, answer)) + pipe.finish())


def goes_on(client: str, document: Document, answer: Document) -> Document:
    """The next request: all as it came, and the results, which come in another order where that is allowed."""
    document = copy.deepcopy(document)
    if client == "C":
        message = answer["choices"][0]["message"]
        called = message.get("tool_calls", [])
        results = [{"role": "tool", "tool_call_id": call["id"], "content": "warm"} for call in called]
        document["messages"] += [message, *results[::-1]]
    elif client == "R":
        known = [item["call_id"] for item in answer["output"] if item["type"] == "function_call"]
        results = [{"type": "function_call_output", "call_id": each, "output": "warm"} for each in known]
        document["input"] += [*answer["output"], *results[::-1]]
    elif client == "A":
        known = [block["id"] for block in answer["content"] if block["type"] == "tool_use"]
        results = [{"type": "tool_result", "tool_use_id": each, "content": "warm"} for each in known]
        document["messages"] += [
            {"role": "assistant", "content": answer["content"]},
            {"role": "user", "content": results[::-1]},
        ]
    else:
        content = answer["candidates"][0]["content"]
        called = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
        told = [{"name": each["name"], "response": {"output": "warm"}, "id": each.get("id")} for each in called]
        document["contents"] += [content, {"role": "user", "parts": [{"functionResponse": each} for each in told]}]
    return document


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("client", "provider"), PAIRS)
def test_every_turn_is_taken(client: str, provider: str, stream: bool) -> None:
    document = QUESTIONS[client]
    for turn, answers in enumerate(TURNS):
        sent, pair = conversation(client, provider, document, stream)
        assert complaints(provider, sent, THIRD[provider]) == []
        check_seals(provider, sent, turn)
        answer = given_back(client, provider, answers[provider], pair, stream)
        if turn < len(TURNS) - 1:
            document = goes_on(client, document, answer)
    assert "In Rome." in orjson.dumps(answer).decode()


SAYS: dict[str, Document] = {
    "C": {"role": "user", "content": "Go on"},
    "R": {"role": "user", "content": "Go on"},
    "A": {"role": "user", "content": "Go on"},
    "G": {"role": "user", "parts": [{"text": "Go on"}]},
}
KEYS = {"C": "messages", "R": "input", "A": "messages", "G": "contents"}
SEALED = {"text": "Hello", "thoughtSignature": "U0VBTA=="}
LATE = {"text": "", "thoughtSignature": "U0VBTA=="}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("parts", [[SEALED], [{"text": "Hello"}, LATE]], ids=["at the text", "behind the text"])
@pytest.mark.parametrize("client", "CRA")
def test_the_seal_of_a_text_comes_back_at_the_text(client: str, parts: list[Document], stream: bool) -> None:
    _, pair = conversation(client, "G", QUESTIONS[client], stream)
    answer = given_back(client, "G", gemini_answer(*parts), pair, stream)
    document = goes_on(client, QUESTIONS[client], answer)
    if client == "A":
        document[KEYS[client]].pop()  # the results, of which there are none
    document[KEYS[client]].append(SAYS[client])
    sent, _ = conversation(client, "G", document, stream)
    assert sent["contents"][1] == {"role": "model", "parts": [SEALED]}
    # Another provider gets the text alone.
    for provider in {*"CRA"} - {client}:
        sent, _ = conversation(client, provider, document, stream)
        assert complaints(provider, sent) == []
        assert "U0VBTA" not in orjson.dumps(sent).decode()


def test_a_seal_goes_to_what_it_is_of() -> None:
    """Of a text and a call that are both sealed, for a client that brings both back as thoughts without words."""
    call = {"functionCall": {"id": "call_1", "name": "weather", "args": {}}}
    told = gemini_answer(SEALED, call | {"thoughtSignature": "U0VBTDI="})
    for client in "CRA":
        _, pair = conversation(client, "G", QUESTIONS[client], stream=False)
        answer = given_back(client, "G", told, pair, stream=False)
        sent, _ = conversation(client, "G", goes_on(client, QUESTIONS[client], answer), stream=False)
        assert sent["contents"][1]["parts"] == told["candidates"][0]["content"]["parts"]


def test_citations_stay_apart() -> None:
    """Clients of Chat gather lists by `index`: two citations under one would be joined into a third."""
    sites = [
        {"url_citation": {"url": f"https://{each}.example", "title": each, "start_index": 0, "end_index": 0}} for each in "ab"
    ]
    told = [{"type": "web_search_result_location", **site["url_citation"], "cited_text": ""} for site in sites]
    _, pair = conversation("C", "A", QUESTIONS["C"], stream=True)
    answer = given_back("C", "A", messages_answer({"type": "text", "text": "News.", "citations": told}), pair, stream=True)
    assert answer["choices"][0]["message"]["annotations"] == [{"type": "url_citation", **site} for site in sites]


def check_seals(provider: str, sent: Document, turn: int) -> None:
    """All that the provider sealed so far has come back to it."""
    text = orjson.dumps(sent).decode()
    for seal in sorted(SEALS.get(provider, ()))[:turn]:
        assert f'"{seal}"' in text
    assert (provider == "A" and turn > 0) == ('"HIDDEN"' in text)
    assert "gw1." not in text


# Where the client's format is one of theirs bytes pass: what it brings along is its own affair.
TAKEOVERS = [(client, a, b) for client in "CRAG" for a in "CRAG" for b in "CRAG" if len({client, a, b}) == 3]


@pytest.mark.parametrize(("client", "first", "second"), TAKEOVERS)
def test_another_provider_takes_over_within_the_loop(client: str, first: str, second: str) -> None:
    """What the first sealed is nothing to the second, which takes the conversation all the same."""
    _, pair = conversation(client, first, QUESTIONS[client], stream=False)
    answer = given_back(client, first, TURNS[0][first], pair, stream=False)
    sent, _ = conversation(client, second, goes_on(client, QUESTIONS[client], answer), stream=False)
    assert complaints(second, sent, THIRD[second]) == []
    assert "SEAL" not in orjson.dumps(sent).decode()


GOOD = {
    "C": QUESTIONS["C"], "R": QUESTIONS["R"] | {"store": False}, "A": QUESTIONS["A"], "G": QUESTIONS["G"],
}  # fmt: skip


@pytest.mark.parametrize("letter", "CRAG")
def test_a_good_request_is_taken_and_an_odd_one_is_not(letter: str) -> None:
    assert complaints(letter, GOOD[letter], "m") == []
    assert complaints(letter, GOOD[letter] | {"odd": 1}, "m")
    loop = goes_on(letter, QUESTIONS[letter], TURNS[0][letter])
    assert complaints(letter, loop, "gemini-3-pro") == []
    key = {"C": "messages", "R": "input", "A": "messages", "G": "contents"}[letter]
    # Without the results; without the turn that called.
    assert complaints(letter, loop | {key: loop[key][:2]}, "m")
    assert complaints(letter, loop | {key: [loop[key][0], loop[key][-1]]}, "m")
    changed = orjson.loads(orjson.dumps(loop).replace(b'"SEAL"', b'"SEAM"').replace(b"U0VBTA==", b"U0VBTQ=="))
    assert bool(complaints(letter, changed, "gemini-3-pro")) == (letter != "C")
