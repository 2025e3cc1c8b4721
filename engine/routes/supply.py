"""From providers as declared to providers that can be called: where they are, what keys they have, what they lack."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.program import Provider
from engine.providers.credentials import STYLES
from engine.providers.targets import NEVER_FORWARDED
from engine.routes.base_url import BadUrl, is_private, read_base_url
from engine.routes.desk import Desk, shown
from engine.routes.key_hosts import strangers
from engine.routes.substitution import bare_variable
from engine.web import CREDENTIALS, HOP_BY_HOP

if TYPE_CHECKING:
    from engine.providers.catalog import Kind
    from engine.routes.draft import Draft, DraftProvider
    from engine.routes.node import Node
    from engine.routes.shape import Parts, ProviderWords
    from engine.targets import Origin
    from engine.web import Pair

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?=\}|:-)")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", re.ASCII)  # RFC 9110 section 5.6.2
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?")
_KEY = re.compile(r"[\x21-\x7e]+")
_PROXY = re.compile(r"(?:https?|socks5h?)://[^/?#\s]+/?")
# The transport writes these itself, from what it really sends.
_OUR_OWN = HOP_BY_HOP | {b"host", b"content-length", b"content-type", b"accept-encoding", b"expect"}


def supply(draft: Draft, parts: Parts, lines: list[str], desk: Desk) -> dict[str, Provider]:
    """The providers that are sound. `lines` are the table's lines as written: they tell which variable gives a key."""
    suppliers = [_Supplier(provider, parts, lines, desk) for provider in draft.providers.values() if provider.words]
    made = [supplier.make() for supplier in suppliers]
    return {provider.name: provider for provider in made if provider is not None}


class _Supplier:
    def __init__(self, provider: DraftProvider, parts: Parts, lines: list[str], desk: Desk) -> None:
        assert provider.words is not None
        self._provider = provider
        self._words: ProviderWords = provider.words
        self._parts = parts
        self._kind: Kind = parts.kinds[provider.words.kind]
        self._lines = lines
        self._desk = desk

    def make(self) -> Provider | None:
        words, kind = self._words, self._kind
        place = self._place()
        self._check_credential()
        self._check_keys()
        self._check_transport()
        headers = self._headers()
        forward = self._forward()
        if place is None:
            return None
        origin, path = place
        self._check_exposure(origin)
        self._check_key_hosts(origin)
        return Provider(
            name=self._provider.name,
            kind=words.kind,
            format=words.format or kind.format,
            origin=origin,
            path=path,
            credential=words.credential or kind.credential,
            keys=tuple(key for key in words.keys if key),
            unavailable=self._unavailable(),
            transport=words.transport,
            headers=headers,
            sealed=self._sealed(),
            forward=forward,
            connections=words.connections,
            wait=words.wait,
            max_tokens=words.max_tokens,
            gunzip=words.gunzip,
            proxy=words.proxy or None,
            http2=words.http2,
            options=self._provider.own,
        )

    def _at(self, key: str) -> Node:
        return self._provider.node.get(key) or self._provider.node

    def _place(self) -> tuple[Origin, str] | None:
        text = self._words.base_url or self._kind.base_url
        if not text:
            says = f"a provider of kind `{self._kind.word}` says where it is"
            self._desk.error(self._at("base_url"), "R021", says, "add `base_url: https://...`", on_key=True)
            return None
        try:
            return read_base_url(text, self._allow_private)
        except BadUrl as bad:
            self._desk.error(self._at("base_url"), "R023", bad.says, bad.hint)
            return None

    @property
    def _allow_private(self) -> bool:
        said = self._words.allow_private
        return self._kind.allow_private if said is None else said

    def _check_credential(self) -> None:
        word = self._words.credential
        if word is not None and word not in STYLES:
            node = self._at("credential")
            slip = bool(self._desk.nearest(word, STYLES))  # else the word may be the key itself
            says = f"{shown(node) if slip else 'this'} is no way to send a key"
            self._desk.error(node, "R023", says, self._desk.suggest(word, STYLES), hidden=not slip)

    def _check_keys(self) -> None:
        """A key travels in a header: what cannot would break every request (RFC 9110 section 5.5)."""
        for key, node in zip(self._words.keys, _items(self._provider.node.get("keys")), strict=True):
            if key and not _KEY.fullmatch(key.reveal()):
                self._desk.error(node, "R023", "a key is printable ASCII without spaces", "was a line break read with it?")
            elif key and node.substituted and self._is_odd(key.reveal()):
                says = f"this does not look like a key of the kind `{self._kind.word}`"
                self._desk.warn(node, "R066", says, f"its keys match `{self._kind.key_form}`")

    def _is_odd(self, key: str) -> bool:
        """Only where the kind's own host is called: what stands in for it takes keys of its own."""
        form, elsewhere = self._kind.key_form, self._words.base_url not in (None, self._kind.base_url)
        return bool(form) and not elsewhere and not re.fullmatch(form, key)

    def _check_transport(self) -> None:
        words = self._words
        for key, is_set in (("proxy", bool(words.proxy)), ("http2", words.http2)):
            if is_set and words.transport != "httpx":
                node = self._at(key)
                self._desk.error(node, "R026", f"`{key}` needs another transport", "add `transport: httpx`", on_key=True)
        proxy = words.proxy.reveal() if words.proxy else ""
        if proxy and not (_PROXY.fullmatch(proxy) or bare_variable(proxy)):
            says, hint = "a proxy is a URL of a scheme, a host and a port", "for example `http://proxy.example:3128`"
            self._desk.error(self._at("proxy"), "R023", says, hint, hidden=not set(proxy) & set(".:"))

    def _headers(self) -> tuple[Pair, ...]:
        pairs = []
        node = self._provider.node.get("headers")
        for name, value in self._words.headers.items():
            item = node and node.get(name)
            lower = name.lower().encode("utf-8", "replace")
            if item is not None and self._header_fits(item, name, value):
                pairs.append((lower, value.encode()))
        return tuple(pairs)

    def _sealed(self) -> frozenset[bytes]:
        """A value that is not written in the table may be a secret."""
        node = self._provider.node.get("headers")
        given = node.value.items() if node is not None and isinstance(node.value, dict) else ()
        return frozenset(name.lower().encode("utf-8", "replace") for name, value in given if value.substituted)

    def _header_fits(self, node: Node, name: str, value: str) -> bool:
        lower = name.lower().encode("utf-8", "replace")
        if not _TOKEN.fullmatch(name):
            self._desk.error(node, "R023", "this is not the name of a header", on_key=True)
        elif lower in CREDENTIALS:
            self._desk.error(
                node, "R023", f"`{name}` carries a credential", "give it as `keys:`, which never shows it", on_key=True
            )
        elif lower in _OUR_OWN:
            self._desk.error(node, "R023", f"`{name}` is written by the engine itself", on_key=True)
        elif value and not _VALUE.fullmatch(value):
            self._desk.error(node, "R023", "a header's value is printable ASCII without spaces around it", hidden=True)
        else:
            return True
        return False

    def _forward(self) -> tuple[bytes, ...]:
        names = []
        for name, node in zip(self._words.forward, _items(self._provider.node.get("forward")), strict=True):
            lower = name.lower().encode("utf-8", "replace")
            if not _TOKEN.fullmatch(name):
                self._desk.error(node, "R023", "this is not the name of a header")
            elif lower in NEVER_FORWARDED:
                self._desk.error(node, "R023", f"`{name}` never travels from a client to a provider")
            else:
                names.append(lower)
        return tuple(names)

    def _check_exposure(self, origin: Origin) -> None:
        private = is_private(origin.host)
        node = self._at("base_url")
        if private and not self._allow_private:
            says = "this is a loopback or private address"
            self._desk.error(node, "R063", says, "add `allow_private: true` if it is meant")
        elif not private and origin.scheme == "http" and any(self._words.keys):
            self._desk.warn(node, "R064", "the key would travel unencrypted", "write `https://`")

    def _check_key_hosts(self, origin: Origin) -> None:
        url = self._provider.node.get("base_url")
        written = self._written(url) if url is not None and self._words.base_url else None
        if (self._words.credential or self._kind.credential) == "none":
            return
        for item in _items(self._provider.node.get("keys")):
            for variable, domain in strangers(origin.host, written, self._variables(item), self._parts.kinds):
                says = f"`{variable}` is where a key of {domain} is kept, and this provider is at another host"
                hint = "keep the key for this host in a variable of another name"
                self._desk.warn(item, "R065", says, hint, sourced=False)

    def _unavailable(self) -> str:
        """Why this provider cannot be called, "" when it can."""
        words, kind = self._words, self._kind
        if any(words.keys) or not kind.needs_key or words.credential == "none":
            return ""
        keys = self._provider.node.get("keys")
        # A server of one's own behind a known format, which was given no `keys` at all, needs none.
        if keys is None and words.base_url and kind.base_url:
            return ""
        says = f"provider `{self._provider.name}` has no usable key"
        what = self._what_to_set(keys)
        self._desk.warn(keys or self._provider.node, "R061", f"{says}; its models are unavailable", what, on_key=keys is None)
        return what

    def _what_to_set(self, keys: Node | None) -> str:
        items = _items(keys)
        names = [name for item in items for name in self._variables(item)]
        if names:
            return "set " + " or ".join(dict.fromkeys(names))
        usual = self._kind.variable
        return f'add `keys: ["${{{usual}:-}}"]` and set {usual}' if usual and not items else "give it a key under `keys`"

    def _variables(self, node: Node) -> list[str]:
        return _VARIABLE.findall(self._written(node))

    def _written(self, node: Node) -> str:
        """A scalar as it stands in the table, before substitution."""
        line = self._lines[node.line - 1] if 0 < node.line <= len(self._lines) else ""
        return line[node.column - 1 : node.column - 1 + node.length]


def _items(node: Node | None) -> list[Node]:
    return node.value if node is not None and isinstance(node.value, list) else []
