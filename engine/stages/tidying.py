"""Replies in OpenAI's chat format tidied on their way out: `convert: {normalise: openai, show_model: asked}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.formats.openai_chat.tidy import Tidy, Wishes
from engine.formats.openai_chat.tidy_stream import TidyStream
from engine.web import Streamed

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.exchange import Exchange
    from engine.faults import Fault
    from engine.ports import Pipe, Services
    from engine.web import Response

JSON = b"application/json; charset=utf-8"
EVENTS = b"text/event-stream; charset=utf-8"


class Tidying:
    """`model` tells the name to show, "" for the provider's; `fresh` are providers whose calls get ids of ours."""

    def __init__(self, model: Callable[[Exchange], str], fill: bool, fresh: frozenset[str], services: Services) -> None:
        self._model = model
        self._fill = fill
        self._fresh = fresh
        self._services = services

    def __call__(self, exchange: Exchange) -> None:
        """Raises Fault("upstream_bad_body") for a whole reply that lacks what one must have."""
        answer, target = exchange.answer, exchange.target
        assert answer is not None
        fresh = target is not None and target.provider in self._fresh
        wishes = Wishes(self._model(exchange), self._fill, fresh, int(self._services.wall()), self._services.dice)
        if answer.stream is not None:
            answer.stream = Streamed(answer.stream.source, Tidied(answer.stream.pipe, TidyStream(wishes)))
            self._say_type(answer, EVENTS)
        elif not _is_events(answer):
            answer.body = Tidy(wishes).whole(answer.body)
            self._say_type(answer, JSON)
        else:  # a whole reply that was told as a stream
            stream = TidyStream(wishes)
            answer.body = stream.feed(answer.body) + stream.finish()

    def _say_type(self, answer: Response, media_type: bytes) -> None:
        if self._fill:
            answer.headers = [pair for pair in answer.headers if pair[0] != b"content-type"]
            answer.headers.append((b"content-type", media_type))


def _is_events(answer: Response) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in answer.headers)


class Tidied:
    """Implements ports.Pipe: what another pipe gives, tidied. What ends a broken stream goes on as it is."""

    __slots__ = ("_pipe", "_stream")

    def __init__(self, pipe: Pipe, stream: TidyStream) -> None:
        self._pipe = pipe
        self._stream = stream

    def feed(self, chunk: bytes) -> bytes:
        return self._stream.feed(self._pipe.feed(chunk))

    def finish(self) -> bytes:
        """Raises as the inner pipe does; then nothing more of the stream is said."""
        last = self._pipe.finish()
        return self._stream.feed(last) + self._stream.finish()

    def fail(self, fault: Fault) -> bytes:
        # Only whole events have gone out, so this one begins on a line of its own whatever the provider left unfinished.
        return self._pipe.fail(fault)
