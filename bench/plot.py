"""Figures as pictures: plain SVG, and one HTML page that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from bench.report import Figures, machine, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 280, 70, 40
_COLOURS = ("#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed", "#0891b2")


def lines(title: str, unit: str, series: Mapping[str, Sequence[tuple[str, float]]]) -> str:
    """One line per name over named points (x labels taken from the first), y from 0, as SVG."""
    labels = [label for label, _ in next(iter(series.values()))]
    top = max((value for points in series.values() for _, value in points), default=1.0) or 1.0
    out = [_open(title, unit, top)]
    for i, label in enumerate(labels):
        out.append(_text(_x(i, len(labels)), HEIGHT - BOTTOM + 18, label, "middle"))
    for n, (name, points) in enumerate(series.items()):
        colour = _COLOURS[n % len(_COLOURS)]
        places = [(_x(i, len(points)), _y(value, top)) for i, (_, value) in enumerate(points)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{path}"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        out.append(f'<text x="{WIDTH - 8}" y="{30 + 16 * n}" text-anchor="end" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*out, "</svg>"])


def bars(title: str, unit: str, values: Sequence[tuple[str, float]]) -> str:
    """One bar per name, as SVG."""
    top = max((value for _, value in values), default=1.0) or 1.0
    out = [_open(title, unit, top)]
    step = (WIDTH - LEFT - 20) / max(1, len(values))
    for i, (name, value) in enumerate(values):
        x, y = LEFT + i * step + step * 0.15, _y(value, top)
        out.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{step * 0.7:.1f}" height="{HEIGHT - BOTTOM - y:.1f}" '
            f'fill="{_COLOURS[i % 6]}"/>'
        )
        out.append(_text(x + step * 0.35, y - 4, f"{value:,.4g}", "middle"))
        out.append(_text(x + step * 0.35, HEIGHT - BOTTOM + 18, name, "middle"))
    return "\n".join([*out, "</svg>"])


def page(title: str, rows: list[Figures], pictures: Sequence[str]) -> str:
    """A self-contained HTML report."""
    facts = ", ".join(f"{name} {value}" for name, value in machine().items())
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        "<style>body{font:15px system-ui;margin:2rem;max-width:80rem}pre{overflow:auto;font-size:12px}"
        "svg{margin:1rem 1rem 1rem 0;background:#fafafa}</style>"
        f"<h1>{escape(title)}</h1><p>{escape(facts)}</p><pre>{escape(table(rows))}</pre>{''.join(pictures)}</html>"
    )


def _open(title: str, unit: str, top: float) -> str:
    grid = []
    for part in (0, 0.25, 0.5, 0.75, 1):
        y = _y(top * part, top)
        grid.append(f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        grid.append(_text(LEFT - 6, y + 4, f"{top * part:,.4g}", "end"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="11">'
        f'<text x="{LEFT}" y="16" font-size="13">{escape(title)} ({escape(unit)})</text>' + "".join(grid)
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#333">{escape(text)}</text>'


def _x(i: int, n: int) -> float:
    return LEFT + (WIDTH - LEFT - 30) * (i / max(1, n - 1))


def _y(value: float, top: float) -> float:
    return 30 + (HEIGHT - BOTTOM - 30) * (1 - value / top)
