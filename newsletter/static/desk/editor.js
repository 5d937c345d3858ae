/* An editor for Markdown around a textarea: <markdown-editor><textarea>…</textarea></markdown-editor>. The toolbar, its
   dialogs and the messages are loaded once, in the page's language. Without this script the textarea works alone. */
const HERE = "/desk/editor/", PREVIEW_DELAY = 300, LONGEST_WAIT = 15000;

const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("editor.css", import.meta.url) });
const styled = new Promise((resolve) => { style.onload = style.onerror = resolve; });
document.head.append(style);

/* The template with the toolbar, or null where it can't be loaded. */
export const tools = fetch(HERE, { signal: AbortSignal.timeout(LONGEST_WAIT) }).then((answer) => answer.text()).then(async (html) => {
  await styled;
  const template = new DOMParser().parseFromString(html, "text/html").getElementById("editor-tools");
  if (template) { template.content.querySelectorAll("dialog").forEach((dialog) => document.body.append(dialog)); }
  return template;
}).catch(() => null);

/* The current token, which a new login replaces. */
export function token() {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  return cookie ? cookie[1] : JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
}

const post = (path, body, signal) => fetch(HERE + path, { method: "POST", body, signal, headers: { "X-CSRFToken": token() } });
const escaped = (text) => text.replace(/[\\[\]]/g, "\\$&").replace(/\s+/g, " ");

function address(typed) {
  let url = typed.trim();
  if (!/^([a-z][a-z0-9+.-]*:|[/#])/i.test(url)) { url = (/^[^\s/]+@[^\s/]+$/.test(url) ? "mailto:" : "https://") + url; }
  return /[\s()<>]/.test(url) ? `<${url.replace(/[<>]/g, encodeURIComponent)}>` : url;
}

/* Show a dialog with these values, and return what `act` makes of its form once it is submitted; null if it is closed. */
function ask(kind, given, act) {
  const dialog = document.querySelector(`dialog[data-for=${kind}]`), form = dialog.querySelector("form");
  const alert = form.querySelector("[role=alert]"), button = form.querySelector("button");
  const aborted = new AbortController();
  form.reset();
  if (alert) { alert.textContent = ""; }
  Object.entries(given).forEach(([name, value]) => { form.elements[name][name === "image" ? "files" : "value"] = value; });
  return new Promise((resolve) => {
    let found = null;
    const submit = async (event) => {
      event.preventDefault();
      const label = button.textContent;
      button.disabled = true;
      try {
        found = await act(form, (text) => { button.textContent = text; }, aborted.signal);
        dialog.close();
      } catch (problem) {
        if (alert && !aborted.signal.aborted) { alert.textContent = problem.message; }
      }
      button.disabled = false;
      button.textContent = label;
    };
    const cancel = (event) => { if (event.target.closest("[data-cancel]")) { dialog.close(); } };
    form.addEventListener("submit", submit);
    form.addEventListener("click", cancel);
    dialog.addEventListener("close", () => {
      aborted.abort();
      form.removeEventListener("submit", submit);
      form.removeEventListener("click", cancel);
      resolve(found);
    }, { once: true });
    dialog.showModal();
    const empty = [...form.elements].find((field) => field.name && !field.value);
    if (empty) { empty.focus(); }
  });
}

async function upload(form, say, signal) {
  const { loading, failed, tooLarge } = (await tools).dataset;
  say(loading);
  const answer = await post("image/", new FormData(form), signal).catch(() => { throw new Error(failed); });
  if (answer.status === 413) { throw new Error(tooLarge); }
  const said = await answer.json().catch(() => ({}));
  if (!said.url) { throw new Error(said.problem || failed); }
  return `![${escaped(form.elements.alt.value.trim())}](${said.url})`;
}

class MarkdownEditor extends HTMLElement {
  async connectedCallback() {
    if (this.area) { return; }
    this.area = this.querySelector("textarea");
    const template = await tools;
    if (!template) { return; }
    this.prepend(template.content.querySelector(".tools").cloneNode(true));
    this.bar = this.firstElementChild;
    this.bar.setAttribute("aria-controls", this.area.id);
    this.buttons = [...this.bar.querySelectorAll("button")];
    this.buttons.forEach((button, place) => {
      button.tabIndex = place ? -1 : 0;
      if (button.title) { button.setAttribute("aria-label", button.title.replace(/ \(.*/, "")); }
    });
    this.bar.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) { this.enter(button); this.run(button.dataset.do); }
    });
    this.bar.addEventListener("keydown", (event) => this.rove(event));
    this.area.addEventListener("keydown", (event) => this.shortcut(event));
    this.area.addEventListener("input", () => this.renderSoon());
    this.area.addEventListener("paste", (event) => this.take(event, event.clipboardData));
    this.area.addEventListener("drop", (event) => this.take(event, event.dataTransfer));
    if ("preview" in this.dataset) { this.preview(); }
  }

  /* The toolbar is one stop of the Tab key; arrows move in it (ARIA toolbar pattern). */
  enter(button) {
    this.buttons.forEach((each) => { each.tabIndex = each === button ? 0 : -1; });
  }

  rove(event) {
    const at = this.buttons.indexOf(event.target), last = this.buttons.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at ? at - 1 : last, Home: 0, End: last }[event.key];
    if (to === undefined || event.altKey) { return; }
    event.preventDefault();
    this.enter(this.buttons[to]);
    this.buttons[to].focus();
  }

  shortcut(event) {
    const act = { b: "bold", i: "italic", k: "link" }[event.key.toLowerCase()];
    if (!act || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) { return; }
    event.preventDefault();
    this.run(act);
  }

  run(act) {
    if (act === "bold") { this.wrap(2); }
    else if (act === "italic") { this.wrap(1); }
    else if (act === "list") { this.prefix("- "); }
    else if (act === "quote") { this.prefix("> "); }
    else if (act === "preview") { this.preview(); }
    else { this.ask(act); }
  }

  get selected() {
    return this.area.value.slice(this.area.selectionStart, this.area.selectionEnd);
  }

  /* Replace a part of the text and select a part of what is new. Only execCommand keeps the browser's undo. */
  replace(from, to, text, first = text.length, last = first) {
    const { area } = this;
    area.focus();
    area.setSelectionRange(from, to);
    if (!document.execCommand("insertText", false, text)) {
      area.setRangeText(text, from, to, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
    area.setSelectionRange(from + first, from + last);
  }

  /* Put one or two stars around the selection, or remove them. */
  wrap(count) {
    const { value } = this.area, mark = "*".repeat(count);
    let { selectionStart: from, selectionEnd: to } = this.area;
    while (from < to && /\s/.test(value[from])) { from += 1; }
    while (to > from && /\s/.test(value[to - 1])) { to -= 1; }
    const stars = Math.min(/\**$/.exec(value.slice(0, from))[0].length, /^\**/.exec(value.slice(to))[0].length);
    const text = value.slice(from, to);
    if (text && (count === 2 ? stars >= 2 : stars % 2)) { this.replace(from - count, to + count, text, 0, text.length); }
    else { this.replace(from, to, mark + text + mark, count, count + text.length); }
  }

  /* Begin each selected line with a mark, or remove the mark where all lines have it. */
  prefix(mark) {
    const { value, selectionStart, selectionEnd } = this.area;
    const from = value.lastIndexOf("\n", selectionStart - 1) + 1;
    const end = value.indexOf("\n", selectionEnd), to = end < 0 ? value.length : end;
    const lines = value.slice(from, to).split("\n"), marked = lines.every((line) => line.startsWith(mark));
    const text = lines.map((line) => (marked ? line.slice(mark.length) : mark + line)).join("\n");
    this.replace(from, to, text, lines.length > 1 ? 0 : text.length, text.length);
  }

  /* Insert a paragraph of its own. */
  block(text) {
    const { value, selectionStart: from, selectionEnd: to } = this.area;
    const gap = (other, near) => (!other.trim() ? "" : near(2) === "\n\n" ? "" : near(1) === "\n" ? "\n" : "\n\n");
    const before = value.slice(0, from), after = value.slice(to);
    this.replace(from, to, gap(before, (n) => before.slice(-n)) + text + gap(after, (n) => after.slice(0, n)));
  }

  async ask(act, given = {}) {
    const { area, selected } = this, { selectionStart: from, selectionEnd: to } = area;
    const isAddress = /^(https?:\/\/|www\.)\S+$/.test(selected);
    const link = (form) => `[${escaped(form.elements.text.value.trim())}](${address(form.elements.url.value)})`;
    const values = {
      link: { text: isAddress ? "" : selected, url: isAddress ? selected : "" },
      button: { text: selected }, image: { alt: selected }, name: {},
    }[act];
    const text = await ask(act, { ...values, ...given }, {
      link, button: (form) => `${link(form)}{button}`, image: upload,
      name: (form) => `{name|${form.elements.fallback.value.trim()}}`,
    }[act]);
    area.focus();
    area.setSelectionRange(from, to);
    if (text && (act === "link" || act === "name")) { this.replace(from, to, text); }
    else if (text) { this.block(text); }
  }

  /* An image that is pasted or dropped. */
  take(event, data) {
    if (![...data.files].some((file) => file.type.startsWith("image/"))) { return; }
    event.preventDefault();
    this.ask("image", { image: data.files });
  }

  preview() {
    const button = this.buttons.at(-1);
    if (!this.pane) {
      this.pane = Object.assign(document.createElement("div"), { className: "rendered", hidden: true, tabIndex: 0 });
      this.pane.setAttribute("role", "region");
      this.pane.setAttribute("aria-label", button.textContent);
      this.append(this.pane);
    }
    this.pane.hidden = !this.pane.hidden;
    button.setAttribute("aria-pressed", !this.pane.hidden);
    this.render();
  }

  renderSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.render(), PREVIEW_DELAY);
  }

  async render() {
    if (!this.pane || this.pane.hidden || this.shown === this.area.value) { return; }
    const text = this.area.value;
    const answer = await post("rendered/", new URLSearchParams({ text })).catch(() => null);
    if (!answer || !answer.ok || answer.redirected || text !== this.area.value) { return; }
    this.shown = text;
    /* Cleaned by the server as for the email; the page's policy lets no script run. */
    this.pane.innerHTML = await answer.text();
  }
}

customElements.define("markdown-editor", MarkdownEditor);
