/* Beside a colour's code: a picker, and the contrast (WCAG 2.2) of text that has it, or that is on it. */
(() => {
  "use strict";

  const LEAST = 4.5, DIGITS = { minimumFractionDigits: 1, maximumFractionDigits: 1 }, HEX = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i;
  const digits = (code) => code.replace("#", "").toLowerCase();
  const whole = (code) => `#${digits(code).length === 3 ? digits(code).replace(/./g, "$&$&") : digits(code)}`;
  const linear = (channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);

  function luminance(code) {
    const [red, green, blue] = [1, 3, 5].map((at) => linear(parseInt(code.slice(at, at + 2), 16) / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  const code = (field) => field.value.trim() || field.placeholder;

  function ratio(one, other) {
    const [darker, lighter] = [one, other].map((each) => luminance(whole(each))).sort((a, b) => a - b);
    return (lighter + 0.05) / (darker + 0.05);
  }

  const updates = [...document.querySelectorAll("input[data-colour]")].map((field) => {
    const { pick, other, contrast, low, unset } = field.dataset, note = document.createElement("span");
    const picker = Object.assign(document.createElement("input"), { type: "color", className: "colour", title: pick });
    picker.setAttribute("aria-label", `${pick}: ${field.labels[0].textContent.trim()}`);
    note.className = "small soft";
    note.setAttribute("role", "status");
    const around = Object.assign(document.createElement("div"), { className: "row" });
    field.before(around);
    around.append(picker, field, note);

    function others() {
      if (!other) { return ["#000000", "#ffffff"]; }
      return [HEX.test(other) ? other : code(document.getElementsByName(other)[0])].filter((each) => HEX.test(each));
    }

    function words() {
      if (!HEX.test(code(field))) { return code(field) ? "" : unset; }
      if (!others().length) { return ""; }
      const best = Math.max(...others().map((each) => ratio(code(field), each)));
      return contrast.replace("{ratio}", best.toLocaleString(document.documentElement.lang, DIGITS)) + (best < LEAST ? ` – ${low}` : "");
    }

    function update() {
      const text = words(), valid = HEX.test(code(field));
      picker.classList.toggle("unset", !valid);
      if (valid) { picker.value = whole(code(field)); }
      if (note.textContent !== text) { note.textContent = text; }
      note.classList.toggle("warn", text.endsWith(` – ${low}`));
    }
    picker.addEventListener("input", () => {
      field.value = picker.value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    field.addEventListener("input", () => updates.forEach((each) => each()));
    return update;
  });
  updates.forEach((each) => each());

  /* The browser's time zone is proposed where the blog does not say its own. */
  const zone = document.querySelector("input[name=timezone][data-ask-browser]");
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && here && zone.value === zone.defaultValue) { zone.value = zone.defaultValue = here; }
})();
