"""For every feature of replies in the table of losses: a reply of each provider that can give it."""

from __future__ import annotations

from typing import Any

from engine.formats.losses import CHAT, COLUMNS, GEMINI, MESSAGES, RESPONSES
from tests.tools.said import DATA, Document, inline

TOKEN = {"token": "hi", "logprob": -0.5, "bytes": [104, 105], "top_logprobs": []}


def chat_reply(*more: Document, logprobs: Any = None, **message: Any) -> Document:
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "logprobs": logprobs,
        "message": {"role": "assistant", "content": "hi", **message},
    }
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "t", "choices": [choice, *more]}


def responses_reply(*items: Document, **part: Any) -> Document:
    said = {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "hi", "annotations": [], **part}],
    }
    return {"id": "resp_1", "object": "response", "status": "completed", "model": "t", "output": [*items, said]}


def messages_reply(*blocks: Document, **text: Any) -> Document:
    content = [*blocks, {"type": "text", "text": "hi", **text}]
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": "t", "stop_reason": "end_turn", "content": content}


def gemini_reply(*parts: Document, more: tuple[Document, ...] = (), **candidate: Any) -> Document:
    said = {"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": [*parts, {"text": "hi"}]}, **candidate}
    return {"responseId": "g1", "modelVersion": "t", "candidates": [said, *more]}


SITE = {"url": "https://a.example", "title": "A"}
SECOND = {"index": 1, "finish_reason": "stop", "message": {"role": "assistant", "content": "ho"}}
SECOND_CANDIDATE = {"index": 1, "finishReason": "STOP", "content": {"role": "model", "parts": [{"text": "ho"}]}}
REPLIES: dict[str, dict[str, Document]] = {
    "reply_text": {CHAT: chat_reply(), RESPONSES: responses_reply(), MESSAGES: messages_reply(), GEMINI: gemini_reply()},
    "reply_calls": {
        CHAT: chat_reply(tool_calls=[{"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]),
        RESPONSES: responses_reply({"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}"}),
        MESSAGES: messages_reply({"type": "tool_use", "id": "call_1", "name": "weather", "input": {}}),
        GEMINI: gemini_reply({"functionCall": {"id": "call_1", "name": "weather", "args": {}}}),
    },
    "reply_finish": {
        CHAT: {**chat_reply(), "choices": [{**chat_reply()["choices"][0], "finish_reason": "length"}]},
        RESPONSES: {**responses_reply(), "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
        MESSAGES: {**messages_reply(), "stop_reason": "max_tokens"},
        GEMINI: gemini_reply(finishReason="MAX_TOKENS"),
    },
    "reply_usage": {
        CHAT: {
            **chat_reply(),
            "usage": {
                "prompt_tokens": 7,
                "completion_tokens": 3,
                "total_tokens": 10,
                "prompt_tokens_details": {"cached_tokens": 2},
            },
        },
        RESPONSES: {
            **responses_reply(),
            "usage": {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10, "input_tokens_details": {"cached_tokens": 2}},
        },
        MESSAGES: {**messages_reply(), "usage": {"input_tokens": 5, "cache_read_input_tokens": 2, "output_tokens": 3}},
        GEMINI: {
            **gemini_reply(),
            "usageMetadata": {
                "promptTokenCount": 7,
                "cachedContentTokenCount": 2,
                "candidatesTokenCount": 3,
                "totalTokenCount": 10,
            },
        },
    },
    "citations": {
        CHAT: chat_reply(annotations=[{"type": "url_citation", "url_citation": {**SITE, "start_index": 0, "end_index": 2}}]),
        RESPONSES: responses_reply(annotations=[{"type": "url_citation", **SITE, "start_index": 0, "end_index": 2}]),
        MESSAGES: messages_reply(citations=[{"type": "web_search_result_location", **SITE, "cited_text": "hi"}]),
        GEMINI: gemini_reply(groundingMetadata={"groundingChunks": [{"web": {"uri": SITE["url"], "title": "A"}}]}),
    },
    "reply_logprobs": {
        CHAT: chat_reply(logprobs={"content": [TOKEN]}),
        RESPONSES: responses_reply(logprobs=[TOKEN]),
        GEMINI: gemini_reply(logprobsResult={"chosenCandidates": [{"token": "hi", "logProbability": -0.5}]}),
    },
    "reply_media": {
        RESPONSES: responses_reply({"type": "image_generation_call", "id": "ig_1", "result": DATA}),
        GEMINI: gemini_reply(inline("image/png")),
    },
    "reply_native": {
        RESPONSES: responses_reply({"type": "web_search_call", "id": "ws_1", "status": "completed"}),
        MESSAGES: messages_reply({"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}),
        GEMINI: gemini_reply({"executableCode": {"language": "PYTHON", "code": "1"}}),
    },
    "reply_thinking": {
        CHAT: chat_reply(reasoning_content="hm"),
        RESPONSES: responses_reply({"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]}),
        MESSAGES: messages_reply({"type": "thinking", "thinking": "hm", "signature": "S"}),
        GEMINI: gemini_reply({"text": "hm", "thought": True}),
    },
    "reply_answers": {CHAT: chat_reply(SECOND), GEMINI: gemini_reply(more=(SECOND_CANDIDATE,))},
}
TOLD: dict[str, dict[str, str]] = {
    "reply_text": dict.fromkeys(COLUMNS, '"text":"hi"') | {CHAT: '"content":"hi"'},
    "reply_calls": {
        CHAT: '"tool_calls":[{"id":"call_1"',
        RESPONSES: '"call_id":"call_1"',
        MESSAGES: '"type":"tool_use","id":"call_1"',
        GEMINI: '"functionCall":{"id":"call_1"',
    },
    "reply_finish": {
        CHAT: '"finish_reason":"length"',
        RESPONSES: '"incomplete_details":{"reason":"max_output_tokens"}',
        MESSAGES: '"stop_reason":"max_tokens"',
        GEMINI: '"finishReason":"MAX_TOKENS"',
    },
    "reply_usage": {
        CHAT: '"prompt_tokens":7,"completion_tokens":3',
        RESPONSES: '"input_tokens":7,"input_tokens_details":{"cached_tokens":2',
        MESSAGES: '"input_tokens":5,"output_tokens":3',
        GEMINI: '"promptTokenCount":7,"candidatesTokenCount":3',
    },
    "citations": dict.fromkeys((CHAT, RESPONSES), "https://a.example"),
    "reply_logprobs": dict.fromkeys((CHAT, RESPONSES), '"logprob":-0.5'),
    "reply_media": {GEMINI: '"data":"aGk="'},
    "reply_thinking": dict.fromkeys((RESPONSES, MESSAGES, GEMINI), '"hm"'),
    "reply_answers": dict.fromkeys((CHAT, GEMINI), '"ho"'),
}
