// From the bytes of a picture, or a frame of a video, to its pixels.
"use strict";

const MAX_PIXELS = 16e6; // what a canvas holds in every browser

/** Return the pixels (ImageData) of a file: turned upright, the colours as they are in it. */
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

/** Return the pixels of a part of what can be drawn, at a width and height. */
function pixelsOf(source, [left, top, across, down], width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, left, top, across, down, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}
