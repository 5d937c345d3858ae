/* The menu of what can be inserted: after a slash, or from the toolbar. The focus stays in the text (ARIA listbox). */
import { Extension, pm } from "../../django_prose_editor/editor.js";
import { actions } from "./actions.js";
import { icon } from "./icons.js";

const { Plugin, PluginKey, TextSelection } = pm.state;
const QUERY = /(?:^|\s)\/([\p{L}\d]{0,20})$/u;
const key = new PluginKey("menu");

/* Give an entry its role, its name and description apart, and its icon, or the sign of the button that does the same. */
function describe(option, host) {
  const [name, description] = option.querySelectorAll(":scope > span, :scope > small");
  option.role = "option";
  option.setAttribute("aria-label", name.textContent);
  option.setAttribute("aria-description", description.textContent);
  option.prepend(icon(option.dataset.do) || host.querySelector(`.main [data-do=${option.dataset.do}]`).firstElementChild.cloneNode(true));
}

class Menu {
  constructor(view, { list, host, editor }) {
    Object.assign(this, { view, list, host, editor, options: [...list.children], at: 0, dismissed: null, opened: null });
    this.options.forEach((option) => describe(option, host));
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) { this.choose(option); }
    });
    this.close();
  }

  /* The range that the slash and what follows it take, and the words searched for. */
  get search() {
    const { selection: { $from, empty } } = this.view.state;
    if (this.opened !== null) { return $from.pos === this.opened && empty ? { from: $from.pos, to: $from.pos, words: "" } : null; }
    if (!empty || $from.parent.type.name !== "paragraph" || $from.node(-1).type.spec.tableRole) { return null; }
    const before = $from.parent.textBetween(Math.max(0, $from.parentOffset - 30), $from.parentOffset, null, "\ufffc"), match = QUERY.exec(before);
    return match && { from: $from.pos - match[1].length - 1, to: $from.pos, words: match[1].toLowerCase() };
  }

  get visible() { return this.options.filter((option) => !option.hidden); }

  update(view, before) {
    if (before && before.doc.eq(view.state.doc) && before.selection.eq(view.state.selection) && this.opened === null) { return; }
    const search = view.editable && view.hasFocus() ? this.search : null;
    if (!search || search.from === this.dismissed) {
      if (!search) { this.dismissed = null; }
      this.close();
      return;
    }
    this.options.forEach((option) => {
      const action = actions[option.dataset.do], words = `${option.getAttribute("aria-label")} ${option.dataset.do}`.toLowerCase();
      option.hidden = !words.split(" ").some((word) => word.startsWith(search.words)) || (action.can && !action.can(this.editor));
    });
    if (!this.visible.length) { this.close(); return; }
    this.range = search;
    this.show(search.from);
  }

  show(place) {
    this.list.hidden = false;
    const at = this.view.coordsAtPos(place), box = this.host.getBoundingClientRect();
    const below = innerHeight - at.bottom > this.list.offsetHeight + 8 || at.top < this.list.offsetHeight;
    this.list.style.left = `${Math.max(0, Math.min(at.left - box.left, box.width - this.list.offsetWidth))}px`;
    this.list.style.top = `${(below ? at.bottom + 4 : at.top - this.list.offsetHeight - 4) - box.top}px`;
    this.mark(0);
  }

  mark(number) {
    this.at = (number + this.visible.length) % this.visible.length;
    this.options.forEach((option) => option.setAttribute("aria-selected", option === this.visible[this.at]));
    this.visible[this.at].scrollIntoView({ block: "nearest" });
    this.view.dom.setAttribute("aria-activedescendant", this.visible[this.at].id);
    this.view.dom.setAttribute("aria-controls", this.list.id);
  }

  close() {
    this.opened = null;
    this.list.hidden = true;
    this.view.dom.removeAttribute("aria-activedescendant");
    this.view.dom.removeAttribute("aria-controls");
  }

  open() {
    this.view.focus();
    const { tr, selection: { node, $to, empty }, schema } = this.view.state;
    if (node && node.isBlock) {
      const place = $to.parent.type.name === "row" ? $to.after() : $to.pos;
      tr.insert(place, schema.nodes.paragraph.create()).setSelection(TextSelection.create(tr.doc, place + 1));
    } else if (!empty) { tr.setSelection(TextSelection.near($to, -1)); }
    this.view.dispatch(tr);
    Object.assign(this, { opened: this.view.state.selection.to, dismissed: null });
    this.update(this.view);
  }

  choose(option) {
    const { from, to } = this.range;
    this.close();
    if (to > from) { this.editor.commands.deleteRange({ from, to }); }
    this.host.run(option.dataset.do);
  }

  keydown(event) {
    if (this.list.hidden || event.altKey || event.ctrlKey || event.metaKey) { return false; }
    if (event.key === "ArrowDown") { this.mark(this.at + 1); }
    else if (event.key === "ArrowUp") { this.mark(this.at - 1); }
    else if (event.key === "Enter" || event.key === "Tab") { this.choose(this.visible[this.at]); }
    else if (event.key === "Escape") { this.dismissed = this.range.from; this.close(); }
    else { return false; }
    event.preventDefault();
    return true;
  }
}

export const SlashMenu = Extension.create({
  name: "slashMenu",
  priority: 1000,
  addOptions: () => ({ list: null, host: null }),
  addProseMirrorPlugins() {
    const { options, editor, storage } = this;
    return [new Plugin({
      key,
      view: (view) => {
        const menu = new Menu(view, { ...options, editor });
        storage.menu = menu;
        return { update: (now, before) => menu.update(now, before) };
      },
      props: {
        handleKeyDown: (_view, event) => storage.menu.keydown(event),
        handleDOMEvents: { blur: () => { storage.menu.close(); return false; } },
      },
    })];
  },
  addStorage: () => ({ menu: null }),
});
