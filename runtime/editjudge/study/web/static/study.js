// Keys for a page of a study: it works without them as well, by forms alone.
const form = document.getElementById("rating");
const questions = form ? [...form.querySelectorAll(".question")] : [];
const missing = document.getElementById("missing");
const images = form ? [...form.querySelectorAll("img")] : [];
const reloaded = `reloaded ${location.pathname}`;

const radios = (question) => [...question.querySelectorAll("input")];
const answer = (question) => radios(question).find((radio) => radio.checked);
const focusOn = (question) => (answer(question) ?? radios(question)[0]).focus();
const current = () => questions.find((question) => question.contains(document.activeElement))
  ?? questions.find((question) => !answer(question));

const given = []; // what was answered and not sent yet, in this order: the question, and its answer before
const last = new Map(questions.map((question) => [question, answer(question)]));
let leaves = false; // on purpose
if (form && !("kept" in form.dataset))
  given.push(...questions.filter(answer).map((question) => ({ question, before: undefined })));

function note(question) {
  const before = last.get(question);
  if (before === answer(question)) return;
  last.set(question, answer(question));
  question.classList.remove("missing");
  if (given.at(-1)?.question !== question) given.push({ question, before });
}

function takeBack() {
  const { question, before } = given.pop();
  for (const radio of radios(question)) radio.checked = radio === before;
  last.set(question, before);
  focusOn(question);
}

function choose(digit) {
  const question = current();
  const radio = question && radios(question)[digit - 1];
  if (!radio) return false;
  radio.checked = true;
  note(question);
  const next = questions[questions.indexOf(question) + 1];
  if (next) focusOn(next); else radio.focus();
  return true;
}

function tellMissing() {
  const open = questions.filter((question) => !answer(question));
  for (const question of questions) question.classList.toggle("missing", open.includes(question));
  if (!open.length) return false;
  missing.textContent = `Not answered yet: ${open.map((question) => question.querySelector("legend").textContent).join(", ")}`;
  focusOn(open[0]);
  return true;
}

function meetBroken() { // the page says what it is, once the study knows that a picture cannot be read
  if (leaves) return;
  if (sessionStorage.getItem(reloaded)) {
    missing.textContent = "A picture did not load. Load the page again; if it is still not there, tell who asked you to rate.";
    return;
  }
  sessionStorage.setItem(reloaded, "1");
  leaves = true;
  location.replace(location.href);
}

function showKeys() {
  const keys = document.getElementById("keys");
  if (!keys) return;
  const { top, bottom } = keys.getBoundingClientRect();
  keys.open = !(keys.open && top >= 0 && bottom <= innerHeight);
  if (keys.open) keys.scrollIntoView({ block: "nearest" });
}

function goBack() {
  if (given.length) return takeBack();
  document.getElementById("back")?.click();
}

if (form) {
  form.noValidate = true; // it is told in one place, for who does not see it too
  form.addEventListener("change", (event) => note(event.target.closest(".question")));
  form.addEventListener("submit", (event) => { if (tellMissing()) event.preventDefault(); else leaves = true; });
  document.getElementById("leave")?.addEventListener("click", () => { leaves = true; });
  addEventListener("beforeunload", (event) => { if (given.length && !leaves) event.preventDefault(); });
}
for (const image of images) {
  if (image.complete && !image.naturalWidth) meetBroken(); else image.addEventListener("error", meetBroken);
}
addEventListener("load", () => { if (images.every((image) => image.naturalWidth)) sessionStorage.removeItem(reloaded); });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const writes = event.target.matches("input:not([type=radio]), textarea");
  if (writes) return;
  const forward = document.getElementById("forward");
  let done = true;
  if (/^[1-9]$/.test(event.key) && questions.length) done = choose(Number(event.key));
  else if (event.key === "Backspace") goBack();
  else if (event.key === "?") showKeys();
  else if (event.key === "Enter" && (event.target === document.body || event.target.id === "instruction") && (form || forward)) form ? form.requestSubmit() : forward.click();
  else if (event.key === "Enter" && event.target.matches("input[type=radio]")) form.requestSubmit();
  else done = false;
  if (done) event.preventDefault();
});
