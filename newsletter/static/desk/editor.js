/* An editor around a textarea: <markdown-editor><textarea>…</textarea></markdown-editor>. The textarea keeps the text in
   Markdown, which each change in the editor writes there at once, and shows it where somebody wants to write Markdown. The
   toolbar, its dialogs and the messages are loaded once, in the page's language; the editor's parts when one is on screen.
   Without this script the textarea works alone. */
import { post, tools } from "./editor/server.js";

const PREFERENCE = "writing";

/* The HTML that the server makes of a text, or null where it does not answer. */
async function rendered(text) {
  if (!text.trim()) { return ""; }
  const answer = await post("rendered/", new URLSearchParams({ text })).catch(() => null);
  return answer && answer.ok && !answer.redirected ? answer.text() : null;
}

const preference = {
  get markdown() { try { return localStorage.getItem(PREFERENCE) === "markdown"; } catch { return false; } },
  set markdown(on) {
    try { if (on) { localStorage.setItem(PREFERENCE, "markdown"); } else { localStorage.removeItem(PREFERENCE); } }
    catch { /* no storage: asked again on the next visit */ }
  },
};

/* The parts of the editor, or null where they can't be loaded. */
const parts = () => import("./editor/view.js").catch(() => null);

class MarkdownEditor extends HTMLElement {
  connectedCallback() {
    if (this.area) { return; }
    this.area = this.querySelector("textarea");
    const seen = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) { return; }
      seen.disconnect();
      this.start();
    }, { rootMargin: "200px" });
    seen.observe(this);
  }

  disconnectedCallback() {
    setTimeout(() => { if (!this.isConnected && this.editor) { this.editor.destroy(); this.editor = null; } });
  }

  async start() {
    const [template, view] = await Promise.all([tools, parts()]);
    if (!this.isConnected) { return; }
    if (!template || !view) { this.dataset.mode = "markdown"; return; }
    Object.assign(this, { parts: view, labels: template.dataset });
    this.prepend(template.content.cloneNode(true));
    this.list = this.querySelector("[role=listbox]");
    this.note = this.querySelector("[role=status]");
    this.frame = this.querySelector(".writing");
    this.frame.style.setProperty("--sponsored", `"${this.labels.sponsored}"`);
    this.list.id = `${this.area.id}-menu`;
    [...this.list.children].forEach((option, number) => { option.id = `${this.list.id}-${number}`; });
    this.toolbar = new view.Toolbar(this.querySelector("[role=toolbar]"), this);
    this.toolbar.bar.setAttribute("aria-controls", this.area.id);
    /* What is typed reaches the page as the textarea's input, not as the editor's. */
    ["input", "change"].forEach((kind) => this.frame.addEventListener(kind, (event) => event.stopPropagation()));
    this.area.addEventListener("input", () => { if (!this.writes) { this.renew(); } });
    this.area.addEventListener("keydown", (event) => { if (event.altKey && event.key === "F10") { this.toolbar.focus(); } });
    [...this.area.labels].forEach((label) => label.addEventListener("click", () => this.area.focus()));
    this.area.focus = (options) => (this.dataset.mode === "rich" ? this.editor.commands.focus() : HTMLElement.prototype.focus.call(this.area, options));
    new MutationObserver(() => this.setEditable()).observe(this.area, { attributes: true, attributeFilter: ["readonly", "disabled"] });
    const hadFocus = document.activeElement === this.area;
    if (preference.markdown || !(await this.load())) { this.showMarkdown(); }
    else if (hadFocus) { this.editor.commands.focus("end"); }
  }

  setEditable(on = !this.area.readOnly && !this.area.disabled) {
    if (this.editor && this.editor.isEditable !== on) { this.editor.setEditable(on, false); }
  }

  get name() {
    const [label] = this.area.labels, named = this.area.getAttribute("aria-labelledby");
    if (label && !named) { label.id ||= `${this.area.id}-label`; }
    const refers = Object.fromEntries(["aria-describedby", "aria-invalid"].filter((name) => this.area.hasAttribute(name)).map((name) => [name, this.area.getAttribute(name)]));
    return { role: "textbox", "aria-multiline": "true", "aria-labelledby": named || label.id, "data-field": this.area.id, ...refers };
  }

  /* Show the textarea's text in the editor; where the server does not make HTML of it, as Markdown. */
  async load() {
    this.setEditable(false);
    let text, html;
    do {
      text = this.area.value;
      html = await rendered(text);
    } while (html !== null && text !== this.area.value);
    /* The panel that it was opened in was saved or closed meanwhile. */
    if (!this.isConnected) { return false; }
    if (html === null) {
      if (this.dataset.mode) { this.showMarkdown(); this.say(this.labels.notShown); }
      this.setEditable();
      return false;
    }
    if (this.editor) { this.parts.replace(this.editor, html, !this.area.readOnly); }
    else {
      this.editor = this.parts.open({
        element: this.frame, html, host: this, list: this.list, labels: this.labels, attributes: this.name,
        onChange: (document) => this.write(document), onSelect: () => this.show(),
        onLeftOut: (count) => this.say(`${this.labels.leftOut} ${count}`),
      });
      this.editor.on("focus", () => { this.textAtFocus = this.area.value; });
      this.editor.on("blur", () => { if (this.textAtFocus !== this.area.value) { this.area.dispatchEvent(new Event("change", { bubbles: true })); } });
    }
    /* Until something is changed, the text stays as it was written. */
    this.baseline = { text, markdown: this.parts.serialize(this.editor.state.doc) };
    this.dataset.mode = "rich";
    this.toolbar.isMarkdown = false;
    this.setEditable();
    this.show();
    this.say("");
    return true;
  }

  /* The page has put another text into the textarea. */
  renew() { if (this.dataset.mode === "rich") { this.load(); } }

  write(document) {
    if (!this.baseline) { return; }
    const markdown = this.parts.serialize(document), text = markdown === this.baseline.markdown ? this.baseline.text : markdown;
    if (text === this.area.value) { return; }
    this.writes = true;
    this.area.value = text;
    this.area.dispatchEvent(new Event("input", { bubbles: true }));
    this.writes = false;
  }

  say(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
  }

  show() {
    if (this.frameRequest) { return; }
    this.frameRequest = requestAnimationFrame(() => {
      this.frameRequest = 0;
      if (this.editor && this.dataset.mode === "rich") { this.toolbar.update(this.editor); }
    });
  }

  showMarkdown() {
    this.dataset.mode = "markdown";
    this.toolbar.isMarkdown = true;
  }

  /* Do what a button or an entry of the menu is for. */
  async run(act) {
    if (act === "markdown") {
      const isRich = this.dataset.mode === "rich";
      preference.markdown = isRich;
      if (isRich) { this.showMarkdown(); } else if (!(await this.load())) { return; }
      this.area.focus();
    } else if (act === "insert") { this.editor.storage.slashMenu.menu.open(); }
    else {
      const action = this.parts.actions[act];
      if (this.editor.isEditable && (!action.can || action.can(this.editor))) { await action.run(this.editor); }
    }
  }
}

customElements.define("markdown-editor", MarkdownEditor);
/* So that a text that is opened later can be written without a connection. */
(window.requestIdleCallback || setTimeout)(parts);
