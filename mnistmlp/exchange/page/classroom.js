// Where the network is taught: drawings are labelled, learnt, kept, trained on and saved.

/**
 * `read` reads the input again, `introduce` describes the network, `view` shows it, `clear` clears
 * the field.
 */
class Classroom {
  constructor(network, { read, introduce, clear, view }) {
    this.network = network;
    this.clear = clear;
    this.found = null;
    this.ofNumber = false; // whether it is the last of several digits
    const changed = () => {
      introduce();
      read();
      element("save-brain").disabled = !network.changed;
    };
    const taught = () => {
      changed();
      this.school?.measureAgain();
    };
    makeLabels(element("labels"), () => this.show(this.found));
    makeBars(element("changes"), ["before", "after"]);
    this.lesson = new Lesson(network, { changed: taught, flow: (deltas) => view.flow(deltas) });
    this.collection = new Collection(element("kept"), () => this.#count());
    const adopt = (other) => {
      if (this.lesson.past.length) this.lesson.undo(0);
      Object.assign(network, { changed: null, epochs: 0 }, other);
      view.reset();
      this.lesson.begin();
      changed();
    };
    const busy = (training) => {
      this.lesson.paused = training;
      if (training) this.lesson.begin();
      this.show(this.found);
    };
    this.school = new School(network, this.collection, { adopt, changed, busy });
    wireChooser("open-drawings", "archives", (files) => this.collection.open(files));
    onClick("keep", () => this.#keep());
    onClick("save-drawings", () =>
      download("drawings.zip", zip(encodeExamples(this.collection.examples))));
    onClick("save-brain", () => this.#saveBrain());
    this.#count();
    this.show(null);
  }

  get label() {
    const chosen = element("labels").querySelector(":checked");
    return chosen ? +chosen.value : null;
  }

  /** Show the network's reading of an image, the last of a number or alone; null for none. */
  show(found, ofNumber = this.ofNumber) {
    Object.assign(this, { found, ofNumber });
    element("what-is-it").textContent = word(ofNumber ? "whatIsLast" : "whatIsIt");
    if (!found) this.forget();
    element("keep").disabled = !found || this.label === null;
    this.lesson.show(found?.seen ?? null, this.label);
  }

  /** Forget the drawing: there is a new input. */
  forget() {
    const chosen = element("labels").querySelector(":checked");
    if (chosen) chosen.checked = false;
  }

  render() {
    this.school.curve.render();
    this.show(this.found);
  }

  #keep() {
    const { image, seen } = this.found; // an edited image is known only as the network sees it
    this.collection.add({ image: image ?? seen, label: this.label });
    this.clear();
    element("drawing").focus();
  }

  #count() {
    const count = this.collection.examples.length;
    element("kept-count").textContent = count === 1 ? word("oneKept") : word("kept", { count: groupDigits(count) });
    element("save-drawings").disabled = !count;
    this.school?.show();
  }

  #saveBrain() {
    const [, version] = document.querySelector("meta[name=generator]").content.split(" ");
    download("brain.npz", encodeBrain(this.network, this.network.epochs ?? 0, version));
  }
}

/** Make a choice of ten digits. */
function makeLabels(group, chosen) {
  for (let digit = 0; digit < DIGITS; digit++) {
    const [label, choice, name] = create("label", "input", "span");
    Object.assign(choice, { type: "radio", name: "label", value: digit });
    choice.addEventListener("change", chosen);
    name.textContent = nameOfClass(digit);
    label.append(choice, name);
    group.append(label);
  }
}
