"""Draw the pictures of these pages anew: ``make pictures``.

They are SVG, with colours for light and for dark.
"""

from __future__ import annotations

import re
from html import escape
from itertools import pairwise
from pathlib import Path

HERE = Path(__file__).parent
STYLE = """
  text { font: italic 20px "STIX Two Text", Cambria, Georgia, "Times New Roman", serif;
    fill: #1f2328; text-anchor: middle; dominant-baseline: central;
    paint-order: stroke; stroke: #ffffff; stroke-width: 5px; stroke-linejoin: round; }
  .word { font: 14px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #59636e; }
  .ground { fill: #ffffff; }
  .node { fill: #ffffff; stroke: #59636e; stroke-width: 1.5px; }
  .line { fill: none; stroke: #818b98; stroke-width: 1.5px; }
  .head { fill: #818b98; }
  .line.forth, .node.forth { stroke: #0969da; } text.forth, path.head.forth { fill: #0969da; }
  .line.back { stroke: #bc4c00; } text.back, path.head.back { fill: #bc4c00; }
  text.forth, text.back { stroke: #ffffff; }
  path.head { stroke: none; }
  .strong { stroke-width: 3px; }
  @media (prefers-color-scheme: dark) {
    text, text.forth, text.back { stroke: #0d1117; }
    text { fill: #e6edf3; } .word { fill: #9198a1; }
    .ground, .node { fill: #0d1117; } .node { stroke: #9198a1; }
    .line { stroke: #6e7681; } .head { fill: #6e7681; }
    .line.forth, .node.forth { stroke: #58a6ff; } text.forth, path.head.forth { fill: #58a6ff; }
    .line.back { stroke: #f0883e; } text.back, path.head.back { fill: #f0883e; }
  }
"""
RADIUS = 26
Point = tuple[float, float]


def picture(width: int, height: int, title: str, *parts: str, top: int = 0) -> str:
    """Return an SVG document, which shows what lies from `top` down."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 {top} {width} {height}" '
        f'width="{width}" height="{height}" role="img">\n<title>{escape(title)}</title>\n'
        f"<style>{STYLE}</style>\n"
        f'<rect class="ground" y="{top}" width="{width}" height="{height}" rx="8"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def label(at: Point, formula: str, kind: str = "") -> str:
    """Return a text; ``w^1_31`` has a superscript 1 above a subscript 31."""
    spans, raised = "", 0.0
    for sign, word in re.findall(r"([\^_]?)([^\^_ ]+ ?| )", formula):
        shift = {"^": -0.35, "_": 0.3, "": 0.0}[sign]
        small = ' font-size="70%"' if sign else ""
        back = ' dx="-0.5em"' if sign == "_" and raised < 0 else ""
        # a shift is measured in the font size of its own span
        move = (shift - raised) * 20 / (14 if sign else 20)
        spans += f'<tspan dy="{move:.2f}em"{back}{small}>{escape(word)}</tspan>'
        raised = shift
    return f'<text x="{at[0]:g}" y="{at[1]:g}" class="{kind}">{spans}</text>'


def words(at: Point, text: str, kind: str = "word") -> str:
    """Return a line of plain text."""
    return f'<text x="{at[0]:g}" y="{at[1]:g}" class="{kind}">{escape(text)}</text>'


def arrow(start: Point, end: Point, kind: str = "", gap: float = RADIUS) -> str:
    """Return an arrow between two nodes, which it leaves and meets at their edges."""
    (x0, y0), (x1, y1) = start, end
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    x0, y0, x1, y1 = x0 + gap * ux, y0 + gap * uy, x1 - gap * ux, y1 - gap * uy
    tip = f"{x1:.1f},{y1:.1f}"
    left = f"{x1 - 11 * ux - 5 * uy:.1f},{y1 - 11 * uy + 5 * ux:.1f}"
    right = f"{x1 - 11 * ux + 5 * uy:.1f},{y1 - 11 * uy - 5 * ux:.1f}"
    return (
        f'<path class="line {kind}" d="M{x0:.1f},{y0:.1f} L{x1 - 9 * ux:.1f},{y1 - 9 * uy:.1f}"/>'
        f'<path class="head {kind}" d="M{tip} L{left} L{right} Z"/>'
    )


def node(at: Point, formula: str, kind: str = "") -> str:
    """Return a circle with a formula in it."""
    circle = f'<circle class="node {kind}" cx="{at[0]:g}" cy="{at[1]:g}" r="{RADIUS}"/>'
    return circle + label(at, formula, kind)


# --- The drawings ------------------------------------------------------------


def network() -> str:
    """Draw the network 2-3-2 with its weights named."""
    columns = [
        [(80.0, 145.0), (80.0, 255.0)],
        [(360.0, 80.0), (360.0, 200.0), (360.0, 320.0)],
        [(640.0, 145.0), (640.0, 255.0)],
    ]
    lines, names = [], []
    for layer, (left, right) in enumerate(pairwise(columns), 1):
        for k, start in enumerate(left, 1):
            for j, end in enumerate(right, 1):
                kind = "forth strong" if (layer, j, k) == (1, 3, 1) else ""
                lines.append(arrow(start, end, kind))
                # near the neuron where the lines are apart
                t = (0.7, 0.68)[k - 1] if layer == 1 else (0.27, 0.3)[j - 1]
                x, y = (a + t * (b - a) for a, b in zip(start, end, strict=True))
                names.append(label((x, y), f"w^{layer}_{j}{k}", "forth" if kind else ""))
    nodes = [
        node(at, f"a^{layer}_{row}")
        for layer, column in enumerate(columns)
        for row, at in enumerate(column, 1)
    ]
    captions = [
        words((80, 375), "input, layer 0"),
        words((360, 375), "hidden, layer 1"),
        words((640, 375), "output, layer 2"),
        words((165, 322), "to neuron 3 of layer 1,", "word forth"),
        words((165, 340), "from neuron 1 of layer 0", "word forth"),
    ]
    title = "A network of 2, 3 and 2 neurons; the weight w31 of layer 1 leads to 3 from 1"
    return picture(720, 400, title, *lines, *names, *nodes, *captions)


CHAIN: list[tuple[Point, str]] = [
    ((60.0, 170.0), "a^0"),
    ((190.0, 170.0), "z^1"),
    ((320.0, 170.0), "a^1"),
    ((450.0, 170.0), "z^2"),
    ((580.0, 170.0), "a^2"),
    ((710.0, 170.0), "C"),
]


def dependencies() -> str:
    """Draw what depends on what, from the input to the loss."""
    parts = [arrow(a, b) for (a, _), (b, _) in pairwise(CHAIN)]
    for at, names in ((1, ("W^1", "b^1")), (3, ("W^2", "b^2")), (5, ("y",))):
        (x, y), _ = CHAIN[at]
        for name, offset in zip(names, (-38, 38) if len(names) > 1 else (0,), strict=True):
            above = x + offset, y - 105
            kind = "" if name == "y" else "forth"
            parts += [arrow(above, (x, y), kind), node(above, name, kind)]
    steps = ["W a + b", "f", "W a + b", "f", "loss"]
    for step, ((a, _), (b, _)) in zip(steps, pairwise(CHAIN), strict=True):
        parts.append(words(((a[0] + b[0]) / 2, a[1] + 45), step))
    parts += [node(*each) for each in CHAIN]
    title = "The input leads to the loss through z and a of each layer; W and b enter at each z"
    return picture(770, 240, title, *parts)


def backwards() -> str:
    """Draw the flow of the gradient, from the loss back to the weights."""
    parts = []
    for (a, _), (b, _) in pairwise(CHAIN):
        parts.append(arrow((a[0], a[1] - 8), (b[0], b[1] - 8)))
    for (a, _), (b, _) in pairwise(CHAIN[1:]):
        parts.append(arrow((b[0], b[1] + 8), (a[0], a[1] + 8), "back strong"))
    factors = ["⊙ f ′(z^1 )", "(W^2 )^T", "⊙ f ′(z^2 )", "a^2 − y"]
    for factor, ((a, _), (b, _)) in zip(factors, pairwise(CHAIN[1:]), strict=True):
        parts.append(label(((a[0] + b[0]) / 2, a[1] + 45), factor, "back"))
    parts += [node(*each) for each in CHAIN]
    for (x, y), name in ((CHAIN[1][0], "δ^1"), (CHAIN[3][0], "δ^2")):
        parts.append(label((x, y + 45), name, "back"))
        parts.append(arrow((x, y + 40), (x, y + 125), "back", gap=18))
        layer = name[-1]
        gradient = f"δ^{layer} (a^{int(layer) - 1} )^T"
        parts.append(label((x, y + 128), f"∂C/∂b^{layer} = δ^{layer}", "back"))
        parts.append(label((x, y + 160), f"∂C/∂W^{layer} = {gradient}", "back"))
    parts.append(words((385, 80), "forward: every z and a is kept"))
    parts.append(words((385, 102), "backward: each step multiplies by one factor", "word back"))
    title = "The gradient flows from the loss back through a and z of each layer to W and b"
    return picture(770, 305, title, *parts, top=52)


def paths() -> str:
    """Draw all paths from one neuron to the loss, as in BP2."""
    source, loss = (90.0, 180.0), (630.0, 180.0)
    middle = [(360.0, 70.0), (360.0, 180.0), (360.0, 290.0)]
    parts = []
    for j, at in enumerate(middle, 1):
        parts += [arrow(source, at), arrow(at, loss)]
        x, y = (source[0] + at[0]) / 2, (source[1] + at[1]) / 2
        parts.append(label((x, y), f"w_{j}k"))
        parts.append(label((495, (at[1] + loss[1]) / 2), f"δ_{j}", "back"))
        parts.append(node(at, f"z_{j}"))
    parts += [node(source, "a_k"), node(loss, "C")]
    parts.append(words((90, 235), "one neuron"))
    parts.append(words((90, 253), "of layer l − 1"))
    parts.append(words((360, 345), "layer l: each sum has its share"))
    title = "The activation of one neuron reaches the loss through every neuron of the next layer"
    return picture(720, 370, title, *parts)


DRAWINGS = {
    "network.svg": network,
    "dependencies.svg": dependencies,
    "backwards.svg": backwards,
    "paths.svg": paths,
}


def main() -> None:
    """Make them all."""
    for name, draw in DRAWINGS.items():
        (HERE / name).write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
