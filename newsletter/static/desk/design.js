/* The preview beside the settings of a design follows what is typed. */
(() => {
  "use strict";

  const PAUSE = 600, button = document.getElementById("update");
  let timer;
  button.form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => button.form.requestSubmit(button), PAUSE);
  });
})();
