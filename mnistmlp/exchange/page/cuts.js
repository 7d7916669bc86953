// Cutting the pieces of a line of writing wherever that crosses little ink: too often, on purpose.
// As in mnistmlp/pictures/numbers/cuts.py, which gives reasons and sources.

// lengths are relative to the height of the line's digits
const MIN_CUT_WIDTH = 0.35; // narrower pieces are not cut
const CUT_SPACING = 0.08; // least distance between cuts
const MIN_STROKE = 0.2; // length of the stroke that a cut separates
const MAX_CROSSED = 6; // most ink that a cut crosses, relative to the width of strokes
const ANCHORS = [3, 5]; // rows in which to look for cuts, in eighths of the height
const TURN = 0.35; // ink in pixels that costs as much as moving aside by a pixel

/**
 * Return cuts through ink from top to bottom, from left to right: each { way, crossed }, the first
 * column right of it in each row, and the ink that it crosses relative to the width of strokes.
 */
function cheapestCuts(ink, height, stroke) {
  const [down, up] = [leastInk(ink), leastInk(upsideDown(ink))];
  const reach = Math.max(1, Math.trunc((CUT_SPACING * height) / 2));
  const found = new Map(); // by their paths
  for (const anchor of ANCHORS) {
    const row = Math.floor((anchor * ink.height) / 8);
    const under = ink.height - 1 - row;
    const above = down.totals[row];
    const cost = above.map((sum, i) => sum + up.totals[under][i] - ink.data[row * ink.width + i]);
    for (const start of valleys(cost, reach)) {
      const upper = follow(down.moves.slice(0, row), start);
      const lower = follow(up.moves.slice(0, under), start);
      const way = [...upper.reverse(), ...lower.slice(1)];
      found.set(way.join(), { way, mean: mean(way), crossed: cost[start] / stroke });
    }
  }
  return [...found.values()].sort((one, other) => one.mean - other.mean);
}

function upsideDown({ height, width, data }) {
  const turned = grid(height, width);
  for (let row = 0; row < height; row++)
    turned.data.set(data.subarray(row * width, (row + 1) * width), (height - 1 - row) * width);
  return turned;
}

/** Return where a cost is lowest within a reach, in the middle of ties. */
function valleys(cost, reach) {
  const runs = [];
  for (let place = reach; place < cost.length - reach; place++) {
    if (cost[place] > least(cost.subarray(place - reach, place + reach + 1))) continue;
    if (runs.length && runs.at(-1).at(-1) === place - 1) runs.at(-1).push(place);
    else runs.push([place]);
  }
  return runs.map((run) => run[Math.floor(run.length / 2)]);
}

/** Return the least ink on a path from the first row to each pixel, row by row, and the moves. */
function leastInk({ height, width, data }) {
  const totals = [Float64Array.from(data.subarray(0, width))];
  const moves = [];
  for (let row = 1; row < height; row++) {
    const last = totals.at(-1);
    const [sums, turns] = [new Float64Array(width), new Int8Array(width)];
    for (let i = 0; i < width; i++) {
      let best = last[i];
      if (i > 0 && last[i - 1] + TURN < best) [best, turns[i]] = [last[i - 1] + TURN, -1];
      if (i < width - 1 && last[i + 1] + TURN < best) [best, turns[i]] = [last[i + 1] + TURN, 1];
      sums[i] = best + data[row * width + i];
    }
    totals.push(sums);
    moves.push(turns);
  }
  return { totals, moves };
}

/** Return the columns of a path from the last row to the first. */
function follow(moves, column) {
  const columns = [column];
  for (const turns of moves.reverse()) columns.push((column += turns[column]));
  return columns;
}

/**
 * Cut the pieces of lines into parts.  Returns labels, which part of the page each pixel belongs to
 * (from 1 on), and for each line its parts: the number of the first, their boxes, and before each
 * and after the last the ink that a cut crosses, and whether one is there or only a gap.
 */
function cutLines(writing, lines) {
  const { height, width } = writing.labels;
  const labels = grid(height, width, new Int32Array(height * width));
  let number = 1;
  const parts = lines.map((line) => {
    const found = cutLine(writing, line, labels, number);
    number += found.boxes.length;
    return found;
  });
  return { labels, parts };
}

/** Cut the pieces of a line into parts, and write their numbers to labels. */
function cutLine(writing, line, labels, number) {
  const parts = { number, boxes: [], crossed: [0], cut: [false] };
  for (const piece of line.pieces) {
    const [top, left] = writing.boxes[piece];
    const own = cut(writing.labels, writing.boxes[piece]);
    const inked = sameShape(own, (label) => label === piece + 1);
    const whole = cut(writing.strength, writing.boxes[piece]);
    const ink = sameShape(whole, (strength, i) => (inked.data[i] ? strength : 0));
    for (const { from, to, crossed } of divide(ink, line.height, writing.stroke)) {
      const box = [Infinity, Infinity, 0, 0];
      for (let row = 0; row < ink.height; row++) {
        for (let column = from[row]; column < to[row]; column++) {
          if (!inked.data[row * ink.width + column]) continue;
          const at = (top + row) * labels.width + left + column;
          labels.data[at] = number + parts.boxes.length;
          box[0] = Math.min(box[0], top + row);
          box[1] = Math.min(box[1], left + column);
          box[2] = top + row + 1;
          box[3] = Math.max(box[3], left + column + 1);
        }
      }
      parts.boxes.push(box);
      parts.crossed.push(crossed);
      parts.cut.push(crossed > 0);
    }
  }
  return parts;
}

/** Return the parts of a piece: the columns of each row, and what the cut after each crosses. */
function divide(ink, height, stroke) {
  const end = new Array(ink.height).fill(ink.width);
  let from = new Array(ink.height).fill(0);
  const parts = [];
  const enough = MIN_STROKE * height * stroke;
  const cuts = ink.width < MIN_CUT_WIDTH * height ? [] : cheapestCuts(ink, height, stroke);
  for (const { way, crossed } of cuts) {
    if (crossed >= MAX_CROSSED || inkBetween(ink, from, way) < enough) continue;
    const next = from.map((column, row) => Math.max(column, way[row]));
    if (inkBetween(ink, next, end) < enough) continue;
    parts.push({ from, to: way, crossed: Math.max(crossed, 1e-6) });
    from = next;
  }
  return [...parts, { from, to: end, crossed: 0 }];
}

function inkBetween({ height, width, data }, from, to) {
  let sum = 0;
  for (let row = 0; row < height; row++)
    for (let column = from[row]; column < to[row]; column++) sum += data[row * width + column];
  return sum;
}
