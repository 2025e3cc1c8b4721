"""What a conversation holds, as features of formats/losses.py: one walk over the request, the same for every target.

Features that depend on how a target writes (a name that it does not allow, a budget that does not fit) are noted by its writer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.chat import Call, Media, Message, Native, Refusal, Result, Text, Thinking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.chat import ChatRequest, Piece
    from engine.formats.losses import Losses

# Top-level fields that stand for state at the provider.
STATE = frozenset(
    {
        "previous_response_id", "conversation", "background", "prompt", "item_reference", "cachedContent", "container",
        "mcp_servers",
    }
)  # fmt: skip

# Fields of ChatRequest that are features by the same name.
_SCALARS = ("top_k", "seed", "verbosity", "user", "metadata", "service_tier", "cache_key")
_PENALTIES = ("frequency_penalty", "presence_penalty")


def note_request(chat: ChatRequest, losses: Losses) -> None:
    """Notes what `chat` holds. Raises Fault("unsupported") for what the target cannot do."""
    for feature in _features(chat):
        losses.note(feature)
    for field, value in chat.rest.items():
        if field not in STATE:
            losses.note("field", field)
        elif value not in (None, False, "", [], {}):
            losses.note("state", field)


def _features(chat: ChatRequest) -> Iterator[str]:
    yield from (name for name in _SCALARS if getattr(chat, name) not in (None, "", {}))
    # A penalty of 0 is none.
    yield from (name for name in _PENALTIES if getattr(chat, name))
    if chat.max_tokens is None:
        yield "max_tokens"
    if chat.stop:
        yield "stop"
    if chat.n is not None and chat.n > 1:
        yield "n"
    if chat.logprobs or chat.top_logprobs:
        yield "logprobs"
    if chat.parallel is False:
        yield "parallel"
    if chat.choice is not None and chat.choice.mode == "some":
        yield "tool_choice_some"
    yield from _of_output(chat)
    yield from _of_tools(chat)
    if any(text.cache for text in chat.system):
        yield "cache"
    for message in chat.messages:
        yield from _of_message(message)


def _of_output(chat: ChatRequest) -> Iterator[str]:
    output = chat.output
    if output is not None and output.kind == "json":
        yield "json_mode"
    elif output is not None and (output.strict is not None or output.name or output.description):
        yield "schema_strict"


def _of_tools(chat: ChatRequest) -> Iterator[str]:
    for tool in chat.tools:
        if tool.kind != "function":
            yield f"{tool.kind}_tool"
        if tool.strict:
            yield "tool_strict"
        if tool.cache:
            yield "cache"


def _of_message(message: Message) -> Iterator[str]:
    if message.role == "system":
        yield "system_in_place"
    if message.name:
        yield "message_name"
    called = False
    for piece in message.pieces:
        yield from _of_piece(piece)
        if isinstance(piece, Call):
            called = True
        elif called and isinstance(piece, Text) and message.role == "assistant":
            yield "order"


def _of_piece(piece: Piece) -> Iterator[str]:
    match piece:
        case Media():
            yield from _of_media(piece)
        case Result():
            if piece.is_error:
                yield "result_error"
            for inner in piece.pieces:
                if isinstance(inner, Media):
                    yield "result_media"
                    yield from _of_media(inner)
        case Native():
            yield "native_piece"
        case Text() | Call() | Thinking() | Refusal():
            pass
    if getattr(piece, "cache", ""):
        yield "cache"


def _of_media(media: Media) -> Iterator[str]:
    if media.kind in ("audio", "video"):
        yield media.kind
    elif media.file_id:
        yield "file_id"
    elif media.url:
        yield f"{media.kind}_url"
    if media.detail:
        yield "image_detail"
