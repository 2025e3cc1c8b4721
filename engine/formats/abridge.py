"""Hot: guarded by bench/micro/abridge.py. A large JSON text parsed without the long strings in it, such as images.

To build a string of megabytes costs more than to check it, takes as much room again for as long as the call lasts, and nobody
here reads it. So what is long and holds no quote is cut out, checked by itself as a string's content, and its place marked.
The mark is JSON nowhere but within a string. So when what is left is JSON, and each cut is good content of a string, then the
whole is JSON: wherever a cut tore a character or an escape apart, one side or the other is not.
"""

from __future__ import annotations

from typing import Any

import orjson

LARGE = 1024 * 1024  # bytes of a text that is worth it
STRETCH = 64 * 1024  # bytes that are cut out at once; what is checked stays in the processor's cache
MARK = "\uffff"  # a noncharacter: in nobody's names


def parse(text: bytes, key: str = "") -> Any:
    """`orjson.loads`, but that of a large text's long strings some stretches may be told as `MARK`; never in the value that an
    object has under `key`. Raises orjson.JSONDecodeError, with places as in the text."""
    if len(text) >= LARGE:
        try:
            document = orjson.loads(_abridge(text))
        except orjson.JSONDecodeError:
            pass  # said again with its place, or not at all: a list of numbers is long and holds no quote either
        else:
            if not isinstance(document, dict) or MARK not in str(document.get(key)):
                return document
    return orjson.loads(text)


def _abridge(text: bytes) -> bytes:
    """Raises orjson.JSONDecodeError when a cut is not good content of a string."""
    kept, since = [], 0
    for start in range(STRETCH, len(text) - STRETCH, STRETCH):
        end = start + STRETCH
        if text.find(b'"', start, end) < 0:
            orjson.loads(b'"%b"' % text[start:end])
            kept.append(text[since:start])
            since = end
    kept.append(text[since:])
    return MARK.encode().join(kept)
