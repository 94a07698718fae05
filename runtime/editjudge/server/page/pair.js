// Both pictures, with what was found in them drawn on: side by side, or one over the other.

import { make } from "./dom.js";

const TOP = 9; // per cent of the height from which there is room for a label above a box
let pairs = 0; // so that the choices of each pair on the page are their own

/**
 * Draws a pair.
 *
 * @param {{original: Shown, edited: Shown}} pair `{picture, size}` of each: a Picture, and what its size came to.
 * @param {{original: object[], edited: object[]}} regions The objects that were found, as JSON has them.
 * @param {object[]} differences As JSON has them.
 */
export function drawPair(pair, regions, differences) {
  const size = pair.original.size; // boxes are in its pixels
  const sides = ["original", "edited"].map((side) => {
    const stack = makeStack(size, showPicture(side, pair[side], regions[side] ?? []));
    if (size && pair[side].size) {
      stack.append(...(regions[side] ?? []).map((region) => drawRegion(region, size)));
      stack.append(...differences.map((one, index) => drawDifference(one, index, side, size)));
    }
    return make(`figure.picture.${side}`, {}, stack, make("figcaption", {}, side === "original" ? "Original" : "Edited"));
  });
  const view = make("div.pair-view", {}, make("div.pictures", {}, sides));
  const found = (regions.original?.length ?? 0) + (regions.edited?.length ?? 0);
  const tools = make("div.pair-tools", {},
    found ? makeSwitch(view, "objects", `Objects (${found})`) : null,
    differences.length ? makeSwitch(view, "marks", `Differences (${differences.length})`) : null);
  if (size && pair.edited.size) addSlider(view, tools, pair);
  view.prepend(tools);
  return view;
}

function showPicture(side, { picture, size }, regions) {
  if (!size) return make("p.unshown", {}, "This browser cannot show the picture. The service reads it; the saved report shows it.");
  const found = regions.map((region) => region.phrase).join(", ");
  return make("img", { src: picture.url, alt: `The ${side} picture${found && `; found: ${found}`}` });
}

/** A frame in the proportions of the original, to which an edited picture is scaled before it is compared. */
function makeStack(size, ...children) {
  const stack = make("div.stack", {}, children);
  if (size) stack.style.setProperty("--ratio", size.width / size.height);
  return stack;
}

function drawRegion(region, size) {
  return place(make("span.overlay.box.object", { "aria-hidden": "true" }), region.box, size, [region.phrase, make("small", {}, ` ${region.score.toFixed(2)}`)]);
}

/** A difference is dashed where it is not to be seen: what was added, in the original; what was removed, in the edited. */
function drawDifference(difference, index, side, size) {
  const kind = difference.change.toLowerCase();
  const box = make(`span.overlay.box.mark.${kind}`, { "aria-hidden": "true" });
  box.dataset.number = index + 1;
  box.classList.toggle("elsewhere", (kind === "remove") !== (side === "original"));
  return place(box, difference.box, size, String(index + 1));
}

function place(element, [x0, y0, x1, y1], { width, height }, text) {
  const [left, top] = [(100 * x0) / width, (100 * y0) / height];
  Object.assign(element.style, {
    left: `${left}%`, top: `${top}%`, width: `${(100 * (x1 - x0)) / width}%`, height: `${(100 * (y1 - y0)) / height}%`,
  });
  const label = make("b", {}, text);
  label.classList.toggle("inside", top < TOP);
  label.toggleAttribute("data-end", x0 + x1 > width); // it then ends where the box does, and so in the picture
  element.append(label);
  return element;
}

function makeSwitch(view, what, text) {
  const box = make("input", { type: "checkbox", checked: true });
  box.addEventListener("change", () => view.classList.toggle(`without-${what}`, !box.checked));
  return make("label", {}, box, ` ${text}`);
}

/** One picture over the other, with a slider between them. */
function addSlider(view, tools, { original, edited }) {
  pairs += 1;
  const over = make("img.over", { src: edited.picture.url, alt: "" });
  const stack = makeStack(original.size, make("img", { src: original.picture.url, alt: "The original picture, partly under the edited one" }), over);
  const slider = make("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": "How far the original is seen" });
  const cut = () => stack.style.setProperty("--cut", `${slider.value}%`);
  slider.addEventListener("input", cut);
  cut();
  const figure = make("figure.picture.slide", { hidden: true }, stack, slider, make("figcaption", {}, make("span", {}, "Original"), make("span", {}, "Edited")));
  const choice = (text, slides) => {
    const radio = make("input", { type: "radio", name: `view-${pairs}`, checked: !slides });
    radio.addEventListener("change", () => {
      view.classList.toggle("sliding", slides);
      figure.hidden = !slides;
    });
    return make("label", {}, radio, ` ${text}`);
  };
  tools.append(make("span.views", { role: "radiogroup", "aria-label": "View" }, choice("Side by side", false), choice("Slide", true)));
  view.append(figure);
}

/** Lets a list of differences point at what is drawn: one is seen alone while the mouse is on it, or its button is down. */
export function linkDifferences(view, list) {
  let pressed = null;
  const point = (number) => {
    for (const mark of view.querySelectorAll(".mark")) mark.classList.toggle("dimmed", number !== null && mark.dataset.number !== number);
  };
  for (const entry of list.querySelectorAll(".difference")) {
    const { number } = entry.dataset;
    entry.addEventListener("mouseenter", () => point(number));
    entry.addEventListener("mouseleave", () => point(pressed));
    entry.querySelector("button").addEventListener("click", () => {
      pressed = pressed === number ? null : number;
      for (const one of list.children) one.querySelector("button").setAttribute("aria-pressed", String(one.dataset.number === pressed));
      point(pressed);
    });
  }
}
