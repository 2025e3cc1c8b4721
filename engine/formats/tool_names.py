"""Names of tools and ids of calls, fitted to what a format allows: deterministic, so that the same name is written the same way
in every turn, and named back in the answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class Rule:
    """`allowed` matches a whole name that may stay as it is; `outside` the characters that are replaced; `first`: a name begins
    with a letter or `_`."""

    allowed: re.Pattern[str]
    outside: re.Pattern[str]
    longest: int
    first: bool = False


def _rule(characters: str, longest: int, first: bool = False) -> Rule:
    start = "[A-Za-z_]" if first else f"[{characters}]"
    return Rule(re.compile(f"{start}[{characters}]{{0,{longest - 1}}}"), re.compile(f"[^{characters}]"), longest, first)


_WORD = "A-Za-z0-9_-"
NAMES = {
    "openai_chat": _rule(_WORD, 64),
    "openai_responses": _rule(_WORD, 128),
    "anthropic_messages": _rule(_WORD, 128),
    "gemini_generate": _rule("A-Za-z0-9_.:-", 128, first=True),
}
# Formats that are not named take any id.
IDS = {
    "openai_chat": _rule("!-~", 64),
    "openai_responses": _rule("!-~", 64),
    "anthropic_messages": _rule(_WORD, 64),
}


def fitted(name: str, rule: Rule) -> str:
    """`name`, or what stands for it: its allowed characters and six hex digits of its hash."""
    if rule.allowed.fullmatch(name):
        return name
    clean = rule.outside.sub("_", name)
    if rule.first and not re.match("[A-Za-z_]", clean):
        clean = "_" + clean
    tail = blake2b(name.encode(errors="surrogatepass"), digest_size=3).hexdigest()
    return f"{clean[: rule.longest - 7]}_{tail}"


def tool_name(name: str, format: str) -> str:
    return fitted(name, NAMES[format])


def call_id(id: str, format: str) -> str:
    rule = IDS.get(format)
    return id if rule is None else fitted(id, rule)
