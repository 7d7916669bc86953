"use strict";

const SIDE = 28; // pixels of an image
const PAGE = 60; // tiles shown at first, and added at a time
const LIKELY = 0.01; // probability from which a digit is named on a tile
const NAMED = 3; // digits on a tile, at most

const data = JSON.parse(document.getElementById("data").textContent);
const { images, readers } = data;

/* --- Building elements -------------------------------------------------------- */

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function percent(fraction, digits = 2) {
  return `${(100 * fraction).toFixed(digits)}%`;
}

function count(number) {
  return number.toLocaleString("en-US");
}

/* --- Sheets: many images in one picture --------------------------------------- */

function loadSheet(source) {
  const sheet = new Image();
  sheet.src = source;
  return sheet;
}

const sheets = data.sheets.map(loadSheet);
const weightSheets = data.layers.map((layer) => loadSheet(layer.sheet));

function drawFrom(sheet, position, kind) {
  const canvas = make("canvas", { width: SIDE, height: SIDE, class: kind, "aria-hidden": "true" });
  const x = (position % data.columns) * SIDE;
  const y = Math.floor(position / data.columns) * SIDE;
  sheet.decode().then(() => {
    canvas.getContext("2d").drawImage(sheet, x, y, SIDE, SIDE, 0, 0, SIDE, SIDE);
  });
  return canvas;
}

function drawImage(image, kind = "") {
  const sheet = sheets[Math.floor(image / data.per_sheet)];
  return drawFrom(sheet, image % data.per_sheet, kind);
}

/* --- An image ------------------------------------------------------------------ */

function probabilities(image) {
  return images.probabilities.slice(10 * image, 10 * image + 10).map((part) => part / data.parts);
}

function label(image) {
  return Number(images.label[image]);
}

function answer(image) {
  return Number(images.digit[image]);
}

function describe(image) {
  const [shown, read] = [label(image), answer(image)].map((digit) => data.labels[digit]);
  return shown === read ? `${shown}, read right` : `${shown} read as ${read}`;
}

function nameLikely(image) {
  return probabilities(image)
    .map((probability, digit) => ({ probability, digit }))
    .filter(({ probability }) => probability >= LIKELY)
    .sort((one, other) => other.probability - one.probability)
    .slice(0, NAMED)
    .map(({ probability, digit }) => `${data.labels[digit]}: ${percent(probability)}`)
    .join(", ");
}

function makeTile(image) {
  const tile = make(
    "button",
    { type: "button", class: "tile" },
    drawImage(image),
    make("strong", {}, describe(image)),
    make("span", {}, nameLikely(image)),
    make("span", { class: "note" }, `index ${images.index[image]}`),
  );
  tile.addEventListener("click", () => showImage(image));
  return make("li", {}, tile);
}

function showImage(image) {
  const rows = probabilities(image).map((probability, digit) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, data.labels[digit]),
      make("td", {}, make("meter", { value: probability, "aria-label": `probability of ${data.labels[digit]}` })),
      make("td", {}, percent(probability)),
    ),
  );
  const answers = readers.map((reader) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, reader.name),
      make("td", {}, `${data.labels[reader.digit[image]]}, ${percent(reader.confidence[image] / data.parts)}`),
    ),
  );
  showDetails(
    `Image ${images.index[image]}: ${describe(image)}`,
    drawImage(image, "large"),
    make("table", {}, make("tbody", {}, ...rows)),
    ...(answers.length ? [make("table", { class: "facts" }, make("tbody", {}, ...answers))] : []),
  );
}

/* --- Details of an image or a neuron ------------------------------------------- */

const details = document.getElementById("details");

function showDetails(title, ...content) {
  document.getElementById("details-title").textContent = title;
  document.getElementById("details-content").replaceChildren(...content);
  details.showModal();
}

details.addEventListener("click", (event) => {
  if (event.target === details) {
    details.close(); // a click outside
  }
});

/* --- The images, and which of them are shown ------------------------------------ */

const filter = document.getElementById("filter");
const tiles = document.getElementById("tiles");
const more = document.getElementById("more");
let selected = [];

const kinds = {
  misread: (image) => label(image) !== answer(image),
  right: (image) => label(image) === answer(image),
  differ: (image) => readers.some((reader) => reader.digit[image] !== readers[0].digit[image]),
};

function chooseKind(value) {
  const [kind, first, second] = value.split("-");
  if (kind !== "only") {
    return kinds[kind];
  }
  const reads = (reader, image) => readers[reader].digit[image] === images.label[image];
  return (image) => reads(first, image) && !reads(second, image);
}

function confidence(image) {
  return probabilities(image)[answer(image)];
}

function select() {
  const { show, actual, predicted } = filter.elements;
  const wanted = chooseKind(show.value);
  const doubtful = show.value === "right"; // the least confident first, otherwise the most confident
  const found = Array.from(images.index.keys()).filter(
    (image) =>
      wanted(image) &&
      (actual.value === "" || images.label[image] === actual.value) &&
      (predicted.value === "" || images.digit[image] === predicted.value),
  );
  found.sort((one, other) => (doubtful ? 1 : -1) * (confidence(one) - confidence(other)));
  selected = found.slice(0, doubtful ? data.right_shown : found.length);
  tiles.replaceChildren();
  showMore();
}

/** Return how many such images exist: the page holds only some of those read right. */
function countExisting() {
  const { show, actual, predicted } = filter.elements;
  if (show.value !== "right") {
    return selected.length;
  }
  const digits = [...Array(10).keys()].map(String);
  return digits
    .filter((digit) => [digit, ""].includes(actual.value) && [digit, ""].includes(predicted.value))
    .reduce((sum, digit) => sum + data.right[digit], 0);
}

function showMore() {
  const start = tiles.children.length;
  tiles.append(...selected.slice(start, start + PAGE).map(makeTile));
  const shown = tiles.children.length;
  const existing = countExisting();
  const most = filter.elements.show.value === "right" ? "least" : "most";
  const part =
    existing > shown ? `the ${count(shown)} ${most} confident are shown` : `the ${most} confident first`;
  document.getElementById("found").textContent =
    existing > 1 ? `${count(existing)} images, ${part}.` : ["No images.", "1 image."][existing];
  more.hidden = shown === selected.length;
  return tiles.children[start];
}

function show(kind, actual = "", predicted = "") {
  const elements = filter.elements;
  elements.show.value = kind;
  elements.actual.value = actual;
  elements.predicted.value = predicted;
  select();
  const section = document.getElementById("images");
  section.scrollIntoView();
  elements.show.focus({ preventScroll: true });
}

filter.addEventListener("change", select);
filter.addEventListener("submit", (event) => event.preventDefault());
more.addEventListener("click", () => showMore().firstElementChild.focus());

for (const cell of document.querySelectorAll(".matrix button")) {
  const { actual, predicted } = cell.dataset;
  const kind = actual === predicted ? "right" : "misread";
  cell.addEventListener("click", () => show(kind, actual, predicted));
}

for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => show(button.dataset.show));
}

/* --- The first layer ------------------------------------------------------------- */

function makeNeuron(layer, position) {
  const { neurons } = data.layers[layer];
  const tile = make(
    "button",
    { type: "button", class: "tile" },
    drawFrom(weightSheets[layer], position, "weights"),
    make("strong", {}, `neuron ${neurons.index[position]}`),
    make("span", { class: "note" }, `${percent(neurons.use[position], 1)} of use`),
  );
  tile.addEventListener("click", () => showNeuron(layer, position));
  return make("li", {}, tile);
}

function showNeuron(layer, position) {
  const { neurons } = data.layers[layer];
  const lit = neurons.images[position].map((image, place) =>
    make(
      "li",
      { class: "tile" },
      drawImage(image),
      make("span", {}, `${images.label[image]}, activation ${neurons.activations[position][place]}`),
    ),
  );
  showDetails(
    `Neuron ${neurons.index[position]}: ${percent(neurons.use[position], 1)} of the layer's use`,
    drawFrom(weightSheets[layer], position, "large weights"),
    make("p", {}, "The images that activate it most:"),
    make("ol", { class: "tiles" }, ...lit),
  );
}

for (const list of document.querySelectorAll(".neurons")) {
  const layer = Number(list.dataset.layer);
  list.append(...data.layers[layer].neurons.index.map((_, position) => makeNeuron(layer, position)));
}

select();
