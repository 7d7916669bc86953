"""Straight thin lines in a picture: thin ink along a straight line over some length."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import Grey, Indices, Mask
from mnistmlp.pictures.components import Components
from mnistmlp.pictures.filters import slide

THICKEST = 14  # of a side: the thickest line
STRIP, ROWS = 20, 90  # of a side: the width and the height of a cell
MIN_LINE = 8.0  # grey levels between a line and its background
STEEPEST = 0.2  # slope of a line: 11 degrees
MIN_COVERED = 0.35  # of a line that is seen: other ink may hide the rest
MIN_LENGTH = 0.22  # of the picture's side parallel to it


class Line(NamedTuple):
    """A straight thin line, nearly parallel to a picture's rows or columns."""

    upright: bool  # parallel to the columns
    start: float  # pixels along it: the first column (row if upright)
    end: float  # one past the last
    level: float  # the row (the column) where it starts
    slope: float
    height: float  # pixels
    reach: float  # pixels: the most that its ink deviates
    contrast: float  # grey levels
    covered: float  # share of its length with visible ink

    def across(self, along: Any) -> Any:
        """Return its row at a column (its column at a row)."""
        return self.level + self.slope * (along - self.start)

    def resembles(self, other: Line) -> bool:
        """Tell whether another line is about as thick and as dark, like rulings of one sheet."""
        high = max(self.height, other.height) <= 2 * min(self.height, other.height) + 1
        return high and max(self.contrast, other.contrast) <= 2.5 * min(
            self.contrast, other.contrast
        )


class Lines:
    """Finds the lines of a picture with dark ink that are nearly parallel to its rows.

    The picture is divided into wide, low cells.  Where thin ink fills most of the width
    of a cell, a stroke is level; connected cells form a piece of a line.

    Parameters
    ----------
    grey : (h, w)
        With rows and columns exchanged, to find upright lines.
    upright : bool
        Whether they are exchanged.
    thickest : int, optional
        The height of the thickest line in pixels; by default, a part of the longer side.

    Attributes
    ----------
    found : list of Line
    """

    def __init__(self, grey: Grey, *, upright: bool, thickest: int | None = None) -> None:
        side = max(grey.shape)
        self.upright = upright
        self.thickest = max(3, thickest or side // THICKEST)
        self.rows, self.strip = max(2, side // ROWS), max(6, side // STRIP)
        self.thin, self.background = find_thin(grey, self.thickest)
        self.found = self._find(grey)

    def _find(self, grey: Grey) -> list[Line]:
        """Join pieces that continue each other, longest first."""
        pieces = self._fit_pieces(grey)
        joined: list[_Piece] = []
        for piece in sorted(pieces, key=lambda piece: piece.start - piece.end):
            on = (i for i, line in enumerate(joined) if line.is_continued_by(piece, self.rows))
            if (i := next(on, None)) is None:
                joined.append(piece)
            else:
                joined[i] = joined[i].join(piece)
        least = MIN_LENGTH * grey.shape[1]
        return [
            self._extend(piece.line(self.upright))
            for piece in joined
            if (length := piece.end - piece.start) >= least
            and piece.covered >= MIN_COVERED * length
        ]

    def _fit_pieces(self, grey: Grey) -> list[_Piece]:
        """Return the straight pieces of lines."""
        labels = self._label_cells()
        if labels.max() < 0:
            return []
        y, x = np.nonzero(self.thin)
        label = labels[y // self.rows, x // self.strip]
        y, x, label = y[label >= 0], x[label >= 0], label[label >= 0]
        if not label.size:
            return []
        contrast = self.background[y, x] - grey[y, x]
        terms = np.ones(len(x)), x, y, x * x, x * y, y * y, contrast
        moments = np.stack([np.bincount(label, term) for term in terms], axis=1)
        starts, ends = np.full(len(moments), grey.shape[1]), np.zeros(len(moments), np.intp)
        np.minimum.at(starts, label, x)
        np.maximum.at(ends, label, x + 1)
        pieces = [
            _Piece(sums, int(start), int(end), int(end - start))
            for sums, start, end in zip(moments, starts, ends, strict=True)
            if end - start >= 1.5 * self.strip
        ]
        return [piece for piece in pieces if piece.is_straight(self.rows)]

    def _label_cells(self) -> Indices:
        """Return the number of the piece that each cell (rows, strips) belongs to, or -1."""
        height, width = self.thin.shape
        room = (0, -height % self.rows), (0, -width % self.strip)
        padded = np.pad(self.thin, room)
        high = np.asarray(padded.reshape(-1, self.rows, padded.shape[1]).any(axis=1))
        filled = high.reshape(len(high), -1, self.strip).sum(axis=2)
        firsts = np.arange(0, width, self.strip)
        cells = filled >= 0.6 * np.diff(firsts, append=width)
        pieces = Components(cells & ~find_thickenings(cells))
        boxes = pieces.boxes()
        long = boxes[:, 3] - boxes[:, 1] > 1
        return Components(pieces.mask(long)).labels()

    def _extend(self, line: Line) -> Line:
        """Return a line extended at its ends by pieces too short to be found."""
        height, width = self.thin.shape
        x = np.arange(width)
        y = np.clip(np.rint(line.across(x)).astype(np.intp), 0, height - 1)
        start, end, gap = line.start, line.end, self.strip
        inked = np.flatnonzero(self.thin[y, x])
        for place in inked[::-1]:
            if start - gap <= place < start:
                start = int(place)
        for place in inked:
            if end <= place < end + gap:
                end = int(place) + 1
        return line._replace(start=start, end=end, level=line.across(start))


class _Piece(NamedTuple):
    """Pixels of a line, and the least-squares line through them."""

    moments: NDArray[np.float64]  # sums over pixels of 1, x, y, x², xy, y² and contrast
    start: int
    end: int
    covered: int  # columns

    def fit(self) -> tuple[float, float, float]:
        """Return the line's height at column 0, its slope and the pixels' deviation."""
        n, x, y, xx, xy, yy, _ = self.moments
        varies = xx - x * x / n
        slope = (xy - x * y / n) / varies
        off = max(yy - y * y / n - slope * slope * varies, 0) / n
        return float(y - slope * x) / n, float(slope), float(np.sqrt(off))

    def is_straight(self, rows: int) -> bool:
        """Tell whether the line is nearly level and its pixels lie on it."""
        _, slope, off = self.fit()
        return abs(slope) <= STEEPEST and off <= rows + 0.01 * (self.end - self.start)

    def is_continued_by(self, other: _Piece, rows: int) -> bool:
        """Tell whether the middle of another piece lies on this line."""
        height, slope, _ = self.fit()
        _, x, y, *_ = other.moments / other.moments[0]
        return bool(abs(height + slope * x - y) <= 1.5 * rows + 0.01 * abs(x - self.end))

    def join(self, other: _Piece) -> _Piece:
        return _Piece(
            self.moments + other.moments,
            min(self.start, other.start),
            max(self.end, other.end),
            self.covered + other.covered,
        )

    def line(self, upright: bool) -> Line:
        height, slope, off = self.fit()
        thick, contrast = self.moments[0] / self.covered, self.moments[6] / self.moments[0]
        level = height + slope * self.start
        covered = self.covered / (self.end - self.start)
        return Line(
            upright, self.start, self.end, level, slope, thick, 2 * off + 1, contrast, covered
        )


def find_thin(grey: Grey, thickest: int) -> tuple[Mask, Grey]:
    """Return the pixels (h, w) of dark ink up to a height, and its background.

    By a closing along the columns, as for the background of a picture.
    """
    window = (thickest + 1) | 1
    background = slide(slide(grey, window, np.maximum, 0), window, np.minimum, 0)
    contrast = background - grey
    noise = np.median(contrast[::3, ::3])
    faint = 0.1 * (grey.max() - grey.min())  # less is JPEG ringing
    return contrast >= max(MIN_LINE, faint, 3 * noise), background


def find_thickenings(cells: Mask) -> Mask:
    """Return the cells (rows, strips) where a piece of a line is higher than elsewhere.

    Other ink touches the line there and would bend it.
    """
    thick = np.zeros_like(cells)
    rows, strips = np.nonzero(cells)
    if not rows.size:
        return thick
    label = Components(cells).labels()[rows, strips]
    heights = np.zeros((label.max() + 1, cells.shape[1]))
    np.add.at(heights, (label, strips), 1)
    usual = np.array([np.sort(each[each > 0])[(each > 0).sum() // 4] for each in heights])
    thick[rows, strips] = heights[label, strips] > usual[label] + 1
    return thick
