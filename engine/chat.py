"""A conversation in the house's own words: what routing needs of a request, the request in full, and what a reply cost.

The full shape is only built when client and provider speak different formats; equal formats pass untouched. It is wide
enough that a format read into it and written back loses nothing that another format could say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(slots=True)
class Asked:
    """A chat request as far as routing needs it. `body` is the client's bytes, untouched; `document` is the same,
    parsed. `model` is the name that the client gave ("" when it gave none)."""

    model: str
    stream: bool
    body: bytes
    document: dict[str, Any]


@dataclass(slots=True)
class Usage:
    """Tokens, as the provider counted them. `input` is everything sent, cached included; `output` everything generated,
    reasoning included. `cached` were read from a cache, `written` were put into one."""

    input: int = 0
    output: int = 0
    cached: int = 0
    reasoning: int = 0
    written: int = 0


@dataclass(slots=True)
class Seal:
    """Opaque state that a provider wants back byte for byte: a signature of thoughts, encrypted reasoning. Only its
    `issuer`, the name of a format, can read it."""

    issuer: str
    value: str


@dataclass(slots=True)
class Citation:
    """Where a text comes from. `start` and `end` are characters of the text, -1 where that is not told."""

    url: str = ""
    title: str = ""
    quote: str = ""
    start: int = -1
    end: int = -1


@dataclass(slots=True)
class Text:
    """`cache`: the prompt may be cached up to here ("5m", "1h"; "" no mark). `seal`: Gemini's thought signature beside it."""

    text: str
    cache: str = ""
    citations: list[Citation] = field(default_factory=list)
    seal: Seal | None = None


@dataclass(slots=True)
class Media:
    """One of `data` (base64), `url` and `file_id` (which only its own provider knows) is set. `mime` is "" where only the URL
    is known."""

    kind: Literal["image", "file", "audio", "video"]
    mime: str = ""
    data: str = ""
    url: str = ""
    file_id: str = ""
    name: str = ""
    detail: str = ""
    cache: str = ""


@dataclass(slots=True)
class Call:
    """`id` is "" where the provider gave none. `arguments` is the JSON text as it came (free text for a `custom` tool), parsed
    only by a writer that must."""

    id: str
    name: str
    arguments: str = ""
    custom: bool = False
    seal: Seal | None = None
    cache: str = ""


@dataclass(slots=True)
class Result:
    """What a tool said, for the call of the same `id`; `name` is that call's, where it is known."""

    id: str
    name: str = ""
    pieces: list[Text | Media] = field(default_factory=list)
    is_error: bool = False
    cache: str = ""


@dataclass(slots=True)
class Thinking:
    """Reasoning that is shown, or only sealed (`text` ""). `redacted`: all of it is in the seal. `id` is a Responses item's."""

    text: str = ""
    seal: Seal | None = None
    redacted: bool = False
    id: str = ""


@dataclass(slots=True)
class Refusal:
    text: str


@dataclass(slots=True)
class Native:
    """A piece that only its own format has: a server tool's call or result."""

    format: str
    raw: dict[str, Any]


Piece = Text | Media | Call | Result | Thinking | Refusal | Native


@dataclass(slots=True)
class Message:
    """`system` only for system text within the conversation; what leads it is in ChatRequest.system. Results stand first in
    a user's message. `developer`: the client's word for system text was that."""

    role: Literal["system", "user", "assistant"]
    pieces: list[Piece] = field(default_factory=list)
    name: str = ""
    developer: bool = False


@dataclass(slots=True)
class Tool:
    """`schema` is a JSON Schema object, None when the tool takes nothing. `native`: a server tool, in `raw` as its format says
    it; `custom`: free text in, `raw` holds its grammar."""

    name: str
    description: str = ""
    schema: dict[str, Any] | None = None
    strict: bool | None = None
    kind: Literal["function", "custom", "native"] = "function"
    raw: dict[str, Any] = field(default_factory=dict)
    cache: str = ""


@dataclass(slots=True)
class ToolChoice:
    """`one` and `some` name the tools; `required`: with `some`, one of them must be called."""

    mode: Literal["auto", "none", "required", "one", "some"]
    names: list[str] = field(default_factory=list)
    required: bool = False


@dataclass(slots=True)
class Output:
    """The wanted form of the answer: any JSON, or JSON of `schema`."""

    kind: Literal["json", "schema"]
    schema: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    description: str = ""
    strict: bool | None = None


@dataclass(slots=True)
class Reasoning:
    """`effort` is a word (none, minimal, low, medium, high, xhigh, max) or ""; `budget` is tokens (0: off, -1: the model
    decides) or None; `show`: thoughts are wanted in the answer, None where the client did not say."""

    effort: str = ""
    budget: int | None = None
    show: bool | None = None


@dataclass(slots=True)
class ChatRequest:
    """None, "" and empty stand for what the client did not say. `rest` are top-level fields of the client's format that no
    other format has, as they came; what to do about each says formats/losses.py. `stream_usage`: the client wants the
    tokens told in its stream."""

    model: str
    messages: list[Message] = field(default_factory=list)
    system: list[Text] = field(default_factory=list)
    tools: list[Tool] = field(default_factory=list)
    choice: ToolChoice | None = None
    parallel: bool | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    stop: list[str] = field(default_factory=list)
    output: Output | None = None
    reasoning: Reasoning | None = None
    verbosity: str = ""
    user: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    service_tier: str = ""
    cache_key: str = ""
    stream: bool = False
    stream_usage: bool = True
    rest: dict[str, Any] = field(default_factory=dict)
