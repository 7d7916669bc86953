// Whether what stands out from a background is ink, or noise, a shadow or a blot.
// As in mnistmlp/pictures/evidence.py, which gives reasons and sources.

const MIN_CONTRAST = 12; // grey levels between ink and background, of 255
const MIN_SEPARABILITY = 0.7; // noise of one kind has 2 / pi
const MAX_COVERED = 0.8; // share of the picture that ink may cover: no digit covers more
const MAX_WIDTH = 0.48; // of strokes, relative to the digit's longer side
const MAX_OPEN_WIDTH = 0.37; // if ink reaches the border, which does not count as its edge
const CUT_OFF_WIDTH = 0.2; // if it lies along the border and continues beyond
const MAX_ALONG = 0.6; // of a digit's longer side may lie along the border
const WIDTH_SIDE = 32; // pixels of the longer side when measuring that
const MIN_EVIDENCE = 240; // contrast times separation in standard deviations
const CLEAR_DISTANCE = 10; // in standard deviations
const CLEAR_SHARE = 0.7; // share of the candidate digit in all that stands out

/** Tell whether nothing in a picture is ink: too pale, noise, or covering too much. */
function isNoise({ levels, threshold, sure }, leastSeparability = MIN_SEPARABILITY) {
  return (
    most(levels.data) < MIN_CONTRAST ||
    separability(levels.data, threshold) < leastSeparability ||
    mean(sure.data) > MAX_COVERED
  );
}

/** Say what is wrong with the candidate digit: "shade", "blot", or null. */
function findFault(found, strength) {
  const contrast = inkLevel(found, strength);
  const doubtful = reachesBorder(strength);
  const enough = doubtful ? 2 * MIN_CONTRAST : MIN_CONTRAST;
  if (contrast < enough || contrast * distance(found) < MIN_EVIDENCE) return "shade";
  const widest = isCutOff(strength) ? CUT_OFF_WIDTH : MAX_OPEN_WIDTH;
  const shadow = doubtful && openWidth(strength) > widest;
  return shadow || widestSquare(strength) > MAX_WIDTH ? "blot" : null;
}

/** Tell whether ink lies along a side of a picture that is not cropped to the digit. */
function isCutOff(strength) {
  const { height, width } = strength;
  const [top, left] = [[0, 0, 1, width], [0, 0, height, 1]];
  const [bottom, right] = [[height - 1, 0, height, width], [0, width - 1, height, width]];
  const inked = (side) => cut(strength, side).data.filter((each) => each > 0.5).length;
  const sides = [top, left, bottom, right].map(inked);
  return Math.max(...sides) > MAX_ALONG * sizeOf(inkBox(strength, 0.5)) && !sides.every(Boolean);
}

/** Tell whether the candidate digit is alone, distinct and off the border. */
function isClear(found, strength) {
  const sum = (mask) => found.levels.data.reduce((sum, level, i) => sum + (mask.data[i] > 0) * level, 0);
  return (
    distance(found) >= CLEAR_DISTANCE &&
    sum(strength) >= CLEAR_SHARE * sum(found.soft) &&
    !reachesBorder(strength)
  );
}

/** Return the contrast of the ink kept, in grey levels. */
function inkLevel({ levels, sure }, kept) {
  return median(chosen(levels, (i) => sure.data[i] && kept.data[i] > 0));
}

/** Return how far certain ink is from the rest, in standard deviations. */
function distance({ levels: { data }, sure }) {
  const [count, sum, squares] = [[0, 0], [0, 0], [0, 0]]; // of the rest, and of the ink
  data.forEach((level, i) => {
    count[+sure.data[i]]++;
    sum[+sure.data[i]] += level;
    squares[+sure.data[i]] += level * level;
  });
  const means = sum.map((each, k) => each / count[k]);
  const within = squares.reduce((all, each, k) => all + each - count[k] * means[k] ** 2, 0);
  return (means[1] - means[0]) / Math.max(Math.sqrt(Math.max(within, 0) / data.length), 1e-3);
}

/** Return the mean width of strokes relative to the longer side; the border is not an edge. */
function openWidth(strength) {
  return strokeWidth(strength, false) / sizeOf(inkBox(strength, 0));
}

/** Return the side of the largest square in ink, relative to its longer side. */
function widestSquare(strength) {
  const small = shrink(cut(strength, inkBox(strength, 0.5)), WIDTH_SIDE);
  const { height, width, data } = small;
  const sides = grid(height, width); // of the largest square that ends at each pixel
  for (let row = 0, i = 0; row < height; row++) {
    for (let column = 0; column < width; column++, i++) {
      if (data[i] <= 0.5) continue;
      const before = row && column ? [sides.data[i - 1], sides.data[i - width], sides.data[i - width - 1]] : [0];
      sides.data[i] = 1 + Math.min(...before);
    }
  }
  return most(sides.data) / longer(small);
}

/** Tell whether ink reaches the border of the picture. */
function reachesBorder(strength) {
  return ring(strength, 0).some((each) => each > 0);
}
