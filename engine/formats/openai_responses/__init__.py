"""OpenAI Responses: items in, items out."""

from __future__ import annotations

from engine.formats.fault import fault_headers
from engine.formats.openai_chat.reply import write_fault, write_models
from engine.formats.openai_responses import (
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


class OpenAIResponses:
    name = "openai_responses"
    family = "OpenAI Responses"
    forwarded: tuple[bytes, ...] = (b"openai-beta",)
    peek = staticmethod(request.peek)
    rename = staticmethod(request.rename)
    path = staticmethod(request.path)
    read_reply = staticmethod(reply.read_reply)
    read_usage = staticmethod(reply.read_usage)
    read_served = staticmethod(reply.read_served)
    tap = stream.ResponsesTap
    write_fault = staticmethod(write_fault)
    write_stream_fault = staticmethod(stream.write_stream_fault)
    write_models = staticmethod(write_models)
    fault_headers = staticmethod(fault_headers)
    read_request = staticmethod(read_request.read_request)
    write_request = staticmethod(write_request.write_request)
    read_answer = staticmethod(read_answer.read_answer)
    write_answer = staticmethod(write_answer.write_answer)
    stream_reader = read_stream.ResponsesStreamReader
    stream_writer = write_stream.ResponsesStreamWriter


FORMAT = OpenAIResponses()
