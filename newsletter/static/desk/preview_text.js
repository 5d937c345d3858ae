/* Proposes the preview text of a letter in its empty field: the beginning of the text, as the email has it. */
(() => {
  "use strict";

  const LONGEST = 140;
  const text = document.getElementById("greeting"), field = document.getElementById("preheader");
  let waiting;

  function propose() {
    const editor = text.closest("markdown-editor").querySelector(".ProseMirror");
    const written = editor && [...editor.children].filter((block) => !block.matches("figure, .row, .embed, [data-tint=sponsor]")).map((block) => block.innerText).join(" ");
    const words = (editor ? written || editor.innerText : text.value).replace(/ ?\{name(\|[^{}]*)?\}/g, "").replace(/\s+/g, " ").trim();
    field.placeholder = words.length > LONGEST ? `${words.slice(0, LONGEST).replace(/\s\S*$/, "")}…` : words;
  }

  if (text && field) {
    text.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(propose, 500); });
    if (!field.placeholder) { propose(); }
  }
})();
