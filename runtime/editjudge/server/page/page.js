// The page: from what was dropped and typed to what the service says of it.

import { asSentence, count, make } from "./dom.js";
import { showDifferences } from "./differences.js";
import { Picker, takePictures } from "./picker.js";
import { showRanking } from "./ranking.js";
import { showIntent, showScore } from "./score.js";
import { ask, askHealth, loadWords, ServiceError, useToken } from "./service.js";

const MOST_TRIES = 10; // of one request that the service has no time for
const HEALTH_EVERY = 2000; // milliseconds, until the models are open
const MEGABYTE = 2 ** 20;
const HEALTH = {
  starting: "The models are being opened…",
  draining: "The service is about to end.",
  failed: "The service cannot open its models.",
  unreachable: "The service cannot be reached.",
};

const element = (id) => document.getElementById(id);
const [form, result, message, working, announcement, send, stop, clear, instruction, token] =
  ["ask", "result", "message", "working", "announcement", "send", "stop", "clear", "instruction", "token"].map(element);
const original = new Picker(element("original"), follow);
const edited = new Picker(element("edited"), follow);
const words = loadWords();
words.catch(() => complain("the page is not whole; load it again"));
let running = null; // what ends the request under way

takePictures(original, edited, complain);
instruction.addEventListener("input", follow);
instruction.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!running) judge();
});
stop.addEventListener("click", () => {
  running?.abort();
  send.focus(); // as the button goes
});
clear.addEventListener("click", startOver);
follow();
followHealth();

/** What is to be asked for, by what is there. */
function choose() {
  const several = edited.pictures.length > 1;
  if (several) return { route: "v1/rank", label: `Rank ${edited.pictures.length} edits` };
  const pair = original.pictures.length && edited.pictures.length;
  if (pair && !instruction.value.trim()) return { route: "v1/differences", label: "List what changed" };
  return { route: "v1/score", label: "Score the edit" };
}

function follow() {
  send.textContent = choose().label;
  clear.hidden = !(original.pictures.length || edited.pictures.length || instruction.value);
}

/** What is missing or too much, in a sentence, and where to mend it; null: nothing. */
function findProblem({ bytes, items }) {
  if (!original.pictures.length) return ["choose the original picture first", original.input];
  if (!edited.pictures.length) return ["choose an edited picture", edited.input];
  if (edited.pictures.length > 1 && !instruction.value.trim()) return ["several edits are ranked by what was asked for; type the instruction", instruction];
  if (edited.pictures.length > items) return [`the service ranks ${items} edits at once; remove some`, edited.input];
  const sent = [...original.pictures, ...edited.pictures].reduce((sum, { file }) => sum + file.size, 0);
  const tell = (size) => (size / MEGABYTE).toFixed(1);
  if (sent > bytes) return [`the pictures have ${tell(sent)} MB together, and the service takes ${tell(bytes)} MB; choose smaller ones`, edited.input];
  return null;
}

async function judge() {
  complain("");
  announcement.textContent = "";
  result.hidden = true;
  const { route } = choose();
  running = new AbortController();
  setWorking(true);
  try {
    const known = await words;
    const problem = findProblem(known.limits);
    if (problem) {
      complain(...problem);
      return;
    }
    const sent = await gather();
    useToken(token.value);
    show(route, await askPatiently(route, sent.form, running.signal), sent, known);
  } catch (error) {
    if (error instanceof ServiceError) refuse(error);
    else if (!running.signal.aborted) throw error;
  } finally {
    setWorking(false);
    running = null;
  }
}

/** What is sent, and what is needed of it to show the answer: the form may be filled anew meanwhile. */
async function gather() {
  const body = new FormData();
  const text = instruction.value.trim();
  if (text) body.append("instruction", text);
  body.append("original", original.pictures[0].file);
  for (const { file } of edited.pictures) body.append("edited", file);
  const measured = async (picture) => ({ picture, size: await picture.size });
  const [first, ...others] = await Promise.all([...original.pictures, ...edited.pictures].map(measured));
  return { form: body, instruction: text, original: first, edited: others };
}

/** Asks again, as long as the service only has no time, when it says that it may. */
async function askPatiently(route, body, signal) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask(route, body, signal);
    } catch (error) {
      if (!(error instanceof ServiceError) || error.retryAfter === null || attempt === MOST_TRIES) throw error;
      tell(`${asSentence(error.message)} Asking again in ${count(error.retryAfter, "second")}.`);
      await wait(error.retryAfter, signal);
      tell("Asking again…");
    }
  }
}

function wait(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * seconds);
    signal.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
  });
}

function show(route, answer, sent, known) {
  const heading = make("h2", { id: "result-title", tabIndex: -1, dir: "auto" }, sent.instruction || "What changed");
  heading.classList.toggle("plain", !sent.instruction);
  const pair = { original: sent.original, edited: sent.edited[0] };
  const ranking = route === "v1/rank" ? answer.ranking : [];
  const score = route === "v1/score" ? answer : ranking.find((row) => row.score)?.score;
  const intents = score && !score.left_out.includes("parse") ? score.parts.map((part) => showIntent(part.intent)) : [];
  let report;
  if (route === "v1/rank") report = showRanking(ranking, sent, known);
  else report = score ? showScore(score, pair, known) : showDifferences(answer, pair, known);
  result.replaceChildren(make("header", {}, heading, intents), report, makeSaves(route, answer, sent));
  result.hidden = false;
  heading.focus();
  announcement.textContent = announce(ranking.length, score);
}

/** The result in a sentence, for who does not see it. */
function announce(ranked, score) {
  if (!score) return "Compared: what changed is listed.";
  return `${ranked ? `${count(ranked, "edit")} ranked. The best: ` : "Scored. "}${score.headline}`;
}

/** The buttons that write the result into a file. */
function makeSaves(route, answer, sent) {
  const said = make("span.quiet", { role: "status" });
  const report = make("button", { type: "button" }, "Save the full report");
  const numbers = make("button", { type: "button" }, "Save the numbers (JSON)");
  numbers.addEventListener("click", () => {
    save(new Blob([JSON.stringify(answer, null, 2)], { type: "application/json" }), "edit-report.json");
  });
  report.addEventListener("click", async () => {
    said.textContent = "The report is being written…";
    try {
      save(await ask(route, sent.form, new AbortController().signal, "text/html"), "edit-report.html");
      said.textContent = "Saved as edit-report.html.";
    } catch (error) {
      said.textContent = asSentence(error.message);
    }
  });
  return make("div.actions.saves", {}, report, numbers, said);
}

function save(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // by then the browser has it
}

/** Shows why the service gave no answer; whoever it did not let in is asked for a token. */
function refuse(error) {
  if (error.status === 401) element("token-field").hidden = false;
  complain(error.message, error.status === 401 ? token : null);
}

function complain(text, focused = null) {
  message.textContent = text && asSentence(text);
  focused?.focus();
}

function tell(text) {
  working.textContent = text;
}

function setWorking(works) {
  form.classList.toggle("works", works);
  send.setAttribute("aria-disabled", String(works));
  stop.hidden = !works;
  tell(works ? "Looking at the pictures…" : "");
}

function startOver() {
  running?.abort();
  original.clear();
  edited.clear();
  instruction.value = "";
  complain("");
  result.hidden = true;
  follow();
  original.input.focus();
}

/** Says whether the models are open, until they are. */
async function followHealth() {
  const health = await askHealth();
  const isReady = health.status === "ready";
  const problem = health.problem ? ` ${asSentence(health.problem)}` : "";
  const text = isReady ? `Bundle ${health.bundle} · editjudge ${health.version}` : `${HEALTH[health.status] ?? ""}${problem}`;
  if (element("service").textContent !== text) element("service").textContent = text; // it is read out when it is set
  if (!isReady) setTimeout(followHealth, HEALTH_EVERY);
}
