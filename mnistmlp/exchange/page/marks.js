// Telling a digit from stray marks, bands, frames and dark corners.
// As in mnistmlp/pictures/marks.py, which gives reasons and sources.

const MIN_ENCLOSED = 1 / 3; // of a frame's size: anything smaller is a speck in the loop of a digit

/** Return the mask of the components that make up the digit. */
function pickDigit(components, contrast, sure) {
  const [height, width] = components.shape;
  const boxes = components.boxes();
  const touches = boxes.map(
    ([top, left, bottom, right]) => !top || !left || bottom === height || right === width,
  );
  const sizes = components.sizes();
  const surely = components.totals(sure);
  const mass = components.totals(contrast).map((each, i) => (surely[i] > 0 ? each : 0));
  const means = mass.map((each, i) => each / sizes[i]);
  const inner = components.totals(innerMask(height, width, 10));
  let digit = mass.map((each, i) => (touches[i] && inner[i] < 0.02 * sizes[i] ? 0 : each));
  const [large, heavy] = [Math.min(height, width) / 8, most(mass) / 20];
  const clear = means.filter(
    (_, i) => !touches[i] && sizeOf(boxes[i]) >= large && mass[i] > heavy,
  );
  if (clear.length) {
    // not a picture cropped to the digit
    const blobs = areBlobs(components, boxes, sizes);
    const strongest = most(clear);
    touches.forEach((touching, i) => {
      if (touching && (blobs[i] || means[i] < 0.7 * strongest)) digit[i] = 0;
    });
  }
  if (!digit.some((each) => each)) digit = mass.slice();
  const heaviest = digit.indexOf(most(digit));
  touches.forEach((touching, i) => {
    if (touching && means[i] < 0.7 * means[heaviest]) digit[i] = 0;
  });
  return components.mask(withNear(boxes, digit, heaviest));
}

/** Tell which components are solid and broad at the border: a thumb, a dark corner. */
function areBlobs(components, boxes, sizes) {
  const broad = components.totals(borderMask(...components.shape));
  return boxes.map(
    (box, i) => broad[i] > 0.6 * sizeOf(box) && sizes[i] > 0.5 * areaOf(box),
  );
}

const sizeOf = ([top, left, bottom, right]) => Math.max(bottom - top, right - left);
const areaOf = ([top, left, bottom, right]) => (bottom - top) * (right - left);

/** Tell which components enclose another one of some size: frames and circles. */
function findFrames(components, sure) {
  const boxes = components.boxes();
  const sizes = components.sizes();
  const surely = components.totals(sure);
  return boxes.map((outer, i) => {
    if (sizes[i] >= 0.5 * areaOf(outer) || sizeOf(outer) <= 8) return false; // a sheet of paper
    const large = boxes.filter(
      (inner, j) =>
        surely[j] > 0 &&
        (inner[0] > outer[0] && inner[1] > outer[1]) &&
        (inner[2] < outer[2] && inner[3] < outer[3]) &&
        sizeOf(inner) >= MIN_ENCLOSED * sizeOf(outer),
    );
    if (!large.length) return false;
    const frame = components.mask(boxes.map((_, j) => j === i));
    return large.some((inner) => sidesAround(frame, inner) >= 3);
  });
}

/** Return along how many sides of a box a frame covers most of the side. */
function sidesAround(frame, [top, left, bottom, right]) {
  const { height, width } = frame;
  const any = (rows, columns) => most(cut(frame, [rows[0], columns[0], rows[1], columns[1]]).data) > 0;
  const share = (first, end, at) => {
    let found = 0;
    for (let place = first; place < end; place++) found += at(place);
    return found / (end - first);
  };
  return [
    share(left, right, (column) => any([0, top], [column, column + 1])),
    share(left, right, (column) => any([bottom, height], [column, column + 1])),
    share(top, bottom, (row) => any([row, row + 1], [0, left])),
    share(top, bottom, (row) => any([row, row + 1], [right, width])),
  ].filter((part) => part > 0.8).length;
}

/** Tell which components belong to the heaviest: heavy ones, and lighter ones nearby. */
function withNear(boxes, digit, heaviest) {
  const kept = boxes.map((_, i) => i === heaviest);
  let around = boxes[heaviest];
  for (let joining = true; joining; ) {
    joining = false;
    const reach = 0.2 * sizeOf(around);
    for (let i = 0; i < boxes.length; i++) {
      const near =
        digit[i] > digit[heaviest] / 3 ||
        (digit[i] > digit[heaviest] / 50 && gap(boxes[i], around) <= reach);
      if (near && !kept[i]) joining = kept[i] = true;
    }
    around = boxes.filter((_, i) => kept[i]).reduce(union);
  }
  return kept;
}

function gap(one, other) {
  return Math.max(one[0] - other[2], one[1] - other[3], other[0] - one[2], other[1] - one[3]);
}
