"""Gemini generateContent: a client's request, read in full (https://ai.google.dev/api/generate-content)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import ChatRequest, Output, Reasoning, Text
from engine.formats.demand import (
    a_boolean,
    a_count,
    a_number,
    a_string,
    an_integer,
    an_object,
    below,
    items,
    maybe,
    strings,
)  # fmt: skip
from engine.formats.gemini_generate.read_contents import read_contents
from engine.formats.gemini_generate.read_tools import read_choice, read_tools
from engine.formats.gemini_generate.words import READ, READ_CONFIG, camelled
from engine.formats.json_schema import from_openapi

if TYPE_CHECKING:
    from engine.chat import Asked

CONFIG = "generationConfig"
_JSON = "application/json"


def read_request(document: dict[str, Any], asked: Asked) -> ChatRequest:
    """Raises Fault("invalid_body") naming the place of what is malformed. The model stands in the path."""
    document = camelled(document)
    config = camelled(maybe(document, CONFIG, an_object) or {})
    rest = {key: value for key, value in document.items() if key not in READ and value is not None}
    rest |= {key: value for key, value in config.items() if key not in READ_CONFIG and value is not None}
    return ChatRequest(
        model=asked.model,
        messages=read_contents(document.get("contents")),
        system=_read_system(document.get("systemInstruction")),
        tools=read_tools(document),
        choice=read_choice(document),
        max_tokens=maybe(config, "maxOutputTokens", a_count, CONFIG),
        temperature=maybe(config, "temperature", a_number, CONFIG),
        top_p=maybe(config, "topP", a_number, CONFIG),
        top_k=maybe(config, "topK", an_integer, CONFIG),
        seed=maybe(config, "seed", an_integer, CONFIG),
        frequency_penalty=maybe(config, "frequencyPenalty", a_number, CONFIG),
        presence_penalty=maybe(config, "presencePenalty", a_number, CONFIG),
        n=maybe(config, "candidateCount", a_count, CONFIG),
        logprobs=maybe(config, "responseLogprobs", a_boolean, CONFIG),
        top_logprobs=maybe(config, "logprobs", an_integer, CONFIG),
        stop=maybe(config, "stopSequences", strings, CONFIG) or [],
        output=_read_output(config),
        reasoning=_read_reasoning(config),
        service_tier=(maybe(document, "serviceTier", a_string) or "").lower(),
        stream=asked.stream,
        rest=rest,
    )


def _read_system(given: object) -> list[Text]:
    """A string, a content, or a content whose `parts` is one object: the service takes them all."""
    if given is None or given == "":
        return []
    if isinstance(given, str):
        return [Text(given)]
    parts, at = an_object(given, "systemInstruction").get("parts"), "systemInstruction.parts"
    listed = [(parts, at)] if isinstance(parts, dict) else list(items(parts if parts is not None else [], at))
    texts = (maybe(an_object(part, place), "text", a_string, place) for part, place in listed)
    return [Text(text) for text in texts if text]


def _read_output(config: dict[str, Any]) -> Output | None:
    mime = maybe(config, "responseMimeType", a_string, CONFIG) or ""
    schema = maybe(config, "responseJsonSchema", an_object, CONFIG)
    if schema is None and (given := maybe(config, "responseSchema", an_object, CONFIG)):
        schema = from_openapi(given)
    if schema is not None:
        return Output("schema", schema)
    return Output("json") if mime == _JSON else None


def _read_reasoning(config: dict[str, Any]) -> Reasoning | None:
    given = maybe(config, "thinkingConfig", an_object, CONFIG)
    if given is None:
        return None
    told, at = camelled(given), below(CONFIG, "thinkingConfig")
    return Reasoning(
        (maybe(told, "thinkingLevel", a_string, at) or "").lower().removeprefix("thinking_level_unspecified"),
        maybe(told, "thinkingBudget", an_integer, at),
        maybe(told, "includeThoughts", a_boolean, at),
    )
