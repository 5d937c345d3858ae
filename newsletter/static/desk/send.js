/* The page before sending: choosing a time selects "At", and the button always says what pressing it does. */
(() => {
  "use strict";

  const form = document.getElementById("sending"), button = document.getElementById("go");
  const sentence = document.getElementById("sentence");
  const time = form.elements.namedItem("at"), choices = [...form.querySelectorAll("[name=when]")];
  const at = choices.find((choice) => choice.value === "at");
  let typed = time.value;

  /* A local time such as 2026-11-26T08:00 as the server writes it: Thu 26 Nov, 08:00. */
  function written(local) {
    const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
    const parts = { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" };
    if (local.slice(0, -12) !== form.dataset.year) { parts.year = "numeric"; }
    const day = new Intl.DateTimeFormat(language, parts).format(new Date(`${local.slice(0, -6)}T00:00Z`)).replace(",", "");
    return language.startsWith("nb") ? `${day} kl. ${local.slice(-5).replace(":", ".")}` : `${day}, ${local.slice(-5)}`;
  }

  function label() {
    const scheduled = at.checked, { value } = choices.find((choice) => choice.checked);
    const key = scheduled && !time.value ? "wanted" : value;
    button.disabled = scheduled && (!time.value || time.value === form.dataset.scheduled);
    button.value = scheduled ? time.value : value;
    for (const element of [button, sentence]) {
      const text = element.dataset[key].replace("{when}", () => written(time.value));
      if (element.textContent !== text) { element.textContent = text; }
    }
  }

  time.addEventListener("input", () => {
    typed = time.value;
    if (time.value) { at.checked = true; }
    label();
  });
  /* A request names a time or "now", never both; the time comes back with the choice. */
  choices.forEach((choice) => choice.addEventListener("change", () => {
    time.value = choice === at ? typed : "";
    label();
    if (choice === at && !typed) { time.focus(); }
  }));
  /* What can't be recalled takes the button: Enter in a field only leads to it. */
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) {
      event.preventDefault();
      button.focus();
    }
  });
  /* A browser may restore the fields of an earlier visit after this script ran. */
  window.addEventListener("pageshow", () => { if (time.value) { typed = time.value; at.checked = true; } label(); });
  label();
})();
