"""OpenAI Chat Completions: the format that most providers speak."""

from __future__ import annotations

from engine.formats.fault import fault_headers
from engine.formats.openai_chat import (
    read_answer,
    read_request,
    read_stream,
    reply,
    request,
    stream,
    write_answer,
    write_request,
    write_stream,
)  # fmt: skip


class OpenAIChat:
    name = "openai_chat"
    family = "OpenAI Chat Completions"
    forwarded: tuple[bytes, ...] = (b"openai-beta",)
    peek = staticmethod(request.peek)
    rename = staticmethod(request.rename)
    path = staticmethod(request.path)
    read_reply = staticmethod(reply.read_reply)
    read_usage = staticmethod(reply.read_usage)
    read_served = staticmethod(reply.read_served)
    tap = stream.ChatTap
    write_fault = staticmethod(reply.write_fault)
    write_stream_fault = staticmethod(stream.write_stream_fault)
    write_models = staticmethod(reply.write_models)
    fault_headers = staticmethod(fault_headers)
    read_request = staticmethod(read_request.read_request)
    write_request = staticmethod(write_request.write_request)
    read_answer = staticmethod(read_answer.read_answer)
    write_answer = staticmethod(write_answer.write_answer)
    stream_reader = read_stream.ChatStreamReader
    stream_writer = write_stream.ChatStreamWriter


FORMAT = OpenAIChat()
