"""What the C library does with memory that was freed."""

from __future__ import annotations

import ctypes

KEPT = 64 * 1024 * 1024  # bytes at the end of the heap that stay with the process
_OWN_MAPPING = 32 * 1024 * 1024  # bytes of a block that is mapped by itself; the C library takes no more

# From malloc.h; the calls are mallopt(3).
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3


def keep_freed() -> bool:
    """Freed memory stays with the process, up to KEPT bytes. A body of megabytes would otherwise be given back page by page and
    asked for again with the next one, which costs more than all that is done with the body. Returns whether the C library takes
    such advice: GNU's does."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _OWN_MAPPING) and mallopt(_TRIM_THRESHOLD, KEPT))
