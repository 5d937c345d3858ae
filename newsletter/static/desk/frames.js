/* A preview is as tall as its email, so that only the page scrolls; an email on a computer is made smaller where the
   screen is too narrow for it. Nothing in the frame runs: its sandbox allows no scripts, and this page may only measure
   it. */
(() => {
  "use strict";

  function fit(frame) {
    const page = frame.contentDocument, email = page && page.documentElement;
    if (!email || page.URL === "about:blank") { return; }
    /* The email before may still be measured while the next one loads. */
    const measure = () => { if (frame.contentDocument === page) { frame.height = Math.ceil(email.getBoundingClientRect().height); } };
    new ResizeObserver(measure).observe(email);
    measure();
  }

  const shrink = (each) => {
    const frame = each.querySelector(".frame");
    frame.style.zoom = Math.min(1, each.clientWidth / parseInt(getComputedStyle(frame).minWidth, 10));
  };
  const windows = new ResizeObserver((changed) => changed.forEach(({ target }) => shrink(target)));
  document.querySelectorAll(".window").forEach((each) => windows.observe(each));

  document.addEventListener("load", (event) => {
    if (event.target instanceof Element && event.target.matches("iframe.frame")) { fit(event.target); }
  }, true);
  document.querySelectorAll("iframe.frame").forEach(fit);

  /* A preview shows at once what is ticked. */
  document.querySelectorAll("form[data-at-once]").forEach((form) => form.addEventListener("change", (event) => {
    if (event.target.matches("[type=checkbox], select")) { form.requestSubmit(); }
  }));
})();
