// What changed between two pictures: as a list, and as a result of its own where there was no instruction.

import { count, make, tellShare } from "./dom.js";
import { drawPair, linkDifferences } from "./pair.js";
import { listFlags } from "./flags.js";

/** The differences in their order; with an instruction each is said to have been asked for, or not. */
export function listDifferences(differences, words, isAsked) {
  const list = make("ol.changes");
  differences.forEach((one, index) => {
    const kind = one.change.toLowerCase();
    const asked = make("span.asked", {}, words.asked[String(one.coherent)]);
    if (one.coherent !== null) asked.classList.add(one.coherent ? "yes" : "no");
    const moved = one.partner === null ? "" : `Moved ${one.change === "ADD" ? "from" : "to"} ${one.partner + 1}. `;
    const number = make(`button.number.${kind}`, { type: "button", "aria-pressed": "false", "aria-label": `Show difference ${index + 1} alone` }, String(index + 1));
    const entry = make("li.difference", {}, number, " ", make(`b.${kind}`, {}, one.change),
      one.element ? ` ${one.element} ` : " ", isAsked ? asked : null,
      make("span.quiet", {}, `${tellShare(one.share)} of the picture · confidence ${one.confidence.toFixed(2)}`),
      moved || one.rationale ? make("p", {}, `${moved}${one.rationale}`) : null);
    entry.dataset.number = index + 1;
    list.append(entry);
  });
  return list;
}

/** In a sentence: how many differences there are, and how much changed. */
export function summarise(found, words) {
  const listed = found.differences.length;
  if (!listed) return words.nothing_listed[found.kind];
  const leftOut = typeof found.left_out === "number" ? found.left_out : 0; // of a score it is a list of stages
  const only = leftOut ? `, of which the ${listed} strongest are listed` : "";
  const noise = found.kind === "noise" ? ", besides noise" : "";
  const told = `${count(listed + leftOut, "difference")}${only}${noise}: ${tellShare(measureChanged(found))} of the picture changed.`;
  if (found.unasked_share === null) return told;
  if (found.differences.every((one) => one.coherent)) return `${told} All that changed was asked for.`;
  return `${told} ${(100 * found.unasked_share).toFixed(0)} % of the change was not asked for.`;
}

/** The share that changed: of a score, no less than what is listed, which has its holes closed. */
function measureChanged(found) {
  if (typeof found.left_out === "number") return found.changed_share;
  return Math.max(found.changed_share, Math.min(1, found.differences.reduce((sum, one) => sum + one.share, 0)));
}

/** The result where no instruction was given. */
export function showDifferences(found, pair, words) {
  const view = drawPair(pair, {}, found.differences);
  const list = listDifferences(found.differences, words, false);
  linkDifferences(view, list);
  return make("article.card", {},
    make("p.headline", {}, summarise(found, words)),
    view,
    make("div.listed", {}, list,
      found.element_reason ? make("p.quiet", {}, `None is named: ${found.element_reason}`) : null,
      make("p.quiet", {}, "Without an instruction it is not told whether they were asked for, and there is no score."),
      listFlags(found.flags, words)));
}
