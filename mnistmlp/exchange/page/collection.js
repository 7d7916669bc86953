// The drawings kept, each with its label, for training and saving.

/** Keeps drawings and shows them as thumbnails; calls `changed` when they change. */
class Collection {
  constructor(list, changed) {
    this.list = list;
    this.changed = changed;
    this.examples = []; // each { image, label }
    this.version = 0; // replaced whenever they change
  }

  add(...examples) {
    this.examples.push(...examples);
    this.list.append(...examples.map((each) => this.#thumbnail(each)));
    this.#number();
    this.changed();
  }

  /** Add the drawings in saved files, and say which files have none. */
  async open(files) {
    const [examples, refused] = [[], []];
    for (const file of files) {
      try {
        const room = MOST_KEPT - this.examples.length - examples.length;
        examples.push(...(await readDrawings(file, room)));
      } catch (error) {
        const reason = error instanceof Refusal ? error.message : word("damagedZip");
        refused.push(word("notAdded", { file: file.name, reason }));
      }
    }
    if (examples.length) this.add(...examples);
    const count = groupDigits(examples.length);
    if (examples.length || !refused.length) refused.unshift(word("opened", { count }));
    element("opened").textContent = refused.join("\n");
    element("opened").scrollIntoView({ block: "nearest" });
  }

  #thumbnail(example) {
    const [row, button, canvas, name] = create("li", "button", "canvas", "span");
    Object.assign(canvas, { width: SIDE, height: SIDE });
    canvas.setAttribute("aria-hidden", "true");
    showImage(canvas, example.image);
    name.textContent = example.label;
    button.append(canvas, name);
    button.addEventListener("click", () => this.#remove(example, row));
    row.append(button);
    return row;
  }

  /** Remove a drawing; the keyboard focus moves to the next one. */
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
