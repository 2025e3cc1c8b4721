"""A provider's key belongs to its provider's hosts (reliability.md, section 4.8): what is said when a table sends it elsewhere.

No key is ever taken from the environment unasked: the table names each one under `keys`. What is left is a `base_url` that was
changed while the key beside it was not. That can be seen where the key comes from a provider's usual variable and the host
is written in the table; a host out of the environment comes from where the key does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.routes.base_url import is_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.providers.catalog import Kind

_NUMBERED = re.compile(r"_[0-9]+$")


def strangers(host: str, written: str | None, variables: Iterable[str], kinds: Mapping[str, Kind]) -> Iterator[tuple[str, str]]:
    """(variable, its provider's domain) of every variable that usually holds the key of another host than `host`.

    `written` is the base URL as the table writes it, references and all; None when the catalogue gives it."""
    if is_private(host) or (written is not None and host not in written.lower()):
        return
    for variable in variables:
        for kind in kinds.values():
            if (
                kind.variable == _NUMBERED.sub("", variable)
                and kind.base_url
                and not _is_under(host, domain := domain_of(kind))
            ):
                yield variable, domain


def domain_of(kind: Kind) -> str:
    """The last two labels of its usual host: regions differ in those before (`eu.api.`, `dashscope-intl.`)."""
    return ".".join((urlsplit(kind.base_url).hostname or "").split(".")[-2:])


def _is_under(host: str, domain: str) -> bool:
    host = host.rstrip(".")
    return host == domain or host.endswith("." + domain)
