// Telling a digit from stray marks, bands and frames.
// Does what mnistmlp/pictures/marks.py does, which gives the reasons and the sources.
"use strict";

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
  const inner = components.totals(innerMask(height, width, 10));
  let digit = mass.map((each, i) => (touches[i] && inner[i] < 0.02 * sizes[i] ? 0 : each));
  if (!digit.some((each) => each)) digit = mass.slice();
  const heaviest = digit.indexOf(most(digit));
  const means = mass.map((each, i) => each / sizes[i]);
  touches.forEach((touching, i) => {
    if (touching && means[i] < 0.7 * means[heaviest]) digit[i] = 0;
  });
  return components.mask(withNear(boxes, digit, heaviest));
}

/** Tell which components go with the heaviest: heavy ones, and lighter ones that are near. */
function withNear(boxes, digit, heaviest) {
  const kept = boxes.map((_, i) => i === heaviest);
  let around = boxes[heaviest];
  for (let joining = true; joining; ) {
    joining = false;
    const reach = 0.2 * Math.max(around[2] - around[0], around[3] - around[1]);
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
