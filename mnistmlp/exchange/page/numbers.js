// Reading the numbers in a picture: lines of digits, some of which may touch.
// Does what mnistmlp/pictures/numbers/reading.py does.

const PAGE_SIDE = 1024; // pixels: a page of numbers has finer detail than a picture of one digit
const MAX_PIECES = 500; // of writing; one that has more would be waited for

/**
 * Read the digits in a picture: each with its image, the text of each line of them, and
 * how likely all are right.  Null where there are none.
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

/** Read a number again, which the network may have learnt from, with another one as its last digit. */
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

/** Read the digits of a line; the share of each says how likely it is one of the line. */
function readLine(network, ink, labels, parts, height) {
  const segments = findSegments(parts, height);
  const found = segments.map((each) => recogniseSegment(network, ink, labels, parts, each));
  const scores = segments.map((each, i) => scoreSegment(each, found[i].probabilities, height));
  const skippable = findSkippable(parts, height);
  const shares = pathShares(segments, scores, skippable);
  return bestPath(segments, scores, skippable).map((i) => ({ ...found[i], share: shares[i] }));
}

/** Return what the network makes of a segment of a line, and its image of 28 x 28. */
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
