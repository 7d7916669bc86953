// Drawings that were kept, each with what it is: to train on, and to save.
"use strict";

/** Keeps drawings, and shows them as thumbnails; `changed` is called when there are others. */
class Collection {
  constructor(list, changed) {
    this.list = list;
    this.changed = changed;
    this.examples = []; // each { image, label }
    this.version = 0; // another one whenever there are others
  }

  add(example) {
    this.examples.push(example);
    this.list.append(this.#thumbnail(example));
    this.#number();
    this.changed();
  }

  #thumbnail(example) {
    const [row, button, canvas, name] = ["li", "button", "canvas", "span"].map((tag) => document.createElement(tag));
    button.type = "button";
    Object.assign(canvas, { width: SIDE, height: SIDE });
    canvas.setAttribute("aria-hidden", "true");
    showImage(canvas, example.image, (level) => [level, level, level]);
    name.textContent = example.label;
    button.append(canvas, name);
    button.addEventListener("click", () => this.#remove(example, row));
    row.append(button);
    return row;
  }

  /** Remove a drawing; whoever is at the keyboard goes on from the next one. */
  #remove(example, row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    this.examples.splice(this.examples.indexOf(example), 1);
    row.remove();
    this.#number();
    this.changed();
    (next?.querySelector("button") ?? element("drawing")).focus();
  }

  #number() {
    this.version++;
    [...this.list.children].forEach((row, i) => {
      const values = { number: i + 1, what: WORDS.digits[this.examples[i].label] };
      row.querySelector("button").ariaLabel = word("removeDrawing", values);
    });
  }
}
