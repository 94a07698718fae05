// Elements, as the other modules make them. Text stays text: nothing here reads markup.

const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * A new element.
 *
 * @param {string} kind Its tag and its classes: "p.quiet.hint".
 * @param {object} properties Those with a hyphen and `role` are set as attributes, the others as properties.
 * @param {...(Node|string|null|Array)} children What it holds; null is left out.
 */
export function make(kind, properties = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const element = document.createElement(tag);
  element.classList.add(...classes);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.flat().filter((child) => child !== null));
  return element;
}

/** A name that came from outside: no control is shown, and its direction of writing ends with it. */
export function showName(name) {
  return make("bdi", {}, name.replace(CONTROLS, "\ufffd"));
}

/** A sentence of the service, which begins in lower case and has no full stop. */
export function asSentence(text) {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** A bar that is full at 1. It is a picture of a number that stands beside it. */
export function drawBar(name, share) {
  const fill = make(`i.${name}`);
  fill.style.width = `${100 * Math.min(Math.max(share, 0), 1)}%`;
  return make("span.bar", { "aria-hidden": "true" }, fill);
}

/** A share of 0 to 1 in per cent, as reports tell it. */
export function tellShare(share) {
  const percent = 100 * share;
  return percent > 0 && percent < 0.1 ? "<0.1 %" : `${percent.toFixed(1)} %`;
}

/** A number with an s where there are more than one. */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
