// Measuring the width of a digit's strokes, and making thin ones as wide as MNIST's.
// As in mnistmlp/pictures/strokes.py.

/**
 * Return the mean width of strokes in pixels: twice the area over the perimeter.
 * Ink that reaches the border of the grid ends there, unless not `bordered`.
 */
function strokeWidth(ink, bordered = true) {
  const { height, width } = ink;
  const at = (row, column) =>
    row >= 0 && row < height && column >= 0 && column < width
      ? ink.data[row * width + column]
      : 0;
  let area = 0;
  let variation = 0;
  const [from, margin] = bordered ? [-1, 0] : [0, 1];
  for (let row = from; row < height; row++) {
    for (let column = from; column < width; column++) {
      const here = at(row, column);
      area += here;
      if (row >= height - margin || column >= width - margin) continue;
      const down = at(row + 1, column) - here;
      const right = at(row, column + 1) - here;
      variation += Math.sqrt(down * down + right * right);
    }
  }
  return variation ? (2 * area) / variation : 0;
}

/** Return ink dilated by a disc of a radius in pixels. */
function widen(ink, radius) {
  const { height, width } = ink;
  const reach = Math.ceil(radius);
  const wide = grid(height, width);
  for (let down = -reach; down <= reach; down++) {
    for (let right = -reach; right <= reach; right++) {
      if (down ** 2 + right ** 2 > radius ** 2 + 0.5) continue;
      for (let row = Math.max(0, -down); row < Math.min(height, height - down); row++) {
        for (let column = Math.max(0, -right); column < Math.min(width, width - right); column++) {
          const i = row * width + column;
          wide.data[i] = Math.max(wide.data[i], ink.data[i + down * width + right]);
        }
      }
    }
  }
  return wide;
}
