// Moment normalisation: makes the slant, size and position of digits equal.
// Does what mnistmlp/core/normalization.py and resampling.py do for one image, to the
// byte: each sum and product is in the same order.

const MAX_SLANT = 1;
const HEIGHT = 5.2; // pixels: the standard deviation of the rows, after normalisation
const WIDTH = 3.6;
const MIN_SCALE = 0.7;
const MAX_SCALE = 1.5;
const MIN_VARIANCE = 1e-6;
const PADDED = SIDE + 2; // with a black border
const UNIT = 256; // parts of a pixel

const clip = (value, least, most) => Math.min(Math.max(value, least), most);

/** Return the centre of mass and the central second moments of an image of 784 bytes. */
function measureMoments(image) {
  let [mass, x, y, xx, xy, yy] = [0, 0, 0, 0, 0, 0]; // whole numbers, hence exact
  image.forEach((level, i) => {
    const [row, column] = [Math.floor(i / SIDE), i % SIDE];
    mass += level;
    x += column * level;
    y += row * level;
    xx += column * column * level;
    xy += column * row * level;
    yy += row * row * level;
  });
  mass = Math.max(mass, 1);
  const square = mass * mass;
  return {
    x: x / mass,
    y: y / mass,
    xx: (mass * xx - x * x) / square,
    xy: (mass * xy - x * y) / square,
    yy: (mass * yy - y * y) / square,
  };
}

// Where the pixel (x, y) of the result is found: at (x0 + a x + b y, y0 + d y)
const NORMALIZATIONS = {
  deslant(image) {
    const { y, xy, yy } = measureMoments(image);
    const slant = slantOf(xy, yy);
    return { x0: -slant * y, a: 1, b: slant, y0: 0, d: 1 };
  },
  moments(image) {
    const { x, y, xx, xy, yy } = measureMoments(image);
    const slant = slantOf(xy, yy);
    const width = Math.sqrt(Math.max(xx - 2 * slant * xy + slant * slant * yy, MIN_VARIANCE));
    const height = Math.sqrt(Math.max(yy, MIN_VARIANCE));
    const a = 1 / clip(Math.sqrt(WIDTH / width), MIN_SCALE, MAX_SCALE);
    const d = 1 / clip(HEIGHT / height, MIN_SCALE, MAX_SCALE);
    const b = slant * d;
    const middle = (SIDE - 1) / 2;
    return { x0: x - (a + b) * middle, a, b, y0: y - d * middle, d };
  },
};

const slantOf = (xy, yy) => clip(xy / Math.max(yy, MIN_VARIANCE), -MAX_SLANT, MAX_SLANT);

/** Return an image of 784 bytes normalised; with "none", the image itself. */
function normaliseByMoments(image, normalization) {
  if (normalization === "none") return image;
  const { x0, a, b, y0, d } = NORMALIZATIONS[normalization](image);
  const padded = new Uint8Array(PADDED * PADDED);
  image.forEach((level, i) => {
    padded[(Math.floor(i / SIDE) + 1) * PADDED + (i % SIDE) + 1] = level;
  });
  return Uint8Array.from(image, (_, i) => {
    const [row, column] = [Math.floor(i / SIDE), i % SIDE];
    const x = UNIT * x0 + UNIT + UNIT * b * row + UNIT * a * column;
    const y = UNIT * y0 + UNIT + UNIT * d * row;
    return interpolate(padded, x, y);
  });
}

/** Interpolate bilinearly at a position in fractions of a pixel. */
function interpolate(padded, x, y) {
  const last = UNIT * (PADDED - 1) - 1;
  [x, y] = [Math.trunc(clip(x, 0, last)), Math.trunc(clip(y, 0, last))];
  const start = (y >> 8) * PADDED + (x >> 8);
  const [right, down] = [x & 255, y & 255];
  const along = (at) => UNIT * padded[at] + right * (padded[at + 1] - padded[at]);
  const [upper, lower] = [along(start), along(start + PADDED)];
  return (UNIT * upper + down * (lower - upper) + (1 << 15)) >> 16;
}
