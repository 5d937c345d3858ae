/* The preview beside the settings of a design follows what is typed; fonts are offered, each in its own face. */
(() => {
  "use strict";

  const PAUSE = 600, button = document.getElementById("update"), dark = document.getElementById("update-dark");
  let timer, scheme = button;
  [button, dark].forEach((each) => each.addEventListener("click", () => { scheme = each; }));
  button.form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => button.form.requestSubmit(scheme), PAUSE);
  });

  /* Fonts that most devices have, with what stands in for them. */
  const FONTS = ["Georgia, serif", "Times New Roman, Times, serif", "Arial, Helvetica, sans-serif", "Verdana, sans-serif",
    "Trebuchet MS, sans-serif", "system-ui, sans-serif", "Courier New, monospace"];
  ["theme.font", "theme.heading_font"].forEach((name) => {
    const field = button.form.elements.namedItem(name), offered = document.createElement("div");
    if (field.disabled) { return; }
    const show = () => {
      field.style.fontFamily = field.value || field.placeholder;
      [...offered.children].forEach((each) => each.setAttribute("aria-pressed", each.value === field.value));
    };
    offered.className = "row fonts";
    offered.setAttribute("role", "group");
    offered.setAttribute("aria-label", field.labels[0].textContent.trim());
    FONTS.forEach((font) => {
      const choice = Object.assign(document.createElement("button"), { type: "button", value: font, textContent: font.split(",")[0] });
      choice.style.fontFamily = font;
      choice.addEventListener("click", () => {
        field.value = font;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      });
      offered.append(choice);
    });
    field.after(offered);
    field.addEventListener("input", show);
    show();
  });
})();
