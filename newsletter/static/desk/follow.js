/* The preview beside a draft shows the place where one writes: the part of the email with the words at the caret. The frame stays
   when the panel around it is loaded again, so that it neither flickers nor jumps. */
const side = document.getElementById("side"), MOST = 80, FEWEST = 3, MARGIN = 24, PAUSE = 200;
const PARTS = "h1, h2, h3, h4, li, p, pre, td, div";
const plain = (text) => text.replace(/[\s\u200b-\u200d\ufeff]+/g, " ").trim();

/* Where one writes: the headline of the post, if it is one, and the words there. */
let last = null;
function place() {
  const active = document.activeElement || document.body, text = words(active), headline = active.closest(".post")?.querySelector("b");
  return text || headline ? { text, title: headline ? plain(headline.textContent) : "" } : null;
}

/* The words around the caret, without the marks of Markdown: of the paragraph that it is in, or of the line before. */
function words(active) {
  const host = active.closest("markdown-editor"), field = host ? host.area : active;
  if (!field.matches("[name]") || !field.form || !field.form.matches("#words, [data-write]")) { return ""; }
  if (host && host.dataset.mode === "rich" && host.editor) {
    const { $from } = host.editor.state.selection, before = $from.depth && $from.index(0) ? $from.doc.child($from.index(0) - 1) : null;
    return plain(($from.depth ? $from.parent.textContent : "") || (before ? before.lastChild?.textContent || before.textContent : ""));
  }
  const lines = field.value.slice(0, field.value.indexOf("\n", field.selectionStart) + 1 || undefined).split("\n");
  return plain((lines.reverse().find((line) => line.trim()) || "").replace(/^\s*(?:[#>*+-]+|\d+[.)])\s+|[*_`~\\]|\]\([^)]*\)|!?\[/g, ""));
}

/* The parts of an email that hold no others, in order, with their words. */
const known = new WeakMap();
function partsOf(email) {
  if (!known.has(email)) {
    const leaves = [...email.querySelectorAll(PARTS)].filter((element) => !element.querySelector(PARTS));
    known.set(email, leaves.map((element) => ({ element, has: plain(element.textContent) })).filter(({ has }) => has));
  }
  return known.get(email);
}

/* The part of the email with these words; in a post, below its headline. */
function part(email, { text, title }) {
  const parts = partsOf(email);
  const start = title ? Math.max(0, parts.findIndex(({ has }) => has === title)) : 0;
  const match = text.length >= FEWEST && parts.slice(start).find(({ has }) => has.includes(text.slice(0, MOST)));
  return (match || (title && parts[start]) || {}).element;
}

function follow(at = place()) {
  last = at || last;
  const frame = document.getElementById("mail"), email = frame && frame.contentDocument;
  if (!at || !email || !email.body || !frame.offsetParent) { return; }
  const element = part(email, at);
  if (!element) { return; }
  const box = element.getBoundingClientRect(), start = frame.getBoundingClientRect().top + box.top, own = getComputedStyle(side).overflowY === "auto";
  const { top, bottom } = own ? side.getBoundingClientRect() : { top: 0, bottom: innerHeight };
  if (start >= top + MARGIN && start + Math.min(box.height, MARGIN) <= bottom - MARGIN) { return; }
  (own ? side : window).scrollBy({ top: start - top - (bottom - top) / 3 });
}

if (side) {
  let pending = 0;
  const soon = () => {
    clearTimeout(pending);
    pending = setTimeout(() => follow(), PAUSE);
  };
  document.addEventListener("selectionchange", soon);
  document.addEventListener("focusin", soon);
  /* On a phone, the preview is a view of its own. */
  window.addEventListener("hashchange", () => { if (location.hash === "#side" && last) { setTimeout(() => follow(last), PAUSE); } });
  document.addEventListener("load", ({ target }) => { if (target.id === "mail") { soon(); } }, true);
  document.addEventListener("htmx:afterSettle", ({ detail: { target } }) => {
    const frame = document.getElementById("mail"), address = document.getElementById("mail-address");
    if (target !== side || !frame || !address) { return; }
    const wanted = new URL(address.value, location.href).href;
    const email = frame.contentDocument;
    /* Without an entry in the browser's history, and without an empty frame in between. */
    if (!email) { frame.src = wanted; }
    else if (![wanted, "about:blank"].includes(email.URL)) { frame.contentWindow.location.replace(wanted); }
  });
}
