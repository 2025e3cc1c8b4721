"""Any conversation, written in each format and read back, is the same but for what was noted as lost."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.chat import (
    Asked,
    Call,
    ChatRequest,
    Media,
    Message,
    Output,
    Piece,
    Refusal,
    Result,
    Seal,
    Text,
    Thinking,
    Tool,
    ToolChoice,
)
from engine.formats import FORMATS
from engine.formats.format import Habits
from engine.formats.losses import CHAT, GEMINI, MESSAGES, RESPONSES, Losses
from engine.formats.noting import note_request

NAMES = ("weather", "time", "find")
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(str.strip)
said = st.builds(Text, texts)
images = st.sampled_from([Media("image", "image/png", "aGk="), Media("image", "image/png", url="https://a.example/b.png")])
files = st.sampled_from([Media("file", "application/pdf", "JVBERi0=", name="a.pdf")])
# A value as a whole: what is no object in JSON stays text.
results = st.one_of(texts.filter(lambda text: text[0] not in "{["), st.just('{"celsius":20,"sky":"blue"}'), st.just("[1,2]"))
thoughts = st.builds(
    lambda text, issuer: Thinking(text, Seal(issuer, "U0VBTA==")), texts, st.sampled_from([RESPONSES, MESSAGES, GEMINI])
)


@st.composite
def turns(draw: st.DrawFn) -> list[Message]:
    """A user, then assistants that may call, each answered."""
    out: list[Message] = [Message("user", draw(st.lists(st.one_of(said, images, files), min_size=1, max_size=3)))]
    number = 0
    for _ in range(draw(st.integers(0, 3))):
        pieces: list[Piece] = [*draw(st.lists(thoughts, max_size=1)), draw(said)]
        called = [
            Call(f"call_{number + at}", draw(st.sampled_from(NAMES)), draw(arguments)) for at in range(draw(st.integers(0, 2)))
        ]
        number += len(called)
        pieces += called
        pieces += draw(st.lists(said, max_size=1)) if called else []
        out.append(Message("assistant", pieces))
        told: list[Piece] = [
            Result(call.id, call.name, [Text(draw(results))], draw(st.booleans())) for call in draw(st.permutations(called))
        ]
        if not told or draw(st.booleans()):
            told.append(draw(said))
        out.append(Message("user", told))
    return out


arguments = st.sampled_from(["{}", '{"city":"Oslo"}', '{"city":"é","deep":{"list":[1,2.5,null,true]}}'])
tools = st.lists(st.sampled_from(NAMES), unique=True, max_size=3).map(
    lambda names: [Tool(name, "Does.", copy.deepcopy(SCHEMA)) for name in names]
)


@st.composite
def chats(draw: st.DrawFn) -> ChatRequest:
    given_tools = draw(tools)
    names = [tool.name for tool in given_tools]
    choice = None
    if names:
        mode = draw(st.sampled_from(["", "auto", "none", "required", "one", "some"]))
        picked = names[:1] if mode == "one" else names[:2] if mode == "some" and len(names) > 1 else []
        known = mode not in ("", "some") or (mode == "some" and len(picked) > 1)
        choice = ToolChoice(mode, picked, required=mode == "some" and draw(st.booleans())) if known else None  # type: ignore[arg-type]
    number = st.sampled_from([0.0, 0.5, 1.0, 1.5])
    return ChatRequest(
        "m",
        draw(turns()),
        draw(st.lists(said, max_size=2)),
        given_tools,
        choice,
        # Without any call there is nothing to be parallel.
        parallel=draw(st.sampled_from([None, False])) if names and (choice is None or choice.mode != "none") else None,
        max_tokens=draw(st.one_of(st.none(), st.integers(16, 9000))),
        temperature=draw(st.one_of(st.none(), number)),
        top_p=draw(st.sampled_from([None, 0.5])),
        seed=draw(st.sampled_from([None, 7])),
        frequency_penalty=draw(st.sampled_from([None, 0.5])),
        presence_penalty=draw(st.sampled_from([None, -0.5])),
        stop=draw(st.lists(st.sampled_from("abcdefg"), unique=True, max_size=6)),
        output=draw(
            st.sampled_from([None, Output("json"), Output("schema", SCHEMA), Output("schema", SCHEMA, "n", "d", True)])
        ),
        verbosity=draw(st.sampled_from(["", "low"])),
        user=draw(st.sampled_from(["", "u1"])),
        metadata=draw(st.sampled_from([{}, {"k": "v"}])),
        cache_key=draw(st.sampled_from(["", "k"])),
    )


# Each field with the features of the table of losses that excuse a difference.
FIELDS = {
    "max_tokens": ("max_tokens",), "temperature": ("temperature",), "top_p": (), "seed": ("seed",),
    "frequency_penalty": ("frequency_penalty",), "presence_penalty": ("presence_penalty",), "stop": ("stop", "stop_count"),
    "verbosity": ("verbosity",), "user": ("user",), "metadata": ("metadata",), "cache_key": ("cache_key",),
    "choice": ("tool_choice_some",), "parallel": ("parallel",), "tools": ("tool_choice_some",),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
@given(chat=chats())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_read_is_what_was_written_but_for_what_was_noted(name: str, chat: ChatRequest) -> None:
    before = copy.deepcopy(chat)
    losses = Losses(name)
    note_request(chat, losses)
    body = orjson.dumps(FORMATS[name].write_request(chat, losses, Habits()))
    assert chat == before, "writing changes nothing"
    read = FORMATS[name].read_request(document := orjson.loads(body), Asked("m", False, body, document))
    for field, excuses in FIELDS.items():
        same = told(field, getattr(read, field), name) == told(field, getattr(chat, field), name)
        assert same or any(excuse in losses.noted for excuse in excuses), field
    check_output(chat, read, losses)
    assert joined(read.system) == joined(chat.system) or "json_mode" in losses.noted
    assert spoken(read.messages, name, written=False) == spoken(chat.messages, name, written=True)
    for message in chat.messages:
        foreign = [p for p in message.pieces if isinstance(p, Thinking) and p.seal is not None and p.seal.issuer != name]
        assert not foreign or "thinking" in losses.noted
        errors = [p for p in message.pieces if isinstance(p, Result) and p.is_error]
        assert not errors or name in (MESSAGES, GEMINI) or "result_error" in losses.noted


def told(field: str, value: Any, name: str) -> Any:
    """A field's value, where formats have two ways to say the same."""
    if field == "choice" and value is None:
        return ToolChoice("auto")
    if field == "tools":
        return [(tool.name, tool.description, tool.schema) for tool in value]
    return value


def check_output(chat: ChatRequest, read: ChatRequest, losses: Losses) -> None:
    wanted, found = chat.output, read.output
    if wanted is not None and wanted.kind == "json":
        assert found == wanted or "json_mode" in losses.noted
    elif wanted is not None:
        assert found is not None
        assert found.schema == wanted.schema
        exact = (found.name, found.description, found.strict) == (wanted.name or "answer", wanted.description, wanted.strict)
        assert exact or "schema_strict" in losses.noted or not wanted.name
    else:
        assert found is None


def joined(system: list[Text]) -> str:
    """Responses has one text for all of it."""
    return "\n\n".join(text.text for text in system)


def spoken(messages: list[Message], name: str, *, written: bool) -> list[tuple[str, list[Any]]]:
    """Turns as (role, what is in them), with what the format is declared to lose or change taken from what was `written`."""
    out: list[tuple[str, list[Any]]] = []
    order = [piece.id for message in messages for piece in message.pieces if isinstance(piece, Call)]
    for message in messages:
        pieces = [each for piece in message.pieces for each in _piece(piece, name, written)]
        if message.role == "user" and name == GEMINI:
            pieces.sort(key=lambda piece: order.index(piece[1]) if piece[0] == "result" else len(order))
        if message.role == "assistant" and name == CHAT:
            pieces.sort(key=lambda piece: piece[0] == "call")
            said = [piece[1] for piece in pieces if piece[0] == "text"]
            pieces = [*([("text", "".join(said))] if said else []), *(piece for piece in pieces if piece[0] != "text")]
        out.append((message.role, pieces))
    return out


def _piece(piece: Piece, name: str, written: bool) -> list[tuple[Any, ...]]:
    match piece:
        case Text() | Refusal():
            return [("text", piece.text)]
        case Call():
            return [("call", piece.id, piece.name, orjson.loads(piece.arguments))]
        case Result():
            says = "".join(inner.text for inner in piece.pieces if isinstance(inner, Text))
            as_text = written and piece.is_error and name in (CHAT, RESPONSES)
            known = piece.is_error and name in (MESSAGES, GEMINI)
            return [("result", piece.id, f"Error: {says}" if as_text else says, known)]
        case Thinking():
            own = piece.seal is not None and piece.seal.issuer == name
            return [("thinking", piece.text, piece.seal)] if own else []
        case Media():
            return [("media", piece.kind, piece.mime, piece.data, piece.url)]
    return []
