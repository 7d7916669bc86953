// The output: the digit or number in words, ten bars, and images of 28 x 28.

/** Write a probability as a percentage, never rounded to 0 or 100 %. */
function percent(share, under = "<", over = ">") {
  const figure = (100 * share).toFixed(1);
  if (figure === "0.0") return `${under} 0.1 %`;
  return figure === "100.0" ? `${over} 99.9 %` : `${figure} %`;
}

/** Make the ten rows of digit, percentage and bars with these names. */
function makeBars(list, names = ["bar"]) {
  for (let digit = 0; digit < DIGITS; digit++) {
    const [row, name, track, share] = create("li", "span", "div", "span");
    Object.assign(name, { className: "name", textContent: nameOfClass(digit) });
    track.className = "track";
    share.className = "share";
    track.append(...names.map((className) => Object.assign(...create("div"), { className })));
    row.append(name, track, share);
    list.append(row);
  }
}

/** Set the bars to probabilities, or to none if there is nothing to read. */
function showBars(list, found) {
  [...list.children].forEach((row, digit) => {
    const share = found ? found.probabilities[digit] : 0;
    row.querySelector(".bar").style.transform = `scaleX(${share})`;
    row.querySelector(".share").textContent = found ? percent(share) : "";
    row.classList.toggle("best", found?.digit === digit);
  });
}

/** Say in words what the digit or number was read as, or what is missing, and a hint. */
function showVerdict(section, found, otherwise, hint) {
  const [digit, reading, runnerUp] = ["#digit", "#reading", "#runner-up"].map((name) =>
    section.querySelector(name),
  );
  section.classList.toggle("unsure", otherwise !== null);
  const lines = otherwise === null ? (found.lines ?? [nameOfClass(found.digit)]) : ["?"];
  digit.textContent = lines.join("\n");
  digit.style.setProperty("--columns", Math.max(...lines.map((line) => `${line}`.length)));
  digit.style.setProperty("--rows", lines.length);
  reading.textContent = otherwise ?? sure(found);
  const next = () => (found.lines ? word("lastDigit") : second(found));
  runnerUp.textContent = otherwise === null ? next() : hint;
}

function naming({ lines, digit }) {
  return word("is", { what: lines ? lines.join(", ") : WORDS.digits[digit] });
}

const sure = (found) =>
  word("sure", { naming: naming(found), share: inWords(found.confidence) });

const inWords = (share) => percent(share, word("under"), word("over"));

const mostLike = ({ digit, confidence }) =>
  word("mostLike", { what: WORDS.digits[digit], share: inWords(confidence) });

/** Return the second most likely digit. */
function runnerUp({ probabilities, digit }) {
  const others = probabilities.map((share, each) => (each === digit ? -1 : share));
  return others.indexOf(Math.max(...others));
}

function second({ probabilities, digit }) {
  const next = runnerUp({ probabilities, digit });
  if (probabilities[next] < 0.0005) return word("noOther"); // it would be rounded to 0
  return word("next", { digit: next, share: inWords(probabilities[next]) });
}

/** Return the pixels of a 28 x 28 image; `colours` maps values to red, green and blue. */
function pixelsFrom(values, colours = (level) => [level, level, level], width = SIDE) {
  const image = new ImageData(width, values.length / width);
  values.forEach((value, i) => image.data.set([...colours(value), 255], 4 * i));
  return image;
}

function showImage(canvas, ...values) {
  canvas.getContext("2d").putImageData(pixelsFrom(...values), 0, 0);
}

/** Show pixel values from against to for, scaled to the strongest unless that is given. */
function showSigned(canvas, values, strongest = most(values.map(Math.abs)), width = SIDE) {
  const palette = theme();
  showImage(canvas, values, (value) => diverging(value / (strongest || 1), palette), width);
}
