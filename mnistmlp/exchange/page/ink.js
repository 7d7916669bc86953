// Separating the ink of a digit from its background: paper, a board or a canvas.
// Does what mnistmlp/pictures/ink.py does, which gives the reasons and the sources.
"use strict";

const MIN_CONTRAST = 12; // grey levels between ink and background, of 255
const MIN_SEPARABILITY = 0.7; // noise of one kind has 2 / pi
const MAX_COVERED = 0.8; // of the picture by ink: where it is more, it is no digit

/**
 * Find the ink of a digit: the picture with frames painted out, the ink's strength from 0 to 1, and
 * whether it is darker than its background.
 * Null where nothing stands out, or what does is noise.
 */
function separateInk(grey, invert = "auto") {
  const found = findContrast(grey, invert);
  if (!found) return null;
  const components = new Components(found.soft);
  const frames = findFrames(components, found.sure);
  if (frames.some(Boolean)) {
    const bare = sameShape(found.soft, (ink) => !ink);
    const inside = separateInk(paintOut(grey, components.mask(frames), bare), invert);
    if (inside) return inside;
  }
  const kept = pickDigit(components, found.levels, found.sure);
  return { grey, strength: inkStrength(found, kept), dark: found.dark };
}

/** Find what stands out from the background; null where it is only noise. */
function findContrast(grey, invert) {
  const even = isBackgroundEven(grey);
  const dark = invert === "auto" ? isInkDark(grey, even) : invert === "yes";
  const levels = smooth(measureContrast(grey, dark, even), longer(grey) / 300);
  const threshold = otsuThreshold(levels.data);
  if (most(levels.data) < MIN_CONTRAST) return null;
  if (separability(levels.data, threshold) < MIN_SEPARABILITY) return null;
  const sure = sameShape(levels, (level) => level >= threshold);
  const soft = dilate(sameShape(levels, (level) => level >= threshold / 2));
  return mean(soft.data) > MAX_COVERED ? null : { levels, sure, soft, dark };
}

/** Return the strength of the ink that is kept, from 0 to 1. */
function inkStrength({ levels, sure }, kept) {
  const level = 0.9 * median(chosen(levels, (i) => sure.data[i] && kept.data[i]));
  return sameShape(levels, (value, i) => kept.data[i] && Math.min(value / level, 1));
}

/** Return where a sheet of paper lies, if what stands out is one, and not a digit; else null. */
function findSheet(grey, ink) {
  const [top, left, bottom, right] = inkBox(ink, 0);
  const [height, width] = [bottom - top, right - left];
  if (height * width < ink.data.length / 10 || Math.min(height, width) < 20) return null;
  const down = Math.max(2, Math.floor(height / 16)); // clear of its edges
  const across = Math.max(2, Math.floor(width / 16));
  const sheet = [top + down, left + across, bottom - down, right - across];
  const written = spread(smooth(cut(grey, sheet), 1).data) > spread(grey.data) / 4;
  const inside = sameShape(cut(ink, sheet), (strength) => strength > 0.5);
  return written && mean(ring(inside, 0)) > 0.95 && mean(inside.data) > 0.7 ? sheet : null;
}

/** Return top, left, bottom and right of the ink above a level, the last two one past it. */
function inkBox({ height, width, data }, level = 0.05) {
  const found = [height, width, 0, 0];
  for (let row = 0, i = 0; row < height; row++) {
    for (let column = 0; column < width; column++, i++) {
      if (data[i] <= level) continue;
      found[0] = Math.min(found[0], row);
      found[1] = Math.min(found[1], column);
      found[2] = row + 1;
      found[3] = Math.max(found[3], column + 1);
    }
  }
  return found;
}
