// The drawing field: strokes by mouse, pen, finger or keyboard, kept as paths.

const FIELD = 256; // units along the field's side, and pixels passed on to the picture steps
const STEP = 4; // units that an arrow key moves the pen

/** Draws on a canvas, and calls `changed` whenever its strokes change. */
class Drawing {
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.brush = 18; // units
    this.strokes = []; // each { width, points: [[x, y], …], pointer: its number, if one draws it }
    this.past = []; // the strokes before each change, for undo
    this.open = null; // the stroke being drawn
    this.pen = null; // the pen's position for the keyboard
    this.hidden = new OffscreenCanvas(FIELD, FIELD).getContext("2d", { willReadFrequently: true });
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"])
      canvas.addEventListener(name, (event) => this.#isDrawnBy(event) && this.lift());
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.pen && this.lift());
    new ResizeObserver(() => this.render()).observe(canvas);
  }

  get isEmpty() {
    return this.strokes.length === 0;
  }

  /** End the stroke being drawn. */
  lift() {
    this.open = this.pen = null;
    this.render();
  }

  undo() {
    this.open = null;
    this.strokes = this.past.pop() ?? [];
    this.#update();
  }

  clear() {
    this.open = null;
    if (!this.isEmpty) this.#change([]);
  }

  /** Return the grey levels of the field, light strokes on black. */
  grey() {
    const context = this.hidden;
    context.fillStyle = "#000";
    context.fillRect(0, 0, FIELD, FIELD);
    this.#trace(context, "#fff");
    const { data } = context.getImageData(0, 0, FIELD, FIELD);
    const field = grid(FIELD, FIELD);
    for (let i = 0; i < field.data.length; i++) field.data[i] = data[4 * i]; // red
    return field;
  }

  /** Draw the field on the screen, in the theme's colours. */
  render() {
    const { canvas } = this;
    const context = fitted(canvas);
    context.scale(canvas.width / FIELD, canvas.height / FIELD);
    const ink = colour("--ink");
    this.#trace(context, ink);
    if (!this.pen) return;
    context.beginPath();
    context.arc(...this.pen, this.brush / 2 + 2, 0, 2 * Math.PI);
    context.strokeStyle = colour("--accent");
    context.lineWidth = this.open ? 3 : 1.5;
    context.stroke();
  }

  #trace(context, style) {
    context.strokeStyle = style;
    context.lineCap = context.lineJoin = "round";
    for (const { width, points } of this.strokes) {
      context.lineWidth = width;
      context.beginPath();
      context.moveTo(...points[0]);
      for (let i = 1; i < points.length; i++) {
        const [before, here] = [points[i - 1], points[i]]; // through the middles: no corners
        const middle = [(before[0] + here[0]) / 2, (before[1] + here[1]) / 2];
        context.quadraticCurveTo(...before, ...middle);
      }
      context.lineTo(...points.at(-1)); // of one point: a dot
      context.stroke();
    }
  }

  get #pointerDraws() {
    return this.open?.pointer !== undefined;
  }

  #isDrawnBy(event) {
    return this.open?.pointer === event.pointerId;
  }

  #press(event) {
    if (event.button !== 0 || this.#pointerDraws) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pen = null;
    this.#begin(this.#place(event), event.pointerId);
  }

  #move(event) {
    if (!this.#isDrawnBy(event)) return;
    if (!event.buttons) return this.lift(); // it was released where the page did not notice
    const all = event.getCoalescedEvents?.() ?? [];
    for (const each of all.length ? all : [event]) this.open.points.push(this.#place(each));
    this.#update();
  }

  #place(event) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return [((event.clientX - left) * FIELD) / width, ((event.clientY - top) * FIELD) / height];
  }

  #begin(point, pointer) {
    this.open = { width: this.brush, points: [point], pointer };
    this.#change([...this.strokes, this.open]);
  }

  #change(strokes) {
    this.past.push(this.strokes);
    this.strokes = strokes;
    this.#update();
  }

  #update() {
    this.render();
    this.changed();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (!move && event.key !== " ") return;
    event.preventDefault();
    if (this.#pointerDraws) return;
    this.pen ??= [FIELD / 2, FIELD / 2];
    if (move) {
      const step = event.shiftKey ? 4 * STEP : STEP;
      this.pen = this.pen.map((value, axis) => clip(value + step * move[axis], 0, FIELD));
      this.open?.points.push(this.pen);
    } else if (this.open) {
      this.open = null;
    } else {
      this.#begin(this.pen);
    }
    this.#update();
  }
}

// --- Shared by all canvases on the screen ------------------------------------

/** Return a cleared context of a canvas with one pixel for each of the screen's. */
function fitted(canvas) {
  const width = Math.round(canvas.clientWidth * devicePixelRatio);
  const height = Math.round(canvas.clientHeight * devicePixelRatio);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  context.resetTransform();
  context.clearRect(0, 0, width, height);
  return context;
}

/** Return a colour of the theme by its name in the style sheet. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}
