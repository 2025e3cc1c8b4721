"""OpenAI Responses: items in, items out."""

from __future__ import annotations

from engine.formats.fault import fault_headers
from engine.formats.openai_chat.reply import write_fault, write_models
from engine.formats.openai_responses import reply, request, stream


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


FORMAT = OpenAIResponses()
