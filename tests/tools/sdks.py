"""The vendors' own SDKs, each told the same question: what a user of one writes, and what it is given."""

from __future__ import annotations

import base64
import warnings
from dataclasses import dataclass, field
from typing import Any

import anthropic
import openai
import orjson

with warnings.catch_warnings():
    # Pydantic's and typing's, of the SDK's own making.
    warnings.simplefilter("ignore")
    from google import genai
    from google.genai import errors, types

SCHEMA = {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False,
}  # fmt: skip
IMAGE = b"\xfb\xef\xbe\xff\xff\xff hello"
DATA = base64.b64encode(IMAGE).decode()
URL_SAFE = base64.urlsafe_b64encode(IMAGE).decode()
RESULTS = ("warm", "hot")


@dataclass
class Question:
    """`history`: the SDK's own objects of the turn so far, as it gave them."""

    model: str
    stream: bool = False
    image: bool = False
    tools: bool = False
    schema: bool = False
    think: bool = False
    before: Told | None = None


@dataclass
class Told:
    """What an SDK's user sees. `raw` is the SDK's own object, to be sent back."""

    text: str
    raw: Any
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    thought: str = ""
    usage: tuple[int, int] = (0, 0)
    finish: str = ""


class ChatSdk:
    letter = "C"
    # Its helper for streams raises for an end that is not good.
    raised: dict[str, type[Exception]] = {
        "length": openai.LengthFinishReasonError, "filter": openai.ContentFilterFinishReasonError,
    }  # fmt: skip
    finishes = {"stop": "stop", "calls": "tool_calls", "length": "length", "filter": "content_filter"}
    errors: dict[int, type[Exception]] = {
        400: openai.BadRequestError, 429: openai.RateLimitError, 503: openai.InternalServerError, 0: openai.APIError,
    }  # fmt: skip

    def __init__(self, url: str) -> None:
        self._client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)

    def close(self) -> None:
        self._client.close()

    def ask(self, question: Question) -> Told:
        parts: list[Any] = [{"type": "text", "text": "Where is it warmer?"}]
        if question.image:
            parts.append({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DATA}"}})
        messages: list[Any] = [{"role": "user", "content": parts}]
        if question.before is not None:
            # The helper for streams adds fields of its own.
            fields = {"parsed": True, "tool_calls": {"__all__": {"index": True, "function": {"parsed_arguments"}}}}
            messages.append(question.before.raw.choices[0].message.model_dump(exclude_none=True, exclude=fields))
            given = zip(question.before.calls, RESULTS, strict=True)
            messages += ({"role": "tool", "tool_call_id": call[0], "content": said} for call, said in given)
        more: dict[str, Any] = {}
        if question.tools:
            told = {"name": "weather", "parameters": SCHEMA, "strict": True}
            more["tools"] = [{"type": "function", "function": told}]
        if question.schema:
            more["response_format"] = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA}}
        if question.think:
            more["reasoning_effort"] = "low"
        if not question.stream:
            return self._told(self._client.chat.completions.create(model=question.model, messages=messages, **more))
        more["stream_options"] = {"include_usage": True}
        with self._client.chat.completions.stream(model=question.model, messages=messages, **more) as stream:
            for _ in stream:
                pass
            return self._told(stream.get_final_completion())

    def _told(self, completion: Any) -> Told:
        choice = completion.choices[0]
        calls = [
            (call.id, call.function.name, orjson.loads(call.function.arguments)) for call in choice.message.tool_calls or []
        ]
        usage = (completion.usage.prompt_tokens, completion.usage.completion_tokens)
        thought = (choice.message.model_extra or {}).get("reasoning_content", "")
        return Told(choice.message.content or "", completion, calls, thought, usage, choice.finish_reason)


class ResponsesSdk:
    letter = "R"
    raised: dict[str, type[Exception]] = {}
    finishes = {"stop": "completed", "calls": "completed", "length": "incomplete", "filter": "incomplete"}
    errors = ChatSdk.errors

    def __init__(self, url: str) -> None:
        self._client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)

    def close(self) -> None:
        self._client.close()

    def ask(self, question: Question) -> Told:
        parts: list[Any] = [{"type": "input_text", "text": "Where is it warmer?"}]
        if question.image:
            parts.append({"type": "input_image", "image_url": f"data:image/png;base64,{DATA}"})
        items: list[Any] = [{"role": "user", "content": parts}]
        if question.before is not None:
            items += (item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in question.before.raw.output)
            given = zip(question.before.calls, RESULTS, strict=True)
            items += ({"type": "function_call_output", "call_id": call[0], "output": said} for call, said in given)
        more: dict[str, Any] = {}
        if question.tools:
            more["tools"] = [{"type": "function", "name": "weather", "parameters": SCHEMA, "strict": True}]
        if question.schema:
            more["text"] = {"format": {"type": "json_schema", "name": "place", "schema": SCHEMA}}
        if question.think:
            more["reasoning"] = {"effort": "low", "summary": "auto"}
        if not question.stream:
            return self._told(self._client.responses.create(model=question.model, input=items, **more))
        with self._client.responses.stream(model=question.model, input=items, **more) as stream:
            # `get_final_response` knows no other end than a good one.
            *_, last = stream
            return self._told(last.response)

    def _told(self, response: Any) -> Told:
        calls = [
            (item.call_id, item.name, orjson.loads(item.arguments)) for item in response.output if item.type == "function_call"
        ]
        thoughts = [part.text for item in response.output if item.type == "reasoning" for part in item.summary]
        usage = (response.usage.input_tokens, response.usage.output_tokens)
        return Told(response.output_text, response, calls, "".join(thoughts), usage, response.status)


class MessagesSdk:
    letter = "A"
    raised: dict[str, type[Exception]] = {}
    finishes = {"stop": "end_turn", "calls": "tool_use", "length": "max_tokens", "filter": "refusal"}
    errors: dict[int, type[Exception]] = {
        400: anthropic.BadRequestError, 429: anthropic.RateLimitError, 503: anthropic.InternalServerError,
        0: anthropic.APIStatusError,
    }  # fmt: skip

    def __init__(self, url: str) -> None:
        self._client = anthropic.Anthropic(base_url=f"{url}/anthropic", api_key="none", max_retries=0)

    def close(self) -> None:
        self._client.close()

    def ask(self, question: Question) -> Told:
        parts: list[Any] = [{"type": "text", "text": "Where is it warmer?"}]
        if question.image:
            parts.append({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": DATA}})
        messages: list[Any] = [{"role": "user", "content": parts}]
        if question.before is not None:
            messages.append({"role": "assistant", "content": question.before.raw.content})
            given = zip(question.before.calls, RESULTS, strict=True)
            results = [{"type": "tool_result", "tool_use_id": call[0], "content": said} for call, said in given]
            messages.append({"role": "user", "content": results})
        more: dict[str, Any] = {"model": question.model, "max_tokens": 4000, "messages": messages}
        if question.tools:
            more["tools"] = [{"name": "weather", "input_schema": SCHEMA}]
        if question.schema:
            more["output_config"] = {"format": {"type": "json_schema", "schema": SCHEMA}}
        if question.think:
            more["thinking"] = {"type": "enabled", "budget_tokens": 2048}
        if not question.stream:
            return self._told(self._client.messages.create(**more))
        with self._client.messages.stream(**more) as stream:
            for _ in stream:
                pass
            return self._told(stream.get_final_message())

    def _told(self, message: Any) -> Told:
        calls = [(block.id, block.name, block.input) for block in message.content if block.type == "tool_use"]
        text = "".join(block.text for block in message.content if block.type == "text")
        thought = "".join(block.thinking for block in message.content if block.type == "thinking")
        usage = message.usage
        sent = usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
        return Told(text, message, calls, thought, (sent, usage.output_tokens), message.stop_reason)


class GeminiSdk:
    letter = "G"
    raised: dict[str, type[Exception]] = {}
    finishes = {"stop": "STOP", "calls": "STOP", "length": "MAX_TOKENS", "filter": "SAFETY"}
    errors: dict[int, type[Exception]] = {
        400: errors.ClientError, 429: errors.ClientError, 503: errors.ServerError, 0: errors.APIError,
    }  # fmt: skip

    def __init__(self, url: str) -> None:
        self._client = genai.Client(api_key="none", http_options=types.HttpOptions(base_url=f"{url}/gemini"))

    def close(self) -> None:
        self._client.close()

    def ask(self, question: Question) -> Told:
        parts = [types.Part(text="Where is it warmer?")]
        if question.image:
            parts.append(types.Part.from_bytes(data=IMAGE, mime_type="image/png"))
        contents: list[Any] = [types.Content(role="user", parts=parts)]
        if question.before is not None:
            contents.append(types.Content(role="model", parts=question.before.raw))
            given = zip(question.before.calls, RESULTS, strict=True)
            results = [
                types.Part(function_response=types.FunctionResponse(id=call[0], name=call[1], response={"output": said}))
                for call, said in given
            ]
            contents.append(types.Content(role="user", parts=results))
        config = types.GenerateContentConfig(max_output_tokens=4000)
        if question.tools:
            declared = types.FunctionDeclaration(name="weather", parameters_json_schema=SCHEMA)
            config.tools = [types.Tool(function_declarations=[declared])]
        if question.schema:
            config.response_mime_type, config.response_json_schema = "application/json", SCHEMA
        if question.think:
            config.thinking_config = types.ThinkingConfig(thinking_budget=2048, include_thoughts=True)
        asked: dict[str, Any] = {"model": question.model, "contents": contents, "config": config}
        if not question.stream:
            return self._told([self._client.models.generate_content(**asked)])
        return self._told(list(self._client.models.generate_content_stream(**asked)))

    def _told(self, replies: list[Any]) -> Told:
        parts = [part for reply in replies for part in reply.candidates[0].content.parts or []]
        called = [part.function_call for part in parts if part.function_call]
        text = "".join(part.text or "" for part in parts if not part.thought)
        thought = "".join(part.text or "" for part in parts if part.thought)
        usage = replies[-1].usage_metadata
        made = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
        calls = [(call.id, call.name, call.args) for call in called]
        finish = replies[-1].candidates[0].finish_reason.name
        return Told(text, parts, calls, thought, (usage.prompt_token_count, made), finish)


SDKS = (ChatSdk, ResponsesSdk, MessagesSdk, GeminiSdk)
