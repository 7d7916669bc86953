// The image that the network sees: its pixels can be pointed at, by pointer and by keyboard.
"use strict";

/** Calls `pointed` with a pixel of the image, or null, and `chosen` when one is clicked. */
class PixelField {
  constructor(canvas, cursor, pointed, chosen) {
    Object.assign(this, { canvas, cursor, pointed, chosen });
    this.at = (SIDE * SIDE + SIDE) / 2; // the pixel that the keyboard is at
    canvas.addEventListener("pointermove", (event) => this.#point(this.#pixelAt(event)));
    canvas.addEventListener("pointerleave", () => this.#point(null));
    canvas.addEventListener("click", (event) => this.chosen(this.#pixelAt(event)));
    canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && this.#point(this.at));
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

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [row, column] = [Math.floor(this.at / SIDE), this.at % SIDE];
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const move = moves[event.key];
    if (!move && event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!move) return this.chosen(this.at);
    this.at = SIDE * clip(row + move[0], 0, SIDE - 1) + clip(column + move[1], 0, SIDE - 1);
    this.#point(this.at);
  }
}
