/* What a letter's page says of its text as it is written: its length, and the preview text that the email has if its field
   stays empty, the beginning of the text. */
(() => {
  "use strict";

  const LONGEST = 140, WORDS_A_MINUTE = 230;
  const text = document.getElementById("greeting"), preview = document.getElementById("preheader"), length = document.getElementById("length");
  let waiting;

  /* The blocks of the text without images and advertisements, or the Markdown. */
  function written() {
    const editor = text.closest("markdown-editor").querySelector(".ProseMirror");
    const words = editor && [...editor.children].filter((block) => !block.matches("figure, .row, .embed, [data-tint=sponsor]")).map((block) => block.innerText).join(" ");
    return (editor ? words || editor.innerText : text.value).replace(/ ?\{name(\|[^{}]*)?\}/g, "").replace(/\s+/g, " ").trim();
  }

  function propose(words) {
    const beginning = words.length > LONGEST ? `${words.slice(0, LONGEST).replace(/\s\S*$/, "")}…` : words;
    preview.placeholder = beginning;
    if (!preview.value) { preview.closest("details").querySelector(".begin").textContent = beginning; }
  }

  const count = (number, name) => (number === 1 ? length.dataset[name] : length.dataset[`${name}s`].replace("{n}", number.toLocaleString(document.documentElement.lang)));

  function measure(words) {
    const number = words ? words.split(" ").length : 0;
    length.hidden = !number;
    length.textContent = number && `${count(number, "word")} · ${count(Math.max(1, Math.round(number / WORDS_A_MINUTE)), "minute")}`;
  }

  function update() {
    const words = written();
    propose(words);
    measure(words);
  }

  if (text && preview) {
    text.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(update, 500); });
    preview.addEventListener("input", () => { if (!preview.value) { setTimeout(update); } });
    update();
  }
})();
