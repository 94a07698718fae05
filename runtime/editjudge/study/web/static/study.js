// Keys for a page of a study: it works without them as well, by forms alone.
const form = document.getElementById("rating");
const questions = form ? [...form.querySelectorAll(".question")] : [];
const missing = document.getElementById("missing");

const radios = (question) => [...question.querySelectorAll("input")];
const answer = (question) => radios(question).find((radio) => radio.checked);
const focusOn = (question) => (answer(question) ?? radios(question)[0]).focus();
const current = () => questions.find((question) => question.contains(document.activeElement))
  ?? questions.find((question) => !answer(question));

function choose(digit) {
  const question = current();
  const radio = question && radios(question)[digit - 1];
  if (!radio) return false;
  radio.checked = true;
  question.classList.remove("missing");
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

if (form) {
  form.noValidate = true; // it is told in one place, for who does not see it too
  form.addEventListener("submit", (event) => { if (tellMissing()) event.preventDefault(); });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const writes = event.target.matches("input:not([type=radio]), textarea");
  if (writes) return;
  const forward = document.getElementById("forward");
  let done = true;
  if (/^[1-9]$/.test(event.key) && questions.length) done = choose(Number(event.key));
  else if (event.key === "Backspace" && document.getElementById("back")) document.getElementById("back").click();
  else if (event.key === "?") document.getElementById("keys")?.toggleAttribute("open");
  else if (event.key === "Enter" && (event.target === document.body || event.target.id === "instruction") && (form || forward)) form ? form.requestSubmit() : forward.click();
  else if (event.key === "Enter" && event.target.matches("input[type=radio]")) form.requestSubmit();
  else done = false;
  if (done) event.preventDefault();
});
