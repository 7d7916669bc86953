// The page: the input goes through the picture steps and the network, and is shown.

const element = (id) => document.getElementById(id);
const create = (...tags) => tags.map((tag) => document.createElement(tag));
const onClick = (id, action) => element(id).addEventListener("click", action);

let network = null;
let absence = [word("unpacking"), word("readSoon")];
let view = null;
let explanation = null;
let steps = null;
let editing = null;
let classroom = null;
let mode = "drawing"; // or "picture", or "camera"
let before = "drawing"; // the mode before the camera was started
let awaited = null; // the file being decoded
let picture = null; // the pixels of the last file
let latest = null; // the reading of the last image, or of a number's last digit
let latestNumber = null; // the number, if any
let spoken = ""; // to a screen reader, or about to be
let speaking = 0;

const drawing = new Drawing(element("drawing"), () => {
  awaited = null;
  setMode("drawing");
  scheduled ??= requestAnimationFrame(read);
});
let scheduled = null;
const LEAST = 0.5; // confidence below which a digit is unlikely
const FEWEST_LIT = 8; // pixels of an edited image: fewer are a dot
const camera = new Camera(
  element("video"),
  (pixels) => {
    editing?.drop();
    const least = element("least").value / 100;
    const reading = { count: 1, ...readPicture(pixels) }; // an empty frame is not a number
    present(reading, word("noDigit"), least);
  },
  (sentence) => {
    setMode(before, true);
    read();
    say(sentence);
  },
);

// --- Input -------------------------------------------------------------------

/** Read the field or the picture; the camera's frames arrive by themselves. */
function read() {
  scheduled = null;
  if (editing?.image) return presentEdited();
  if (mode === "camera") return present(null, word("waiting"));
  if (mode === "picture") return present(readPicture(picture), word("noneInPicture"));
  if (drawing.isEmpty) return present(null, word("begin"));
  present(readField(), word("noDigit"));
}

function readField() {
  const field = drawing.grey();
  return { ...examinePicture(field, "no", false), page: () => field, invert: "no" };
}

function readPicture(pixels) {
  return { ...examinePicture(toGrey(pixels)), page: () => toGrey(pixels, PAGE_SIDE) };
}

/** Accept files that were chosen, dropped or pasted: saved drawings, or a picture. */
function openFiles(files) {
  const isArchive = ({ name, type }) => name.toLowerCase().endsWith(".zip") || type.includes("zip");
  const archives = classroom ? files.filter(isArchive) : [];
  if (archives.length) classroom.collection.open(archives);
  openFile(files.find((file) => !archives.includes(file)));
}

/** Show a picture, unless there is another input meanwhile. */
async function openFile(file) {
  if (!file) return;
  awaited = file;
  const pixels = await decode(file).catch(() => null);
  if (awaited !== file) return;
  awaited = null;
  if (!pixels) return say(word("notReadable", { file: file.name }));
  openPixels(pixels);
}

function openPixels(pixels) {
  picture = pixels;
  const canvas = element("picture");
  Object.assign(canvas, { width: pixels.width, height: pixels.height });
  canvas.classList.toggle("coarse", pixels.width === SIDE);
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  classroom?.forget();
  show("picture");
}

function toggleCamera() {
  awaited = null;
  if (mode === "camera") return show("drawing");
  before = mode;
  show("camera");
  camera.start();
}

function show(wanted) {
  setMode(wanted);
  read();
}

/** Show the field, the picture or the camera. */
function setMode(wanted, keepEdited = wanted === "camera") {
  mode = wanted;
  if (!keepEdited) editing?.drop();
  if (mode !== "camera") camera.stop();
  if (mode !== "drawing") drawing.lift();
  say("");
  element("picture").hidden = mode !== "picture";
  for (const id of ["video", "guide", "least-label"]) element(id).hidden = mode !== "camera";
  element("brush-label").hidden = mode === "camera";
  element("camera").ariaPressed = mode === "camera";
  element("camera").textContent = word(mode === "camera" ? "stopCamera" : "camera");
  element("undo").disabled = mode !== "drawing" || !drawing.past.length;
  offer();
}

/** Offer to draw if there is nothing to read, and to clear if there is. */
function offer() {
  const [empty, image] = [mode === "drawing" && drawing.isEmpty, editing?.image];
  element("invitation").hidden = !empty || Boolean(image && !isBlank(image));
  element("clear").disabled = mode === "camera" || (empty && !image);
}

// --- Display ---------------------------------------------------------------

/** Show the network's answer for a reading; `otherwise` if there is none, or it is unsure. */
function present(reading, otherwise, leastConfidence = null) {
  if (!network) return presentAbsence();
  const number = !CLASSES && reading && reading.count !== 1 ? findNumber(reading) : null;
  const image = number ? number.digits.at(-1).image : reading?.image;
  latestNumber = number;
  latest = image ? recognise(network, image) : null;
  const single = latest && !number;
  const { likeness } = network;
  const odd = single && !CLASSES && measureLikeness(likeness, image) < likeness.least;
  const least = odd ? Infinity : (leastConfidence ?? (number ? 0 : LEAST));
  const unsure = single && latest.confidence < least;
  showFound(number ?? latest, unsure ? word("noDigit") : otherwise, least);
}

/** Show the network's answer for an edited image: of a number, its last digit. */
function presentEdited() {
  const lit = editing.image.filter((level) => level > 127).length;
  latest = isBlank(editing.image) ? null : recogniseSeen(network, editing.image);
  const found = latest && latestNumber ? replaceLast(network, latestNumber, latest) : latest;
  const otherwise = word(latest || latestNumber ? "noDigit" : "begin");
  showFound(found, otherwise, lit < FEWEST_LIT ? Infinity : 0);
}

const isBlank = (image) => !image.some(Boolean);

function showFound(found, otherwise, leastConfidence = 0) {
  const sure = found && found.confidence >= leastConfidence;
  const hint = found && !sure && mode !== "camera" ? mostLike(latest) : word(`hint-${mode}`);
  showVerdict(element("verdict"), found, sure ? null : otherwise, hint);
  const seen = latest?.seen ?? new Uint8Array(SIDE * SIDE);
  showImage(element("seen"), seen);
  showSteps();
  classroom.show(latest, latestNumber !== null);
  const flickers = sure && mode === "camera"; // the percentage, from frame to frame
  speak(flickers ? naming(found) : element("reading").textContent);
}

/** Read the number in a picture with several digits, or without a single one; null if none. */
function findNumber({ count, page, invert }) {
  const number = readNumber(network, page(), invert);
  const plain = count > 1 || number?.confidence > 0.5;
  return plain && number?.digits.length > 1 ? number : null;
}

function presentAbsence() {
  showVerdict(element("verdict"), null, ...absence);
  speak(absence[0]);
}

/** Let a screen reader say it once it has been stable for a moment. */
function speak(sentence) {
  if (sentence === spoken) return;
  spoken = sentence;
  clearTimeout(speaking);
  speaking = setTimeout(() => {
    if (element("spoken").textContent !== sentence) element("spoken").textContent = sentence;
  }, 600);
}

function say(message) {
  element("message").textContent = message;
}

/** Show the network's layers, up to the current step. */
function showSteps() {
  steps.show(latest);
  if (steps.at !== null) editing.stop();
  editing.show(latest);
  view.show(latest?.layers ?? null, steps.upTo);
  showBars(element("bars"), steps.upTo < steps.end ? null : latest);
  explain();
}

/** Show the selected neuron: in numbers, and as an image of what moves it. */
function explain() {
  const { selected, activations } = view;
  explanation.show(selected, activations, view.chosen);
  classroom?.lesson.showWeights(selected);
  const changed = !view.pointed && !view.chosen && editing.change?.difference;
  const values = changed || (selected?.layer === 1 ? weightsOf(selected.neuron) : view.pixels);
  showSigned(element("weights"), values ?? new Float32Array(SIDE * SIDE));
  element("low").textContent = word(changed ? "darker" : "against");
  element("high").textContent = word(changed ? "brighter" : "for");
  const words = changed ? word("difference") : caption(selected, activations);
  element("weights-caption").textContent = words;
}

/** Return the weights of a first-layer neuron. */
function weightsOf(neuron) {
  const { weights, fanIn } = network.layers[0];
  return weights.subarray(neuron * (fanIn + 1), neuron * (fanIn + 1) + fanIn);
}

/** Describe the image of what moves a neuron. */
function caption(selected, activations) {
  if (!selected) return word("noneChosen");
  const { layer, neuron } = selected;
  if (layer !== 1) {
    const traced = layer ? selected : { layer: view.last, neuron: latest?.digit };
    return word(view.pixels ? "counting" : "noneChosen", { name: nameOf(traced, network) });
  }
  const activation = activations?.[1][neuron].toFixed(2);
  return word(activations ? "weightsAt" : "weights", { number: neuron + 1, activation });
}

// --- Wiring ------------------------------------------------------------------

function wire() {
  onClick("undo", () => drawing.undo());
  onClick("clear", clear);
  element("brush").addEventListener("input", (event) => (drawing.brush = +event.target.value));
  wireChooser("choose", "file", openFiles);
  onClick("camera", (event) => {
    if (event.detail < 2) toggleCamera(); // a double click is one
  });
  element("least").addEventListener("input", (event) => {
    element("least-shown").textContent = `${event.target.value} %`;
  });
  onClick("present", togglePresenting);
  document.addEventListener("keydown", (event) => {
    const undo = event.key === "z" && (event.ctrlKey || event.metaKey);
    if (undo && editing?.image) element("restore").click();
    else if (undo && !element("undo").disabled) drawing.undo();
    if (event.key === "F2") togglePresenting();
    if (event.key === "Escape" && !element("clear").disabled) clear();
  });
  wireDropping(openFiles);
  addEventListener("pagehide", () => mode === "camera" && show("drawing"));
  dark.addEventListener("change", () => {
    drawing.render();
    view?.render();
    if (view) explain();
    classroom?.render();
  });
}

/** Read the edited image, and stop the camera, which would replace it. */
function edit() {
  const { image, change } = editing;
  if (mode === "camera") setMode("drawing");
  Object.assign(editing, { image, change });
  awaited = null;
  offer();
  scheduled ??= requestAnimationFrame(read);
}

/** Show what matters in front of a class, in large type, or everything again. */
function togglePresenting() {
  const presenting = document.documentElement.classList.toggle("presenting");
  element("present").ariaPressed = presenting;
}

function clear() {
  awaited = null;
  editing?.stop();
  drawing.clear();
  show("drawing");
}

/** Return one line about the network and how it was trained. */
function describe({ name, sizes, layers, recipe, validation, tested, changed }) {
  const parameters = layers.reduce((sum, { weights }) => sum + weights.length, 0);
  const facts = [name, sizes.join("-"), word("parameters", { count: groupDigits(parameters) })];
  if (recipe !== null) facts.push(word("recipe", { name: recipe }));
  if (tested !== null) facts.push(word("tested", { share: (100 * tested).toFixed(2) }));
  if (validation !== null) facts.push(word("validated", { share: (100 * validation).toFixed(2) }));
  if (changed) facts.push(changed);
  return facts.join(" · ");
}

/** Say what the network is. */
function introduce() {
  if (editing) editing.change = null; // it was fitted to other weights
  element("about").textContent = describe(network);
  element("seen-caption").textContent = word(`seen-${network.normalization}`);
  element("shown").textContent = describeSample(network);
}

async function main() {
  wire();
  makeBars(element("bars"));
  read();
  try {
    network = await loadNetwork(JSON.parse(element("brain").textContent));
  } catch (error) {
    absence = [word("notUnpacked"), word("newerBrowser", { reason: error.message })];
    return presentAbsence();
  }
  view = new NetworkView(element("layers"), element("neurons"), network, explain);
  explanation = new Explanation(element("explanation"), network, (neuron) => view.choose(neuron));
  steps = new Steps(network, showSteps);
  view.layOut();
  const inImage = (pixel) => (pixel === null ? null : { layer: 0, neuron: pixel });
  makeSamples(element("samples"), network.samples, (pixels) => {
    awaited = null;
    openPixels(pixels);
  });
  editing = new Editing(network, () => latest?.seen, edit);
  editing.field = new PixelField(element("seen"), element("cursor"), {
    levelOf: (pixel) => latest?.seen[pixel] ?? 0,
    pointed: (pixel) => view.point(inImage(pixel)),
    chosen: (pixel) => view.choose(inImage(pixel)),
    painted: (pixel, level) => editing.paint(pixel, level),
  });
  onClick("back", () => {
    view.choose(null);
    element("step-through").focus(); // the button is gone
  });
  classroom = new Classroom(network, { read, introduce, clear, view });
  introduce();
  read();
}

main();
