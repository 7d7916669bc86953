// Telling whether a picture that is read as one digit plainly shows several.
// As in mnistmlp/pictures/numbers/several.py.

const WIDE = 1.25; // width of ink, relative to its height, that no single digit has
const USUAL_WIDTH = 0.65; // of a digit, relative to its height

/** Return about how many digits a picture shows, without the network; 1 if in doubt. */
function countDigits(grey, ink) {
  const [top, left, bottom, right] = inkBox(ink, 0);
  const { width } = grey;
  const rows = [top, 0, bottom, width];
  const strip = cut(ink, rows);
  const beside = findBeside(cut(grey, rows), strip);
  const inked = sameShape(strip, (strength) => strength > 0);
  if (beside.data.some((each, i) => each && (i % width < left || i % width >= right)))
    beside.data.forEach((each, i) => each && (inked.data[i] = 1));
  else if (right - left < WIDE * (bottom - top) && hasNoBlankRow(inked)) return 1;
  const pieces = new Components(inked);
  const own = pieces.totals(strip);
  const sizes = pieces.sizes();
  const kept = pieces.boxes().map((box, i) => {
    const whole = box[1] > 0 && box[3] < width;
    return whole || own[i] > 0; // the edge of a desk is cut off by the border
  });
  const boxes = pieces.boxes().filter((_, i) => kept[i]);
  const usual = usualHeight(boxes, sizes.filter((_, i) => kept[i]));
  let [count, plain] = [0, false];
  for (const line of findLines(boxes, usual)) {
    const found = line.pieces.map((piece) => boxes[piece]);
    const groups = groupAbove(found.filter((box) => heightOf(box) >= BODY * line.height));
    const around = groups.reduce(union);
    if (groups.length > 1 && widthOf(around) >= WIDE * heightOf(around)) plain = true;
    for (const group of groups)
      count += Math.max(1, round(widthOf(group) / line.height / USUAL_WIDTH - 0.2));
  }
  return plain ? count : 1;
}

const widthOf = ([, left, , right]) => right - left;

function hasNoBlankRow({ height, width, data }) {
  for (let row = 0; row < height; row++)
    if (!most(data.subarray(row * width, (row + 1) * width))) return false;
  return true;
}

/** Tell which grey levels are closer to those of ink than to the rest. */
function findBeside(grey, ink) {
  const rest = chosen(grey, (i) => ink.data[i] === 0);
  if (!rest.length) return grid(grey.height, grey.width);
  const ground = median(rest);
  const apart = median(chosen(grey, (i) => ink.data[i] >= 1)) - ground;
  const [sign, enough] = [Math.sign(apart), 0.6 * Math.abs(apart)];
  return sameShape(grey, (level) => (level - ground) * sign > enough);
}

/** Merge boxes, from left to right, that mostly lie above one another. */
function groupAbove(boxes) {
  const groups = [];
  for (const box of boxes) {
    const last = groups.at(-1);
    if (last && 2 * (last[3] - box[1]) > Math.min(widthOf(last), widthOf(box)))
      groups[groups.length - 1] = union(last, box);
    else groups.push(box);
  }
  return groups;
}
