"""Echo's answer as the events of a Chat Completions stream, word by word."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from engine.providers.echo_answer import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.providers.echo_answer import Answer

_fragment = re.compile(r".{1,8}", re.DOTALL)  # of tool arguments


def chunks(head: dict[str, Any], said: Answer, many: int, usage: dict[str, Any] | None) -> Iterator[bytes]:
    """Events in OpenAI's order: the role of each choice, its content, its finish, then usage when it is wanted, `[DONE]`.

    When usage is wanted every chunk but the last has a null one, as OpenAI's have."""
    shape = {**head, "object": "chat.completion.chunk", **({} if usage is None else {"usage": None})}

    def event(choice: int, delta: dict[str, Any], finish: str | None = None) -> bytes:
        row = {"index": choice, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _write({**shape, "choices": [row]})

    deltas = list(_deltas(said))
    for delta in deltas:
        yield from (event(choice, delta) for choice in range(many))
    yield from (event(choice, {}, said.finish) for choice in range(many))
    if usage is not None:
        yield _write({**shape, "choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


def _deltas(said: Answer) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": None if said.calls else "", "refusal": None}
    for word in words_of(said.content or ""):
        yield {"content": word}
    for index, call in enumerate(said.calls):
        begun = {"index": index, "id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
        yield {"tool_calls": [begun]}
        for fragment in _fragment.findall(call.arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": fragment}}]}


def _write(chunk: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % orjson.dumps(chunk)
