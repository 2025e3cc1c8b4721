"""Bytes that are nearly right: seeded mutations of a corpus. The same dice give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

# What parsers trip over wherever it stands.
ODD = (
    *(b"\r\n", b"\r", b"\n", b"\r\n\r\n", b"\n\n", b"\r\r\n", b" ", b"\t", b"\0", b"\x0b", b"\x0c", b"\x1c", b"\x7f", b"\x85"),
    *(b"\xa0", b"\xff", b"\xc2\xad", b"\xef\xbb\xbf", b":", b";", b",", b'"', b"\\", b"%", b"_", b"-", b"+", b"0", b"1"),
)

_Mutation = Callable[[bytearray, int, Random, Sequence[bytes]], None]


def pick(dice: Random, count: int) -> int:
    """0 <= pick < count, in a quarter of the time of `randrange`; 0 for a count of 0."""
    return int(dice.random() * count)


def _replace(data: bytearray, at: int, dice: Random, tokens: Sequence[bytes]) -> None:
    data[at : at + 1] = bytes((pick(dice, 256),))


def _flip(data: bytearray, at: int, dice: Random, tokens: Sequence[bytes]) -> None:
    if at < len(data):
        data[at] ^= 1 << pick(dice, 8)


def _insert(data: bytearray, at: int, dice: Random, tokens: Sequence[bytes]) -> None:
    data[at:at] = ODD[pick(dice, len(ODD))]


def _put_token(data: bytearray, at: int, dice: Random, tokens: Sequence[bytes]) -> None:
    data[at:at] = tokens[pick(dice, len(tokens))]


def _overwrite(data: bytearray, at: int, dice: Random, tokens: Sequence[bytes]) -> None:
    token = tokens[pick(dice, len(tokens))]
    data[at : at + len(token)] = token


def _remove(data: bytearray, at: int, dice: Random, tokens: Sequence[bytes]) -> None:
    del data[at : at + 1 + pick(dice, 4)]


def _remove_more(data: bytearray, at: int, dice: Random, tokens: Sequence[bytes]) -> None:
    del data[at : at + 1 + pick(dice, 40)]


def _twice(data: bytearray, at: int, dice: Random, tokens: Sequence[bytes]) -> None:
    data[at:at] = data[at : at + 1 + pick(dice, 40)]


def _move(data: bytearray, at: int, dice: Random, tokens: Sequence[bytes]) -> None:
    size = 1 + pick(dice, 30)
    piece = data[at : at + size]
    del data[at : at + size]
    to = pick(dice, len(data) + 1)
    data[to:to] = piece


def _line_again(data: bytearray, at: int, dice: Random, tokens: Sequence[bytes]) -> None:
    """The line around `at` once more: a second field of its name, a second chunk."""
    start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at) + 1
    if end:
        data[start:start] = data[start:end]


def _line_gone(data: bytearray, at: int, dice: Random, tokens: Sequence[bytes]) -> None:
    start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at) + 1
    if end:
        del data[start:end]


def _other_case(data: bytearray, at: int, dice: Random, tokens: Sequence[bytes]) -> None:
    data[at : at + 8] = data[at : at + 8].swapcase()


def _other_digit(data: bytearray, at: int, dice: Random, tokens: Sequence[bytes]) -> None:
    """The next digit becomes another one: a length or a size that is wrong by little."""
    for place in range(at, min(at + 60, len(data))):
        if 0x30 <= data[place] <= 0x39:
            data[place] = 0x30 + pick(dice, 10)
            return


def _end(data: bytearray, at: int, dice: Random, tokens: Sequence[bytes]) -> None:
    del data[at:]


MUTATIONS: tuple[_Mutation, ...] = (
    *(_replace, _flip, _insert, _insert, _put_token, _put_token, _overwrite, _remove, _remove_more, _twice, _move),
    *(_line_again, _line_gone, _other_case, _other_digit, _other_digit, _end),
)
_HOW_MANY = (0, *(1,) * 9, *(2,) * 5, 3, 3, 4, 6, 9)


def mutate(dice: Random, seeds: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """One or several of `seeds`, one behind the other, with none to a few mutations. Half of them strike one neighbourhood,
    as those do that have to fit together."""
    data = bytearray(seeds[pick(dice, len(seeds))])
    while dice.random() < 0.3:
        data += seeds[pick(dice, len(seeds))]
    near = dice.random() < 0.5
    centre = pick(dice, len(data) + 1)
    for _ in range(_HOW_MANY[pick(dice, len(_HOW_MANY))]):
        at = min(len(data), centre + pick(dice, 16)) if near else pick(dice, len(data) + 1)
        MUTATIONS[pick(dice, len(MUTATIONS))](data, at, dice, tokens)
    return bytes(data)


def cut_anywhere(data: bytes, dice: Random, most: int = 6) -> list[bytes]:
    """`data` in up to `most` + 1 pieces."""
    places = sorted(pick(dice, len(data) + 1) for _ in range(1 + pick(dice, most)))
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True) if end > start]


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]
