"""Ids for requests that bring none. They differ between workers and restarts; they are not unguessable."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def request_ids(form: str, wall: Callable[[], float]) -> Callable[[], str]:
    """Gives another id with every call. `form` is a word of `server.request_id`; `wall` tells Unix seconds."""
    numbers = count()
    if form == "dated":
        mine = os.urandom(3).hex()
        # Twelve digits hold six of the worker's own; a number comes again after 16 million requests, in another second.
        return lambda: f"req-{int(wall())}-{mine}{next(numbers) & 0xFFFFFF:06x}"
    prefix = os.urandom(4).hex() if form == "hex" else "req-" + os.urandom(6).hex()
    return lambda: f"{prefix}{next(numbers):08x}"
