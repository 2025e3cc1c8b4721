"""The readers of both directions."""

from engine.wire.message import RequestHead, ResponseHead
from engine.wire.request_reader import RequestReader
from engine.wire.response_reader import ResponseReader

__all__ = ["RequestHead", "RequestReader", "ResponseHead", "ResponseReader"]
