"""What a wire format cannot say, as data: one row per feature, one column per format.

Readers and writers of requests and replies note the features that they meet; this table says what that means for the target:
nothing (it is said exactly), a change, a loss, or a refusal. `engine check`, docs/formats.md and the `on_loss` of `call` all
read the same rows, and a test holds them against the converters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.faults import Fault, quoted

CHAT, RESPONSES, MESSAGES, GEMINI = "openai_chat", "openai_responses", "anthropic_messages", "gemini_generate"
COLUMNS = (CHAT, RESPONSES, MESSAGES, GEMINI)

Kind = Literal["exact", "changed", "dropped", "refused"]
OnLoss = Literal["refuse", "warn", "drop"]


@dataclass(frozen=True, slots=True)
class Loss:
    """What happens to a feature in one format; `how` says it in a few words, "" when it is exact."""

    kind: Kind
    how: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """`name` is what the warning header and the log say; `says` is for docs. `said_by`: the formats in which it can be said, by
    clients, or by providers where it is a feature of the reply."""

    name: str
    says: str
    by: dict[str, Loss]
    said_by: tuple[str, ...]
    where: Literal["request", "reply"] = "request"


EXACT = Loss("exact")
DROPPED = Loss("dropped", "left out")


def changed(how: str) -> Loss:
    return Loss("changed", how)


def refused(how: str) -> Loss:
    return Loss("refused", how)


_OWN = refused("only its own provider knows it")


def _row(
    name: str,
    says: str,
    chat: Loss,
    responses: Loss,
    messages: Loss,
    gemini: Loss,
    *,
    also: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
) -> Feature:
    """Said where it can be written exactly, and in `also`: formats that have it and cannot write all that others mean by it.
    What is exact nowhere is each format's own and said in all, or in `only`."""
    by = dict(zip(COLUMNS, (chat, responses, messages, gemini), strict=True))
    said_by = tuple(name for name in COLUMNS if by[name] is EXACT or name in also)
    return Feature(name, says, by, only or said_by or COLUMNS)


REQUEST = (
    _row("text", "what is said", EXACT, EXACT, EXACT, EXACT),
    _row("system", "system text that leads the conversation", EXACT, EXACT, EXACT, EXACT),
    _row("image", "a JPEG, PNG, GIF or WebP image in the request", EXACT, EXACT, EXACT, EXACT),
    _row("tool", "tools: name, description, schema", EXACT, EXACT, EXACT, EXACT),
    _row("tool_choice", "no call, any call or one tool's call", EXACT, EXACT, EXACT, EXACT),
    _row("tool_loop", "calls and results in the history, several a turn", EXACT, EXACT, EXACT, EXACT),
    _row("json_schema", "an answer in JSON of a schema", EXACT, EXACT, EXACT, EXACT),
    _row("top_p", "top_p", EXACT, EXACT, EXACT, EXACT),
    _row("system_in_place", "system text within the conversation", EXACT, EXACT,
         changed("a user text in the same place"), changed("a user text in the same place"), also=(MESSAGES,)),
    _row("message_name", "a message's `name`", EXACT, DROPPED, DROPPED, DROPPED),
    _row("order", "text behind tool calls in one turn", changed("text goes before the calls"), EXACT, EXACT, EXACT),
    _row("image_url", "an image by URL", EXACT, EXACT, EXACT, changed("`fileData`: the service reads public URLs only"),
         also=(GEMINI,)),
    _row("image_detail", "an image's `detail`", EXACT, EXACT, DROPPED, DROPPED),
    _row("file", "a file in the request", EXACT, EXACT, EXACT, EXACT),
    _row("file_type", "a file that is neither PDF nor text", EXACT, EXACT, refused("takes PDF and text"), EXACT),
    _row("file_url", "a file by URL", refused("a file must be in the request"), EXACT, EXACT,
         changed("`fileData`: the service reads public URLs only"), also=(GEMINI,)),
    _row("file_id", "a file by its id", _OWN, _OWN, _OWN, _OWN),
    _row("audio", "audio", EXACT, refused("takes no audio"), refused("takes no audio"), EXACT),
    _row("video", "video", refused("takes no video"), refused("takes no video"), refused("takes no video"), EXACT),
    _row("image_type", "an image that is not JPEG, PNG, GIF or WebP", EXACT, EXACT,
         refused("takes JPEG, PNG, GIF, WebP"), EXACT),
    _row("custom_tool", "a tool that takes free text", EXACT, EXACT,
         changed("a function with one string, `input`"), changed("a function with one string, `input`")),
    _row("native_tool", "a tool that the provider runs itself", _OWN, _OWN, _OWN, _OWN),
    _row("native_piece", "a provider's own tool's call or result in the history", DROPPED, DROPPED, DROPPED, DROPPED,
         only=(RESPONSES, MESSAGES, GEMINI)),
    _row("tool_name", "a tool's name that the target does not allow",
         changed("renamed, and named back"), changed("renamed, and named back"),
         changed("renamed, and named back"), changed("renamed, and named back")),
    _row("tool_strict", "`strict` of a tool", EXACT, EXACT, EXACT, DROPPED),
    _row("tool_schema", "a tool's schema with a choice or no object at its top", EXACT, EXACT,
         changed("without the choice at its top"), EXACT),
    _row("tool_choice_some", "a choice among some of the tools", EXACT, EXACT, changed("only those tools are sent"), EXACT),
    _row("forced_call", "a forced call while thinking", EXACT, EXACT, changed("left to the model"), EXACT),
    _row("parallel", "no parallel calls", EXACT, EXACT, EXACT, DROPPED),
    _row("arguments", "arguments in the history that are no JSON object", EXACT, EXACT,
         changed("an object that holds the text"), changed("an object that holds the text")),
    _row("result_error", "a tool result that is an error", changed("its text begins with `Error: `"),
         changed("its text begins with `Error: `"), EXACT, EXACT),
    _row("result_media", "media in a tool result", changed("in a user's message behind the results"), EXACT, EXACT,
         changed("behind the result"), also=(GEMINI,)),
    _row("thinking", "thoughts in the history that the target did not think", DROPPED, DROPPED, DROPPED, DROPPED),
    _row("thinking_lost", "a turn that goes on after tool calls without the thoughts before them", EXACT, EXACT,
         changed("no thinking in this turn"), EXACT),
    _row("max_tokens", "no limit of tokens", EXACT, EXACT, changed("a default is sent, since one is required"), EXACT),
    _row("temperature", "a temperature above 1", EXACT, EXACT, changed("1"), EXACT),
    _row("sampling_thinking", "temperature, top_p or top_k while thinking", EXACT, EXACT, DROPPED, EXACT),
    _row("top_k", "top_k", DROPPED, DROPPED, EXACT, EXACT, also=(CHAT,)),
    _row("seed", "seed", EXACT, DROPPED, DROPPED, EXACT),
    _row("frequency_penalty", "frequency_penalty", EXACT, DROPPED, DROPPED, EXACT),
    _row("presence_penalty", "presence_penalty", EXACT, DROPPED, DROPPED, EXACT),
    _row("stop", "stop sequences", EXACT, DROPPED, EXACT, EXACT),
    _row("stop_count", "more stop sequences than the target takes", changed("the first 4"), EXACT, EXACT,
         changed("the first 5"), only=(MESSAGES, GEMINI)),
    _row("n", "several answers", EXACT, refused("gives one answer"), refused("gives one answer"), EXACT),
    _row("logprobs", "log probabilities", EXACT, EXACT, DROPPED, EXACT),
    _row("json_mode", "any JSON as the answer", EXACT, EXACT, changed("an instruction"), EXACT),
    _row("schema_strict", "`strict`, name or description of the answer's schema", EXACT, EXACT, DROPPED, DROPPED),
    _row("effort", "reasoning effort", EXACT, EXACT, changed("a budget of tokens, or the nearest that the model knows"),
         changed("a budget of tokens, or the nearest that the model knows"), also=(MESSAGES, GEMINI)),
    _row("budget", "a budget of thinking tokens", changed("the nearest effort"), changed("the nearest effort"), EXACT, EXACT),
    _row("budget_step", "a budget of thinking tokens for a model that takes none", EXACT, EXACT, changed("the nearest effort"),
         changed("the nearest level"), only=(MESSAGES, GEMINI)),
    _row("budget_size", "a budget that does not fit below the limit of tokens", EXACT, EXACT,
         changed("cut to fit, or no thinking"), EXACT),
    _row("verbosity", "verbosity", EXACT, EXACT, DROPPED, DROPPED),
    _row("user", "the end user's id", EXACT, EXACT, EXACT, DROPPED),
    _row("metadata", "metadata", EXACT, EXACT, DROPPED, DROPPED),
    _row("service_tier", "service tier", EXACT, EXACT, changed("`auto` or `standard_only`"),
         changed("`standard`, `flex` or `priority`"), also=(MESSAGES, GEMINI)),
    _row("cache", "marks of what to cache", DROPPED, DROPPED, EXACT, DROPPED),
    _row("cache_key", "prompt_cache_key", EXACT, EXACT, DROPPED, DROPPED),
    _row("state", "what was said is kept at the provider: an earlier response, a conversation, a cached content, a container",
         _OWN, _OWN, _OWN, _OWN, only=(RESPONSES, MESSAGES, GEMINI)),
    _row("field", "any other field of the client's format", DROPPED, DROPPED, DROPPED, DROPPED),
)  # fmt: skip

REPLY = tuple(
    Feature(row.name, row.says, row.by, row.said_by, "reply")
    for row in (
        _row("reply_text", "what is said", EXACT, EXACT, EXACT, EXACT),
        _row("reply_calls", "tool calls, with their ids", EXACT, EXACT, EXACT, EXACT),
        _row("reply_finish", "why it ended", EXACT, EXACT, EXACT, EXACT),
        _row("reply_usage", "tokens: sent, generated, cached", EXACT, EXACT, EXACT, EXACT),
        _row("citations", "citations", EXACT, EXACT, changed("URL and title, no position"), DROPPED, also=(MESSAGES, GEMINI)),
        _row("reply_logprobs", "log probabilities of the answer", EXACT, EXACT, DROPPED, DROPPED, also=(GEMINI,)),
        _row("reply_media", "media in the answer", DROPPED, DROPPED, DROPPED, EXACT, also=(RESPONSES,)),
        _row(
            "reply_native",
            "calls and results of the provider's own tools",
            DROPPED,
            DROPPED,
            DROPPED,
            DROPPED,
            only=(RESPONSES, MESSAGES, GEMINI),
        ),
        _row("reply_thinking", "thoughts", changed("`reasoning_content`"), EXACT, EXACT, EXACT, also=(CHAT,)),
        _row("reply_answers", "several answers", EXACT, changed("the first"), changed("the first"), EXACT),
    )
)
FEATURES: dict[str, Feature] = {row.name: row for row in (*REQUEST, *REPLY)}


def lost(spoken: str, theirs: str) -> dict[Feature, Loss]:
    """What is not exact between a client of the format `spoken` and a provider of `theirs`: requests on their way up, and
    replies on their way back. Nothing for equal formats, which pass untouched."""
    if spoken == theirs:
        return {}
    up = {row: row.by[theirs] for row in REQUEST if spoken in row.said_by}
    down = {row: row.by[spoken] for row in REPLY if theirs in row.said_by}
    return {row: loss for row, loss in {**up, **down}.items() if loss.kind != "exact"}


def counted(spoken: str, theirs: str) -> dict[Kind, int]:
    """How many features of such a pair are exact, changed, dropped and refused."""
    losses = [loss.kind for loss in lost(spoken, theirs).values()]
    said = sum(spoken in row.said_by for row in REQUEST) + sum(theirs in row.said_by for row in REPLY)
    others: tuple[Kind, ...] = ("changed", "dropped", "refused")
    return {"exact": said - len(losses), **{kind: losses.count(kind) for kind in others}}


class Losses:
    """What one request loses on its way to the format `target`. `noted` is by feature, in order of appearance; a field that
    only the client's format has is noted under its own name."""

    __slots__ = ("_on_loss", "noted", "target")

    def __init__(self, target: str, on_loss: OnLoss = "warn") -> None:
        self.target = target
        self._on_loss = on_loss
        self.noted: dict[str, Kind] = {}

    def note(self, feature: str, field: str = "") -> None:
        """Raises Fault("unsupported") for what is always refused, and for any loss where the route says `on_loss: refuse`."""
        loss = FEATURES[feature].by[self.target]
        if loss.kind == "exact":
            return
        name = field or feature
        if loss.kind == "refused":
            raise Fault("unsupported", f"{quoted(name)}: {loss.how}", param=name)
        if self._on_loss == "refuse":
            instead = "left out" if loss.kind == "dropped" else f"changed ({loss.how})"
            raise Fault("unsupported", f"{quoted(name)} would be {instead}, which this route refuses", param=name)
        self.noted.setdefault(name, loss.kind)

    def told(self, *more: Losses) -> str:
        """For the warning header, these and `more`: `dropped=seed,top_k; changed=temperature`; "" for nothing."""
        if self._on_loss == "drop":
            return ""
        noted = dict(item for losses in (self, *more) for item in losses.noted.items())
        told = ((kind, [name for name, kinds in noted.items() if kinds == kind]) for kind in ("dropped", "changed"))
        return "; ".join(f"{kind}={','.join(names)}" for kind, names in told if names)
