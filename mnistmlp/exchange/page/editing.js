// The image that the network sees, edited by hand or changed into another digit.

/**
 * Keeps the edited image, as the network sees it: after normalisation.  `seen` returns the one to
 * start from, or null; `changed` is called when another one is to be shown.
 */
class Editing {
  constructor(network, seen, changed) {
    Object.assign(this, { network, seen, changed });
    this.image = null; // 784 bytes, once edited
    this.change = null; // towards another digit
    this.picked = false; // the other digit, if chosen by hand
    onClick("edit", () => this.#toggle());
    onClick("restore", () => {
      this.#show(null);
      element("edit").focus(); // the button is now disabled
    });
    onClick("change", () => this.#findChange());
    element("wanted").addEventListener("change", () => (this.picked = true));
    WORDS.digits.forEach((what, digit) => element("wanted").append(new Option(what, digit)));
  }

  #toggle() {
    this.field.editing = !this.field.editing;
    element("edit").ariaPressed = this.field.editing;
    element("seen").classList.toggle("editing", this.field.editing);
  }

  /** Stop painting. */
  stop() {
    if (this.field?.editing) this.#toggle();
  }

  /** Set the level of a pixel. */
  paint(pixel, level) {
    const image = this.image ?? this.seen()?.slice() ?? new Uint8Array(SIDE * SIDE);
    if (image[pixel] === level && this.image) return;
    image[pixel] = level;
    this.#show(image);
  }

  #show(image, change = null) {
    Object.assign(this, { image, change });
    this.changed();
  }

  /** Forget the edited image: something else is shown. */
  drop() {
    this.image = this.change = null;
  }

  #findChange() {
    const wanted = +element("wanted").value;
    const start = this.change?.start ?? this.seen(); // not the image of the last change
    const change = findChange(this.network, start, wanted);
    if (change) this.#show(change.image, { ...change, start: start.slice(), wanted });
    else element("changed").textContent = word("noChange", { what: WORDS.digits[wanted] });
  }

  /** Show what can be done with a recognised image; null for none. */
  show(found) {
    element("restore").disabled = !this.image;
    element("change").disabled = !found;
    for (const option of element("wanted").options) option.disabled = found?.digit === +option.value;
    const same = found?.digit === +element("wanted").value;
    if (found && !this.change && (!this.picked || same)) element("wanted").value = runnerUp(found);
    element("changed").textContent = this.change ? this.#describe() : "";
  }

  #describe() {
    const { plain, most: largest, share, steps, wanted } = this.change;
    const what = WORDS.digits[wanted];
    return word("change", { what, plain, largest, share: (100 * share).toFixed(0), steps });
  }
}
