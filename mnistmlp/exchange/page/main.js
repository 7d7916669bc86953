// The page: what is given goes through the picture steps and the network, and is shown.
"use strict";

const element = (id) => document.getElementById(id);

let network = null;
let view = null;
let mode = "drawing"; // or "picture", or "camera"
let latest = null; // what the network made of the last image
let speaking = 0;

const drawing = new Drawing(element("drawing"), () => {
  setMode("drawing");
  scheduled ??= requestAnimationFrame(readDrawing);
});
let scheduled = null;
const camera = new Camera(element("video"), (pixels) => {
  if (mode !== "camera") return;
  const least = element("least").value / 100;
  present(examinePicture(toGrey(pixels)), "No digit", least);
});

const SEEN = { none: "", deslant: ", upright", moments: ", upright and of one size" };
const HINTS = {
  drawing: "The prediction follows the stroke.",
  picture: "It should show one digit, clear of others.",
  camera: "Hold one digit into the square.",
};

// --- What is given -----------------------------------------------------------

function readDrawing() {
  scheduled = null;
  if (!network || mode !== "drawing") return;
  present(drawing.isEmpty ? null : examinePicture(drawing.grey(), "no"), "Draw a digit to begin");
}

/** Read a file that was chosen, dropped or pasted. */
async function readFile(file) {
  if (!file) return;
  let pixels;
  try {
    pixels = await decode(file);
  } catch {
    say(`${file.name} is not a picture that this browser can read.`);
    return;
  }
  setMode("picture");
  const canvas = element("picture");
  Object.assign(canvas, { width: pixels.width, height: pixels.height });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  present(examinePicture(toGrey(pixels)), "No digit found in the picture");
}

async function toggleCamera() {
  if (mode === "camera") {
    setMode("drawing");
    readDrawing();
    return;
  }
  say("");
  try {
    await camera.start();
    setMode("camera");
  } catch (error) {
    camera.stop();
    say(error.message);
  }
}

/** Show the field, the picture or the camera. */
function setMode(wanted) {
  mode = wanted;
  if (mode !== "camera") camera.stop();
  say("");
  element("picture").hidden = mode !== "picture";
  for (const id of ["video", "guide", "least-label"]) element(id).hidden = mode !== "camera";
  element("brush-label").hidden = mode === "camera";
  element("camera").ariaPressed = mode === "camera";
  element("camera").textContent = mode === "camera" ? "Stop the camera" : "Camera";
  element("invitation").hidden = mode !== "drawing" || !drawing.isEmpty;
  element("undo").disabled = mode !== "drawing" || !drawing.past.length;
  element("clear").disabled = mode === "camera" || (mode === "drawing" && drawing.isEmpty);
}

// --- What is shown -----------------------------------------------------------

/** Show what the network makes of a reading; `otherwise` where there is none, or it is unsure. */
function present(reading, otherwise, leastConfidence = 0) {
  latest = reading ? recognise(network, reading.image) : null;
  const sure = latest && latest.confidence >= leastConfidence;
  showVerdict(element("verdict"), latest, sure ? null : otherwise, HINTS[mode]);
  showBars(element("bars"), latest);
  const seen = latest?.seen ?? new Uint8Array(SIDE * SIDE);
  showImage(element("seen"), seen, (level) => [level, level, level]);
  view.show(latest?.layers ?? null);
  captionWeights();
  speak(sure ? `${latest.digit}, ${Math.round(100 * latest.confidence)} percent` : otherwise);
}

/** Let a screen reader say it, once it has not changed for a moment. */
function speak(words) {
  clearTimeout(speaking);
  speaking = setTimeout(() => {
    if (element("spoken").textContent !== words) element("spoken").textContent = words;
  }, 600);
}

function say(message) {
  element("message").textContent = message;
}

/** Show the weights of a neuron of the first layer as an image. */
function showWeights(neuron) {
  const { weights, fanIn } = network.layers[0];
  const row = weights.subarray(neuron * (fanIn + 1), neuron * (fanIn + 1) + fanIn);
  const largest = most(row.map(Math.abs)) || 1;
  const palette = theme();
  showImage(element("weights"), row, (weight) => diverging(weight / largest, palette));
  captionWeights();
}

function captionWeights() {
  const neuron = view.chosen;
  const activation = latest ? `, activation ${latest.layers[1][neuron].toFixed(2)}` : "";
  element("weights-caption").textContent = `Weights of neuron ${neuron + 1}${activation}`;
}

// --- Wiring ------------------------------------------------------------------

function wire() {
  element("undo").addEventListener("click", () => drawing.undo());
  element("clear").addEventListener("click", clear);
  element("brush").addEventListener("input", (event) => (drawing.brush = +event.target.value));
  element("choose").addEventListener("click", () => element("file").click());
  element("file").addEventListener("change", (event) => {
    readFile(event.target.files[0]);
    event.target.value = ""; // the same file may be chosen again
  });
  element("camera").addEventListener("click", toggleCamera);
  element("least").addEventListener("input", (event) => {
    element("least-shown").textContent = `${event.target.value} %`;
  });
  document.addEventListener("keydown", (event) => {
    const undo = event.key === "z" && (event.ctrlKey || event.metaKey);
    if (undo && !element("undo").disabled) drawing.undo();
    if (event.key === "Escape" && !element("clear").disabled) clear();
  });
  document.addEventListener("paste", (event) => readFile(event.clipboardData.files[0]));
  wireDropping();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    drawing.render();
    view?.render();
    if (view) showWeights(view.chosen);
  });
}

function clear() {
  drawing.clear();
  setMode("drawing");
  readDrawing();
}

function wireDropping() {
  const mark = (event, dragging) => {
    event.preventDefault();
    document.body.classList.toggle("dragging", dragging);
  };
  document.addEventListener("dragover", (event) => mark(event, true));
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) mark(event, false);
  });
  document.addEventListener("drop", (event) => {
    mark(event, false);
    readFile(event.dataTransfer.files[0]);
  });
}

async function main() {
  wire();
  makeBars(element("bars"));
  try {
    network = await loadNetwork(JSON.parse(element("brain").textContent));
  } catch (error) {
    say(`The network could not be unpacked: ${error.message}. A newer browser may help.`);
    return;
  }
  element("about").textContent = network.about;
  element("seen-caption").textContent += SEEN[network.normalization];
  view = new NetworkView(element("layers"), element("neurons"), network, showWeights);
  view.layOut();
  element("shown").textContent = describeSample(network);
  showWeights(view.chosen);
  readDrawing();
}

main();
