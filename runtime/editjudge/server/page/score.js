// The report of one edited picture.

import { asSentence, drawBar, make } from "./dom.js";
import { listDifferences, summarise } from "./differences.js";
import { listFlags } from "./flags.js";
import { drawPair, linkDifferences } from "./pair.js";

const SUB_SCORES = [
  ["semantic", "modify", "changed as the words ask"],
  ["semantic", "preserve", "the rest left alone"],
  ["region", "position", "where it should be"],
  ["region", "size", "as large as it should be"],
];

/** Whether there is a score to show: nothing was measured where there is no confidence in it. */
export function hasNumber(score) {
  return score.bpm !== null && score.confidence > 0;
}

export function showDecision(score) {
  return make(`span.decision.${score.verdict.decision}`, {}, score.verdict.decision.replace("_", " "));
}

/** The report of a score. `pair` is as `drawPair` has it. */
export function showScore(score, pair, words) {
  const view = drawPair(pair, score.regions, score.differences);
  const list = listDifferences(score.differences, words, true);
  linkDifferences(view, list);
  const changes = make("details.brief", { open: true }, make("summary", {}, summarise(score, words)), list);
  return make("article.card", {},
    make("p.headline", {}, score.headline),
    make("p.decided", {}, showDecision(score), " ", make("span.quiet", {}, describe(score, words))),
    make("div.result", {}, showTotal(score, words), make("div.numbers", {}, tableNumbers(score), showTimes(score, words))),
    view,
    score.differences.length ? changes : make("p.quiet.brief", {}, summarise(score, words)));
}

/** What an instruction was understood to ask for. */
export function showIntent(intent) {
  const chip = (kind, label, text) => text && make(`span.chip${kind}`, {}, label ? make("small", {}, `${label} `) : null, text);
  const change = intent.source === "all"
    ? [chip("", "whole picture →", intent.target ?? "as asked")]
    : [chip(".original", "", intent.source ?? "nothing"), "→", chip(".edited", "", intent.target ?? "nothing")];
  return make("p.intent", {}, make("span.hidden", {}, "Understood as: "), chip(".type", "", intent.edit_type), change,
    chip("", "relative to", intent.anchor), chip("", "position", intent.position === "unchanged" ? null : intent.position),
    chip("", "size", intent.size === "unchanged" ? null : intent.size), chip("", "keeping", intent.keep), chip("", "words", intent.text));
}

function describe(score, words) {
  const shows = `the pictures show ${words.kinds[score.kind]}`;
  const probability = score.verdict.probability;
  if (probability === null || score.kind !== "edit") return shows;
  let percent = `${(100 * probability).toFixed(0)} %`;
  if (probability > 0.99) percent = "over 99 %";
  else if (probability > 0 && probability < 0.01) percent = "under 1 %";
  return `well done with a probability of ${percent}; ${shows}`;
}

function showTotal(score, words) {
  const measured = hasNumber(score);
  return make("div.total", {},
    make("p", {}, make("span.label", {}, "BPM"), " ",
      measured ? [make("b", {}, score.bpm.toFixed(2)), make("span.quiet", {}, " of 2")] : make("span.unmeasured", {}, "not measured")),
    measured ? drawBar("all", score.bpm / 2) : make("p.reason", {}, explainUnmeasured(score)),
    make("p.explanation", {}, explainFurther(score)),
    listFlags(score.flags, words));
}

/** Why there is no number: "Not scored: REASON; what can be trusted is …" is how the headline then goes. */
function explainUnmeasured({ headline }) {
  return asSentence(headline.slice(headline.indexOf(": ") + 2).split(";")[0]);
}

/** The explanation, without what the headline said already. */
function explainFurther(score) {
  const said = score.headline.slice(score.headline.indexOf(": ") + 2);
  const repeats = said && score.explanation.toLowerCase().startsWith(said.toLowerCase());
  return repeats ? score.explanation.slice(said.length).trim() : score.explanation;
}

function tableNumbers(score) {
  const unmeasured = listUnmeasured(score);
  const row = (name, meaning, value, lacking) => make("tr", {},
    make("th", { scope: "row" }, name, meaning ? make("small", {}, meaning) : null),
    value === null
      ? make("td.none", { colSpan: 2 }, lacking)
      : [make("td.wide", {}, drawBar(name === "confidence" ? "all" : name, value)), make("td.value", {}, value.toFixed(2))]);
  return make("table", {}, make("caption.hidden", {}, "Sub-scores"), make("tbody", {},
    SUB_SCORES.map(([group, name, meaning]) =>
      row(name, meaning, score[group][name], unmeasured.has(name) ? "not measured" : "does not apply to this edit")),
    row("confidence", "how far to trust it", hasNumber(score) ? score.confidence : null, "none, as there is no score")));
}

/** The sub-scores that apply to the edit and were not measured. */
function listUnmeasured(score) {
  if (score.bpm !== null) return new Set();
  const local = score.parts.filter((part) => part.intent.source !== "all");
  const lacking = ["position", "size"].filter((name) => local.some((part) => part.region[name] === null));
  return new Set(["modify", ...lacking, ...(local.length === score.parts.length ? ["preserve"] : [])]);
}

function showTimes(score, words) {
  const stages = words.stages.filter((name) => score.timings_ms[name]);
  const tell = (ms) => ms.toFixed(ms < 10 ? 1 : 0);
  const parts = stages.map((name) => {
    const part = make(`i.stage-${name}`);
    part.style.flexGrow = score.timings_ms[name];
    return part;
  });
  const legend = stages.map((name) =>
    make("span", {}, make(`i.dot.stage-${name}`, { "aria-hidden": "true" }), `${name} ${tell(score.timings_ms[name])}`));
  return make("div.timing", {}, make("p", {}, make("span.label", {}, "Time"), ` ${tell(score.timings_ms.total)} ms`),
    make("div.stages", { "aria-hidden": "true" }, parts), make("p.quiet.legend", {}, legend));
}
