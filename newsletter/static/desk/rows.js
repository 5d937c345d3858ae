/* Rows are moved on the page, which keeps the focus; without this script, the server answers with the moved rows. */
(() => {
  "use strict";

  const NAMES = ["name", "id", "for", "aria-describedby"], MOVE = "button[name=move]";
  const entries = (rows) => [...rows.querySelectorAll(":scope > [data-place]")];

  /* Fields are numbered in the order of their rows. */
  function renumber(entry, place) {
    const old = `${entry.dataset.place}:`, renamed = (text) => text.replaceAll(old, `${place}:`);
    entry.querySelectorAll("*").forEach((each) => {
      const names = each.matches(MOVE) ? [...NAMES, "value"] : NAMES;
      names.filter((name) => each.hasAttribute(name)).forEach((name) => each.setAttribute(name, renamed(each.getAttribute(name))));
    });
    entry.dataset.place = place;
  }

  function move(button) {
    const entry = button.closest("[data-place]"), rows = entry.closest(".rows"), up = button.value.endsWith(":up");
    const places = entries(rows).map((each) => each.dataset.place);
    const other = entries(rows)[places.indexOf(entry.dataset.place) + (up ? -1 : 1)];
    if (!other) { return; }
    other[up ? "before" : "after"](entry);
    entries(rows).forEach((each, number) => {
      renumber(each, places[number]);
      each.querySelectorAll(MOVE).forEach((one) => { one.disabled = number === (one.value.endsWith(":up") ? 0 : places.length - 1); });
    });
    (button.disabled ? [...entry.querySelectorAll(MOVE)].find((each) => !each.disabled) : button).focus();
    rows.querySelector("[data-moved]").textContent = `${entries(rows).indexOf(entry) + 1} / ${places.length}`;
    rows.dispatchEvent(new Event("input", { bubbles: true }));
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest(MOVE);
    if (button) {
      event.preventDefault();
      move(button);
    }
  });
})();
