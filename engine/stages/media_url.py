"""URLs that clients name for images and files: which of them are fetched, and what may come back (reliability.md, Appendix D).

Nothing is repaired: a URL that two readers could take apart differently is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from engine.faults import clipped
from engine.routes.base_url import BadUrl, read_base_url

if TYPE_CHECKING:
    from engine.targets import Origin

LONGEST = 4096  # characters of a URL
_SHAPE = re.compile(r"(https?)://([^/?#]+)([^#]*)(?:#.*)?", re.IGNORECASE)
_TARGET = re.compile(r"[\x21-\x5b\x5d-\x7e]*", re.ASCII)
_KEPT = "!$%&'()*+,;=:@/?-._~[]{}|^`\"<>"
_USUAL = {"https": 443, "http": 80}
_UTF_8 = ("utf-8", "utf8", "us-ascii")


class Unfetched(Exception):
    """Why something is not fetched, in a sentence for the client that tells of no address."""

    def __init__(self, says: str, inside: str = "") -> None:
        super().__init__(says)
        self.says = says
        self.inside = inside


def is_web_url(url: str) -> bool:
    return url[:8].lower().startswith(("https://", "http://"))


def read_media_url(url: str, http: bool) -> tuple[Origin, str]:
    """(origin, path and query in origin form). `http`: plain HTTP is allowed. Raises Unfetched."""
    found = _SHAPE.fullmatch(url) if len(url) <= LONGEST else None
    if found is None or any(c <= " " or c in "\\\x7f" for c in url):
        raise Unfetched(f"it is not `https://host/path` of at most {LONGEST} characters")
    scheme, authority, rest = found[1].lower(), found[2], found[3]
    if scheme == "http" and not http:
        raise Unfetched("only `https://` is fetched")
    try:
        origin, _ = read_base_url(f"{scheme}://{authority}", allow_private=False)
    except BadUrl:
        raise Unfetched("its host is not written plainly: no user name, no password, ASCII only") from None
    if origin.port != _USUAL[scheme]:
        raise Unfetched("only the usual port is fetched from")
    path = quote(rest if rest.startswith("/") else "/" + rest, safe=_KEPT, errors="replace")
    if not _TARGET.fullmatch(path):
        raise Unfetched("its path holds what must be percent-encoded")
    return origin, path


def media_type_of(kind: str, value: bytes | None) -> str:
    """The MIME type of what came for a piece of this `kind`, as its content type says it: the bytes are not looked at. Raises
    Unfetched."""
    told, _, parameters = (value or b"").decode("latin-1").partition(";")
    mime = told.strip().lower()
    fits = mime.startswith("image/") if kind == "image" else mime == "application/pdf" or mime.startswith("text/")
    if not fits or not re.fullmatch(r"[a-z]+/[a-z0-9.+-]{1,100}", mime):
        wanted = "`image/...`" if kind == "image" else "`application/pdf` or `text/...`"
        raise Unfetched(f"its content type is {clipped(mime, 64) or 'not told'}, where {wanted} is due")
    charset = re.search(r"charset=\"?([^\s\";]+)", parameters.lower())
    if mime.startswith("text/") and charset is not None and charset[1] not in _UTF_8:
        raise Unfetched("its text is not UTF-8")
    return mime


def place_of(document: dict[str, Any], url: str) -> str:
    """Where in a request's conversation `url` stands first: `messages[2].content[1].image_url.url`; `messages` when nowhere."""
    names = ("messages", "input", "contents")
    stack: list[tuple[str, Any]] = [(name, document[name]) for name in names if name in document]
    while stack:
        place, value = stack.pop()
        if value == url:
            return clipped(place, 128)
        if isinstance(value, dict):
            stack += reversed([(f"{place}.{name}", inner) for name, inner in value.items()])
        elif isinstance(value, list):
            stack += reversed([(f"{place}[{number}]", inner) for number, inner in enumerate(value)])
    return "messages"
