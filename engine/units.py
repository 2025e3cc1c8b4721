"""What `250ms`, `64KiB` and `600/min` mean. A bare number where a unit is due is refused."""

from __future__ import annotations

import re

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "KB": 1000, "MB": 1000**2, "GB": 1000**3}
_PER = {"s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "hour": 3600.0, "day": 86400.0}

DURATION = r"^[0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h)$"
SIZE = r"^[0-9]{1,12}(B|KiB|MiB|GiB|KB|MB|GB)$"
RATE = r"^[0-9]{1,9}/(s|sec|min|m|h|hour|day)$"


def read_duration(text: str) -> float:
    """Seconds. Raises ValueError naming a right form."""
    if not re.fullmatch(DURATION[1:-1], text, re.ASCII):
        raise ValueError("a duration has a unit: `250ms`, `10s`, `5m`, `1h`")
    number, unit = re.match(r"([0-9.]+)(.+)", text).groups()  # type: ignore[union-attr]
    return float(number) * _SECONDS[unit]


def read_size(text: str) -> int:
    """Bytes. Raises ValueError naming a right form."""
    if not re.fullmatch(SIZE[1:-1], text, re.ASCII):
        raise ValueError("a size has a unit: `64KiB`, `10MiB`")
    number, unit = re.match(r"([0-9]+)(.+)", text).groups()  # type: ignore[union-attr]
    return int(number) * _BYTES[unit]


def read_rate(text: str) -> tuple[int, float]:
    """(how many, per how many seconds). Raises ValueError naming a right form."""
    if not re.fullmatch(RATE[1:-1], text, re.ASCII):
        raise ValueError("a rate says how many per what: `600/min`, `10/s`")
    number, unit = text.split("/")
    return int(number), _PER[unit]
