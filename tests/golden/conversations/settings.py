"""Conversations: how the answer is wanted."""

from __future__ import annotations

from typing import Any

from tests.tools.conversation import Conversation, asked, say

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
PLAIN = asked({}, {}, {}, {})


def config(**fields: Any) -> dict[str, Any]:
    return {"generationConfig": fields}


def dropped(*losses: str, where: str) -> dict[str, str]:
    return {f">{letter}": f"dropped={','.join(losses)}" for letter in where}


def plain(where: str) -> dict[str, Any]:
    return {f">{letter}": PLAIN[letter] for letter in where}


CONVERSATIONS = [
    Conversation("no limit", asked(
        {"max_completion_tokens": None}, {"max_output_tokens": None}, None, config(maxOutputTokens=None)),
        gets={">A": say("A", {"max_tokens": 4096})}, loses={">A": "changed=max_tokens"}),
    Conversation("the older word for the limit", asked({"max_completion_tokens": None, "max_tokens": 4000}),
        gets=plain("RAG")),
    Conversation("a small limit", asked(
        {"max_completion_tokens": 1}, {"max_output_tokens": 16}, {"max_tokens": 1}, config(maxOutputTokens=1)),
        gets={"R>C": say("C", {"max_completion_tokens": 16}), "R>A": say("A", {"max_tokens": 16}),
              "R>G": say("G", config(maxOutputTokens=16))}),
    Conversation("sampling", asked(
        {"temperature": 0.5, "top_p": 0.9}, {"temperature": 0.5, "top_p": 0.9}, {"temperature": 0.5, "top_p": 0.9},
        config(temperature=0.5, topP=0.9))),
    Conversation("no chance at all", asked(
        {"temperature": 0}, {"temperature": 0}, {"temperature": 0}, config(temperature=0))),
    Conversation("hotter than one", asked({"temperature": 1.7}, {"temperature": 1.7}, None, config(temperature=1.7)),
        gets={">A": say("A", {"temperature": 1.0})}, loses={">A": "changed=temperature"}),
    Conversation("top_k", asked(None, None, {"top_k": 7}, config(topK=7)),
        gets=plain("CR"), loses=dropped("top_k", where="CR")),
    Conversation("a seed and penalties", asked(
        {"seed": 7, "frequency_penalty": 0.5, "presence_penalty": -0.5}, None, None,
        config(seed=7, frequencyPenalty=0.5, presencePenalty=-0.5)),
        gets=plain("RA"), loses=dropped("seed", "frequency_penalty", "presence_penalty", where="RA")),
    Conversation("one stop sequence as a string", asked({"stop": "END"}),
        gets={">A": say("A", {"stop_sequences": ["END"]}), ">G": say("G", config(stopSequences=["END"])), **plain("R")},
        loses=dropped("stop", where="R")),
    Conversation("stop sequences", asked(
        {"stop": ["END", "###"]}, None, {"stop_sequences": ["END", "###"]}, config(stopSequences=["END", "###"])),
        gets=plain("R"), loses=dropped("stop", where="R")),
    Conversation("more stop sequences than some take", asked(
        None, None, {"stop_sequences": list("abcdef")}, None),
        gets={">C": say("C", {"stop": list("abcd")}), ">G": say("G", config(stopSequences=list("abcde"))), **plain("R")},
        loses={">C": "changed=stop_count", ">G": "changed=stop_count", ">R": "dropped=stop"}),
    Conversation("several answers", asked({"n": 2}, None, None, config(candidateCount=2)), refuses={">R": "n", ">A": "n"}),
    Conversation("log probabilities", asked(
        {"logprobs": True, "top_logprobs": 2},
        {"include": ["message.output_text.logprobs"], "top_logprobs": 2}, None,
        config(responseLogprobs=True, logprobs=2)),
        gets=plain("A"), loses=dropped("logprobs", where="A")),
    Conversation("any JSON", asked(
        {"response_format": {"type": "json_object"}}, {"text": {"format": {"type": "json_object"}}}, None,
        config(responseMimeType="application/json")),
        gets={">A": say("A", {"system": [
            {"type": "text", "text": "Answer with JSON only: no text around it, no code fence."}]})},
        loses={">A": "changed=json_mode"}),
    Conversation("JSON of a schema", asked(
        {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}},
        {"text": {"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA}}},
        {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
        config(responseMimeType="application/json", responseJsonSchema=SCHEMA)),
        loses={"C>A": "dropped=schema_strict", "R>A": "dropped=schema_strict", "C>G": "dropped=schema_strict",
               "R>G": "dropped=schema_strict"}),
    Conversation("strictly JSON of a schema", asked(
        {"response_format": {"type": "json_schema", "json_schema": {
            "name": "place", "schema": SCHEMA, "description": "Where.", "strict": True}}},
        {"text": {"format": {"type": "json_schema", "name": "place", "schema": SCHEMA, "description": "Where.",
                             "strict": True}}}),
        gets={">A": say("A", {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}),
              ">G": say("G", config(responseMimeType="application/json", responseJsonSchema=SCHEMA))},
        loses=dropped("schema_strict", where="AG")),
    Conversation("the schema in Gemini's older words", asked(
        None, None, None, config(responseMimeType="application/json", responseSchema={
            "type": "OBJECT", "properties": {"city": {"type": "STRING", "nullable": True}}, "required": ["city"]})),
        gets={">C": say("C", {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {
            "type": "object", "properties": {"city": {"type": ["string", "null"]}}, "required": ["city"]}}}}),
            ">R": say("R", {"text": {"format": {"type": "json_schema", "name": "answer", "schema": {
                "type": "object", "properties": {"city": {"type": ["string", "null"]}}, "required": ["city"]}}}}),
            ">A": say("A", {"output_config": {"format": {"type": "json_schema", "schema": {
                "type": "object", "properties": {"city": {"type": ["string", "null"]}}, "required": ["city"]}}}})}),
    Conversation("effort", asked({"reasoning_effort": "low"}, {"reasoning": {"effort": "low"}}),
        gets={"C>R": say("R", {"reasoning": {"effort": "low"}, "include": ["reasoning.encrypted_content"]}),
              ">A": say("A", {"thinking": {"type": "enabled", "budget_tokens": 2048}}),
              ">G": say("G", config(thinkingConfig={"thinkingBudget": 2048}))},
        loses={">A": "changed=effort", ">G": "changed=effort"}),
    Conversation("effort and a summary", asked(None, {"reasoning": {"effort": "high", "summary": "auto"},
                                                       "max_output_tokens": 20_000}),
        gets={">C": say("C", {"reasoning_effort": "high", "max_completion_tokens": 20_000}),
              ">A": say("A", {"thinking": {"type": "enabled", "budget_tokens": 16_384}, "max_tokens": 20_000}),
              ">G": say("G", config(thinkingConfig={"thinkingBudget": 16_384, "includeThoughts": True},
                                    maxOutputTokens=20_000))},
        loses={">A": "changed=effort", ">G": "changed=effort"}),
    Conversation("no thinking", asked(
        {"reasoning_effort": "none"}, {"reasoning": {"effort": "none"}}, {"thinking": {"type": "disabled"}},
        config(thinkingConfig={"thinkingBudget": 0}))),
    Conversation("a budget of thoughts", asked(
        None, None, {"thinking": {"type": "enabled", "budget_tokens": 2048}},
        config(thinkingConfig={"thinkingBudget": 2048, "includeThoughts": True})),
        gets={">C": say("C", {"reasoning_effort": "low"}),
              ">R": say("R", {"reasoning": {"effort": "low", "summary": "auto"}, "include": ["reasoning.encrypted_content"]})},
        loses={">C": "changed=budget", ">R": "changed=budget"}),
    Conversation("a budget that does not fit", asked(
        None, None, None, config(thinkingConfig={"thinkingBudget": 9000}, maxOutputTokens=2000)),
        gets={">C": say("C", {"reasoning_effort": "medium", "max_completion_tokens": 2000}),
              ">R": say("R", {"reasoning": {"effort": "medium"}, "max_output_tokens": 2000,
                              "include": ["reasoning.encrypted_content"]}),
              ">A": say("A", {"thinking": {"type": "enabled", "budget_tokens": 1999}, "max_tokens": 2000})},
        loses={">C": "changed=budget", ">R": "changed=budget", ">A": "changed=budget_size"}),
    Conversation("models that take steps", asked(
        {"reasoning_effort": "high"}, {"reasoning": {"effort": "high"}, "include": ["reasoning.encrypted_content"]},
        {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
        config(thinkingConfig={"thinkingLevel": "HIGH"})),
        gets={"A>R": say("R", {"reasoning": {"effort": "high", "summary": "auto"}, "include": ["reasoning.encrypted_content"]}),
              "A>G": say("G", config(thinkingConfig={"thinkingLevel": "HIGH", "includeThoughts": True}))},
        models={"A": "claude-opus-4-6", "G": "gemini-3-pro-preview"}),
    Conversation("a budget for models that take steps", asked(
        None, None, {"thinking": {"type": "enabled", "budget_tokens": 2048}}),
        gets={">C": say("C", {"reasoning_effort": "low"}),
              ">R": say("R", {"reasoning": {"effort": "low", "summary": "auto"}, "include": ["reasoning.encrypted_content"]}),
              ">G": say("G", config(thinkingConfig={"thinkingLevel": "LOW", "includeThoughts": True}))},
        loses={">C": "changed=budget", ">R": "changed=budget", ">G": "changed=budget_step"},
        models={"G": "gemini-3-pro-preview"}),
    Conversation("thinking takes no sampling", asked({"reasoning_effort": "low", "temperature": 0.5}, None, None,
        config(thinkingConfig={"thinkingBudget": 2048}, temperature=0.5)),
        gets={">R": say("R", {"reasoning": {"effort": "low"}, "temperature": 0.5, "include": ["reasoning.encrypted_content"]}),
              ">A": say("A", {"thinking": {"type": "enabled", "budget_tokens": 2048}}),
              "G>C": say("C", {"reasoning_effort": "low", "temperature": 0.5})},
        loses={"C>A": "dropped=sampling_thinking; changed=effort", "G>A": "dropped=sampling_thinking",
               "C>G": "changed=effort", "G>C": "changed=budget", "G>R": "changed=budget"}),
    Conversation("how many words", asked({"verbosity": "low"}, {"text": {"verbosity": "low"}}),
        gets=plain("AG"), loses=dropped("verbosity", where="AG")),
    Conversation("who asks", asked({"user": "u1"}, {"user": "u1"}, {"metadata": {"user_id": "u1"}}),
        gets=plain("G"), loses=dropped("user", where="G")),
    Conversation("metadata", asked({"metadata": {"k": "v"}}, {"metadata": {"k": "v"}}),
        gets=plain("AG"), loses=dropped("metadata", where="AG")),
    Conversation("a key of the cache", asked({"prompt_cache_key": "k"}, {"prompt_cache_key": "k"}),
        gets=plain("AG"), loses=dropped("cache_key", where="AG")),
    Conversation("marks of the cache", asked(None, None, {
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "messages": [{"role": "user", "content": [
            {"type": "text", "text": "Hello", "cache_control": {"type": "ephemeral"}}]}]}),
        gets={">C": say("C", {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]}),
              ">R": say("R", {"instructions": "Be brief."}),
              ">G": say("G", {"systemInstruction": {"parts": [{"text": "Be brief."}]}})},
        loses=dropped("cache", where="CRG")),
    Conversation("a tier", asked({"service_tier": "priority"}, {"service_tier": "priority"}),
        gets={">A": say("A", {"service_tier": "auto"}), ">G": say("G", {"serviceTier": "priority"})},
        loses={">A": "changed=service_tier", ">G": "changed=service_tier"}),
    Conversation("what only one format has", asked(
        {"logit_bias": {"5": 1}}, {"truncation": "auto"}, {"mcp_servers": []}, {"labels": {"a": "b"}}),
        gets=plain("CRAG"),
        loses={**{f"C>{p}": "dropped=logit_bias" for p in "RAG"}, **{f"R>{p}": "dropped=truncation" for p in "CAG"},
               **{f"G>{p}": "dropped=labels" for p in "CRA"}}),
    Conversation("what is kept at the provider", asked(
        None, {"previous_response_id": "resp_0"}, {"container": "c1"}, {"cachedContent": "cachedContents/1"}),
        refuses={**{f"R>{p}": "previous_response_id" for p in "CAG"}, **{f"A>{p}": "container" for p in "CRG"},
                 **{f"G>{p}": "cachedContent" for p in "CRA"}}),
    Conversation("Gemini's words with underscores", asked(None, None, None, {
        "generationConfig": None, "generation_config": {"max_output_tokens": 4000, "top_p": 0.5},
        "system_instruction": {"parts": {"text": "Be brief."}}, "contents": {"parts": {"text": "Hello"}}}),
        gets={">C": say("C", {"top_p": 0.5, "messages": [
            {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]}),
            ">R": say("R", {"top_p": 0.5, "instructions": "Be brief."}),
            ">A": say("A", {"top_p": 0.5, "system": [{"type": "text", "text": "Be brief."}]})}),
]  # fmt: skip
