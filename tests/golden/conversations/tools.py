"""Conversations: tools, calls and results."""

from __future__ import annotations

from typing import Any

import orjson

from tests.tools.conversation import Conversation, Document, asked, say

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
IMAGE = "aGVsbG8="
NOTHING = {"type": "object", "properties": {}}


def chat_tools(*names: str, **more: Any) -> list[Document]:
    told = {"description": "Now.", "parameters": SCHEMA}
    return [{"type": "function", "function": {"name": name, **told, **more}} for name in names]


def responses_tools(*names: str, **more: Any) -> list[Document]:
    return [{"type": "function", "name": name, "description": "Now.", "parameters": SCHEMA, **more} for name in names]


def messages_tools(*names: str, **more: Any) -> list[Document]:
    return [{"name": name, "description": "Now.", "input_schema": SCHEMA, **more} for name in names]


def gemini_tools(*names: str, **more: Any) -> list[Document]:
    told = {"description": "Now.", "parametersJsonSchema": SCHEMA}
    return [{"functionDeclarations": [{"name": name, **told, **more} for name in names]}]


def tooled(*names: str, c: Any = None, r: Any = None, a: Any = None, g: Any = None) -> dict[str, Document]:
    return asked(
        {"tools": chat_tools(*names), **(c or {})}, {"tools": responses_tools(*names), **(r or {})},
        {"tools": messages_tools(*names), **(a or {})}, {"tools": gemini_tools(*names), **(g or {})},
    )  # fmt: skip


def choice(mode: str, *names: str) -> Document:
    return {"toolConfig": {"functionCallingConfig": {"mode": mode, **({"allowedFunctionNames": list(names)} if names else {})}}}


ALLOWED = [{"type": "function", "function": {"name": "weather"}}, {"type": "function", "function": {"name": "time"}}]
FLAT = [{"type": "function", "name": "weather"}, {"type": "function", "name": "time"}]
HELLO = {"C": {"role": "user", "content": "Hello"},
         "R": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
         "A": {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
         "G": {"role": "user", "parts": [{"text": "Hello"}]}}  # fmt: skip


def loop(
    *cities: str, said: str = "", results: tuple[str, ...] = ("warm", "hot"), order: tuple[int, ...] = (0, 1, 2),
    after: str = "", is_error: bool = False, response: Document | None = None,
) -> dict[str, Document]:  # fmt: skip
    """A turn that calls `weather` for each city, and the results, which may come in another order."""
    ids = [f"call_{number}" for number in range(1, len(cities) + 1)]
    given = [orjson.dumps({"city": city}).decode() for city in cities]
    back = [at for at in order if at < len(cities)]
    prefix = "Error: " if is_error else ""
    calls = [
        {"id": known, "type": "function", "function": {"name": "weather", "arguments": told}}
        for known, told in zip(ids, given, strict=True)
    ]
    text = {"type": "text", "text": said}
    error = {"is_error": True} if is_error else {}
    response_of = response or ({"error": results[0]} if is_error else None)
    return asked(
        {"messages": [
            HELLO["C"], {"role": "assistant", "content": said or None, "tool_calls": calls},
            *({"role": "tool", "tool_call_id": ids[at], "content": prefix + results[at]} for at in back),
            *([{"role": "user", "content": after}] if after else []),
        ]},
        {"input": [
            HELLO["R"],
            *([{"type": "message", "role": "assistant",
                "content": [{"type": "output_text", "text": said, "annotations": []}]}] if said else []),
            *({"type": "function_call", "call_id": known, "name": "weather", "arguments": told}
              for known, told in zip(ids, given, strict=True)),
            *({"type": "function_call_output", "call_id": ids[at], "output": prefix + results[at]} for at in back),
            *([{"type": "message", "role": "user", "content": [{"type": "input_text", "text": after}]}] if after else []),
        ]},
        {"messages": [
            HELLO["A"],
            {"role": "assistant", "content": [
                *([text] if said else []),
                *({"type": "tool_use", "id": known, "name": "weather", "input": {"city": city}}
                  for known, city in zip(ids, cities, strict=True)),
            ]},
            {"role": "user", "content": [
                *({"type": "tool_result", "tool_use_id": ids[at], "content": results[at], **error} for at in back),
                *([{"type": "text", "text": after}] if after else []),
            ]},
        ]},
        {"contents": [
            HELLO["G"],
            {"role": "model", "parts": [
                *([{"text": said}] if said else []),
                *({"functionCall": {"id": known, "name": "weather", "args": {"city": city}}}
                  for known, city in zip(ids, cities, strict=True)),
            ]},
            {"role": "user", "parts": [
                *({"functionResponse": {"id": ids[at], "name": "weather", "response": response_of or {"output": results[at]}}}
                  for at in back),
                *([{"text": after}] if after else []),
            ]},
        ]},
    )  # fmt: skip


_crossed = loop("Oslo", "Rome", order=(1, 0))
_straight = loop("Oslo", "Rome")
_error = loop("Oslo", results=("no such city",), is_error=True)
_error_as_text = loop("Oslo", results=("Error: no such city",))
_object = loop("Oslo", results=('{"celsius":20}',), response={"celsius": 20})
_media = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": IMAGE}}
_data_url = f"data:image/png;base64,{IMAGE}"
_with_media = {
    "R": say("R", {"input": [
        *_straight["R"]["input"][:2],
        {"type": "function_call_output", "call_id": "call_1", "output": [
            {"type": "input_text", "text": "warm"}, {"type": "input_image", "image_url": _data_url, "detail": "auto"}]},
    ]}),
    "A": say("A", {"messages": [
        *loop("Oslo")["A"]["messages"][:2],
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": [
            {"type": "text", "text": "warm"}, _media]}]},
    ]}),
}  # fmt: skip
_no_ids = say("G", {"contents": [
    HELLO["G"],
    {"role": "model", "parts": [{"functionCall": {"name": "weather", "args": {"city": "Oslo"}}},
                                {"functionCall": {"name": "weather", "args": {"city": "Rome"}}}]},
    {"role": "user", "parts": [{"functionResponse": {"name": "weather", "response": {"output": "warm"}}},
                               {"functionResponse": {"name": "weather", "response": {"result": "hot"}}}]},
]})  # fmt: skip
_free = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}

CONVERSATIONS = [
    Conversation("a tool", tooled("weather")),
    Conversation("several tools", tooled("weather", "time")),
    Conversation("a tool without parameters", asked(
        {"tools": [{"type": "function", "function": {"name": "now", "description": "Now.", "parameters": NOTHING}}]},
        {"tools": [{"type": "function", "name": "now", "description": "Now.", "parameters": NOTHING}]},
        {"tools": [{"name": "now", "description": "Now.", "input_schema": NOTHING}]},
        {"tools": [{"functionDeclarations": [{"name": "now", "description": "Now.", "parametersJsonSchema": NOTHING}]}]})),
    Conversation("a strict tool", asked(
        {"tools": chat_tools("weather", strict=True)}, {"tools": responses_tools("weather", strict=True)},
        {"tools": messages_tools("weather", strict=True)}),
        gets={">G": say("G", {"tools": gemini_tools("weather")})}, loses={">G": "dropped=tool_strict"}),
    Conversation("a tool's name that few allow", asked(None, None, None, {"tools": gemini_tools("geo.weather")}),
        gets={">C": say("C", {"tools": chat_tools("geo_weather_43f50d")}),
              ">R": say("R", {"tools": responses_tools("geo_weather_43f50d")}),
              ">A": say("A", {"tools": messages_tools("geo_weather_43f50d")})},
        loses={f">{letter}": "changed=tool_name" for letter in "CRA"}),
    Conversation("the model decides", tooled("weather", c={"tool_choice": "auto"}, r={"tool_choice": "auto"},
        a={"tool_choice": {"type": "auto"}}, g=choice("AUTO"))),
    Conversation("no call", tooled("weather", c={"tool_choice": "none"}, r={"tool_choice": "none"},
        a={"tool_choice": {"type": "none"}}, g=choice("NONE"))),
    Conversation("any call", tooled("weather", c={"tool_choice": "required"}, r={"tool_choice": "required"},
        a={"tool_choice": {"type": "any"}}, g=choice("ANY"))),
    Conversation("one tool's call", tooled("weather", "time",
        c={"tool_choice": {"type": "function", "function": {"name": "time"}}},
        r={"tool_choice": {"type": "function", "name": "time"}}, a={"tool_choice": {"type": "tool", "name": "time"}},
        g=choice("ANY", "time"))),
    Conversation("some of the tools", asked(
        {"tools": chat_tools("weather", "time", "news"),
         "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": ALLOWED}}},
        {"tools": responses_tools("weather", "time", "news"),
         "tool_choice": {"type": "allowed_tools", "mode": "required", "tools": FLAT}}, None,
        {"tools": gemini_tools("weather", "time", "news"), **choice("ANY", "weather", "time")}),
        gets={">A": say("A", {"tools": messages_tools("weather", "time"), "tool_choice": {"type": "any"}})},
        loses={">A": "changed=tool_choice_some"}),
    Conversation("one call at a time", asked(
        {"tools": chat_tools("weather"), "parallel_tool_calls": False},
        {"tools": responses_tools("weather"), "parallel_tool_calls": False},
        {"tools": messages_tools("weather"), "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}),
        gets={">G": say("G", {"tools": gemini_tools("weather")}),
              "A>C": say("C", {"tools": chat_tools("weather"), "parallel_tool_calls": False, "tool_choice": "auto"}),
              "A>R": say("R", {"tools": responses_tools("weather"), "parallel_tool_calls": False, "tool_choice": "auto"}),
              "A>G": say("G", {"tools": gemini_tools("weather"), **choice("AUTO")})},
        loses={">G": "dropped=parallel"}),
    Conversation("a forced call while thinking", asked(
        {"tools": chat_tools("weather"), "tool_choice": "required", "reasoning_effort": "low"}, None, None,
        {"tools": gemini_tools("weather"), **choice("ANY"), "generationConfig": {"thinkingConfig": {"thinkingBudget": 2048}}}),
        gets={">R": say("R", {"tools": responses_tools("weather"), "tool_choice": "required", "reasoning": {"effort": "low"},
                              "include": ["reasoning.encrypted_content"]}),
              ">A": say("A", {"tools": messages_tools("weather"), "tool_choice": {"type": "auto"},
                              "thinking": {"type": "enabled", "budget_tokens": 2048}})},
        loses={"C>A": "changed=effort,forced_call", "G>A": "changed=forced_call", "C>G": "changed=effort",
               "G>C": "changed=budget", "G>R": "changed=budget"}),
    Conversation("a tool of free text", asked(
        {"tools": [{"type": "custom", "custom": {"name": "shell", "description": "Runs."}}]},
        {"tools": [{"type": "custom", "name": "shell", "description": "Runs."}]}),
        gets={">A": say("A", {"tools": [{"name": "shell", "description": "Runs.", "input_schema": _free}]}),
              ">G": say("G", {"tools": [{"functionDeclarations": [
                  {"name": "shell", "description": "Runs.", "parametersJsonSchema": _free}]}]})},
        loses={">A": "changed=custom_tool", ">G": "changed=custom_tool"}),
    Conversation("a tool of the provider's own", asked(
        None, {"tools": [{"type": "web_search"}]}, {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
        {"tools": [{"googleSearch": {}}]}),
        refuses={f">{letter}": "native_tool" for letter in "CRAG"}),
    Conversation("a call and its result", loop("Oslo")),
    Conversation("calls and their results", _straight),
    Conversation("results in another order", _crossed, gets={">G": _straight["G"]}),
    Conversation("a text before the call", loop("Oslo", said="Let me see.")),
    Conversation("a text behind the results", loop("Oslo", "Rome", after="Which is warmer?")),
    Conversation("a result that is an error", _error,
        gets={"C>A": _error_as_text["A"], "C>G": _error_as_text["G"], "R>A": _error_as_text["A"],
              "R>G": _error_as_text["G"]},
        loses={"A>C": "changed=result_error", "A>R": "changed=result_error", "G>C": "changed=result_error",
               "G>R": "changed=result_error"}),
    Conversation("a result that is an object", _object),
    Conversation("a result that is a list", loop("Oslo", results=("[1,2]",))),
    Conversation("an empty result", loop("Oslo", results=("",)),
        gets={">A": say("A", {"messages": [*loop("Oslo")["A"]["messages"][:2], {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "call_1"}]}]})}),
    Conversation("a result with a picture", {"A": _with_media["A"]},
        gets={
            ">C": say("C", {"messages": [*loop("Oslo")["C"]["messages"], {"role": "user", "content": [
                {"type": "text", "text": "Media in the result of call_1:"},
                {"type": "image_url", "image_url": {"url": _data_url}}]}]}),
            ">R": say("R", {"input": [*loop("Oslo")["R"]["input"][:2], {
                "type": "function_call_output", "call_id": "call_1", "output": [
                    {"type": "input_text", "text": "warm"},
                    {"type": "input_image", "image_url": _data_url, "detail": "auto"}]}]}),
            ">G": say("G", {"contents": [*loop("Oslo")["G"]["contents"][:2], {"role": "user", "parts": [
                {"functionResponse": {"id": "call_1", "name": "weather", "response": {"output": "warm"}}},
                {"inlineData": {"mimeType": "image/png", "data": IMAGE}}]}]}),
        },
        loses={">C": "changed=result_media", ">G": "changed=result_media"}),
    Conversation("Gemini's calls without ids", {"G": _no_ids},
        gets={">C": _straight["C"], ">R": _straight["R"], ">A": _straight["A"]}),
    Conversation("arguments that are no JSON", asked({"messages": [
        HELLO["C"],
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":'}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "what?"}]}),
        gets={">R": say("R", {"input": [
            HELLO["R"], {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city":'},
            {"type": "function_call_output", "call_id": "call_1", "output": "what?"}]}),
            ">A": say("A", {"messages": [
                HELLO["A"],
                {"role": "assistant", "content": [
                    {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"_raw": '{"city":'}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "what?"}]}]}),
            ">G": say("G", {"contents": [
                HELLO["G"],
                {"role": "model", "parts": [
                    {"functionCall": {"id": "call_1", "name": "weather", "args": {"_raw": '{"city":'}}}]},
                {"role": "user", "parts": [
                    {"functionResponse": {"id": "call_1", "name": "weather", "response": {"output": "what?"}}}]}]})},
        loses={">A": "changed=arguments", ">G": "changed=arguments"}),
]  # fmt: skip
