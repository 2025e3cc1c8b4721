"""What echo says: pure, and the same for the same request.

It says back the last user message. It calls a tool when one must be called or the prompt names one ("use get_weather for
Paris"), and after a tool's result it answers with that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from engine.providers.sample import sample

if TYPE_CHECKING:
    from collections.abc import Iterator

_preposition = re.compile(r"^\W*(?:(?:for|with|in|on|at|of|to|about)\b\W*)?", re.IGNORECASE)


class Refused(Exception):
    """The request asks for what a real provider would refuse, too. `param` names the field."""

    def __init__(self, says: str, param: str) -> None:
        super().__init__(says)
        self.says = says
        self.param = param


@dataclass(slots=True)
class Call:
    id: str
    name: str
    arguments: str  # JSON


@dataclass(slots=True)
class Answer:
    """`finish` is the finish_reason; content is None beside calls."""

    content: str | None
    finish: str
    calls: list[Call] = field(default_factory=list)


def answer(document: dict[str, Any], fixed: str, seed: bytes) -> Answer:
    """`fixed` is said instead of the prompt when not ""; ids are hashes of `seed`. Raises Refused."""
    messages = [m for m in _list(document.get("messages")) if isinstance(m, dict)]
    prompt = next((text_of(m) for m in reversed(messages) if m.get("role") == "user"), "")
    results = list(_last_results(messages))
    if not results:
        calls = [_call(tool, prompt, seed, i) for i, tool in enumerate(_tools_to_call(document, prompt))]
        if calls:
            return Answer(None, "tool_calls", calls)
    said = fixed or ("The tool says: " + "; ".join(results) if results else prompt)
    return _cut(_shaped(document.get("response_format"), said), document)


def text_of(message: dict[str, Any]) -> str:
    """A message's text: a string, or the text parts of a list."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    texts = (part.get("text") for part in _list(content) if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))


def _last_results(messages: list[dict[str, Any]]) -> Iterator[str]:
    """The texts of the tool messages at the end, in order."""
    first = len(messages)
    while first and messages[first - 1].get("role") == "tool":
        first -= 1
    return map(text_of, messages[first:])


def _tools_to_call(document: dict[str, Any], prompt: str) -> list[dict[str, Any]]:
    tools = [t["function"] for t in _list(document.get("tools")) if isinstance(t, dict) and isinstance(t.get("function"), dict)]
    tools = [tool for tool in tools if isinstance(tool.get("name"), str)]
    choice = document.get("tool_choice")
    if isinstance(choice, dict):
        function = choice.get("function")
        wanted = function.get("name") if isinstance(function, dict) else None
        chosen = [tool for tool in tools if tool["name"] == wanted]
        if not chosen:
            raise Refused("`tool_choice` names a tool that is not in `tools`", "tool_choice")
        return chosen[:1]
    if choice == "none":
        return []
    named = [tool for tool in tools if _find_name(tool["name"], prompt)]
    if choice == "required" and not named:
        if not tools:
            raise Refused("`tool_choice` needs `tools`", "tool_choice")
        named = tools[:1]
    return named[:1] if document.get("parallel_tool_calls") is False else named


def _find_name(name: str, prompt: str) -> re.Match[str] | None:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", prompt)


def _call(tool: dict[str, Any], prompt: str, seed: bytes, number: int) -> Call:
    name = tool["name"]
    found = _find_name(name, prompt)
    # "use get_weather for Paris": what follows the name is what the tool is called with.
    said = _preposition.sub("", prompt[found.end() :] if found else prompt).strip().rstrip(".!?")
    arguments = sample(tool.get("parameters"), (said or prompt)[:200])
    if not isinstance(arguments, dict):
        arguments = {}
    return Call("call_" + digest(seed, b"%d" % number), name, orjson.dumps(arguments).decode())


def _shaped(response_format: object, said: str) -> str:
    """The text as the response format wants it."""
    wanted = response_format if isinstance(response_format, dict) else {}
    if wanted.get("type") == "json_object":
        return orjson.dumps({"echo": said}).decode()
    if wanted.get("type") == "json_schema":
        schema = wanted.get("json_schema")
        return orjson.dumps(sample(schema.get("schema") if isinstance(schema, dict) else None, said)).decode()
    return said


def _cut(said: str, document: dict[str, Any]) -> Answer:
    """A word is a token here, for limits as for usage."""
    most = document.get("max_completion_tokens", document.get("max_tokens"))
    words = words_of(said)
    if isinstance(most, int) and 0 < most < len(words):
        return Answer("".join(words[:most]), "length")
    return Answer(said, "stop")


def words_of(text: str) -> list[str]:
    """The text in pieces that join to the same text, a word each."""
    return re.findall(r"\s*\S+(?:\s+$)?|\s+", text)


def digest(*pieces: bytes) -> str:
    return blake2b(b"\0".join(pieces), digest_size=12).hexdigest()


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
