/* A part of a subject is inserted where the cursor is; without this script, the server adds it at the end. */
(() => {
  "use strict";

  let edited = null;
  document.addEventListener("focusin", (event) => { if (event.target.matches("input")) { edited = event.target; } });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-part]");
    if (!button) { return; }
    event.preventDefault();
    const [field] = document.getElementsByName(button.dataset.into), end = field.value.length;
    const [from, to] = field === edited ? [field.selectionStart, field.selectionEnd] : [end, end];
    const gap = /\S$/.test(field.value.slice(0, from)) ? " " : "";
    field.setRangeText(gap + button.dataset.part, from, to, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
})();
