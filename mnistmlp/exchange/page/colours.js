// The colours of the theme, for drawing.

let themed = null; // looking up a colour costs a layout
const dark = matchMedia("(prefers-color-scheme: dark)");
dark.addEventListener("change", () => (themed = null)); // before others redraw

/** Return the theme's colours as red, green and blue. */
const theme = () => (themed ??= readTheme());

function readTheme() {
  const names = ["for", "against", "zero", "ink", "edge", "muted"];
  return Object.fromEntries(
    names.map((name) => {
      const number = parseInt(colour(`--${name}`).trim().slice(1), 16);
      return [name, [number >> 16, (number >> 8) & 255, number & 255]];
    }),
  );
}

/** Return the colour of a value from -1, all against, to 1, all for. */
function diverging(value, palette) {
  const end = value > 0 ? palette.for : palette.against;
  const part = Math.min(Math.abs(value), 1);
  return palette.zero.map((level, k) => level + (end[k] - level) * part);
}

const rgb = (levels) => `rgb(${levels.map(Math.round).join(" ")})`;
