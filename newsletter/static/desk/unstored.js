/* Nothing is approved while text is not stored, and the page says where that text is. Until the server has stored the text of
   a draft, a copy is kept in this browser under the address of the draft and its place there (saving.js). */
import { names, read } from "./copies.js";

const note = document.getElementById("unstored"), { draft } = note.dataset;
const POST = "#post-";

const stored = (place) => read(draft + place);
const keptPlaces = () => names(`${draft}#`).map((name) => name.slice(draft.length));

function title(place) {
  const kept = stored(place), row = document.querySelector(`${place.startsWith(POST) ? place : "#none"} b`);
  return { "#words": note.dataset.words, "#add": note.dataset.add }[place]
    || note.dataset.post.replace("{title}", () => (row ? row.textContent : kept && kept.headline) || place.slice(POST.length));
}

/* Show the place in the draft where text is not stored. */
export function openPlace(place) {
  const at = /^#(words|add|post-\d+)$/.test(place) && document.querySelector(place);
  if (!at) { return; }
  const fold = at.closest("details");
  if (fold) { fold.open = true; }
  const button = at.querySelector("[data-key=e][aria-expanded=false]");
  if (button) { button.click(); }
  at.scrollIntoView({ block: "center" });
}

/* `reason` are nodes that say why nothing is stored; without them approval waits for the places. */
function say(places, reason = []) {
  const [before, after] = places.length > 1 ? note.dataset.several.split("{places}") : note.dataset.one.split("{place}");
  note.replaceChildren(...places.length ? (reason.length ? reason : [before]) : []);
  (reason.length ? [] : places).forEach((place, number) => {
    const link = Object.assign(document.createElement("a"), { href: draft + place, textContent: title(place) });
    link.addEventListener("click", (event) => {
      if (location.pathname !== draft) { return; }
      event.preventDefault();
      openPlace(place);
    });
    note.append(...number ? [", "] : [], link, ...number + 1 === places.length ? [after] : []);
  });
  note.hidden = !places.length;
  /* In a draft it stands beside the button; scrolling there would move what is being pressed. */
  if (places.length && location.pathname !== draft) { note.scrollIntoView({ block: "nearest" }); }
}

/* Hold the forms that approve; `typed` returns the places with text that this page has not stored. Returns what says where
   they are, or why nothing is stored, which a page calls when text could not be stored. */
export function hold(typed) {
  let reason = [];
  const places = () => [...new Set([...typed(), ...keptPlaces()])];
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-approves]") || !places().length) { return; }
    event.preventDefault();
    say(places(), reason);
  }, true);
  const again = () => {
    if (!places().length) { reason = []; }
    if (!note.hidden) { say(places(), reason); }
  };
  document.addEventListener("input", () => setTimeout(again));
  document.addEventListener("htmx:afterSettle", () => setTimeout(again));
  return (why = []) => {
    reason = why;
    say(places(), reason);
  };
}

if (location.pathname !== draft) { hold(() => []); }
