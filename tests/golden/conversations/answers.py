"""Conversations: what the providers answer."""

from __future__ import annotations

from typing import Any

from tests.tools.conversation import (
    Conversation,
    Document,
    answered,
    asked,
    chat_answer,
    gemini_answer,
    messages_answer,
    responses_answer,
    said_item,
    tokens,
)

PLAIN = asked({}, {}, {}, {})
CITIES = ("Oslo", "Rome")


def calls(*cities: str, text: str = "", thought: str = "") -> dict[str, Document]:
    numbered = [(f"call_{at}", city) for at, city in enumerate(cities, 1)]
    thinking = {"reasoning_content": thought} if thought else {}
    given = [
        {"id": known, "type": "function", "function": {"name": "weather", "arguments": f'{{"city":"{city}"}}'}}
        for known, city in numbered
    ]
    return {
        "C": chat_answer("tool_calls" if cities else "stop", content=text or None, **thinking,
                         **({"tool_calls": given} if given else {})),
        "R": responses_answer(
            *([{"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": thought}],
                "encrypted_content": "SEAL"}] if thought else []),
            *([said_item(text)] if text else []),
            *({"type": "function_call", "id": f"fc_{known}", "call_id": known, "name": "weather", "status": "completed",
               "arguments": f'{{"city":"{city}"}}'} for known, city in numbered)),
        "A": messages_answer(
            *([{"type": "thinking", "thinking": thought, "signature": "SEAL"}] if thought else []),
            *([{"type": "text", "text": text}] if text else []),
            *({"type": "tool_use", "id": known, "name": "weather", "input": {"city": city}} for known, city in numbered),
            stop="tool_use" if cities else "end_turn"),
        "G": gemini_answer(
            *([{"text": thought, "thought": True}] if thought else []),
            *([{"text": text}] if text else []),
            *({"functionCall": {"id": known, "name": "weather", "args": {"city": city}},
               **({"thoughtSignature": "U0VBTA=="} if at == 0 and thought else {})}
              for at, (known, city) in enumerate(numbered))),
    }  # fmt: skip


def site(**more: Any) -> Document:
    return {"url": "https://a.example", "title": "A", **more}


def cited(letter: str) -> Document:
    place = {"start_index": 0, "end_index": 5}
    if letter == "C":
        return chat_answer(content="Hello", annotations=[{"type": "url_citation", "url_citation": site(**place)}])
    if letter == "R":
        return responses_answer(said_item("Hello", annotations=[{"type": "url_citation", **site(**place)}]))
    if letter == "A":
        told = {"type": "web_search_result_location", **site(), "cited_text": "quoted", "encrypted_index": "E"}
        return messages_answer({"type": "text", "text": "Hello", "citations": [told]})
    chunks = {"groundingChunks": [{"web": {"uri": "https://a.example", "title": "A"}}]}
    return gemini_answer({"text": "Hello"}, groundingMetadata=chunks)


_nowhere = {"start_index": 0, "end_index": 0}
_unplaced = {
    "C": chat_answer(content="Hello", annotations=[{"type": "url_citation", "url_citation": site(**_nowhere)}]),
    "R": responses_answer(said_item("Hello", annotations=[{"type": "url_citation", **site(**_nowhere)}])),
    "A": messages_answer({"type": "text", "text": "Hello", "citations": [
        {"type": "web_search_result_location", **site(), "cited_text": ""}]}),
    "G": gemini_answer({"text": "Hello"}),
}  # fmt: skip
_unquoted = _unplaced["A"]
TOKEN = {"token": "Hello", "logprob": -0.5, "bytes": [72, 101, 108, 108, 111], "top_logprobs": []}
_hello = answered("Hello")
_stopped = messages_answer({"type": "text", "text": "Hello"}, stop="stop_sequence", sequence="END")
_refused = {
    "C": chat_answer(content=None, refusal="I will not."),
    "R": responses_answer({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                           "content": [{"type": "refusal", "refusal": "I will not."}]}),
}  # fmt: skip
_filtered = ("content_filter", "content_filter", "refusal", "SAFETY")
_no_ids = gemini_answer({"functionCall": {"name": "weather", "args": {"city": "Oslo"}}},
                        {"functionCall": {"name": "weather", "args": {"city": "Rome"}}})  # fmt: skip
_pause = messages_answer({"type": "text", "text": "Hello"}, stop="pause_turn")


def renamed(document: Any, names: dict[str, str]) -> Any:
    """The same with other ids."""
    if isinstance(document, dict):
        return {key: renamed(value, names) for key, value in document.items()}
    if isinstance(document, list):
        return [renamed(value, names) for value in document]
    return names.get(document, document) if isinstance(document, str) else document


_made = {"call_1": "call_aaaaaaaaaaaa0", "call_2": "call_aaaaaaaaaaaa1"}
_bare = {letter: renamed(document, _made) for letter, document in calls(*CITIES).items()}
_cached = answered("Hello", sent=100, made=9, cached=60, written=30)
_unwritten = answered("Hello", sent=100, made=9, cached=60)
_late = {
    "R": responses_answer(calls("Oslo")["R"]["output"][0], said_item("Behind.")),
    "A": messages_answer(calls("Oslo")["A"]["content"][0], {"type": "text", "text": "Behind."}, stop="tool_use"),
    "G": gemini_answer({"functionCall": {"id": "call_1", "name": "weather", "args": {"city": "Oslo"}}}, {"text": "Behind."}),
}

CONVERSATIONS = [
    Conversation("an answer", PLAIN, _hello),
    Conversation("an answer of all kinds of characters", PLAIN, answered('é – 日本 🦊 "quoted" \\ \n\ttab ' * 5)),
    Conversation("an empty answer", PLAIN, answered("")),
    Conversation("an answer that is cut", PLAIN, answered("Hel", finish=("length", "max_output_tokens", "max_tokens",
                                                                        "MAX_TOKENS"))),
    Conversation("an answer that is filtered", PLAIN, answered("Hel", finish=_filtered)),
    Conversation("an answer of which nothing is left", PLAIN, answered("", finish=_filtered)),
    Conversation("a prompt that is blocked", PLAIN,
        {"G": {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": tokens("G", 30, 0)}},
        reads={f">{letter}": answered("", finish=_filtered, sent=30, made=0)[letter] for letter in "CRA"}),
    Conversation("an answer that ended at a stop sequence", PLAIN, {"A": _stopped},
        reads={f">{letter}": _hello[letter] for letter in "CRG"}),
    Conversation("a turn that is to go on", PLAIN, {"A": _pause}, reads={f">{letter}": _hello[letter] for letter in "CRG"}),
    Conversation("the context is full", PLAIN, {"A": messages_answer({"type": "text", "text": "Hello"},
                                                                     stop="model_context_window_exceeded")},
        reads={f">{letter}": answered("Hello", finish=("length", "max_output_tokens", "max_tokens", "MAX_TOKENS"))[letter]
               for letter in "CRG"}),
    Conversation("a call", PLAIN, calls("Oslo")),
    Conversation("two calls of one tool", PLAIN, calls(*CITIES)),
    Conversation("a text and calls", PLAIN, calls(*CITIES, text="Let me see.")),
    Conversation("a text behind a call", PLAIN, _late, reads={">C": calls("Oslo", text="Behind.")["C"]}),
    Conversation("calls that a host ends with stop", PLAIN,
        {"C": {**calls("Oslo")["C"], "choices": [{**calls("Oslo")["C"]["choices"][0], "finish_reason": "stop"}]}},
        reads={f">{letter}": calls("Oslo")[letter] for letter in "RAG"}),
    Conversation("calls without ids", PLAIN, {"G": _no_ids}, reads={f">{letter}": _bare[letter] for letter in "CRA"}),
    Conversation("thoughts", PLAIN, calls(text="Hello", thought="Somebody greets."), misses={">C": "changed=reply_thinking"}),
    Conversation("thoughts and calls", PLAIN, calls(*CITIES, text="Let me see.", thought="Two calls."),
        misses={">C": "changed=reply_thinking"}),
    Conversation("a refusal in words", PLAIN, _refused,
        reads={">A": messages_answer({"type": "text", "text": "I will not."}, stop="refusal"),
               ">G": answered("I will not.")["G"]}),
    Conversation("citations", PLAIN, {letter: cited(letter) for letter in "CRAG"},
        reads={"A>C": _unplaced["C"], "A>R": _unplaced["R"], "G>C": _unplaced["C"], "G>R": _unplaced["R"],
               "C>A": _unquoted, "R>A": _unquoted, "G>A": _unquoted, ">G": _unplaced["G"]},
        misses={">A": "changed=citations", ">G": "dropped=citations"}),
    Conversation("log probabilities of the answer", PLAIN,
        {"C": chat_answer(content="Hello", logprobs={"content": [TOKEN]}),
         "R": responses_answer(said_item("Hello", logprobs=[TOKEN]))},
        reads={">A": _hello["A"], ">G": _hello["G"]},
        misses={">A": "dropped=reply_logprobs", ">G": "dropped=reply_logprobs"}),
    Conversation("tokens from a cache", PLAIN, _unwritten),
    Conversation("tokens into a cache", PLAIN, {letter: _cached[letter] for letter in "CRA"}, reads={">G": _unwritten["G"]}),
    Conversation("tokens of thoughts", PLAIN, {letter: answered("Hello", thought=12)[letter] for letter in "CRG"},
        reads={">A": _hello["A"]}),
]  # fmt: skip
