// Reading the numbers in a picture: lines of digits, some of which may touch.
// As in mnistmlp/pictures/numbers/reading.py.

const PAGE_SIDE = 1024; // pixels: a page of numbers has finer detail than a picture of one digit
const MAX_PIECES = 500; // of writing: more would take too long

/**
 * Read the digits in a picture: each with its image, the text of each line of them, and
 * how likely all are right.  Null if there are none.
 */
function readNumber(network, grey, invert = "auto") {
  const writing = findWriting(grey, invert);
  if (!writing || writing.boxes.length > MAX_PIECES) return null;
  const lines = readLines(network, writing);
  return lines.length ? describeNumber(lines) : null;
}

function describeNumber(rows) {
  const digits = rows.flat();
  return {
    rows,
    digits,
    lines: rows.map((row) => row.map(({ digit }) => digit).join("")),
    confidence: digits.reduce((product, { share, confidence }) => product * share * confidence, 1),
  };
}

/** Read a number again, as the network may have learnt, with another last digit. */
function replaceLast(network, { rows }, last) {
  const again = rows.map((row) => row.map((each) => ({ ...each, ...recognise(network, each.image) })));
  Object.assign(again.at(-1).at(-1), last);
  return describeNumber(again);
}

/** Read the digits of the pieces of writing on a page. */
function readLines(network, writing) {
  const level = levelLines(writing);
  const lines = findLines(level.boxes, level.height);
  const { labels, parts } = cutLines(level, lines);
  return lines
    .map(({ height }, i) => readLine(network, level.strength, labels, parts[i], height))
    .filter((line) => line.length);
}

/** Read the digits of a line; each one's share is the probability that it belongs to the line. */
function readLine(network, ink, labels, parts, height) {
  const segments = findSegments(parts, height);
  const found = segments.map((each) => recogniseSegment(network, ink, labels, parts, each));
  const scores = segments.map((each, i) => scoreSegment(each, found[i].probabilities, height));
  const skippable = findSkippable(parts, height);
  const shares = pathShares(segments, scores, skippable);
  return bestPath(segments, scores, skippable).map((i) => ({ ...found[i], share: shares[i] }));
}

/** Return the network's answer for a segment of a line, and its 28 x 28 image. */
function recogniseSegment(network, ink, labels, parts, { box, first, end }) {
  const own = cut(labels, box);
  const [least, past] = [parts.number + first, parts.number + end];
  const kept = sameShape(cut(ink, box), (strength, i) =>
    own.data[i] >= least && own.data[i] < past ? strength : 0,
  );
  const image = centre(scaleStrokes(kept, BOX).image);
  const { confidence, digit, probabilities } = recognise(network, image); // no layers: they are large
  return { confidence, digit, probabilities, image };
}
