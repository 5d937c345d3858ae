/* Who is writing where: one person at a time in each text of a draft. The page asks every few seconds who else is writing and
   what was saved since; a text in which somebody else is writing can't be changed here until they stop. */
import { token } from "./editor/server.js";

const EVERY = 5000, LONGEST_WAIT = 15000, STOPS_AFTER = 60000, PREFIX = "shown-";
const revision = () => document.getElementById("revision");

export function watchWriters({ forms, textsOf, submit, label }) {
  const typedAt = new Map();
  let seen = revision().value;

  /* The texts of the page, by key, each with the mark of what the server last said. */
  const marks = () => new Map(forms().flatMap((form) => [...form.querySelectorAll(`[name^=${PREFIX}]`)]).map((mark) => [mark.name.slice(PREFIX.length), mark]));
  const textsWith = (key) => textsOf(document.getElementById(key).form);
  const isWriting = (key) => Date.now() - (typedAt.get(key) || 0) < STOPS_AFTER || textsWith(key).unsaved.includes(key);

  async function ask() {
    const body = new URLSearchParams({ revision: seen }), known = marks();
    known.forEach((mark, key) => {
      body.append(mark.name, mark.value);
      if (isWriting(key)) { body.append("writing", key); }
    });
    const answer = await fetch("writers/", { method: "POST", body, signal: AbortSignal.timeout(LONGEST_WAIT), headers: { "X-CSRFToken": token() } }).catch(() => null);
    const state = answer && answer.ok && !answer.redirected ? await answer.json().catch(() => null) : null;
    if (!state) { return; }
    [...marks().keys()].forEach((key) => show(key, state.writers[key]));
    /* What was stored since is newer than this answer. */
    if (state.revision < Number(revision().value)) { return; }
    seen = state.revision;
    Object.entries(state.texts).forEach(([key, { text, shown }]) => { if (marks().has(key)) { textsWith(key).take(key, text, shown); } });
    if (state.revision > Number(revision().value)) {
      revision().value = state.revision;
      ["draft-changed", "others-changed"].forEach((name) => htmx.trigger(document.body, name));
    }
  }

  function show(key, writer) {
    const field = document.getElementById(key), row = field.closest(".field"), note = row.querySelector(":scope > .writer");
    if (note && note.dataset.writer === writer) { return; }
    if (note) { note.remove(); }
    field.readOnly = Boolean(writer);
    if (!writer) { return; }
    typedAt.delete(key);
    const line = Object.assign(document.createElement("p"), { className: "writer small", textContent: label("writer").replace("{name}", writer) });
    line.setAttribute("role", "status");
    line.dataset.writer = writer;
    row.prepend(line);
    /* Both versions are shown where text was not stored before somebody else began to write. */
    if (textsWith(key).unsaved.includes(key)) { submit(field.form); }
  }

  document.addEventListener("input", ({ target }) => { if (marks().has(target.name)) { typedAt.set(target.name, Date.now()); } });
  document.addEventListener("htmx:afterSettle", ({ detail: { target } }) => { if (target.matches(".panel")) { ask(); } });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { ask(); } });
  setInterval(() => { if (!document.hidden) { ask(); } }, EVERY);
  ask();
}
