"""Which known word was meant. It serves suggestions, and hides the value of a misspelt `keys`."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_WORD = 64
_MAX_CANDIDATES = 2000


def nearest(word: str, candidates: Iterable[str]) -> str:
    """The candidate that `word` was probably meant to be; "" when none is near enough, since a poor guess is worse than none.

    Near is: the same but for case, `_`, `-`, `.` and spaces; or one slip (a letter too many, too few, another, or two swapped)
    in three to five letters, two in six to eleven, three in more."""
    plain = _bare(word)
    best, fewest = "", min(max(len(plain) // 3, 1), 2 if len(plain) < 12 else 3) + 1
    if not 0 < len(plain) <= _LONGEST_WORD:
        return ""
    for candidate in islice(candidates, _MAX_CANDIDATES):
        other = _bare(candidate)
        if other == plain:
            return candidate
        if min(len(plain), len(other)) > 2 and abs(len(other) - len(plain)) < fewest:
            found = slips(plain, other, fewest)
            if found < fewest:
                best, fewest = candidate, found
    return best


def _bare(word: str) -> str:
    return re.sub(r"[\s_.-]", "", word.lower())


def slips(one: str, other: str, limit: int) -> int:
    """The optimal string alignment distance: Levenshtein's, with a swap of two neighbours as one slip; `limit` if it is not
    less. Only the diagonal band that can stay below the limit is computed."""
    if abs(len(one) - len(other)) >= limit or len(set(one) ^ set(other)) > 2 * limit:
        return limit
    older: list[int] = []
    before = [min(j, limit) for j in range(len(other) + 1)]
    for i, a in enumerate(one, 1):
        row = [min(i, limit)] + [limit] * len(other)
        for j in range(max(1, i - limit), min(len(other), i + limit) + 1):
            b = other[j - 1]
            row[j] = min(row[j - 1] + 1, before[j] + 1, before[j - 1] + (a != b), limit)
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                row[j] = min(row[j], older[j - 2] + 1)
        older, before = before, row
    return before[-1]
