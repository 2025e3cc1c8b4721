"""How an error is written where a table wants another shape than its format's: a file is a style, `errors: {style: ...}` its
word. A new one is a file here, a row below and a word of `Errors.style` (engine/settings.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.formats.styles import families, plain, taxonomy

if TYPE_CHECKING:
    from engine.formats.styles.style import Style

STYLES: dict[str, Style] = {"families": families.STYLE, "plain": plain.STYLE, "taxonomy": taxonomy.STYLE}
