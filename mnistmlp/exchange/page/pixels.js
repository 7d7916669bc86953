// The image that the network sees: point at or edit its pixels, by pointer or keyboard.

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const LEVEL = 32; // grey levels by which a key changes a pixel

/**
 * Calls `pointed` with a pixel of the image, or null; `chosen` when one is clicked; and while
 * `editing`, `painted` with a pixel and its new level instead.
 */
class PixelField {
  constructor(canvas, cursor, { levelOf, pointed, chosen, painted }) {
    Object.assign(this, { canvas, cursor, levelOf, pointed, chosen, painted });
    this.editing = false;
    this.paint = null; // the level painted by the pointer
    this.at = (SIDE * SIDE + SIDE) / 2; // the pixel selected by keyboard
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"])
      canvas.addEventListener(name, () => (this.paint = null));
    canvas.addEventListener("pointerleave", () => this.#point(null));
    canvas.addEventListener("click", (event) => this.editing || this.chosen(this.#pixelAt(event)));
    canvas.addEventListener("focus", () => {
      if (canvas.matches(":focus-visible")) this.#point(this.at);
    });
    canvas.addEventListener("blur", () => this.#point(null));
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  #pixelAt(event) {
    const { left, top, width } = this.canvas.getBoundingClientRect();
    const place = (offset) => clip(Math.floor((offset * SIDE) / width), 0, SIDE - 1);
    return SIDE * place(event.clientY - top) + place(event.clientX - left);
  }

  #point(pixel) {
    this.cursor.hidden = pixel === null;
    if (pixel !== null) {
      const percentage = (steps) => `${(100 * steps) / SIDE}%`;
      const [row, column] = [Math.floor(pixel / SIDE), pixel % SIDE];
      Object.assign(this.cursor.style, { left: percentage(column), top: percentage(row) });
    }
    this.pointed(pixel);
  }

  /** Start painting: a dark pixel white, a bright one black, and those that follow alike. */
  #press(event) {
    if (!this.editing || event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    const pixel = this.#pixelAt(event);
    this.paint = this.#opposite(pixel);
    this.painted(pixel, this.paint);
  }

  #opposite(pixel) {
    return this.levelOf(pixel) < 128 ? 255 : 0;
  }

  #move(event) {
    if (this.paint !== null) {
      const all = event.getCoalescedEvents?.() ?? [];
      for (const each of all.length ? all : [event]) this.painted(this.#pixelAt(each), this.paint);
    }
    this.#point(this.#pixelAt(event));
    if (this.editing) this.pointed(null); // the answer is explained
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = MOVES[event.key];
    const change = { "+": LEVEL, "-": -LEVEL }[event.key];
    if (!move && !change && event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (move) {
      const [row, column] = [Math.floor(this.at / SIDE), this.at % SIDE];
      this.at = SIDE * clip(row + move[0], 0, SIDE - 1) + clip(column + move[1], 0, SIDE - 1);
    } else if (this.editing) {
      const level = change ? clip(this.levelOf(this.at) + change, 0, 255) : this.#opposite(this.at);
      this.painted(this.at, level);
    } else if (!change) {
      this.chosen(this.at);
    }
    this.#point(this.at);
  }
}
