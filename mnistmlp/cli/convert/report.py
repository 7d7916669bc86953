"""What was read, and what was put right, on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from shlex import quote
from typing import TYPE_CHECKING

from mnistmlp.cli import console
from mnistmlp.cli.bar import Bar

if TYPE_CHECKING:
    from mnistmlp.data.convert.parts import Images, Wrong

WIDTH = 7  # of a count in the table of labels, at least


@contextmanager
def converting(name: str, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Yield a callback that shows on a terminal how many images have been read."""
    if quiet or not console.is_terminal():
        yield lambda count: None
        return
    bar = Bar({0: ("{task.description}",)})

    def draw(count: int) -> None:
        if bar.is_due():
            bar.draw(count, f"{name}: {count:,} images")

    try:
        yield draw
    finally:
        console.footer.erase()


def report_images(images: Images) -> None:
    """Say what was read of a split, what was put right, and what looks wrong."""
    count, counts = len(images.images), images.counts()
    name = console.escape(images.name)
    console.note(f"{images.split}: {count:,} image{'s'[: count != 1]} from {name}")
    for note in images.notes:
        console.note(f"  {console.escape(note)}")
    if counts and images.names:
        for number, name in zip(counts, images.names, strict=True):
            console.note(f"  {number:>{WIDTH},}  {console.escape(name)}")
    elif counts:
        width = max(WIDTH, len(f"{max(counts):,}") + 1)
        for row in (range(10), counts):
            console.note(f"  {''.join(f'{each:<{width},}' for each in row).rstrip()}")
    else:
        console.note("  no labels: only the images are written; evaluate needs labels as well")


def report_wrong(wrong: Wrong, name: str) -> None:
    """Say which rows or files were left out."""
    if wrong.count:
        named = console.escape(name)
        what = wrong.what.removesuffix("s") if wrong.count == 1 else wrong.what
        console.note(f"warning: {named}: {wrong.count:,} wrong {what} left out")
        for line in wrong.first:
            console.note(f"  {console.escape(line)}")
        if wrong.count > len(wrong.first):
            console.note(f"  and {wrong.count - len(wrong.first):,} more")


def warn_of_doubts(
    sets: Sequence[Images], source: str, *, transposed: bool, inverted: bool
) -> None:
    """Warn where images look transposed, or have a light background."""
    from mnistmlp.core.inputs import has_light_background
    from mnistmlp.data.convert.orientation import DOUBT, look_transposed

    # of some images, spread over the set, as the check makes copies
    light = [has_light_background(each.images[:: 1 + len(each.images) // 1000]) for each in sets]
    turned = [
        look_transposed(each.images, each.labels, light=is_light)
        for each, is_light in zip(sets, light, strict=True)
    ]
    if any(light):
        console.note("warning: all images have a light background, where MNIST's is black")
    if any(turned):
        console.note(f"warning: {DOUBT}")
    if any(light) or any(turned):
        options = {"--invert": (inverted, any(light)), "--transpose": (transposed, any(turned))}
        _advise(source, options)


def _advise(source: str, options: Mapping[str, tuple[bool, bool]]) -> None:
    """Name the command with the options that are right.

    Parameters
    ----------
    source : str
    options : mapping
        For each option, whether it was given, and whether that is in doubt.
    """
    wanted = [option for option, (given, doubted) in options.items() if given != doubted]
    unwanted = [option for option, (given, doubted) in options.items() if given and doubted]
    command = " ".join(["mnistmlp convert", quote(source), "NEW-FOLDER", *wanted])
    without = f", without {' and '.join(unwanted)}" if unwanted else ""
    console.note(f"hint: {console.escape(command)}{without}")


def draw_contact_sheet(images: Images) -> None:
    """Draw the first image of each digit, or the first ten, at half size, on a terminal."""
    import numpy as np

    from mnistmlp.cli.drawing import cut, side_by_side, wrap

    if not console.is_terminal():
        return
    chosen = range(min(10, len(images.images)))
    titles = [""] * len(chosen)
    if images.labels is not None:
        digits, firsts = np.unique(images.labels, return_index=True)
        names = images.names or [str(digit) for digit in range(10)]
        chosen, titles = firsts.tolist(), [cut(names[digit], 14) for digit in digits]
    panels = [
        (title, images.images[k].reshape(14, 2, 14, 2).mean(axis=(1, 3)).astype(np.uint8))
        for k, title in zip(chosen, titles, strict=True)
    ]
    screen = console.make_console(stderr=True)
    for row in wrap(panels, screen.width):
        console.note(console.render(screen, *side_by_side(screen, row)))
