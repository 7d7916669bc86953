// Finding the writing on a page: the pieces of digits, and their lines.
// As in mnistmlp/pictures/numbers/lines.py, which gives reasons and sources.

const OVERVIEW = 384; // pixels of the longer side when examining a page as a whole
const SMALL = 32; // pixels at twice that size: the height of digits that would be lost otherwise
const MIN_HEIGHT = 56; // pixels of digits: pages with smaller ones are enlarged
const MAX_ENLARGED = 1 << 22; // pixels of a page that is enlarged
const DETAIL = 12; // pixels: the height of a digit when estimating its background
const SLOPES = Array.from({ length: 91 }, (_, i) => (i - 45) / 100); // of lines
const LONG = 1.3; // length of a straight line of ink, relative to the height
const STRAIGHT = 0.35; // of the ink of a ruling lies in such lines
const ENCLOSED = 0.45; // height of a digit relative to its box; a fifth of that for several
const MAX_ENCLOSING = 100; // largest pieces, which may be boxes
const NARROW = 0.4; // greatest width of a box's side, relative to its height
const FILLED = 0.7; // of its box by a band along the border
const CORNER_BORDER = 1.4; // border along ink in a corner, relative to its longer side
const MAX_EDGE = 0.12; // width of soft edges, relative to the height
const SHORTEST = 0.25; // heights relative to the usual one: anything lower is a speck
const BODY = 0.45;
const TALLEST = 2.5;

/**
 * Find the pieces of writing on a page, connected components of its ink: its strength from 0 to 1,
 * labels (which piece, from 1 on, and 0 for none), their boxes, the height of most digits and the
 * width of strokes in pixels, whether ink is dark, and how many times the page is enlarged here.
 * Null if there is no ink.
 */
function findWriting(grey, invert) {
  const seen = survey(grey, invert);
  if (!seen) return null;
  const sheet = findSheet(seen.levels, inkStrength(seen, seen.soft));
  const reduced = longer(grey) / longer(seen.levels);
  if (sheet) return findOnSheet(grey, invert, sheet.map((place) => Math.trunc(place * reduced)));
  const ruled = findRulings(seen.pieces, 0);
  const surely = sameShape(seen.levels, (level, i) => level * seen.sure.data[i]);
  const mass = seen.pieces.totals(surely).map((each, i) => (ruled[i] ? 0 : each));
  if (!mass.some(Boolean)) return null;
  let height = usualHeight(seen.pieces.boxes(), mass) * reduced;
  grey = eraseLinesThroughDigits(grey, seen.dark, height);
  const enlarged = findEnlargement(grey, height);
  if (enlarged > 1) grey = stretch(grey, enlarged * grey.height, enlarged * grey.width);
  height *= enlarged;
  const levels = smooth(localContrast(grey, seen.dark, height), height / 100);
  const near = stretch(dilate(seen.soft), grey.height, grey.width);
  const found = findPieces(levels, near, height);
  const pieces = new Components(found.soft);
  if (!pieces.count) return null;
  const boxes = pieces.boxes();
  height = usualHeight(boxes, pieces.totals(levels));
  const strength = inkStrength(found, found.soft);
  const stroke = strokeWidth(strength);
  if (edgeWidth(strength, stroke) > MAX_EDGE * height) return null;
  const labels = grid(grey.height, grey.width, pieces.labels().map((label) => label + 1));
  return { strength, labels, boxes, height, stroke, dark: seen.dark, enlarged };
}

/** Return a page without its rulings, if digits touch them; the sides of boxes are narrow. */
function eraseLinesThroughDigits(grey, dark, height) {
  const painted = eraseLongLines(grey, dark, height);
  if (painted === grey) return grey;
  const found = findContrast(shrink(painted, OVERVIEW), dark ? "yes" : "no");
  if (!found) return grey;
  const off = sameShape(grey, (level, i) => Math.abs(painted.data[i] - level));
  const erased = dilate(sameShape(shrink(off, OVERVIEW), (each) => each >= MIN_CONTRAST));
  const touching = found.pieces.totals(erased);
  const least = (BODY * height * longer(found.soft)) / longer(grey);
  const sizes = found.pieces
    .boxes()
    .map(([top, left, bottom, right]) => [bottom - top, right - left])
    .filter(([high], i) => touching[i] > 0 && high >= least);
  const wide = sizes.filter(([high, across]) => across > NARROW * high);
  return wide.length > sizes.length / 2 ? painted : grey;
}

/** Find writing on a sheet of paper on a darker surface. */
function findOnSheet(grey, invert, sheet) {
  const found = findWriting(cut(grey, sheet), invert);
  if (!found) return null;
  const [top, left] = sheet.map((place) => found.enlarged * place);
  const [height, width] = [grey.height, grey.width].map((side) => found.enlarged * side);
  return {
    ...found,
    strength: place(found.strength, top, left, height, width),
    labels: place(found.labels, top, left, height, width),
    boxes: found.boxes.map((box) => box.map((each, i) => each + (i % 2 ? left : top))),
  };
}

/** Return the width of the soft edges of ink, in pixels: half of it has middle strength. */
function edgeWidth({ data }, stroke) {
  let soft = 0;
  for (let i = 0; i < data.length; i++) if (data[i] > 0.25 && data[i] < 0.75) soft++;
  return stroke ? (2 * soft * stroke) / (2 * total(data)) : 0;
}

/** Find what stands out from a reduced page; or small digits, from the background near them. */
function survey(grey, invert) {
  const found = findContrast(shrink(grey, OVERVIEW), invert);
  if (found) return found;
  const small = shrink(grey, 2 * OVERVIEW);
  const dark = invert === "auto" ? isInkDark(small, false) : invert === "yes";
  const levels = smooth(localContrast(small, dark, SMALL), 1);
  const threshold = otsuThreshold(levels.data);
  if (most(levels.data) < MIN_CONTRAST) return null;
  if (separability(levels.data, threshold) < MIN_SEPARABILITY) return null;
  return { dark, ...splitInk(levels, threshold) };
}

/** Return how many times to enlarge a page with small digits. */
function findEnlargement(grey, height) {
  const most = Math.trunc(Math.sqrt(MAX_ENLARGED / grey.data.length));
  return Math.max(1, Math.min(Math.ceil(MIN_HEIGHT / height), most));
}

/** Return the contrast of a page with only possible parts of digits. */
function findPieces(levels, near, height) {
  const threshold = otsuThreshold(chosen(levels, (i) => near.data[i] > 0.5));
  const { sure, pieces } = splitInk(levels, threshold);
  return { levels, sure, soft: pieces.mask(findWritten(pieces, levels, sure, height)) };
}

/** Return how much each pixel differs from the background near it, from 0 to 255. */
function localContrast(grey, dark, height) {
  const factor = Math.max(1, Math.trunc(height / DETAIL));
  const small = shrink(grey, Math.floor(longer(grey) / factor));
  const window = Math.trunc(height / factor) | 1;
  const closed = closing(small, window, dark);
  const background = stretch(closed, grey.height, grey.width);
  return sameShape(grey, (level, i) => standOut(level, background.data[i], dark));
}

const heightOf = ([top, , bottom]) => bottom - top;

/** Return the height of most pieces: the median, weighted by their mass. */
function usualHeight(boxes, mass) {
  const order = [...boxes.keys()].sort((a, b) => heightOf(boxes[a]) - heightOf(boxes[b]));
  const half = order.reduce((sum, i) => sum + mass[i], 0) / 2;
  let below = 0;
  return heightOf(boxes[order.find((i) => (below += mass[i]) >= half)]);
}

/** Tell which components may be parts of digits: neither specks nor far too large. */
function findWritten(pieces, levels, sure, height) {
  const boxes = pieces.boxes();
  const sizes = pieces.sizes();
  const surely = pieces.totals(sure);
  const inked = pieces.totals(sameShape(levels, (level, i) => level * sure.data[i]));
  const means = inked.map((sum, i) => sum / Math.max(surely[i], 1));
  const along = pieces.totals(borderMask(levels.height, levels.width));
  const ruled = findRulings(pieces, height);
  const kept = boxes.map(
    (box, i) =>
      surely[i] > 0 &&
      heightOf(box) < TALLEST * height &&
      !ruled[i] &&
      sizeOf(box) >= SHORTEST * height,
  );
  const usual = means.filter((_, i) => kept[i]);
  const enough = Math.max(usual.length ? median(usual) / 2 : 0, MIN_CONTRAST);
  return boxes.map((box, i) => {
    const band = sizes[i] > FILLED * areaOf(box) && sizeOf(box) > height;
    const shade = along[i] > (band ? 0 : CORNER_BORDER * sizeOf(box));
    return kept[i] && means[i] > enough && !shade;
  });
}

/** Tell which components are lines, boxes or combs of a form, as no digit is. */
function findRulings(pieces, height) {
  const boxes = pieces.boxes();
  const sizes = pieces.sizes();
  const straight = new Float64Array(pieces.count);
  for (const { start, end, component } of pieces.runs) {
    const length = end - start;
    if (length > LONG * Math.max(heightOf(boxes[component]), height)) straight[component] += length;
  }
  const ruled = boxes.map((_, i) => straight[i] > STRAIGHT * sizes[i]);
  const largest = [...boxes.keys()].sort((a, b) => areaOf(boxes[b]) - areaOf(boxes[a]));
  for (const piece of largest.slice(0, MAX_ENCLOSING)) {
    const [top, left, bottom, right] = boxes[piece];
    const heights = boxes
      .filter((box) => box[0] > top && box[1] > left && box[2] < bottom && box[3] < right)
      .map((box) => heightOf(box) / (bottom - top));
    const several = heights.filter((each) => each > ENCLOSED / 5).length >= 3;
    if (several || heights.some((each) => each > ENCLOSED)) ruled[piece] = true;
  }
  return ruled;
}

/** Return how far lines fall for each pixel to the right, so that most pieces lie level. */
function findSlope(boxes, height) {
  const x = boxes.map(([, left, , right]) => (left + right) / 2);
  const y = boxes.map(([top, , bottom]) => (top + bottom) / 2);
  let [best, slope] = [0, 0];
  for (const each of [...SLOPES].sort((a, b) => Math.abs(a) - Math.abs(b))) {
    let pairs = 0;
    const level = y.map((place, i) => (place - each * x[i]) / (0.15 * height));
    for (let i = 0; i < level.length; i++)
      for (let j = 0; j < i; j++) pairs += Math.exp(-((level[i] - level[j]) ** 2) / 2);
    const score = 2 * pairs * (1 - Math.abs(each) / 2);
    if (score > best * 1.0001) [best, slope] = [score, each];
  }
  return slope;
}

/** Return the lines of level pieces, from top to bottom: { pieces, height }. */
function findLines(boxes, height) {
  const y = boxes.map(([top, , bottom]) => (top + bottom) / 2);
  const middle = (row) => mean(row.map((piece) => y[piece]));
  const isBody = (piece) => heightOf(boxes[piece]) >= BODY * height;
  const all = [...boxes.keys()];
  const rows = [];
  for (const piece of all.filter(isBody).sort((a, b) => y[a] - y[b])) {
    if (rows.length && y[piece] - middle(rows.at(-1)) < 0.6 * height) rows.at(-1).push(piece);
    else rows.push([piece]);
  }
  const middles = rows.map(middle);
  for (const piece of all.filter((piece) => !isBody(piece))) {
    const off = middles.map((each) => Math.abs(each - y[piece]));
    const nearest = off.indexOf(least(off));
    if (off[nearest] < 0.7 * height) rows[nearest].push(piece);
  }
  const sides = (piece) => boxes[piece][1] + boxes[piece][3];
  return rows.map((pieces) => ({
    height: median(pieces.filter(isBody).map((piece) => heightOf(boxes[piece]))),
    pieces: pieces.sort((a, b) => sides(a) - sides(b)),
  }));
}

/** Return writing with its lines level: each column moved down. */
function levelLines(writing) {
  const slope = findSlope(writing.boxes, writing.height);
  const { height, width } = writing.strength;
  const shifts = Int32Array.from({ length: width }, (_, column) => -round(slope * column));
  const highest = least(shifts);
  const room = most(shifts) - highest;
  if (!room) return writing;
  const moved = (values) => {
    const level = grid(height + room, width, new values.data.constructor((height + room) * width));
    for (let row = 0, i = 0; row < height; row++)
      for (let column = 0; column < width; column++, i++)
        level.data[i + (shifts[column] - highest) * width] = values.data[i];
    return level;
  };
  const labels = moved(writing.labels);
  const boxes = boundLabels(labels, writing.boxes.length);
  return { ...writing, strength: moved(writing.strength), labels, boxes };
}

/** Return the bounding boxes of the pixels labelled 1 to `count`. */
function boundLabels({ height, width, data }, count) {
  const boxes = Array.from({ length: count }, () => [Infinity, Infinity, 0, 0]);
  for (let row = 0, i = 0; row < height; row++) {
    for (let column = 0; column < width; column++, i++) {
      if (!data[i]) continue;
      const box = boxes[data[i] - 1];
      if (row < box[0]) box[0] = row;
      if (column < box[1]) box[1] = column;
      if (row >= box[2]) box[2] = row + 1;
      if (column >= box[3]) box[3] = column + 1;
    }
  }
  return boxes;
}
