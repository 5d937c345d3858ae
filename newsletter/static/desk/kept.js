/* What is typed into a form with data-keep is never lost: a copy is kept in this browser until the server confirms with
   a cookie that it has been saved. It is restored on the next visit, and leaving with unsaved text asks first. */
import * as storage from "./copies.js";

const labels = document.querySelector("script[data-restored]").dataset, PREFIX = "kept ", COOKIE = "kept-", KEY_LENGTH = 8;
const cookies = () => document.cookie.split("; ").filter(Boolean);

const copies = {
  read: (place) => storage.read(PREFIX + place),
  keep: (place, copy) => storage.keep(PREFIX + place, copy),
  drop: (place) => storage.drop(PREFIX + place),
  places: () => storage.names(PREFIX).map((name) => name.slice(PREFIX.length)),
};
function dropSaved() {
  const saved = cookies().filter((each) => each.startsWith(COOKIE)).map((each) => each.split("=")[0].slice(COOKIE.length));
  copies.places().filter((place) => saved.includes((copies.read(place) || {}).key)).forEach(copies.drop);
  saved.forEach((key) => { document.cookie = `${COOKIE}${key}=; path=${labels.path}; max-age=0`; });
}

/* Secrets, and a box that only the page of a refused form has. */
const UNKEPT = "[type=hidden], [type=password], [type=file], [data-unkept]";
const fields = (form) => [...form.elements].filter((each) => each.name && each.matches("input, textarea, select") && !each.matches(UNKEPT));
const ticks = (field) => field.matches("[type=checkbox], [type=radio]");
const byName = (form, value) => {
  const found = {};
  fields(form).forEach((field) => { (found[field.name] ||= []).push(value(field)); });
  return found;
};
const value = (field) => (ticks(field) ? field.checked : field.value);
const before = (field) => {
  if (ticks(field)) { return field.defaultChecked; }
  if (!field.options) { return field.defaultValue; }
  const chosen = [...field.options].find((option) => option.defaultSelected) || field.options[0];
  return chosen ? chosen.value : "";
};
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function fill(form, values) {
  fields(form).forEach((field) => {
    const index = fields(form).filter((each) => each.name === field.name).indexOf(field);
    const text = (values[field.name] || [])[index];
    if (text === undefined || text === value(field)) { return; }
    if (ticks(field)) { field.checked = text; } else { field.value = text; }
    const folded = field.closest("details");
    if (folded) { folded.open = true; }
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

function note(form, text, choices, bad) {
  const old = form.querySelector(":scope > .kept");
  if (old) { old.remove(); }
  if (!text) { return; }
  const said = Object.assign(document.createElement("div"), { className: `note kept${bad ? " error" : ""}` });
  said.setAttribute("role", "status");
  const line = Object.assign(document.createElement("p"), { textContent: `${text} ` });
  choices.forEach(([label, act]) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "bare", textContent: label });
    button.addEventListener("click", () => { note(form); act(); });
    line.append(button);
  });
  said.append(line);
  form.prepend(said);
}

function watch(form) {
  /* A form that is shown on several pages has one copy. */
  const page = new URL(form.getAttribute("action") || location.href, location.href);
  const place = `${form.dataset.place || page.pathname + page.search} ${form.dataset.keep}`;
  const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: "kept" });
  let kept = null, key = Math.random().toString(36).slice(2, 2 + KEY_LENGTH), base = {}, submitted = false;
  form.append(hidden);
  const look = () => {
    kept = copies.read(place);
    hidden.value = key = (kept && kept.key) || key;
    /* Where the server refused it, the page shows what was typed, which is not saved all the same. */
    base = kept && same(kept.now, byName(form, value)) ? kept.was : byName(form, before);
  };
  look();
  const changed = () => !same(byName(form, value), base);
  const keep = () => {
    submitted = false;
    if (changed()) { copies.keep(place, { key, was: base, now: byName(form, value) }); }
    else { copies.drop(place); }
  };
  const discard = () => fill(form, base);
  const restore = () => {
    fill(form, kept.now);
    keep();
    note(form, labels.restored, [[labels.discard, discard]]);
  };
  storage.ready.then(() => {
    look();
    if (!kept || same(kept.now, byName(form, value))) { return; }
    if (same(kept.was, byName(form, before))) { restore(); }
    else { note(form, labels.other, [[labels.restore, restore], [labels.discard, () => copies.drop(place)]]); }
  });
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
  form.addEventListener("submit", (event) => {
    /* A preview in a frame saves nothing. */
    hidden.disabled = Boolean(event.submitter && event.submitter.formTarget);
    if (hidden.disabled) {
      setTimeout(() => { hidden.disabled = false; });
      return;
    }
    const token = cookies().find((each) => each.startsWith("csrftoken="));
    if (token && form.elements.csrfmiddlewaretoken) { form.elements.csrfmiddlewaretoken.value = token.slice("csrftoken=".length); }
    if (!navigator.onLine) {
      event.preventDefault();
      note(form, labels.failed, [], true);
    } else { submitted = true; }
  });
  window.addEventListener("beforeunload", (event) => { if (!submitted && changed()) { event.preventDefault(); } });
}

storage.ready.then(dropSaved);
document.querySelectorAll("form[data-keep]").forEach(watch);
window.addEventListener("pageshow", (event) => { if (event.persisted) { dropSaved(); } });
