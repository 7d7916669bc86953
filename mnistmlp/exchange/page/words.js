// The words that the page shows.  All of them are in words.json, which is embedded unchanged, so
// that a class can use its own language: its first lines say how.
"use strict";

const CLASSES = JSON.parse(document.getElementById("classes").textContent); // null for digits
const WORDS = readWords();
if (CLASSES) WORDS.digits = CLASSES;

/** Return the name of a class; a digit's name is the digit. */
const nameOfClass = (digit) => CLASSES?.[digit] ?? digit;

function readWords() {
  try {
    return JSON.parse(document.getElementById("words").textContent);
  } catch (error) {
    document.getElementById("broken").hidden = false; // for example, a missing comma
    throw error;
  }
}

/** Return words by name, with values in place of {names}. */
function word(name, values = {}) {
  const value = (key) => (key === "digit" ? nameOfClass(values[key]) : values[key]);
  const text = (CLASSES && WORDS[`named-${name}`]) ?? WORDS[name] ?? name;
  return text.replace(/\{(\w+)\}/g, (_, key) => value(key));
}

/** Write a whole number in the page's language. */
const groupDigits = (number) => number.toLocaleString(WORDS.lang);

/** Fill the words into the template. */
function fillIn() {
  document.documentElement.lang = WORDS.lang;
  document.documentElement.classList.toggle("named", CLASSES !== null);
  for (const each of document.querySelectorAll("[data-word]"))
    each.textContent = word(each.dataset.word);
  const attributes = { label: "aria-label", role: "aria-roledescription", drop: "data-drop" };
  for (const [name, attribute] of Object.entries(attributes))
    for (const each of document.querySelectorAll(`[data-${name}]`))
      each.setAttribute(attribute, word(each.dataset[name]));
}

fillIn();
