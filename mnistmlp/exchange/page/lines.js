// Straight thin lines in a picture: thin ink along a straight line over some length.
// As in mnistmlp/pictures/lines.py, which gives the reasons.

const THICKEST = 14; // of a side: the thickest line
const STRIP = 20; // of a side: the width of a cell
const ROWS = 90; // and its height
const MIN_LINE = 8; // grey levels between a line and its background
const STEEPEST = 0.2; // slope of a line: 11 degrees
const MIN_COVERED = 0.35; // of a line that is seen: other ink may hide the rest
const MIN_LENGTH = 0.22; // of the picture's side parallel to it

/** Return the row of a line at a column (the column at a row if upright). */
const across = (line, along) => line.level + line.slope * (along - line.start);

/** Tell whether two lines are about as thick and as dark, like rulings of one sheet. */
function resemble(one, other) {
  const high = Math.max(one.height, other.height) <= 2 * Math.min(one.height, other.height) + 1;
  const [least, most] = [one.contrast, other.contrast].sort((a, b) => a - b);
  return high && most <= 2.5 * least;
}

/** Finds the lines of a picture with dark ink that are nearly parallel to its rows. */
class Lines {
  constructor(grey, upright, thickest = 0) {
    const side = longer(grey);
    this.upright = upright;
    this.thickest = Math.max(3, thickest || Math.floor(side / THICKEST)); // pixels
    this.rows = Math.max(2, Math.floor(side / ROWS));
    this.strip = Math.max(6, Math.floor(side / STRIP));
    [this.thin, this.background] = findThin(grey, this.thickest);
    this.found = this.#find(grey);
  }

  /** Join pieces that continue each other, longest first. */
  #find(grey) {
    const joined = [];
    const pieces = this.#fitPieces(grey);
    for (const piece of pieces.sort((a, b) => a.start - a.end - (b.start - b.end))) {
      const i = joined.findIndex((line) => isContinuedBy(line, piece, this.rows));
      if (i < 0) joined.push(piece);
      else joined[i] = joinPieces(joined[i], piece);
    }
    return joined
      .filter(({ start, end, covered }) => {
        const length = end - start;
        return length >= MIN_LENGTH * grey.width && covered >= MIN_COVERED * length;
      })
      .map((piece) => this.#extend(lineThrough(piece, this.upright)));
  }

  /** Return the straight pieces of lines. */
  #fitPieces(grey) {
    const { labels, count, strips } = this.#labelCells();
    if (!count) return [];
    const pieces = Array.from({ length: count }, () => ({
      moments: new Float64Array(7), // sums over pixels of 1, x, y, x², xy, y² and contrast
      start: grey.width,
      end: 0,
    }));
    for (let y = 0, i = 0; y < grey.height; y++) {
      const row = Math.floor(y / this.rows) * strips;
      for (let x = 0; x < grey.width; x++, i++) {
        if (!this.thin.data[i]) continue;
        const label = labels[row + Math.floor(x / this.strip)];
        if (label < 0) continue;
        const piece = pieces[label];
        const { moments } = piece;
        moments[0]++;
        moments[1] += x;
        moments[2] += y;
        moments[3] += x * x;
        moments[4] += x * y;
        moments[5] += y * y;
        moments[6] += this.background.data[i] - grey.data[i];
        piece.start = Math.min(piece.start, x);
        piece.end = Math.max(piece.end, x + 1);
      }
    }
    for (const piece of pieces) piece.covered = piece.end - piece.start;
    return pieces.filter(
      (piece) => piece.covered >= 1.5 * this.strip && isStraight(piece, this.rows),
    );
  }

  /** Return the number of the piece that each cell belongs to, or -1. */
  #labelCells() {
    const { height, width, data } = this.thin;
    const high = grid(Math.ceil(height / this.rows), width);
    for (let y = 0, i = 0; y < height; y++) {
      const row = Math.floor(y / this.rows) * width;
      for (let x = 0; x < width; x++, i++) if (data[i]) high.data[row + x] = 1;
    }
    const cells = grid(high.height, Math.ceil(width / this.strip));
    for (let row = 0, i = 0; row < cells.height; row++) {
      for (let strip = 0; strip < cells.width; strip++, i++) {
        const first = strip * this.strip;
        const end = Math.min(first + this.strip, width);
        const filled = total(high.data.subarray(row * width + first, row * width + end));
        cells.data[i] = filled >= 0.6 * (end - first);
      }
    }
    const thick = findThickenings(cells);
    const pieces = new Components(sameShape(cells, (cell, i) => cell && !thick[i]));
    const long = pieces.boxes().map((box) => box[3] - box[1] > 1);
    const components = new Components(pieces.mask(long));
    return { labels: components.labels(), count: components.count, strips: cells.width };
  }

  /** Return a line extended at its ends by pieces too short to be found. */
  #extend(line) {
    const { height, width, data } = this.thin;
    const inked = (x) => {
      const y = clip(round(across(line, x)), 0, height - 1);
      return data[y * width + x];
    };
    let { start, end } = line;
    for (let x = start - 1; x >= Math.max(0, start - this.strip); x--) if (inked(x)) start = x;
    for (let x = end; x < Math.min(width, end + this.strip); x++) if (inked(x)) end = x + 1;
    return { ...line, start, end, level: across(line, start) };
  }
}

// --- Pieces: pixels of a line, and the straight line through them ---------------

/** Return the line's height at column 0, its slope and the pixels' deviation. */
function fitPiece({ moments }) {
  const [n, x, y, xx, xy, yy] = moments;
  const varies = xx - (x * x) / n;
  const slope = (xy - (x * y) / n) / varies;
  const off = Math.max(yy - (y * y) / n - slope * slope * varies, 0) / n;
  return [(y - slope * x) / n, slope, Math.sqrt(off)];
}

function isStraight(piece, rows) {
  const [, slope, off] = fitPiece(piece);
  return Math.abs(slope) <= STEEPEST && off <= rows + 0.01 * (piece.end - piece.start);
}

/** Tell whether the middle of another piece lies on a line. */
function isContinuedBy(piece, other, rows) {
  const [height, slope] = fitPiece(piece);
  const [x, y] = [other.moments[1] / other.moments[0], other.moments[2] / other.moments[0]];
  return Math.abs(height + slope * x - y) <= 1.5 * rows + 0.01 * Math.abs(x - piece.end);
}

function joinPieces(one, other) {
  return {
    moments: one.moments.map((sum, k) => sum + other.moments[k]),
    start: Math.min(one.start, other.start),
    end: Math.max(one.end, other.end),
    covered: one.covered + other.covered,
  };
}

function lineThrough(piece, upright) {
  const { moments, start, end, covered } = piece;
  const [height, slope, off] = fitPiece(piece);
  return {
    ...{ upright, start, end, slope },
    level: height + slope * start,
    height: moments[0] / covered,
    reach: 2 * off + 1,
    contrast: moments[6] / moments[0],
    covered: covered / (end - start), // share of its length with visible ink
  };
}

// --- Thin ink ------------------------------------------------------------------

/** Return the pixels of dark ink up to a height, and its background. */
function findThin(grey, thickest) {
  const window = (thickest + 1) | 1;
  const closed = slideRows(slideRows(transpose(grey), window, Math.max), window, Math.min);
  const background = transpose(closed);
  const contrast = sameShape(grey, (level, i) => background.data[i] - level);
  const some = [];
  for (let row = 0; row < grey.height; row += 3)
    for (let column = 0; column < grey.width; column += 3)
      some.push(contrast.data[row * grey.width + column]);
  const faint = 0.1 * spread(grey.data);
  const enough = Math.max(MIN_LINE, faint, 3 * median(some));
  return [sameShape(contrast, (level) => level >= enough), background];
}

/** Return the cells where a piece of a line is higher than elsewhere. */
function findThickenings(cells) {
  const components = new Components(cells);
  const labels = components.labels();
  const heights = Array.from({ length: components.count }, () => new Array(cells.width).fill(0));
  labels.forEach((label, i) => label >= 0 && heights[label][i % cells.width]++);
  const usual = heights.map((each) => {
    const there = each.filter((height) => height > 0).sort((a, b) => a - b);
    return there[Math.floor(there.length / 4)];
  });
  return Array.from(labels, (label, i) => {
    return label >= 0 && heights[label][i % cells.width] > usual[label] + 1;
  });
}
