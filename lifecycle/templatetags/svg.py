"""Server-side SVG: strings of shapes whose widths are numbers; the words stand beside the drawing as HTML."""

from collections.abc import Iterable, Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

FRAME = '<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
GAP = 1.5


def rect(x: float, width: float, *, css: str, y: float = 0, height: float = 10) -> str:
    """One rectangle; `css` is a role class such as f-prod."""
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        css,
        round(x, 2),
        round(y, 2),
        round(max(width, 0), 2),
        round(height, 2),
    )


def frame(css: str, width: float, height: float, shapes: Iterable[str]) -> SafeString:
    """The drawing around already escaped `shapes`."""
    return format_html(FRAME, css, width, height, mark_safe("".join(shapes)))


def bar(total: float, pairs: Sequence[float | str], css: str = "bar") -> SafeString:
    """One horizontal bar of `pairs` (value, role class), to the scale of `total`; the rest stays sunk."""
    x, shapes = 0.0, [rect(0, 100, css="f-sunk")]
    for value, role in zip(pairs[::2], pairs[1::2], strict=True):
        width = 100 * float(value) / total if total else 0.0
        shapes.append(rect(x, width, css=str(role)))
        x += width
    return frame(css, 100, 10, shapes)


def leadline(stages: Sequence[dict[str, float | str]]) -> SafeString:
    """The line drawn to scale: per stage `role`, `wait` and `work` (same unit); pale where it only waited."""
    total = sum(float(stage["wait"]) + float(stage["work"]) for stage in stages) or 1
    x, shapes = 0.0, []
    for stage in stages:
        for key, pale in (("wait", " faded"), ("work", "")):
            width = 1000 * float(stage[key]) / total
            shapes.append(rect(x, width - GAP, css=f"f-{stage['role']}{pale}"))
            x += width
    return frame("leadline", 1000, 10, shapes)


def columns(trend: Sequence[tuple[str, Sequence[float]]], roles: Sequence[str]) -> SafeString:
    """Stacked columns, one per (name, values) of `trend`; values in the order of `roles`, from the bottom up."""
    top = max((sum(values) for _, values in trend), default=0) or 1
    shapes = []
    for index, (_, values) in enumerate(trend):
        y = 120.0
        for value, role in zip(values, roles, strict=False):
            height = 116 * value / top
            y -= height
            shapes.append(rect(index * 100 + 22, 56, css=f"f-{role}", y=y, height=max(height - 0.8, 0.4)))
    return frame("columns", max(len(trend), 1) * 100, 120, shapes)


def spark(values: Sequence[float], limit: float | None, width: int = 280, height: int = 64) -> SafeString:
    """An area chart of `values`, oldest first; the dashed line is `limit`. Fewer than two values: an empty frame."""
    if len(values) < 2:
        return frame("spark", width, height, [])
    low, high = min(values), max(max(values), limit or 0)
    span = (high - low) or 1

    def y(value: float) -> float:
        return round(height - 4 - (value - low) / span * (height - 10), 1)

    step = width / (len(values) - 1)
    line = " ".join(f"{round(i * step, 1)},{y(value)}" for i, value in enumerate(values))
    shapes = [f'<polygon class="area" points="0,{height} {line} {width},{height}"/>']
    if limit is not None:
        shapes.append(f'<line class="limit" x1="0" x2="{width}" y1="{y(limit)}" y2="{y(limit)}"/>')
    shapes.append(f'<polyline class="ln" points="{line}"/>')
    return frame("spark", width, height, shapes)
