// Decoding pictures, or a frame of a video, to grey levels.
// The browser decodes; what follows is as in mnistmlp/pictures/decoding.py, by the same names.

const MAX_PIXELS = 16e6; // the size of a canvas in every browser
const WORKING_SIDE = 256; // pixels: larger pictures are reduced towards this
const ELONGATION = 8; // likewise those longer than twice this many working sides, however thin
const MIN_FILLED = 0.75; // of its bounding box by a card: a disc fills pi / 4
const MIN_SPREAD = 32; // grey levels between a card and the ink on it
const LUMINANCE = [0.299, 0.587, 0.114]; // ITU-R BT.601

/** Return the pixels (ImageData) of a file, turned upright, with its original colours. */
async function decode(blob) {
  const bitmap = await createImageBitmap(blob, {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  });
  const factor = Math.min(1, Math.sqrt(MAX_PIXELS / (bitmap.width * bitmap.height)));
  const [width, height] = [bitmap.width, bitmap.height].map((size) =>
    Math.max(1, Math.floor(size * factor)),
  );
  return pixelsOf(bitmap, [0, 0, bitmap.width, bitmap.height], width, height);
}

/** Return the pixels of part of a drawable source, at a width and height. */
function pixelsOf(source, [left, top, across, down], width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, left, top, across, down, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/** Return the grey levels of a picture (ImageData), reduced if it is large. */
function toGrey({ width, height, data }, side = WORKING_SIDE) {
  let picture = { width, height, data }; // red, green, blue, alpha
  const long = Math.floor(Math.max(width, height) / ELONGATION);
  const factor = Math.floor(Math.max(Math.floor(Math.sqrt(width * height)), long) / side);
  if (factor > 1) picture = reduce(picture, factor);
  return projectColours(findCard(picture) ?? composite(picture));
}

/** Return means over squares of pixels, with colours weighted by opacity. */
function reduce({ width, height, data }, factor) {
  const [columns, rows] = [Math.ceil(width / factor), Math.ceil(height / factor)];
  const sums = new Float64Array(rows * columns * 4);
  for (let row = 0, i = 0; row < height; row++) {
    for (let column = 0; column < width; column++, i += 4) {
      const into = 4 * (Math.floor(row / factor) * columns + Math.floor(column / factor));
      const alpha = data[i + 3];
      for (let k = 0; k < 3; k++) sums[into + k] += data[i + k] * alpha;
      sums[into + 3] += alpha;
    }
  }
  const means = new Uint8ClampedArray(sums.length);
  for (let i = 0; i < sums.length; i += 4) {
    const [row, column] = [Math.floor(i / 4 / columns), (i / 4) % columns];
    const pixels =
      Math.min(factor, height - row * factor) * Math.min(factor, width - column * factor);
    for (let k = 0; k < 3; k++) means[i + k] = Math.floor(sums[i + k] / (sums[i + 3] || 1) + 0.5);
    means[i + 3] = Math.floor(sums[i + 3] / pixels + 0.5);
  }
  return { width: columns, height: rows, data: means };
}

/** Put a picture with transparent parts on white, or on black if its ink is light. */
function composite({ width, height, data }) {
  const background = backgroundOf({ width, height, data });
  return onBackground({ width, height, data }, [background, background, background]);
}

/** Put a picture with transparent parts on a colour. */
function onBackground({ width, height, data }, background) {
  const colours = new Float32Array(3 * width * height); // red, green and blue of each pixel
  for (let i = 0, at = 0; i < data.length; i += 4) {
    const alpha = data[i + 3];
    for (let k = 0; k < 3; k++)
      colours[at++] = round((data[i + k] * alpha + background[k] * (255 - alpha)) / 255);
  }
  return { width, height, colours };
}

/** Cut out the opaque part of a picture if it is a card, which fills its box. */
function findCard({ width, height, data }) {
  const alpha = grid(height, width, Float32Array.from({ length: width * height }, (_, i) => data[4 * i + 3]));
  const highest = most(alpha.data);
  const seen = sameShape(alpha, (each) => +(each > highest / 2));
  if (!highest || least(seen.data)) return null;
  const pieces = new Components(seen);
  const sizes = pieces.sizes();
  const largest = sizes.indexOf(most(sizes));
  const [top, left, bottom, right] = pieces.boxes()[largest];
  if (sizes[largest] < MIN_FILLED * (bottom - top) * (right - left)) return null;
  const [card, opaque] = [[], []]; // red, green, blue and alpha of the box, and the opaque part
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const i = row * width + column;
      card.push(...data.subarray(4 * i, 4 * i + 4));
      if (seen.data[i]) opaque.push(...data.subarray(4 * i, 4 * i + 3));
    }
  }
  const levels = projectColours({ width: 1, height: opaque.length / 3, colours: opaque }).data;
  if (spread(levels) < MIN_SPREAD || separability(levels) < MIN_SEPARABILITY) return null;
  const middle = [0, 1, 2].map((k) => Math.floor(median(opaque.filter((_, i) => i % 3 === k))));
  return onBackground({ width: right - left, height: bottom - top, data: card }, middle);
}

/** The opaque part is ink, unless it is most of the picture: then it is the background. */
function backgroundOf({ width, height, data }) {
  let highest = 0;
  for (let i = 3; i < data.length; i += 4) highest = Math.max(highest, data[i]);
  const lights = chosen(
    grid(height, width, projected(data, 4, LUMINANCE)),
    (i) => data[4 * i + 3] > highest / 2,
  );
  const share = lights.length / (width * height);
  if (share === 1) return 255;
  const light = lights.length > 0 && median(lights) > 127;
  return light !== share > 0.5 ? 0 : 255;
}

/** Return colours as grey levels along their axis of largest variance. */
function projectColours({ width, height, colours }) {
  let apart = 0;
  for (let i = 0; i < colours.length; i += 3) {
    const [red, green, blue] = [colours[i], colours[i + 1], colours[i + 2]];
    apart = Math.max(apart, Math.abs(red - green), Math.abs(green - blue));
  }
  if (apart <= 8) return grid(height, width, projected(colours, 3, LUMINANCE));
  const axis = principalAxis(colours);
  const lowest = 255 * total(axis.map((part) => Math.min(part, 0)));
  return sameShape(grid(height, width, projected(colours, 3, axis)), (level) => level - lowest);
}

/** Return the position of each colour along an axis; colours are `step` numbers apart. */
function projected(colours, step, axis) {
  const levels = new Float32Array(colours.length / step);
  for (let i = 0, at = 0; i < levels.length; i++, at += step)
    levels[i] = axis[0] * colours[at] + axis[1] * colours[at + 1] + axis[2] * colours[at + 2];
  return levels;
}

/** Return the first principal component of colours; the absolute values of its parts sum to 1. */
function principalAxis(colours) {
  const count = colours.length / 3;
  const means = [0, 0, 0];
  for (let i = 0; i < colours.length; i++) means[i % 3] += colours[i] / count;
  let matrix = [0, 1, 2].map(() => [0, 0, 0]);
  for (let i = 0; i < colours.length; i += 3)
    for (let a = 0; a < 3; a++)
      for (let b = 0; b < 3; b++)
        matrix[a][b] += (colours[i + a] - means[a]) * (colours[i + b] - means[b]);
  for (let time = 0; time < 30; time++) matrix = squared(matrix); // only the largest's remains
  const diagonal = matrix.map((row, k) => row[k]);
  const axis = matrix[diagonal.indexOf(most(diagonal))];
  const sum = total(axis.map(Math.abs)) * (total(axis) >= 0 ? 1 : -1);
  return axis.map((part) => part / sum);
}

/** Return the square of a 3 x 3 matrix, scaled to a trace of 1. */
function squared(matrix) {
  const product = matrix.map((row) =>
    row.map((_, b) => row.reduce((sum, each, k) => sum + each * matrix[k][b], 0)),
  );
  const trace = product[0][0] + product[1][1] + product[2][2];
  return product.map((row) => row.map((each) => each / trace));
}
