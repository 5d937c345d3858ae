/* The toolbar: one stop of the Tab key, in which arrows move (ARIA toolbar pattern), and the buttons for what is selected. */
import { actions } from "./actions.js";
import { icon } from "./icons.js";

export class Toolbar {
  constructor(bar, host) {
    Object.assign(this, { bar, host, buttons: [...bar.querySelectorAll("button")], address: bar.querySelector(".address") });
    this.buttons.forEach((button) => {
      button.type = "button";
      if (!button.title) { return; }
      if (!button.firstElementChild) { button.append(icon(button.dataset.do)); }
      /* The title is for the mouse: a screen reader would say it after the name, and the keys a second time. */
      button.setAttribute("aria-label", button.title.replace(/ \(.*/, ""));
      button.setAttribute("aria-description", "");
    });
    this.enter(this.buttons[0]);
    bar.addEventListener("mousedown", (event) => { if (event.target.closest("button")) { event.preventDefault(); } });
    bar.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) { this.enter(button); host.run(button.dataset.do); }
    });
    bar.addEventListener("keydown", (event) => this.rove(event));
  }

  get reachable() { return this.buttons.filter((button) => !button.closest("[hidden]")); }

  enter(button) { this.buttons.forEach((each) => { each.tabIndex = each === button ? 0 : -1; }); }

  /* To the buttons for what is selected, or else to the one that was used last. */
  focus() {
    const { reachable } = this, button = reachable.find((each) => each.closest(".context")) || reachable.find((each) => each.tabIndex === 0) || reachable[0];
    this.enter(button);
    button.focus();
  }

  rove(event) {
    const buttons = this.reachable, at = buttons.indexOf(event.target), last = buttons.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at ? at - 1 : last, Home: 0, End: last }[event.key];
    if (to === undefined || event.altKey) { return; }
    event.preventDefault();
    this.enter(buttons[to]);
    buttons[to].focus();
    buttons[to].scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /* Show what holds at the selection. A button that can't be used now stays reachable, so that the focus is not lost. */
  update(editor) {
    this.bar.querySelectorAll("[data-when]").forEach((group) => {
      const { when } = group.dataset, { node } = editor.state.selection;
      group.hidden = node ? node.type.name !== when : !editor.isActive(when);
    });
    this.address.textContent = editor.getAttributes("link").href || "";
    this.reachable.forEach((button) => {
      const action = actions[button.dataset.do];
      if (!action) { return; }
      if (action.active) { button.setAttribute("aria-pressed", action.active(editor)); }
      if (action.can) { button.setAttribute("aria-disabled", !action.can(editor)); }
    });
    if (!this.reachable.some((button) => button.tabIndex === 0)) { this.enter(this.reachable[0]); }
  }

  /* In the Markdown itself, only the switch back is shown. */
  set isMarkdown(on) {
    this.bar.querySelectorAll("[data-rich]").forEach((group) => { group.hidden = on; });
    this.bar.querySelectorAll("[data-when]").forEach((group) => { group.hidden = true; });
    this.bar.querySelector("[data-do=markdown]").setAttribute("aria-pressed", on);
    if (!this.reachable.some((button) => button.tabIndex === 0)) { this.enter(this.reachable[0]); }
  }
}
