// Several edited pictures, best first, each with its report to be opened.

import { drawBar, make, showName } from "./dom.js";
import { showFlag } from "./flags.js";
import { hasNumber, showDecision, showScore } from "./score.js";

/**
 * The ranking.
 *
 * @param {object[]} rows As JSON has them.
 * @param {{original: Shown, edited: Shown[]}} sent What was sent, in that order; each as `drawPair` has it.
 */
export function showRanking(rows, sent, words) {
  const entries = rows.map((row) => (row.score ? openable(row, sent, words) : failed(row, sent)));
  entries[0].querySelector("button")?.click(); // the best is what most look at
  return make("div.ranking", {}, make("ol", {}, entries), explainOrder(rows));
}

function openable(row, { original, edited }, words) {
  const report = make("div.opened", { hidden: true, id: `report-${row.rank}` });
  const button = make("button.entry", { type: "button", "aria-expanded": "false", "aria-controls": report.id }, summary(row, edited, words));
  button.addEventListener("click", () => {
    const opens = report.hidden;
    if (opens && !report.hasChildNodes()) report.append(showScore(row.score, { original, edited: edited[row.index] }, words));
    report.hidden = !opens;
    button.setAttribute("aria-expanded", String(opens));
  });
  return make("li", {}, make("h3", {}, button), report);
}

function summary(row, edited, words) {
  const { picture } = edited[row.index];
  const number = hasNumber(row.score)
    ? make("span.score", {}, make("b", {}, row.score.bpm.toFixed(2)), drawBar("all", row.score.bpm / 2))
    : make("span.score.quiet", {}, "not measured");
  return [
    make("span.place", {}, String(row.rank)), thumbnail(edited[row.index]),
    make("span.named", {}, showName(picture.name), make("span.about", {}, showDecision(row.score), row.score.flags.map((name) => showFlag(name, words)))),
    number,
  ];
}

/** One without a score has its reason, and no report. */
function failed(row, { edited }) {
  const reason = row.error ?? row.left_out ?? "could not be scored";
  return make("li", {}, make("div.entry", {},
    make("span.place", {}, String(row.rank)), thumbnail(edited[row.index]),
    make("span.named", {}, showName(edited[row.index].picture.name), make("span.error", {}, reason))));
}

function thumbnail({ picture, size }) {
  return size ? make("img", { src: picture.url, alt: "" }) : make("span.unshown", {});
}

function explainOrder(rows) {
  const places = rows.filter((row) => row.ordered_by === "pictures").map((row) => row.rank);
  if (!places.length) return null;
  const which = places.length === rows.length ? "all" : places.join(", ");
  return make("p.quiet", {}, `Ordered by what the pictures themselves show, for want of a score: ${which}.`);
}
