// From any picture of one digit to 28 x 28 grey levels like MNIST's.
// As in mnistmlp/pictures/images.py, step by step, with the same names.

const BOX = 20; // pixels that the digit is scaled to
const MIDDLE = 14; // MNIST's centre of mass
const FINE = 4; // resolution at which strokes are widened, relative to the box
const THIN = 1.7; // pixels: thinner strokes are made as wide as usual
const TYPICAL = 2.1;
const MIN_WIDTH = 1.25; // pixels: hardly any MNIST image has thinner strokes
const FAINT = 25; // highest grey level of the edge of a stroke

/**
 * Read the grey levels of a picture, 0 to 255: the image of 28 x 28 bytes, the results of the
 * steps, and about how many digits it plainly shows.  Null if no ink is found.  `invert` tells
 * whether the ink is dark: yes, no or auto; `ruled`, whether the picture may have rulings.
 */
function examinePicture(grey, invert = "auto", ruled = true) {
  const ready = findReady(grey, invert);
  if (ready) return { image: Uint8Array.from(ready.data, round), grey, count: 1 };
  const ink = separateInk(ruled ? eraseRulings(grey) : grey, invert);
  return ink && normalise(ink, invert);
}

/** Take the steps from the ink of a picture to an image. */
function normalise(separated, invert) {
  const ink = cropToDigit(separated, invert);
  let count = countDigits(separated.grey, separated.strength);
  if (ink !== separated) count = Math.max(count, countDigits(ink.grey, ink.strength));
  const box = inkBox(ink.strength);
  const { image, width } = scaleStrokes(cut(ink.strength, box), BOX);
  const { grey, strength, dark } = ink;
  return { image: centre(image), grey, ink: strength, dark, box, width, count };
}

/** Return the ink in the part of a picture that holds the digit. */
function cropToDigit(ink, invert) {
  const sheet = findSheet(ink.grey, ink.strength);
  if (sheet) {
    const written = separateInk(eraseRulings(cut(ink.grey, sheet)), invert);
    if (written) ink = written;
  }
  for (let time = 0; time < 2; time++) {
    const box = inkBox(ink.strength);
    const size = sizeOf(box);
    if (3 * size >= longer(ink.grey)) break;
    const near = cutAround(ink.grey, box, Math.floor(size / 2) + 2);
    const closer = separateInk(near, ink.dark ? "yes" : "no");
    if (!closer) break;
    ink = closer;
  }
  return ink;
}

/** Scale ink, widen thin strokes, and return their width before. */
function scaleStrokes(ink, side) {
  let fine = scale(ink, FINE * side);
  const width = strokeWidth(fine) / FINE;
  if (width < THIN) {
    const radius = (FINE * (TYPICAL - width)) / 2;
    const room = Math.ceil(radius);
    const larger = place(fine, room, room, fine.height + 2 * room, fine.width + 2 * room);
    fine = widen(larger, radius);
  }
  const scaled = scale(fine, side);
  const strongest = most(scaled.data);
  return { image: sameShape(scaled, (strength) => (strength * 255) / strongest), width };
}

/** Scale the longer side to a number of pixels, keeping the aspect ratio. */
function scale(ink, side) {
  const factor = side / longer(ink);
  const [height, width] = [ink.height, ink.width].map((size) => Math.max(1, round(size * factor)));
  const scaled = resize(ink, height, width, factor < 1 ? box : bicubic);
  return sameShape(scaled, (strength) => clip(strength, 0, 1));
}

/** Place ink of at most 20 x 20 pixels with its centre of mass in the middle of 28 x 28. */
function centre(ink) {
  const [down, across] = centreOfMass(ink);
  const corner = (mass, side) => clip(round(MIDDLE - mass), 0, SIDE - side);
  const [top, left] = [corner(down, ink.height), corner(across, ink.width)];
  return Uint8Array.from(place(ink, top, left, SIDE, SIDE).data, round);
}

function centreOfMass({ width, data }) {
  let [sum, down, across] = [0, 0, 0];
  data.forEach((level, i) => {
    sum += level;
    down += level * Math.floor(i / width);
    across += level * (i % width);
  });
  return [down / sum, across / sum];
}

// --- MNIST's own -------------------------------------------------------------

/** Return light ink on black if a picture is already like MNIST's images, or null. */
function findReady(grey, invert) {
  if (grey.height !== SIDE || grey.width !== SIDE) return null;
  const turned = inverted(grey);
  const candidates = { no: [grey], yes: [turned], auto: [grey, turned] }[invert];
  return candidates.find(isReady) ?? null;
}

/** Tell whether a 28 x 28 image is like MNIST's. */
function isReady(image) {
  const count = (levels, level) => levels.filter((each) => each > level).length;
  if (count(ring(image, 0), 10) > 3 || count(image.data, FAINT) > image.data.length / 2)
    return false;
  if (most(image.data) < 200) return false;
  if (strokeWidth(sameShape(image, (level) => level / 255)) < MIN_WIDTH) return false;
  const size = sizeOf(inkBox(image, FAINT));
  const off = centreOfMass(image).map((mass) => Math.abs(mass - (MIDDLE - 0.1)));
  return size >= 17 && size <= 21 && Math.max(...off) < 1.2;
}
