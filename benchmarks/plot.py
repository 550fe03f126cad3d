"""A curve as an SVG: sizes along the bottom in tenfold steps, costs upwards from nought."""

import math
from collections.abc import Sequence
from html import escape

from benchmarks.measure import Curve, number

WIDTH, HEIGHT = 720, 340
LEFT, RIGHT, TOP, BOTTOM = 80, 690, 50, 280
COLOURS = ("#3b6ea5", "#c2702c", "#4f8a4f", "#8a5a9e")  # told apart by those who see colours otherwise too
TICKS = 4

Point = tuple[float, float]


def svg(curve: Curve) -> str:
    """The whole file."""
    points = [point for line in curve.lines.values() for point in line]
    scale = _Scale(points)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="13" fill="#222"><title>{escape(curve.title)}</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        _text(LEFT, 22, f"{curve.title}, {curve.unit}", "start", "bold"),
        *(_across(scale, index) for index in range(TICKS + 1)),
        *(_upward(scale, size) for size in sorted({size for size, _ in points})),
        _text((LEFT + RIGHT) / 2, HEIGHT - 12, curve.sizes, "middle"),
    ]
    for index, (label, line) in enumerate(curve.lines.items()):
        parts += _line(scale, label, sorted(line), COLOURS[index % len(COLOURS)], index)
    return "\n".join((*parts, "</svg>")) + "\n"


class _Scale:
    """Sizes and costs to places on the sheet."""

    def __init__(self, points: Sequence[Point]) -> None:
        sizes = [math.log10(size) for size, _ in points]
        self.first, self.last = min(sizes), max(sizes)
        self.top = _round_up(max(cost for _, cost in points))

    def x(self, size: float) -> float:
        share = (math.log10(size) - self.first) / ((self.last - self.first) or 1)
        return LEFT + 20 + share * (RIGHT - LEFT - 40)

    def y(self, cost: float) -> float:
        return BOTTOM - cost / self.top * (BOTTOM - TOP)


def _across(scale: _Scale, index: int) -> str:
    cost = scale.top * index / TICKS
    y = scale.y(cost)
    line = f'<path d="M{LEFT} {y:.1f}H{RIGHT}" stroke="#ddd"/>'
    return line + _text(LEFT - 8, y + 4, number(cost), "end")


def _upward(scale: _Scale, size: float) -> str:
    return _text(scale.x(size), BOTTOM + 20, f"{size:,.0f}", "middle")


def _line(scale: _Scale, label: str, points: Sequence[Point], colour: str, index: int) -> list[str]:
    places = [(scale.x(size), scale.y(cost)) for size, cost in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in places)
    drawn = f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    key = f'<rect x="{LEFT + 170 * index}" y="31" width="12" height="4" fill="{colour}"/>'
    return [drawn, dots, key, _text(LEFT + 18 + 170 * index, 38, label, "start")]


def _text(x: float, y: float, words: str, anchor: str, weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>'
    )


def _round_up(value: float) -> float:
    step = float(10 ** math.floor(math.log10(value or 1)))
    return next(factor * step for factor in (1, 2, 4, 5, 8, 10) if value <= factor * step)
