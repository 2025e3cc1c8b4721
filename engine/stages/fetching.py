"""Images and files that a client gave by URL, fetched for a provider that needs their bytes (`decode: {fetch: ...}`).

A client chooses these URLs, so they are dialled as a provider's host is, but never to a private address, whatever the table
says. Nothing of the client goes along, no redirect is followed, and what is too large, too slow or of another type than it
should be is an error of the request: nothing is cut, nothing is guessed.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import orjson

from engine.chat import Media, Result
from engine.faults import Fault
from engine.formats.abridge import LARGE
from engine.formats.losses import FEATURES
from engine.ports import Patience
from engine.stages.decode import Decode
from engine.stages.media_url import Unfetched, is_web_url, media_type_of, place_of, read_media_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.chat import Asked, ChatRequest, Piece, Text
    from engine.ports import Binding, Get
    from engine.stages.decode import Fetch

AT_ONCE = 4  # of one request

Key = tuple[str, str]  # kind, URL

_SAYS = {
    # One sentence for both: whether a name is known inside is not told.
    "upstream_dns": "its host has no public address",
    "upstream_blocked": "its host has no public address",
    "upstream_connect": "its host cannot be reached",
    "upstream_tls": "its host has no trusted certificate",
    "upstream_encoding": "it came compressed",
}
_LATE = (
    "upstream_connect_timeout",
    "upstream_first_byte_timeout",
    "upstream_timeout",
    "upstream_stalled",
    "upstream_pool_timeout",
)


@dataclass(slots=True)
class Busy:
    """How many requests of this worker are fetching now."""

    requests: int = 0


@dataclass(frozen=True, slots=True)
class Fetches:
    """What the fetches of a route have in common. `now` is monotonic seconds, the clock of `get`."""

    rules: Fetch
    get: Get
    now: Callable[[], float]
    busy: Busy


def fetches_of(binding: Binding) -> Fetches | None:
    """What the route's own `decode` says; None where nothing is fetched."""
    rules = next((use.part.fetch for use in binding.route.stages if isinstance(use.part, Decode)), None)
    get, now = binding.services.get, binding.services.now
    if rules is None or get is None:
        return None
    return Fetches(rules, get, now, binding.shared.setdefault("fetching", Busy()))


class Fetching:
    """The fetched media of one exchange: each URL once, however many attempts want it."""

    __slots__ = ("_fetches", "_found", "_left", "_lock")

    def __init__(self, fetches: Fetches) -> None:
        self._fetches = fetches
        self._found: dict[Key, tuple[str, str]] = {}  # MIME type, base64
        self._left = fetches.rules.total
        self._lock = asyncio.Lock()  # attempts that race

    async def bring(self, chat: ChatRequest, format: str, asked: Asked, due: float) -> None:
        """Fetches what a provider of this format could not fetch for itself, by the monotonic moment `due`. Raises
        Fault("unfetched"), and Fault("overloaded") when too many requests are fetching."""
        if not self._wanted(chat, format):
            return
        async with self._lock:
            wanted = self._wanted(chat, format) - self._found.keys()
            if wanted:
                await self._bring(wanted, asked, due)

    def with_bytes(self, chat: ChatRequest, format: str) -> ChatRequest:
        """`chat` as a provider of this format is to have it; `chat` itself stays as it is, for others take URLs."""
        wanted = self._wanted(chat, format)
        if not wanted:
            return chat
        messages = [replace(one, pieces=[self._filled(piece, wanted) for piece in one.pieces]) for one in chat.messages]
        return replace(chat, messages=messages)

    def _filled(self, piece: Piece, wanted: set[Key]) -> Piece:
        if isinstance(piece, Result):
            return replace(piece, pieces=[self._filled_media(inner, wanted) for inner in piece.pieces])
        return self._filled_media(piece, wanted) if isinstance(piece, Media) else piece

    def _filled_media(self, piece: Text | Media, wanted: set[Key]) -> Text | Media:
        if not isinstance(piece, Media) or (piece.kind, piece.url) not in wanted:
            return piece
        mime, data = self._found[piece.kind, piece.url]
        return replace(piece, mime=mime, data=data, url="")

    def _wanted(self, chat: ChatRequest, format: str) -> set[Key]:
        kinds = self._fetches.rules.kinds
        needy = {kind for kind in kinds if FEATURES[f"{kind}_url"].by[format].kind != "exact"}
        return {(media.kind, media.url) for media in _media(chat) if media.kind in needy and is_web_url(media.url)}

    async def _bring(self, wanted: set[Key], asked: Asked, due: float) -> None:
        fetches = self._fetches
        rules, busy = fetches.rules, fetches.busy
        if len(wanted) + len(self._found) > rules.most:
            raise Fault("unfetched", f"at most {rules.most} are fetched for one request", param="messages")
        if busy.requests >= rules.requests:
            raise Fault("overloaded")
        turns, until = asyncio.Semaphore(AT_ONCE), min(due, fetches.now() + rules.timeout)
        busy.requests += 1
        try:
            async with asyncio.TaskGroup() as group:
                for key in wanted:
                    group.create_task(self._fetch(key, asked, until, turns))
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        finally:
            busy.requests -= 1

    async def _fetch(self, key: Key, asked: Asked, until: float, turns: asyncio.Semaphore) -> None:
        try:
            async with turns:
                self._found[key] = await self._read(key, until)
        except Unfetched as why:
            document = asked.document if len(asked.body) < LARGE else orjson.loads(asked.body)
            place = place_of(document, key[1])
            raise Fault("unfetched", f"`{place}`: {why.says}", param=place, inside=why.inside) from None

    async def _read(self, key: Key, until: float) -> tuple[str, str]:
        kind, url = key
        rules = self._fetches.rules
        origin, path = read_media_url(url, rules.http)
        seconds = rules.timeout
        patience = Patience(seconds, seconds, seconds, until, rules.limit)
        body = _Gathered(self, rules.limit)
        try:
            reply = await self._fetches.get(origin, path, patience)
            try:
                if reply.status != 200:
                    raise Unfetched(_of_status(reply.status))
                mime = media_type_of(kind, reply.headers.get(b"content-type"))
                await reply.pour(body.take)
            finally:
                reply.close()
        except BaseException as error:
            self._left += body.taken  # another attempt may do better
            if isinstance(error, Fault):
                raise Unfetched(self._why(error.code), error.code) from None
            raise
        return mime, b64encode(b"".join(body.pieces)).decode("ascii")

    def _why(self, code: str) -> str:
        if code in _LATE:
            return f"it did not come within {self._fetches.rules.timeout:g} seconds"
        if code == "upstream_too_large":
            return _too_large(self._fetches.rules.limit)
        return _SAYS.get(code, "its host's answer is not valid, or was cut off")

    def take(self, size: int) -> str:
        """Of the bytes of all; what is wrong when they are too many, else ""."""
        self._left -= size
        return "" if self._left >= 0 else f"all that is fetched is larger than {self._fetches.rules.total} bytes"


class _Gathered:
    """One body as it arrives; `taken` bytes count against the limit of all."""

    __slots__ = ("_limit", "_of", "pieces", "taken")

    def __init__(self, of: Fetching, limit: int) -> None:
        self._of = of
        self._limit = limit
        self.pieces: list[bytes] = []
        self.taken = 0

    def take(self, piece: bytes) -> None:
        """Raises Unfetched where it becomes too much; whoever pours drops the connection then."""
        size = len(piece)
        self.taken += size
        over = self._of.take(size) or (_too_large(self._limit) if self.taken > self._limit else "")
        if over:
            raise Unfetched(over)
        self.pieces.append(piece)


def _media(chat: ChatRequest) -> Iterator[Media]:
    for message in chat.messages:
        for piece in message.pieces:
            inside = piece.pieces if isinstance(piece, Result) else (piece,)
            yield from (media for media in inside if isinstance(media, Media))


def _too_large(limit: int) -> str:
    return f"it is larger than {limit} bytes"


def _of_status(status: int) -> str:
    if 300 <= status < 400:
        return "its host answered with a redirect, which is not followed"
    return f"its host answered with status {status}"
