/* Beside a colour's code: a picker, and the contrast with white (WCAG 2.2), below which text is hard to read. */
(() => {
  "use strict";

  const LEAST = 4.5, HEX = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i;
  const whole = (code) => (code.length === 4 ? code.replace(/[0-9a-f]/gi, "$&$&") : code).toLowerCase();
  const linear = (channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);

  function luminance(code) {
    const [red, green, blue] = [1, 3, 5].map((at) => linear(parseInt(code.slice(at, at + 2), 16) / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  document.querySelectorAll("input[data-colour]").forEach((field) => {
    const { pick, contrast, low, unset } = field.dataset, note = document.createElement("span");
    const picker = Object.assign(document.createElement("input"), { type: "color", className: "colour", title: pick });
    picker.setAttribute("aria-label", `${pick}: ${field.labels[0].textContent.trim()}`);
    note.className = "small soft";
    note.setAttribute("role", "status");
    const around = Object.assign(document.createElement("div"), { className: "row" });
    field.before(around);
    around.append(picker, field, note);

    function show() {
      const code = field.value.trim() || field.placeholder;
      picker.classList.toggle("unset", !HEX.test(code));
      if (!HEX.test(code)) { note.textContent = code ? "" : unset; note.classList.remove("warn"); return; }
      picker.value = whole(code);
      const ratio = 1.05 / (luminance(whole(code)) + 0.05);
      note.textContent = contrast.replace("{ratio}", ratio.toFixed(1)) + (ratio < LEAST ? ` – ${low}` : "");
      note.classList.toggle("warn", ratio < LEAST);
    }
    picker.addEventListener("input", () => {
      field.value = picker.value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    field.addEventListener("input", show);
    show();
  });

  /* The browser's time zone is proposed where the blog does not say its own. */
  const zone = document.querySelector("input[name=timezone][data-ask-browser]");
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && here && zone.value === zone.defaultValue) { zone.value = zone.defaultValue = here; }
})();
