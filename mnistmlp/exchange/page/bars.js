// What comes out: the digit in words, ten bars, and images of 28 x 28.
"use strict";

const SURE = 0.9995; // from here on the percentage would be rounded to 100

const percent = (share) => (share < SURE ? `${(100 * share).toFixed(1)} %` : "100 %");

/** Make the ten rows of digit, bar and percentage. */
function makeBars(list) {
  for (let digit = 0; digit < DIGITS; digit++) {
    const row = document.createElement("li");
    for (const [tag, name] of [["span", "name"], ["div", "track"], ["span", "share"]]) {
      const part = document.createElement(tag);
      part.className = name;
      row.append(part);
    }
    row.querySelector(".name").textContent = digit;
    const bar = document.createElement("div");
    bar.className = "bar";
    row.querySelector(".track").append(bar);
    list.append(row);
  }
}

/** Set the bars to probabilities; to none where there is nothing to read. */
function showBars(list, found) {
  [...list.children].forEach((row, digit) => {
    const share = found ? found.probabilities[digit] : 0;
    row.querySelector(".bar").style.transform = `scaleX(${share})`;
    row.querySelector(".share").textContent = found ? percent(share) : "";
    row.classList.toggle("best", found?.digit === digit);
  });
}

/** Say in words what the network takes the digit for, or otherwise what is missing, and a hint. */
function showVerdict(section, found, otherwise, hint) {
  const [digit, reading, runnerUp] = ["#digit", "#reading", "#runner-up"].map((name) =>
    section.querySelector(name),
  );
  section.classList.toggle("unsure", otherwise !== null);
  digit.textContent = otherwise === null ? found.digit : "?";
  reading.textContent = otherwise ?? `It is a ${found.digit}: ${sureness(found.confidence)} sure`;
  runnerUp.textContent = otherwise === null ? second(found) : hint;
}

const sureness = (share) => (share < SURE ? percent(share) : "over 99.9 %");

function second({ probabilities, digit, confidence }) {
  const others = probabilities.map((share, each) => (each === digit ? -1 : share));
  const next = others.indexOf(Math.max(...others));
  return confidence >= SURE
    ? "No other digit comes near."
    : `Next is ${next}, with ${percent(others[next])}.`;
}

/** Draw an image of 28 x 28; `pixel` gives red, green and blue of each value. */
function showImage(canvas, values, pixel) {
  const image = new ImageData(SIDE, SIDE);
  values.forEach((value, i) => image.data.set([...pixel(value), 255], 4 * i));
  canvas.getContext("2d").putImageData(image, 0, 0);
}
