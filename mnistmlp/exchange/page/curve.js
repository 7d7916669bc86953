// The accuracy on held-out images by epoch, as a growing curve.

const MARGIN = { left: 44, right: 12, top: 8, bottom: 24 }; // pixels, for the labels of the axes

/** Draws a curve of shares, from 0 to 1, on a canvas. */
class Curve {
  constructor(canvas) {
    this.canvas = canvas;
    this.shares = [];
    new ResizeObserver(() => this.render()).observe(canvas);
  }

  show(shares) {
    this.shares = shares;
    this.render();
  }

  /** Draw it in the current theme's colours. */
  render() {
    const { canvas, shares } = this;
    const context = fitted(canvas);
    context.scale(devicePixelRatio, devicePixelRatio);
    const width = canvas.clientWidth - MARGIN.left - MARGIN.right;
    const height = canvas.clientHeight - MARGIN.top - MARGIN.bottom;
    const last = Math.max(shares.length - 1, 10);
    const x = (epoch) => MARGIN.left + (width * epoch) / last;
    const y = (share) => MARGIN.top + height * (1 - share);
    this.#drawGrid(context, x, y, last);
    if (!shares.length) return;
    context.beginPath();
    shares.forEach((share, epoch) => context.lineTo(x(epoch), y(share)));
    context.strokeStyle = colour("--accent");
    context.lineWidth = 2;
    context.lineJoin = "round";
    context.stroke();
    context.beginPath();
    context.arc(x(shares.length - 1), y(shares.at(-1)), 4, 0, 2 * Math.PI);
    context.fillStyle = colour("--accent");
    context.fill();
  }

  #drawGrid(context, x, y, last) {
    context.strokeStyle = colour("--line");
    context.fillStyle = colour("--muted");
    context.font = `12px ${getComputedStyle(this.canvas).fontFamily}`;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      context.beginPath();
      context.moveTo(x(0), y(share));
      context.lineTo(x(last), y(share));
      context.stroke();
      context.fillText(`${100 * share} %`, MARGIN.left - 6, y(share));
    }
    context.textAlign = "center";
    const step = roundStep(last / 5);
    for (let epoch = 0; epoch <= last; epoch += step)
      context.fillText(groupDigits(epoch), x(epoch), y(0) + 14);
  }
}

/** Return the smallest of 1, 2, 5, 10, 20 … that is not below a number. */
function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  return [1, 2, 5, 10].find((factor) => factor * power >= least) * power;
}
