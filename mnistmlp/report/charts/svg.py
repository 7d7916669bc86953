"""Charts for a page: SVG in the page's own font and colours, light or dark."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from mnistmlp.report.charts.figures import Draw, Style, draw_figure, styled

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

SERIES = 8  # colours
# placeholder colours for CSS variables while matplotlib draws
STAND_INS = {"--ink": "#010203", "--muted": "#010204", "--line": "#010205"}
STAND_INS |= {f"--series-{n}": f"#0102{n + 16:02x}" for n in range(1, SERIES + 1)}
VARIABLES = {colour: f"var({name})" for name, colour in STAND_INS.items()}
INK, MUTED, LINE, *COLOURS = STAND_INS.values()

FONT = 9  # points; a chart is 259 wide
STYLE: Style = {
    "svg.fonttype": "none",
    "font.size": FONT,
    "axes.labelsize": FONT,
    "xtick.labelsize": FONT - 1,
    "ytick.labelsize": FONT - 1,
    "legend.fontsize": FONT - 1,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "grid.color": LINE,
    "axes.prop_cycle": f"cycler('color', {COLOURS})",
}
NAMESPACE = re.compile(r"\{.*\}")
REFERENCE = re.compile(r"(?:url\()?#([^)]+)\)?")
FAMILY = re.compile(r"font-family: [^;]*(; |$)")
SHORTHAND = re.compile(r"font: ([\d.]+px)[^;]*")  # of matplotlib before 3.10
NUMBER = re.compile(r"-?\d+\.\d+")
COMMAND = re.compile(r"([MLCQz])([^A-Za-z]*)")
SCALE = 100  # steps in a point
LEFT_OUT = {"metadata", "style"}
GROUPS = {"defs", "g"}


def draw_inline(
    draw: Draw, label: str, prefix: str, *, width: float = 3.6, height: float = 2.7
) -> str:
    """Return a chart as an <svg> element for a page.

    It is as wide as its container, with text in the page's font and colours from the
    CSS variables --ink, --muted, --line and --series-1 to --series-8.

    Parameters
    ----------
    draw : callable
        Draws the chart on the axes passed to it, such as one of `charts`.
    label : str
        What the chart shows, for screen readers.
    prefix : str
        Of its ids, unique on the page.
    width, height : float
        In inches; a font of 9 points suits a width of 3.6.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    with styled(STYLE):
        figure = draw_figure([draw], width, height)
        file = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    return _rewrite(file.getvalue(), label, prefix)


def _rewrite(text: str, label: str, prefix: str) -> str:
    """Return matplotlib's SVG without what a page does not need or must not have twice."""
    from xml.etree import ElementTree

    root = ElementTree.fromstring(text)
    used = {name for each in root.iter() for name in _references(each)}
    names = {name: f"{prefix}-{number}" for number, name in enumerate(sorted(used), 1)}
    box, inner = root.get("viewBox"), _write_children(root, names)
    return (
        f'<svg viewBox="{box}" width="100%" role="img" aria-label="{escape(label)}" '
        f'stroke-linejoin="round" stroke-linecap="butt">{inner}</svg>'
    )


def _references(element: Element) -> Iterator[str]:
    """Yield the ids that an element refers to."""
    for key, value in element.items():
        if key.endswith("href") or value.startswith("url("):
            yield from REFERENCE.findall(value)


def _write_children(element: Element, names: dict[str, str]) -> str:
    return escape((element.text or "").strip(), quote=False) + "".join(
        _write(child, names) for child in element
    )


def _write(element: Element, names: dict[str, str]) -> str:
    """Return an element as text; redundant groups are left out."""
    tag, inner = NAMESPACE.sub("", element.tag), _write_children(element, names)
    if tag in LEFT_OUT or (tag in GROUPS and not inner):
        return ""
    attributes = "".join(_write_attributes(element, names))
    if tag == "g" and not attributes:
        return inner
    return f"<{tag}{attributes}>{inner}</{tag}>" if inner else f"<{tag}{attributes}/>"


def _write_attributes(element: Element, names: dict[str, str]) -> Iterator[str]:
    for key, value in element.items():
        match NAMESPACE.sub("", key):
            case "id":
                if value in names:
                    yield f' id="{names[value]}"'
            case "style":
                yield f' style="{_write_style(value)}"'
            case "d":
                yield f' d="{_shorten_path(value)}"'
            case "transform" if value.startswith("rotate(-0 "):
                pass
            case name:
                yield f' {name}="{escape(_write_value(value, names))}"'


def _write_value(value: str, names: dict[str, str]) -> str:
    """Return the value of an attribute, with new ids and shorter numbers."""
    if found := REFERENCE.fullmatch(value):
        return value.replace(found[1], names[found[1]])
    return NUMBER.sub(lambda found: f"{round(float(found[0]), 2):g}", value)


def _write_style(style: str) -> str:
    """Return a style with the page's variables, without its font family."""
    style = SHORTHAND.sub(r"font-size: \1", FAMILY.sub("", style)).removesuffix("; ")
    pairs = (each.strip().split(": ", 1) for each in style.split(";"))
    return ";".join(f"{name}:{VARIABLES.get(value, value)}" for name, value in pairs)


def _shorten_path(path: str) -> str:
    """Return path data in relative coordinates, to a hundredth of a point."""
    parts, x, y, last = [], 0, 0, ""
    for command, numbers in COMMAND.findall(path):
        steps = [round(SCALE * float(each)) for each in numbers.split()]
        points = list(zip(steps[::2], steps[1::2], strict=True))
        if command == "z":
            parts.append(last := "z")
            continue
        moved = "".join(f"{_spell(a - x)}{_spell(b - y)}" for a, b in points)
        x, y = points[-1]
        parts.append(moved if command == last else f"{command.lower()}{moved}")
        last = command
    return "".join(parts)


def _spell(steps: int) -> str:
    """Return a number of hundredths, with a separator from the number before."""
    return f"{steps / SCALE:+g}"
