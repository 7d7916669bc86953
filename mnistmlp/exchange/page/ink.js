// Separating the ink of a digit from its background: paper, a board or a canvas.
// As in mnistmlp/pictures/ink.py, which gives reasons and sources.

/**
 * Find the ink of a digit: the picture with frames painted out, the ink's strength from 0 to 1, and
 * whether it is darker than its background.
 * Null if nothing stands out, or only noise, a shadow or a blot.
 */
function separateInk(grey, invert = "auto") {
  const [usual, ...others] = listGrounds(grey);
  const found = readContrast(grey, invert, usual);
  let ink = null;
  if (!isNoise(found)) {
    const framed = findFramed(grey, found, invert);
    if (framed) return framed;
    ink = keepDigit(grey, found);
    const fault = refuse(grey, found, ink);
    const bordered = reachesBorder(ink.strength);
    if (!bordered && fault !== "shade") return fault ? null : ink;
    if (!fault && separability(found.levels.data, found.threshold) > TWO_LEVELS) return ink;
    if (fault) ink = null;
  }
  for (const ground of others) {
    const found = readContrast(grey, invert, ground);
    if (isNoise(found, 0) || (ink && ink.dark !== found.dark)) continue;
    const other = keepDigit(grey, found);
    const clear = isClear(found, other.strength) && differsFromAround(grey, other);
    if (clear && !refuse(grey, found, other)) return other;
  }
  return ink;
}

/** Find what stands out from the background; null if it is only noise. */
function findContrast(grey, invert) {
  const found = readContrast(grey, invert, listGrounds(grey)[0]);
  return isNoise(found) ? null : found;
}

/** Return ways to read the background of a picture, likeliest first. */
function listGrounds(grey) {
  const even = isBackgroundEven(grey);
  return [
    { even, side: COARSER, parts: 3 },
    { even: !even, side: COARSER, parts: 3 },
    { even: false, side: COARSE, parts: 6 },
  ];
}

/** Measure what stands out from a background, whether ink or noise. */
function readContrast(grey, invert, ground) {
  const dark = invert === "auto" ? isInkDark(grey, ground.even) : invert === "yes";
  const levels = smooth(measureContrast(grey, dark, ground), longer(grey) / 300);
  return { dark, ...splitInk(levels, otsuThreshold(levels.data)) };
}

/** Return certain ink, and ink with its soft edges, in pieces. */
function splitInk(levels, threshold) {
  const sure = sameShape(levels, (level) => level >= threshold);
  const soft = dilate(sameShape(levels, (level) => level >= threshold / 2));
  return { levels, threshold, sure, soft, pieces: new Components(soft) };
}

/** Find the ink inside a frame or a circle; null if there is none. */
function findFramed(grey, found, invert) {
  const frames = findFrames(found.pieces, found.sure);
  if (!frames.some(Boolean)) return null;
  const bare = sameShape(found.soft, (ink) => !ink);
  return separateInk(paintOut(grey, found.pieces.mask(frames), bare), invert);
}

/** Keep only what belongs to the digit. */
function keepDigit(grey, found) {
  const kept = pickDigit(found.pieces, found.levels, found.sure);
  return { grey, strength: inkStrength(found, kept), dark: found.dark };
}

/** Say what is wrong with the candidate digit; a sheet of paper with ink on it passes. */
function refuse(grey, found, ink) {
  const fault = findFault(found, ink.strength);
  return fault === "blot" && findSheet(grey, ink.strength) ? null : fault;
}

/** Tell whether ink differs from what surrounds its box: a nook between strokes does not. */
function differsFromAround(grey, { strength, dark }) {
  const box = inkBox(strength);
  const around = cutAround(grey, box, Math.floor(sizeOf(box) / 8) + 1);
  const level = median(chosen(grey, (i) => strength.data[i] === 1));
  return standOut(level, median(ring(around, 0)), dark) >= MIN_CONTRAST;
}

/** Return the strength of the ink kept, from 0 to 1. */
function inkStrength(found, kept) {
  const level = 0.9 * inkLevel(found, kept);
  return sameShape(found.levels, (value, i) => kept.data[i] && Math.min(value / level, 1));
}

/** Return where a sheet of paper lies if that is what stands out, not a digit; or null. */
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

/** Return top, left, bottom and right of the ink above a level, the last two exclusive. */
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
