"""For every feature of requests in the table of losses: a request in each format that can say it, lossless but for that."""

from __future__ import annotations

from typing import Any

from engine.formats.losses import CHAT, COLUMNS, GEMINI, MESSAGES, RESPONSES

DATA = "aGk="
STOPS = list("abcdef")
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
CHOICE = {"type": "object", "anyOf": [{"required": ["city"]}], "properties": {"city": {"type": "string"}}}
NAMED = {"name": "answer", "schema": SCHEMA, "strict": True}

Document = dict[str, Any]


def chat(*parts: Document, messages: list[Document] | None = None, **fields: Any) -> Document:
    said = messages or [{"role": "user", "content": [{"type": "text", "text": "hi"}, *parts]}]
    return {"model": "m", "max_completion_tokens": 50_000, "messages": said, **fields}


def responses(*parts: Document, items: list[Document] | None = None, **fields: Any) -> Document:
    said = items or [{"role": "user", "content": [{"type": "input_text", "text": "hi"}, *parts]}]
    return {"model": "m", "max_output_tokens": 50_000, "input": said, **fields}


def messages(*blocks: Document, turns: list[Document] | None = None, **fields: Any) -> Document:
    said = turns or [{"role": "user", "content": [{"type": "text", "text": "hi"}, *blocks]}]
    return {"model": "m", "max_tokens": 50_000, "messages": said, **fields}


def gemini(*parts: Document, contents: list[Document] | None = None, config: Document | None = None, **fields: Any) -> Document:
    said = contents or [{"role": "user", "parts": [{"text": "hi"}, *parts]}]
    return {"contents": said, "generationConfig": {"maxOutputTokens": 50_000, **(config or {})}, **fields}


def without(document: Document, key: str) -> Document:
    return {name: value for name, value in document.items() if name != key}


USER = {"role": "user", "content": "hi"}


def chat_tool(name: str = "weather", **more: Any) -> Document:
    return {"type": "function", "function": {"name": name, "parameters": SCHEMA, **more}}


def responses_tool(name: str = "weather", **more: Any) -> Document:
    return {"type": "function", "name": name, "parameters": SCHEMA, **more}


def messages_tool(name: str = "weather", **more: Any) -> Document:
    return {"name": name, "input_schema": SCHEMA, **more}


def gemini_tools(*names: str, **more: Any) -> list[Document]:
    return [
        {"functionDeclarations": [{"name": name, "parametersJsonSchema": SCHEMA, **more} for name in names or ("weather",)]}
    ]


def inline(mime: str) -> Document:
    return {"inlineData": {"mimeType": mime, "data": DATA}}


def block(kind: str, source: str, **more: Any) -> Document:
    return {"type": kind, "source": {"type": source, **more}}


def chat_file(mime: str) -> Document:
    return {"type": "file", "file": {"filename": "a.bin", "file_data": f"data:{mime};base64,{DATA}"}}


def responses_file(mime: str) -> Document:
    return {"type": "input_file", "filename": "a.bin", "file_data": f"data:{mime};base64,{DATA}"}


def chat_image(url: str, **more: Any) -> Document:
    return {"type": "image_url", "image_url": {"url": url, **more}}


def responses_image(url: str, **more: Any) -> Document:
    return {"type": "input_image", "image_url": url, **more}


URL = "https://images.example/cat.png"
PNG, HEIC = f"data:image/png;base64,{DATA}", f"data:image/heic;base64,{DATA}"


def chat_loop(arguments: str = '{"city":"Oslo"}', **call: Any) -> list[Document]:
    called = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": arguments}, **call}
    return [USER, {"role": "assistant", "content": None, "tool_calls": [called]},
            {"role": "tool", "tool_call_id": "call_1", "content": "warm"}]  # fmt: skip


def responses_loop(
    arguments: str = '{"city":"Oslo"}', output: Any = "warm", first: tuple[Document, ...] = ()
) -> list[Document]:
    return [USER, *first, {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": arguments},
            {"type": "function_call_output", "call_id": "call_1", "output": output}]  # fmt: skip


def messages_loop(*first: Document, after: tuple[Document, ...] = (), **result: Any) -> list[Document]:
    called = {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Oslo"}}
    told = {"type": "tool_result", "tool_use_id": "call_1", "content": "warm", **result}
    return [USER, {"role": "assistant", "content": [*first, called, *after]}, {"role": "user", "content": [told]}]


def gemini_loop(
    *first: Document, after: tuple[Document, ...] = (), response: Document | None = None, **more: Any
) -> list[Document]:
    called = {"functionCall": {"id": "call_1", "name": "weather", "args": {"city": "Oslo"}}}
    told = {"functionResponse": {"id": "call_1", "name": "weather", "response": response or {"output": "warm"}, **more}}
    return [{"role": "user", "parts": [{"text": "hi"}]}, {"role": "model", "parts": [*first, called, *after]},
            {"role": "user", "parts": [told]}]  # fmt: skip


def gemini_choice(mode: str, *names: str) -> Document:
    return {"functionCallingConfig": {"mode": mode, **({"allowedFunctionNames": list(names)} if names else {})}}


AFTER = {"type": "text", "text": "behind"}
ALLOWED = {"mode": "auto", "tools": [{"type": "function", "function": {"name": "weather"}}]}
ALLOWED_FLAT = {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "weather"}]}
SCHEMA_FORMAT = {"type": "json_schema", "json_schema": NAMED}
THINKING = {"thinkingConfig": {"thinkingBudget": 8192}}
JSON_MODE = {"responseMimeType": "application/json"}
IMAGE_BLOCK = block("image", "base64", media_type="image/png", data=DATA)

# feature -> the format -> a request that says it
SAMPLES: dict[str, dict[str, Document]] = {
    "text": {CHAT: chat(), RESPONSES: responses(), MESSAGES: messages(), GEMINI: gemini()},
    "system": {
        CHAT: chat(messages=[{"role": "system", "content": "Be brief."}, USER]),
        RESPONSES: responses(instructions="Be brief."),
        MESSAGES: messages(system="Be brief."),
        GEMINI: gemini(systemInstruction={"parts": [{"text": "Be brief."}]}),
    },
    "image": {
        CHAT: chat(chat_image(PNG)), RESPONSES: responses(responses_image(PNG)), MESSAGES: messages(IMAGE_BLOCK),
        GEMINI: gemini(inline("image/png")),
    },
    "tool": {
        CHAT: chat(tools=[chat_tool()]), RESPONSES: responses(tools=[responses_tool()]),
        MESSAGES: messages(tools=[messages_tool()]), GEMINI: gemini(tools=gemini_tools()),
    },
    "tool_choice": {
        CHAT: chat(tools=[chat_tool()], tool_choice={"type": "function", "function": {"name": "weather"}}),
        RESPONSES: responses(tools=[responses_tool()], tool_choice={"type": "function", "name": "weather"}),
        MESSAGES: messages(tools=[messages_tool()], tool_choice={"type": "tool", "name": "weather"}),
        GEMINI: gemini(tools=gemini_tools(), toolConfig=gemini_choice("ANY", "weather")),
    },
    "tool_loop": {
        CHAT: chat(messages=chat_loop()), RESPONSES: responses(items=responses_loop()),
        MESSAGES: messages(turns=messages_loop()), GEMINI: gemini(contents=gemini_loop()),
    },
    "json_schema": {
        CHAT: chat(response_format={"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}),
        RESPONSES: responses(text={"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA}}),
        MESSAGES: messages(output_config={"format": {"type": "json_schema", "schema": SCHEMA}}),
        GEMINI: gemini(config={**JSON_MODE, "responseJsonSchema": SCHEMA}),
    },
    "top_p": {
        CHAT: chat(top_p=0.9), RESPONSES: responses(top_p=0.9), MESSAGES: messages(top_p=0.9),
        GEMINI: gemini(config={"topP": 0.9}),
    },
    "system_in_place": {
        CHAT: chat(messages=[USER, {"role": "system", "content": "Now in verse."}, USER]),
        RESPONSES: responses(items=[USER, {"role": "system", "content": "Now in verse."}, USER]),
        MESSAGES: messages(turns=[USER, {"role": "system", "content": "Now in verse."}, USER]),
    },
    "message_name": {CHAT: chat(messages=[{**USER, "name": "ada"}])},
    "order": {
        RESPONSES: responses(items=[
            *responses_loop()[:2], {"role": "assistant", "content": [{"type": "output_text", "text": "behind"}]},
            responses_loop()[2],
        ]),
        MESSAGES: messages(turns=messages_loop(after=(AFTER,))),
        GEMINI: gemini(contents=gemini_loop(after=({"text": "behind"},))),
    },
    "image_url": {
        CHAT: chat(chat_image(URL)),
        RESPONSES: responses(responses_image(URL)),
        MESSAGES: messages(block("image", "url", url=URL)),
        GEMINI: gemini({"fileData": {"mimeType": "image/png", "fileUri": URL}}),
    },
    "image_detail": {
        CHAT: chat(chat_image(PNG, detail="low")),
        RESPONSES: responses(responses_image(PNG, detail="low")),
    },
    "file": {
        CHAT: chat(chat_file("application/pdf")),
        RESPONSES: responses(responses_file("application/pdf")),
        MESSAGES: messages(block("document", "base64", media_type="application/pdf", data=DATA)),
        GEMINI: gemini(inline("application/pdf")),
    },
    "file_type": {
        CHAT: chat(chat_file("application/zip")),
        RESPONSES: responses(responses_file("application/zip")),
        GEMINI: gemini(inline("application/zip")),
    },
    "file_url": {
        RESPONSES: responses({"type": "input_file", "file_url": "https://files.example/a.pdf"}),
        MESSAGES: messages(block("document", "url", url="https://files.example/a.pdf")),
        GEMINI: gemini({"fileData": {"mimeType": "application/pdf", "fileUri": "https://files.example/a.pdf"}}),
    },
    "file_id": {
        CHAT: chat({"type": "file", "file": {"file_id": "file-1"}}),
        RESPONSES: responses({"type": "input_file", "file_id": "file-1"}),
        MESSAGES: messages(block("document", "file", file_id="file_1")),
        GEMINI: gemini({"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/1"}}),
    },
    "audio": {
        CHAT: chat({"type": "input_audio", "input_audio": {"data": DATA, "format": "wav"}}),
        GEMINI: gemini(inline("audio/wav")),
    },
    "video": {GEMINI: gemini(inline("video/mp4"))},
    "image_type": {
        CHAT: chat(chat_image(HEIC)), RESPONSES: responses(responses_image(HEIC)), GEMINI: gemini(inline("image/heic")),
    },
    "custom_tool": {
        CHAT: chat(tools=[{"type": "custom", "custom": {"name": "run"}}]),
        RESPONSES: responses(tools=[{"type": "custom", "name": "run"}]),
    },
    "native_tool": {
        CHAT: chat(tools=[{"type": "web_search"}]),
        RESPONSES: responses(tools=[{"type": "web_search"}]),
        MESSAGES: messages(tools=[{"type": "web_search_20250305", "name": "web_search"}]),
        GEMINI: gemini(tools=[{"googleSearch": {}}]),
    },
    "native_piece": {
        RESPONSES: responses(items=[USER, {"type": "web_search_call", "id": "ws_1", "status": "completed"}, USER]),
        MESSAGES: messages(turns=[USER, {"role": "assistant", "content": [
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}, AFTER]}, USER]),
        GEMINI: gemini(contents=[{"role": "user", "parts": [{"text": "hi"}]}, {"role": "model", "parts": [
            {"executableCode": {"language": "PYTHON", "code": "1"}}, {"text": "behind"}]}]),
    },
    "tool_name": {
        CHAT: chat(tools=[chat_tool("what weather?")]),
        RESPONSES: responses(tools=[responses_tool("what weather?")]),
        MESSAGES: messages(tools=[messages_tool("what weather?")]),
        GEMINI: gemini(tools=gemini_tools("what weather?")),
    },
    "tool_strict": {
        CHAT: chat(tools=[chat_tool(strict=True)]),
        RESPONSES: responses(tools=[responses_tool(strict=True)]),
        MESSAGES: messages(tools=[messages_tool(strict=True)]),
    },
    "tool_schema": {
        CHAT: chat(tools=[chat_tool(parameters=CHOICE)]),
        RESPONSES: responses(tools=[responses_tool(parameters=CHOICE)]),
        GEMINI: gemini(tools=gemini_tools(parametersJsonSchema=CHOICE)),
    },
    "tool_choice_some": {
        CHAT: chat(tools=[chat_tool(), chat_tool("other")], tool_choice={"type": "allowed_tools", "allowed_tools": ALLOWED}),
        RESPONSES: responses(tools=[responses_tool(), responses_tool("other")], tool_choice=ALLOWED_FLAT),
        GEMINI: gemini(tools=gemini_tools("weather", "other"), toolConfig=gemini_choice("VALIDATED", "weather")),
    },
    "forced_call": {
        CHAT: chat(tools=[chat_tool()], tool_choice="required", reasoning_effort="high"),
        RESPONSES: responses(tools=[responses_tool()], tool_choice="required", reasoning={"effort": "high"}),
        GEMINI: gemini(tools=gemini_tools(), toolConfig=gemini_choice("ANY"), config=THINKING),
    },
    "parallel": {
        CHAT: chat(tools=[chat_tool()], parallel_tool_calls=False),
        RESPONSES: responses(tools=[responses_tool()], parallel_tool_calls=False),
        MESSAGES: messages(tools=[messages_tool()], tool_choice={"type": "auto", "disable_parallel_tool_use": True}),
    },
    "arguments": {CHAT: chat(messages=chat_loop("[1")), RESPONSES: responses(items=responses_loop("[1"))},
    "result_error": {
        MESSAGES: messages(turns=messages_loop(is_error=True)),
        GEMINI: gemini(contents=gemini_loop(response={"error": "warm"})),
    },
    "result_media": {
        RESPONSES: responses(items=responses_loop(output=[responses_image(PNG)])),
        MESSAGES: messages(turns=messages_loop(content=[IMAGE_BLOCK])),
        GEMINI: gemini(contents=gemini_loop(parts=[inline("image/png")])),
    },
    "thinking": {
        CHAT: chat(messages=[USER, {"role": "assistant", "content": "x", "reasoning_content": "hm"}, USER]),
        RESPONSES: responses(items=[
            USER, {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]},
            {"role": "assistant", "content": "x"}, USER,
        ]),
        MESSAGES: messages(turns=[USER, {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "S"}, {"type": "text", "text": "x"}]}, USER]),
        GEMINI: gemini(contents=[{"role": "user", "parts": [{"text": "hi"}]}, {"role": "model", "parts": [
            {"text": "hm", "thought": True}, {"text": "x"}]}, {"role": "user", "parts": [{"text": "hi"}]}]),
    },
    "thinking_lost": {
        CHAT: chat(messages=chat_loop(), reasoning_effort="high"),
        RESPONSES: responses(items=responses_loop(), reasoning={"effort": "high"}),
        GEMINI: gemini(contents=gemini_loop(), config={"thinkingConfig": {"thinkingBudget": 8192}}),
    },
    "max_tokens": {
        CHAT: without(chat(), "max_completion_tokens"),
        RESPONSES: without(responses(), "max_output_tokens"),
        GEMINI: without(gemini(), "generationConfig"),
    },
    "temperature": {
        CHAT: chat(temperature=1.5), RESPONSES: responses(temperature=1.5), GEMINI: gemini(config={"temperature": 1.5}),
    },
    "sampling_thinking": {
        CHAT: chat(temperature=0.5, reasoning_effort="high"),
        RESPONSES: responses(temperature=0.5, reasoning={"effort": "high"}),
        GEMINI: gemini(config={"temperature": 0.5, "thinkingConfig": {"thinkingBudget": 8192}}),
    },
    "top_k": {CHAT: chat(top_k=7), MESSAGES: messages(top_k=7), GEMINI: gemini(config={"topK": 7})},
    "seed": {CHAT: chat(seed=7), GEMINI: gemini(config={"seed": 7})},
    "frequency_penalty": {CHAT: chat(frequency_penalty=0.5), GEMINI: gemini(config={"frequencyPenalty": 0.5})},
    "presence_penalty": {CHAT: chat(presence_penalty=0.5), GEMINI: gemini(config={"presencePenalty": 0.5})},
    "stop": {
        CHAT: chat(stop="END"), MESSAGES: messages(stop_sequences=["END"]), GEMINI: gemini(config={"stopSequences": ["END"]}),
    },
    "stop_count": {MESSAGES: messages(stop_sequences=STOPS), GEMINI: gemini(config={"stopSequences": STOPS})},
    "n": {CHAT: chat(n=2), GEMINI: gemini(config={"candidateCount": 2})},
    "logprobs": {
        CHAT: chat(logprobs=True, top_logprobs=3),
        RESPONSES: responses(include=["message.output_text.logprobs"], top_logprobs=3),
        GEMINI: gemini(config={"responseLogprobs": True, "logprobs": 3}),
    },
    "json_mode": {
        CHAT: chat(response_format={"type": "json_object"}),
        RESPONSES: responses(text={"format": {"type": "json_object"}}),
        GEMINI: gemini(config=JSON_MODE),
    },
    "schema_strict": {
        CHAT: chat(response_format=SCHEMA_FORMAT), RESPONSES: responses(text={"format": {"type": "json_schema", **NAMED}}),
    },
    "effort": {
        CHAT: chat(reasoning_effort="high"),
        RESPONSES: responses(reasoning={"effort": "high"}),
        MESSAGES: messages(output_config={"effort": "high"}),
        GEMINI: gemini(config={"thinkingConfig": {"thinkingLevel": "HIGH"}}),
    },
    "budget": {
        MESSAGES: messages(thinking={"type": "enabled", "budget_tokens": 8192}),
        GEMINI: gemini(config={"thinkingConfig": {"thinkingBudget": 8192}}),
    },
    "budget_step": {
        MESSAGES: messages(thinking={"type": "enabled", "budget_tokens": 8192}),
        GEMINI: gemini(config={"thinkingConfig": {"thinkingBudget": 8192}}),
    },
    "budget_size": {
        CHAT: chat(reasoning_effort="high", max_completion_tokens=2000),
        RESPONSES: responses(reasoning={"effort": "high"}, max_output_tokens=2000),
        GEMINI: gemini(config={"thinkingConfig": {"thinkingBudget": 8192}, "maxOutputTokens": 2000}),
    },
    "verbosity": {CHAT: chat(verbosity="low"), RESPONSES: responses(text={"verbosity": "low"})},
    "user": {CHAT: chat(user="u1"), RESPONSES: responses(user="u1"), MESSAGES: messages(metadata={"user_id": "u1"})},
    "metadata": {CHAT: chat(metadata={"k": "v"}), RESPONSES: responses(metadata={"k": "v"})},
    "service_tier": {
        CHAT: chat(service_tier="flex"), RESPONSES: responses(service_tier="flex"),
        MESSAGES: messages(service_tier="standard_only"), GEMINI: gemini(serviceTier="flex"),
    },
    "cache": {MESSAGES: messages({"type": "text", "text": "long", "cache_control": {"type": "ephemeral"}})},
    "cache_key": {CHAT: chat(prompt_cache_key="k1"), RESPONSES: responses(prompt_cache_key="k1")},
    "state": {
        RESPONSES: responses(previous_response_id="resp_1"), MESSAGES: messages(container="c1"),
        GEMINI: gemini(cachedContent="cachedContents/1"),
    },
    "field": {
        CHAT: chat(logit_bias={"1": 1}), RESPONSES: responses(max_tool_calls=3), MESSAGES: messages(inference_geo="us"),
        GEMINI: gemini(safetySettings=[{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]),
    },
}  # fmt: skip

# A feature that is known by the field's own name.
FIELDS = {
    "state": {RESPONSES: "previous_response_id", MESSAGES: "container", GEMINI: "cachedContent"},
    "field": {CHAT: "logit_bias", RESPONSES: "max_tool_calls", MESSAGES: "inference_geo", GEMINI: "safetySettings"},
}
# What a sample cannot be without.
BESIDE = {
    "forced_call": {"effort", "budget"}, "thinking_lost": {"effort", "budget", "tool_schema"},
    "sampling_thinking": {"effort", "budget"}, "budget_size": {"effort", "budget"}, "budget_step": {"budget"},
    "stop_count": {"stop"},
    "json_schema": {"schema_strict"},
}  # fmt: skip

# feature -> the format -> what stands in its document where the feature is exact; `!` for what must not.
WRITTEN: dict[str, dict[str, str]] = {
    "text": dict.fromkeys(COLUMNS, '"text":"hi"') | {CHAT: '"content":"hi"'},
    "system": {
        CHAT: '[{"role":"system","content":"Be brief."}', RESPONSES: '"instructions":"Be brief."',
        MESSAGES: '"system":[{"type":"text","text":"Be brief."}]',
        GEMINI: '"systemInstruction":{"parts":[{"text":"Be brief."}]}',
    },
    "image": {
        CHAT: '"url":"data:image/png;base64,aGk="', RESPONSES: '"image_url":"data:image/png;base64,aGk="',
        MESSAGES: '"media_type":"image/png","data":"aGk="', GEMINI: '{"mimeType":"image/png","data":"aGk="}',
    },
    "tool": {
        CHAT: '"function":{"name":"weather","parameters":{', RESPONSES: '"name":"weather","parameters":{',
        MESSAGES: '"name":"weather","input_schema":{', GEMINI: '"parametersJsonSchema":{',
    },
    "tool_choice": {
        CHAT: '"tool_choice":{"type":"function","function":{"name":"weather"}}',
        RESPONSES: '"tool_choice":{"type":"function","name":"weather"}',
        MESSAGES: '"tool_choice":{"type":"tool","name":"weather"', GEMINI: '"mode":"ANY","allowedFunctionNames":["weather"]',
    },
    "tool_loop": {
        CHAT: '"tool_call_id":"call_1"', RESPONSES: '"type":"function_call_output","call_id":"call_1"',
        MESSAGES: '"tool_use_id":"call_1"', GEMINI: '"functionResponse":{"id":"call_1"',
    },
    "json_schema": {
        CHAT: '"schema":{"type":"object"', RESPONSES: '"schema":{"type":"object"', MESSAGES: '"schema":{"type":"object"',
        GEMINI: '"responseJsonSchema":{"type":"object"',
    },
    "top_p": dict.fromkeys(COLUMNS, '"top_p":0.9') | {GEMINI: '"topP":0.9'},
    "system_in_place": dict.fromkeys((CHAT, RESPONSES), '"role":"system"'),
    "message_name": {CHAT: '"name":"ada"'},
    "order": {RESPONSES: '"text":"behind"', MESSAGES: '"text":"behind"}]', GEMINI: '{"text":"behind"}]'},
    "image_url": {CHAT: f'"url":"{URL}"', RESPONSES: f'"image_url":"{URL}"', MESSAGES: f'"type":"url","url":"{URL}"'},
    "image_detail": dict.fromkeys((CHAT, RESPONSES), '"detail":"low"'),
    "file": {
        CHAT: '"file_data":"data:application/pdf;base64,aGk="', RESPONSES: '"file_data":"data:application/pdf;base64,aGk="',
        MESSAGES: '"media_type":"application/pdf","data":"aGk="', GEMINI: '{"mimeType":"application/pdf","data":"aGk="}',
    },
    "file_type": {
        CHAT: '"file_data":"data:application/zip;base64,aGk="', RESPONSES: '"file_data":"data:application/zip;base64,aGk="',
        GEMINI: '{"mimeType":"application/zip","data":"aGk="}',
    },
    "file_url": {RESPONSES: '"file_url":"https://files', MESSAGES: '"type":"url","url":"https://files'},
    "audio": {CHAT: '{"data":"aGk=","format":"wav"}', GEMINI: '{"mimeType":"audio/wav","data":"aGk="}'},
    "video": {GEMINI: '"video/mp4"'},
    "image_type": dict.fromkeys((CHAT, RESPONSES, GEMINI), "image/heic"),
    "custom_tool": {CHAT: '"type":"custom","custom":{"name":"run"', RESPONSES: '"type":"custom","name":"run"'},
    "tool_strict": dict.fromkeys((CHAT, RESPONSES, MESSAGES), '"strict":true'),
    "tool_schema": dict.fromkeys((CHAT, RESPONSES, GEMINI), '"anyOf":[{"required":["city"]}]'),
    "tool_choice_some": {
        CHAT: '"allowed_tools":{"mode":"auto"', RESPONSES: '"type":"allowed_tools","mode":"auto"',
        GEMINI: '"mode":"VALIDATED","allowedFunctionNames":["weather"]',
    },
    "forced_call": {CHAT: '"tool_choice":"required"', RESPONSES: '"tool_choice":"required"', GEMINI: '"mode":"ANY"'},
    "parallel": {
        CHAT: '"parallel_tool_calls":false', RESPONSES: '"parallel_tool_calls":false',
        MESSAGES: '"disable_parallel_tool_use":true',
    },
    "arguments": dict.fromkeys((CHAT, RESPONSES), '"arguments":"[1"'),
    "result_error": {MESSAGES: '"is_error":true', GEMINI: '"response":{"error":"warm"}'},
    "result_media": {RESPONSES: '"call_id":"call_1","output":[', MESSAGES: '"tool_use_id":"call_1","content":['},
    "thinking_lost": {CHAT: '"reasoning_effort"', RESPONSES: '"effort"', GEMINI: '"thinkingBudget"'},
    "max_tokens": {CHAT: "!max_", RESPONSES: "!max_", GEMINI: "!max"},
    "temperature": dict.fromkeys((CHAT, RESPONSES, GEMINI), '"temperature":1.5'),
    "sampling_thinking": dict.fromkeys((CHAT, RESPONSES, GEMINI), '"temperature":0.5'),
    "top_k": {MESSAGES: '"top_k":7', GEMINI: '"topK":7'},
    "seed": dict.fromkeys((CHAT, GEMINI), '"seed":7'),
    "frequency_penalty": {CHAT: '"frequency_penalty":0.5', GEMINI: '"frequencyPenalty":0.5'},
    "presence_penalty": {CHAT: '"presence_penalty":0.5', GEMINI: '"presencePenalty":0.5'},
    "stop": {CHAT: '"stop":["END"]', MESSAGES: '"stop_sequences":["END"]', GEMINI: '"stopSequences":["END"]'},
    "stop_count": {MESSAGES: '"a","b","c","d","e","f"', RESPONSES: "!stop"},
    "n": {CHAT: '"n":2', GEMINI: '"candidateCount":2'},
    "logprobs": {
        CHAT: '"logprobs":true,"top_logprobs":3', RESPONSES: '"top_logprobs":3', GEMINI: '"responseLogprobs":true,"logprobs":3',
    },
    "json_mode": {CHAT: '{"type":"json_object"}', RESPONSES: '{"type":"json_object"}', GEMINI: '"responseMimeType"'},
    "schema_strict": dict.fromkeys((CHAT, RESPONSES), '"strict":true'),
    "effort": {CHAT: '"reasoning_effort":"high"', RESPONSES: '"effort":"high"'},
    "budget": {MESSAGES: '"budget_tokens":8192', GEMINI: '"thinkingBudget":8192'},
    "budget_step": {CHAT: '"reasoning_effort":"medium"', RESPONSES: '"effort":"medium"'},
    "budget_size": {CHAT: '"reasoning_effort":"', RESPONSES: '"effort":"', GEMINI: '"thinkingBudget"'},
    "verbosity": dict.fromkeys((CHAT, RESPONSES), '"verbosity":"low"'),
    "user": {CHAT: '"user":"u1"', RESPONSES: '"user":"u1"', MESSAGES: '"user_id":"u1"'},
    "metadata": dict.fromkeys((CHAT, RESPONSES), '"metadata":{"k":"v"}'),
    "service_tier": dict.fromkeys((CHAT, RESPONSES), '"service_tier":"'),
    "cache_key": dict.fromkeys((CHAT, RESPONSES), '"prompt_cache_key":"k1"'),
}  # fmt: skip
