"""Hot: guarded by bench/micro/auth.py. Who is calling?"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote_plus

from engine.exchange import Caller
from engine.faults import Fault
from engine.parts import Stage, option
from engine.secret import Secret  # noqa: TC001  options are read at run time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.exchange import Exchange
    from engine.parts import Deed
    from engine.ports import Binding
    from engine.web import Request

Digest = Callable[[bytes], bytes]

# RFC 9110 section 11.6.1: a 401 says how to authenticate.
CHALLENGE = ((b"www-authenticate", b"Bearer"),)

_CARRIERS = frozenset({b"x-api-key", b"x-goog-api-key", b"api-key"})
# Only tells keys apart in a log. A fixed constant, so that workers and restarts agree.
_FINGERPRINT = b"declarative-ai-gateway: key fingerprint"


@dataclass(frozen=True)
class Auth(Stage):
    """Let in only callers that hold a key: as `Authorization: Bearer`, `x-api-key`, `x-goog-api-key`, `api-key` or `?key=`.

    Empty keys (of variables that are not set) count as none. In the log a caller is the name of its key, or the key's
    fingerprint. A request with two different keys is refused: which of them is meant cannot be told."""

    example = 'auth: {keys: ["${GATEWAY_KEY:-}"], open_on_loopback: true}'
    writes = frozenset({"caller"})

    accept: list[Literal["key"]] = option("The kinds of credentials that are taken.", default=["key"])
    keys: list[Secret] = option("Keys that are let in.", default=[], example=["${GATEWAY_KEY}"])
    named: dict[str, Secret] = option(
        "Keys by the name that the log gives to their caller.", default={}, example={"ci": "${CI_KEY}"}
    )
    open_on_loopback: bool = option(
        "While no key is set, let in everybody who calls on a loopback address. Set one key and it is asked everywhere.",
        default=False,
    )

    def flaws(self, public: bool) -> Iterator[tuple[str, str]]:
        if not (public or self.open_on_loopback or self._set_keys()):
            yield "keys", "no key is set, so nobody could call; set one, or say `open_on_loopback: true`"

    @property
    def is_open(self) -> bool:
        """Callers on loopback are let in, because no key is set."""
        return self.open_on_loopback and not self._set_keys()

    def _set_keys(self) -> list[tuple[str, Secret]]:
        """(name or "", key) of every key that is not empty."""
        return [(name, key) for name, key in [*(("", key) for key in self.keys), *self.named.items()] if key]

    def bind(self, binding: Binding) -> Deed:
        # A keyed hash makes the look-up tell nothing about a key: how far two digests agree depends on a secret of this
        # process alone (reliability.md 4.1). It is hashed once; every credential goes on from a copy.
        keyed = blake2b(key=secrets.token_bytes(32), digest_size=32)

        def digest(credential: bytes) -> bytes:
            mine = keyed.copy()
            mine.update(credential)
            return mine.digest()

        callers = {digest(key.reveal().encode()): Caller(name or fingerprint(key)) for name, key in self._set_keys()}
        if not callers and binding.route.public:
            return _let_in(Caller("public", "none"), anywhere=True)
        if not callers and self.open_on_loopback:
            return _let_in(Caller("loopback", "none"), anywhere=False)
        return _recognise(lambda request: callers.get(digest(bearer_of(request) or _only(credentials_of(request)))))


def _recognise(find: Callable[[Request], Caller | None]) -> Deed:
    # After a reload it is another one: what the old keys opened is not remembered.
    mine = object()

    def auth(exchange: Exchange) -> None:
        request = exchange.request
        headers = request.headers
        who, caller = headers.memo
        # A query may hold a key too.
        if who is not mine or request.query:
            caller = find(request)
            if caller is None:
                raise Fault("wrong_key", headers=CHALLENGE)
            if not request.query:
                headers.memo = (mine, caller)
        exchange.caller = caller

    return auth


def _let_in(caller: Caller, anywhere: bool) -> Deed:
    def auth(exchange: Exchange) -> None:
        if not (anywhere or exchange.request.on_loopback):
            raise Fault("missing_key", headers=CHALLENGE)
        exchange.caller = caller

    return auth


def credentials_of(request: Request) -> set[bytes]:
    """The different credentials that a request holds, wherever it holds them. Schemes other than Bearer are none."""
    found = set()
    for name, value in request.headers.pairs:
        if name == b"authorization":
            scheme, _, value = value.partition(b" ")
            if scheme.lower() == b"bearer":
                found.add(value.strip())
        elif name in _CARRIERS:
            found.add(value)
    if "key=" in request.query:
        parts = (part[4:] for part in request.query.split("&") if part.startswith("key="))
        found.update(unquote_plus(part).encode(errors="surrogatepass") for part in parts)
    found.discard(b"")
    return found


def bearer_of(request: Request) -> bytes:
    """The credential as nearly every client holds it: in `Authorization: Bearer` and nowhere else. b"" when it is not so
    plain. The field occurs once (reliability.md, the strict profile)."""
    get = request.headers.get
    bearer = get(b"authorization")
    if bearer is None or bearer[:7] not in (b"Bearer ", b"bearer ") or request.query:
        return b""
    elsewhere = get(b"x-api-key") or get(b"x-goog-api-key") or get(b"api-key")
    return b"" if elsewhere else bearer[7:].strip()


def _only(presented: set[bytes]) -> bytes:
    if not presented:
        raise Fault("missing_key", headers=CHALLENGE)
    if len(presented) > 1:
        raise Fault("wrong_key", "the request holds two different keys", headers=CHALLENGE)
    return presented.pop()


def fingerprint(key: Secret) -> str:
    """`key-` and 8 hex digits: the same for the same key everywhere, and no way back to it."""
    return "key-" + blake2b(key.reveal().encode(), key=_FINGERPRINT, digest_size=4).hexdigest()
