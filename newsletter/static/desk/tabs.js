/* The draft page: messages with Undo, the preview beside it, and the tabs of a phone. */
(() => {
  "use strict";

  /* A message with Undo stays until the next one comes or it is closed. */
  const toast = document.getElementById("toast");
  function close() {
    toast.textContent = "";
    toast.focus({ preventScroll: true });
  }
  toast.addEventListener("click", (event) => { if (event.target.matches("[data-close]")) { close(); } });
  toast.addEventListener("keydown", (event) => { if (event.key === "Escape") { close(); } });

  /* On wide screens the preview can be closed. The server reads the cookie, so that nothing moves as the page loads. */
  const preview = document.getElementById("preview-switch"), columns = document.querySelector(".columns.desk");
  const markPreview = () => preview.setAttribute("aria-pressed", !columns.classList.contains("alone"));
  preview.hidden = false;
  markPreview();
  preview.addEventListener("click", () => {
    const isClosed = columns.classList.toggle("alone"), [root] = location.pathname.split("editions/");
    markPreview();
    document.cookie = `preview=closed; path=${root}; samesite=lax; max-age=${isClosed ? 365 * 24 * 3600 : 0}`;
  });

  /* Edit and Preview on a phone: which one is shown, and where each was scrolled to. */
  const tabs = [...document.querySelectorAll(".switch a")], scrolled = {};
  const shown = () => tabs[+(location.hash === "#side")];
  const mark = () => tabs.forEach((tab) => tab.setAttribute("aria-current", tab === shown()));
  tabs.forEach((tab) => tab.addEventListener("click", () => { scrolled[shown().hash] = scrollY; }));
  window.addEventListener("hashchange", () => {
    mark();
    if (location.hash in scrolled && tabs[0].offsetParent) { scrollTo(0, scrolled[location.hash]); }
  });
  mark();
})();
