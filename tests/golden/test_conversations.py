"""Golden conversations: what every pair of formats makes of them, whole and streamed."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest

from engine.chat import Asked
from engine.faults import Fault
from engine.formats import FORMATS
from engine.formats.anthropic_messages import grammar as of_messages
from engine.formats.conversion import Conversion, read_chat
from engine.formats.format import Habits, Telling
from engine.formats.gemini_generate import grammar as of_gemini
from engine.formats.losses import Losses
from engine.formats.openai_chat import grammar as of_chat
from engine.formats.openai_responses import grammar as of_responses
from tests.golden.conversations import answers, settings, tools, words
from tests.tools.conversation import LETTERS, Conversation, Document, of_pair, seen
from tests.tools.streams import gathered_by, streamed_by

CONVERSATIONS = [*words.CONVERSATIONS, *settings.CONVERSATIONS, *tools.CONVERSATIONS, *answers.CONVERSATIONS]
ASKED = [
    pytest.param(each, client, provider, id=f"{each.name} {client}>{provider}")
    for each in CONVERSATIONS
    if not each.answers
    for client, provider in each.pairs()
]
ANSWERED = [
    pytest.param(each, client, provider, id=f"{each.name} {provider}>{client}")
    for each in CONVERSATIONS
    for provider in each.answers
    for client in each.says
    if client != provider  # else bytes pass
]
GRAMMARS: dict[str, Any] = {
    "C": lambda body: of_chat.violations(body, wants_usage=True),
    "R": of_responses.violations,
    "A": of_messages.violations,
    "G": of_gemini.violations,
}
# Sizes of pieces: whole, dripped, odd.
CUTS = (1 << 20, 1, 7, 61)


def test_there_are_enough_and_each_has_its_name() -> None:
    names = [each.name for each in CONVERSATIONS]
    assert len(names) == len(set(names)) >= 40


def conversion(told: Conversation, client: str, provider: str, *, stream: bool = False) -> Conversion:
    document = copy.deepcopy(told.says[client])
    if stream and client != "G":
        document["stream"] = True
    spoken = FORMATS[LETTERS[client]]
    chat = read_chat(spoken, Asked("m", stream, orjson.dumps(document), document))
    chat.stream_usage = True
    assert document == (told.says[client] | ({"stream": True} if stream and client != "G" else {}))
    return Conversion(spoken, FORMATS[LETTERS[provider]], Telling(chat, "a" * 24, 1, "m", Losses(spoken.name)), "warn")


@pytest.mark.parametrize(("told", "client", "provider"), ASKED)
def test_what_the_provider_gets(told: Conversation, client: str, provider: str) -> None:
    if client == provider:
        check_untouched(told, client)
        return
    pair = conversion(told, client, provider)
    if refused := of_pair(told.refuses, client, provider):
        with pytest.raises(Fault) as caught:
            pair.request(told.model(provider), Habits())
        assert (caught.value.code, caught.value.param) == ("unsupported", refused)
        return
    got = orjson.loads(pair.request(told.model(provider), Habits()))
    assert essential(provider, got) == essential(provider, told.got(client, provider))
    assert got.get("model", "in the path") == (told.model(provider) if provider != "G" else "in the path")
    assert pair.told() == of_pair(told.loses, client, provider)


def check_untouched(told: Conversation, letter: str) -> None:
    """Equal formats never go through the neutral shape: only the model's name is another."""
    wire = FORMATS[LETTERS[letter]]
    body = orjson.dumps(told.says[letter])
    sent = wire.rename(wire.peek(body, {"model": "m", "action": "generateContent"}, ""), "theirs")
    assert sent == body.replace(b'"model":"m"', b'"model":"theirs"')


def essential(provider: str, document: Document) -> Document:
    """Without the model's name, and without what is always said to providers of Responses."""
    told = {key: value for key, value in document.items() if key != "model"}
    if provider == "R":
        told.pop("store", None)
        told["tools"] = [{k: v for k, v in tool.items() if (k, v) != ("strict", False)} for tool in told.get("tools", [])]
    return told


@pytest.mark.parametrize(("told", "client", "provider"), ANSWERED)
def test_what_the_client_reads(told: Conversation, client: str, provider: str) -> None:
    pair = conversion(told, client, provider)
    body, heard = pair.reply(orjson.dumps(told.answers[provider]))
    assert heard.fault is None
    assert seen(client, orjson.loads(body)) == seen(client, told.read(client, provider))
    pair.losses.noted.clear()
    assert pair.told() == of_pair(told.misses, provider, client)


@pytest.mark.parametrize(("told", "client", "provider"), ANSWERED)
def test_what_the_client_reads_of_a_stream(told: Conversation, client: str, provider: str) -> None:
    """The same as of the whole, in the client's grammar, wherever the bytes are cut."""
    body = streamed_by(provider, told.answers[provider])
    made = {size: played(told, client, provider, body, size) for size in CUTS}
    assert len(set(made.values())) == 1
    stream = made[1]
    assert GRAMMARS[client](stream) == []
    assert seen(client, gathered_by(client, stream)) == seen(client, told.read(client, provider))


def played(told: Conversation, client: str, provider: str, body: bytes, size: int) -> bytes:
    pipe = conversion(told, client, provider, stream=True).stream("req-1")
    out = [pipe.feed(body[at : at + size]) for at in range(0, len(body), size)]
    return b"".join([*out, pipe.finish()])


@pytest.mark.parametrize(("told", "client", "provider"), ANSWERED)
def test_a_stream_for_an_answer_that_came_whole(told: Conversation, client: str, provider: str) -> None:
    body, _ = conversion(told, client, provider, stream=True).reply(orjson.dumps(told.answers[provider]))
    assert GRAMMARS[client](body) == []
    assert seen(client, gathered_by(client, body)) == seen(client, told.read(client, provider))
