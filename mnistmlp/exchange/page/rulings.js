// Painting out rulings: lines of ruled and squared paper, boxes, combs of forms, underlines.
// As in mnistmlp/pictures/rulings.py, which gives the reasons.

const MIN_SIDE = 48; // pixels: in smaller pictures, lines are as wide as strokes
const MIN_PAPER = 2 / 3; // of a picture with rulings is background
const MIN_DIGIT = 0.08; // of the longer side
const PAST = 0.12; // of a digit's size: rulings reach past it by at least this
const MIN_RULED = 0.8; // of a ruling is seen on a page of digits
const NEAR = 0.1; // of the longer side: the largest gap between the ends of a box's sides

/** Return a picture with its rulings painted out; without any, the same grid. */
function eraseRulings(grey) {
  const [low, high] = [least(grey.data), most(grey.data)];
  let [light, dim] = [0, 0];
  for (const level of grey.data) {
    if (level - low > Math.fround(0.4 * (high - low))) light++;
    if (high - level > Math.fround(0.4 * (high - low))) dim++;
  }
  if (Math.min(grey.height, grey.width) < MIN_SIDE) return grey;
  if (Math.max(light, dim) / grey.data.length < MIN_PAPER) return grey;
  const level = light >= dim ? grey : inverted(grey); // dark ink
  const flat = new Lines(level, false);
  const upright = new Lines(transpose(level), true);
  let lines = [...flat.found, ...upright.found];
  while (lines.length) {
    const painted = paintLines(level, flat, upright, lines);
    const box = findDigit(painted, Math.max(...lines.map((line) => line.contrast)));
    if (!box) {
      const inside = insideBox(level, lines);
      if (inside) return level === grey ? inside : inverted(inside);
      lines = withoutInnermost(lines);
      continue;
    }
    const kept = lines.filter((line) => isRuling(line, lines, box, longer(grey)));
    if (kept.length === lines.length) {
      const rest = paintTicks(painted, flat, lines, box);
      return level === grey ? rest : inverted(rest);
    }
    lines = kept;
  }
  return grey;
}

const isFlat = (line) => !line.upright;

/** Return values, replaced by others where a mask is set. */
function replaced(values, mask, others) {
  return sameShape(values, (value, i) => (mask.data[i] ? others.data[i] : value));
}

/**
 * Return a page without flat lines that are longer than strokes of digits of a height; without any,
 * the same grid.  The bars of several 7s lie on a line too, but cover little of it.
 */
function eraseLongLines(grey, dark, height) {
  const level = dark ? grey : inverted(grey);
  const flat = new Lines(level, false, Math.trunc(height / 6));
  const lines = flat.found.filter(
    (line) => line.end - line.start > 3 * height && line.covered > MIN_RULED,
  );
  if (!lines.length) return grey;
  const pixels = linePixels(flat.thin, flat.background, level, lines);
  const painted = replaced(level, pixels, flat.background);
  return dark ? painted : inverted(painted);
}

/** Return a picture with lines painted out; where ink crosses them, it stays. */
function paintLines(level, flat, upright, lines) {
  const turned = transpose(level);
  const uprights = lines.filter((line) => line.upright);
  const pixels = linePixels(upright.thin, upright.background, turned, uprights);
  const painted = transpose(replaced(turned, pixels, upright.background));
  const [thin, background] = findThin(painted, flat.thickest); // now without crossings
  const across = linePixels(thin, background, painted, lines.filter(isFlat));
  return replaced(painted, across, background);
}

/** Return the thin pixels of lines, and their soft edges, but no darker ink. */
function linePixels(thin, background, level, lines) {
  const { height, width } = thin;
  const pixels = grid(height, width);
  for (const line of lines) {
    const reach = Math.trunc(line.reach) + 1;
    const first = Math.max(0, Math.trunc(line.start) - 2);
    const end = Math.min(width, Math.trunc(line.end) + 2);
    for (let x = first; x < end; x++) {
      const middle = across(line, x);
      for (let y = round(middle) - reach; y <= round(middle) + reach; y++) {
        if (y < 0 || y >= height || Math.abs(y - middle) > line.reach) continue;
        const i = y * width + x;
        const contrast = background ? background.data[i] - level.data[i] : 0;
        if (thin.data[i] && contrast <= 2 * line.contrast + MIN_LINE) pixels.data[i] = 1;
      }
    }
  }
  return slide(pixels, 3, Math.max);
}

/** Return a picture without the ticks of a comb: short and as thin as the line they stand on. */
function paintTicks(painted, flat, lines, box) {
  const base = lines.filter(isFlat);
  if (!base.length) return painted;
  const [thin, background] = findThin(transpose(painted), flat.thickest);
  const pieces = new Components(transpose(thin));
  const everywhere = sameShape(painted, () => 1);
  const pixels = linePixels(everywhere, null, null, base);
  const touching = pieces.totals(slide(pixels, 7, Math.max));
  const widest = 2 * Math.max(...base.map((line) => line.height)) + 2;
  const ticks = pieces.boxes().map(([top, left, bottom, right], i) => {
    return touching[i] > 0 && right - left <= widest && bottom - top <= 0.5 * sizeOf(box);
  });
  const wide = slideRows(pieces.mask(ticks), 3, Math.max);
  return replaced(painted, wide, transpose(background));
}

/** Return where dark ink could be a digit: top, left, bottom, right; or null. */
function findDigit(level, contrast) {
  const small = shrink(level, COARSE);
  const window = Math.floor(longer(small) / 3) | 1;
  const closed = closing(small, window);
  const levels = sameShape(small, (each, i) => closed.data[i] - each);
  const threshold = otsuThreshold(levels.data);
  if (most(levels.data) < contrast / 4 || threshold < 2 * median(levels.data)) return null;
  const { sure, pieces } = splitInk(levels, threshold);
  const picked = pickDigit(pieces, levels, sure);
  const kept = sameShape(sure, (each, i) => each && picked.data[i]);
  const factor = Math.max(1, Math.floor(longer(level) / COARSE));
  const box = inkBox(kept, 0).map((place) => place * factor);
  const largest = Math.max(...new Components(kept).boxes().map(sizeOf)) * factor;
  return largest >= Math.max(MIN_DIGIT * longer(level), sizeOf(box) / 3) ? box : null;
}

/** Tell whether a line is a ruling, if these lines are and the digit is in a box. */
function isRuling(line, lines, box, side) {
  let past = reachesPast(line, box);
  if (line.upright) {
    const alike = lines.filter((other) => other.upright && resemble(other, line));
    if (alike.filter((other) => reachesPast(other, box).every(Boolean)).length < 3)
      past = [false, false];
  }
  const meeting = [line.start, line.end].map((along) => meets(line, along, lines, side));
  if (past.every((over, end) => over || meeting[end])) return true;
  if (line.upright) return false;
  if (meeting.some(Boolean) && hasTwin(line, lines, box, side)) return true;
  const top = Math.min(across(line, box[1]), across(line, box[3])) - line.reach;
  const below = top > box[2] + 0.03 * sizeOf(box);
  return below && line.end - line.start > 0.5 * (box[3] - box[1]);
}

/** Tell whether a line starts well before a box, and whether it ends well after it. */
function reachesPast(line, box) {
  const [first, last] = line.upright ? [box[0], box[2]] : [box[1], box[3]];
  const past = PAST * sizeOf(box);
  return [line.start <= first - past, line.end >= last + past];
}

/** Tell whether a line meets a crossing one at an end. */
function meets(line, along, lines, side) {
  const near = NEAR * side;
  const place = across(line, along);
  return lines.some(
    (other) =>
      other.upright !== line.upright &&
      resemble(line, other) &&
      Math.abs(across(other, place) - along) <= near &&
      other.start - near <= place &&
      place <= other.end + near,
  );
}

/** Tell whether a flat line is a side of a box, with the opposite side beyond the digit. */
function hasTwin(line, lines, box, side) {
  const [near, gap] = [NEAR * side, 0.03 * sizeOf(box)];
  return lines.some((other) => {
    if (other.upright || !resemble(other, line)) return false;
    const [top, bottom] = [line.level, other.level].sort((a, b) => a - b);
    return (
      Math.abs(line.start - other.start) <= near &&
      Math.abs(line.end - other.end) <= near &&
      top + gap <= box[0] &&
      box[2] <= bottom - gap &&
      box[2] - box[0] > 0.4 * (bottom - top)
    );
  });
}

/** Return lines without the upright one in the middle: where nothing else is, that is a 1. */
function withoutInnermost(lines) {
  const uprights = lines.filter((line) => line.upright);
  if (!uprights.length) return [];
  const places = uprights.map((line) => line.level);
  const centre = (Math.min(...places) + Math.max(...places)) / 2;
  const off = (line) => Math.abs(line.level - centre);
  const innermost = uprights.reduce((best, line) => (off(line) < off(best) ? line : best));
  return lines.filter((line) => line !== innermost);
}

/** Return the inside of a box if lines are its sides and a digit fills it, or null. */
function insideBox(level, lines) {
  const byLevel = (a, b) => a.level - b.level;
  const flat = lines.filter(isFlat).sort(byLevel);
  const uprights = lines.filter((line) => line.upright).sort(byLevel);
  if (flat.length < 2 || uprights.length < 2) return null;
  const sides = [flat[0], flat.at(-1), uprights[0], uprights.at(-1)];
  const ends = sides.flatMap((side) => [[side, side.start], [side, side.end]]);
  const joined = ends.filter(([side, along]) => meets(side, along, sides, longer(level)));
  if (joined.length < 6) return null;
  const [flatSides, uprightSides] = [sides.slice(0, 2), sides.slice(2)];
  const inside = sameShape(level, (_, i) => {
    const [row, column] = [Math.floor(i / level.width), i % level.width];
    return isBetween(row, column, ...flatSides) && isBetween(column, row, ...uprightSides);
  });
  const box = inkBox(inside);
  const [top, left, bottom, right] = box;
  if (Math.min(bottom - top, right - left) < MIN_SIDE / 2) return null;
  const paper = median(chosen(level, (i) => inside.data[i]));
  const part = cut(sameShape(level, (value, i) => (inside.data[i] ? value : paper)), box);
  const digit = findDigit(part, Math.min(...sides.map((side) => side.contrast)));
  return digit && digit[2] - digit[0] > 0.4 * (bottom - top) ? part : null;
}

/** Tell whether a place is between two lines, away from both. */
function isBetween(place, along, one, other) {
  return (
    place >= across(one, along) + one.height / 2 + 1 &&
    place < across(other, along) - other.height / 2
  );
}
