/* Documents of the editor, made of words that mean something in Markdown: (seed, count) → JSON of ProseMirror. */
(seed, count) => {
  let state = seed;
  const random = () => { state = (state * 1664525 + 1013904223) % 4294967296; return state / 4294967296; };
  const pick = (list) => list[Math.floor(random() * list.length)];
  const some = (most, make, least = 1) => Array.from({ length: least + Math.floor(random() * (most - least + 1)) }, make);
  const WORDS = ["a", "Hei", "snø", "_x_", "*", "**", "1.", "2)", "-", "+", "#", "##", ">", "|", "`", "~~", "[a]", "(b)", "!", "&amp;", "&", "<b>", "\\", "a_b", "«ja»", "C++", "=", "---", "===", ":::", "::: note", ":-", "{button}", "…", "nei.", "x*y*z", "100 %", "漢字", "🙂", "~", "![", "](", "https", "a|b", "\"q\"", "'", "<", "http:/", "- -", "***", "___", "``", "}", "{", "\u00a0"];
  const URLS = ["https://a.no", "https://a.no/b?c=d&e=f", "mailto:a@b.no", "https://a.no/x_y_(z)", "/images/a.png", "https://a.no/a*b*", "https://a.no/?x=1&copy;=2", "tel:+4712"];
  const text = () => some(4, () => pick(WORDS)).join(pick(["", " ", " "])) ;
  const mark = (type, attrs) => ({ type, ...attrs ? { attrs } : {} });
  const inline = (breaks = true, link = true) => {
    const list = [];
    some(6, () => {
      const marks = [];
      if (link && random() < 0.2) { marks.push(mark("link", { href: pick(URLS) })); }
      ["bold", "italic", "strike"].forEach((each) => { if (random() < 0.3) { marks.push(mark(each)); } });
      const kind = random();
      if (kind < 0.08 && breaks) { list.push({ type: "hardBreak" }); }
      else if (kind < 0.14) { list.push({ type: "token", attrs: { token: pick(["{name}", "{name|leser}"]) } }); }
      else if (kind < 0.18 && breaks) { list.push({ type: "image", attrs: { src: "/images/b.png", alt: pick(["", "al [t] *x*"]), title: "" }, marks: marks.filter((m) => m.type === "link") }); }
      else if (kind < 0.28) { list.push({ type: "text", text: pick(["x", "a`b", "``", " y ", "*z*", "a|b", "\\", "`", "<b>", "&amp;"]), marks: [...marks, mark("code")] }); }
      else { list.push({ type: "text", text: (random() < 0.3 ? " " : "") + text() + (random() < 0.3 ? " " : ""), marks }); }
    });
    if (list.some((n) => n.type === "image")) { list.unshift({ type: "text", text: "Bilde" }); }
    return list;
  };
  const figure = () => ({ type: "figure", attrs: { src: pick(["/images/a.png", "https://a.no/b(c).png"]), alt: pick(["", "Et *hus* [rødt]", "a_b \\ \"q\""]), caption: pick(["", "", "Foto: «Kari» \"K\" \\ & &amp; *x*"]), width: pick(["", "", 25, 50, 75]), href: random() < 0.3 ? "https://a.no/x" : "" } });
  const paragraph = () => ({ type: "paragraph", content: inline() });
  const list = (depth) => ({ type: pick(["bulletList", "orderedList"]), content: some(3, () => ({ type: "listItem", content: [paragraph(), ...random() < 0.4 && depth < 3 ? some(2, () => block(depth + 1)) : []] })) });
  const start = (node) => { if (node.type === "orderedList") { node.attrs = { start: pick([1, 1, 1, 2, 9, 99]) }; } return node; };
  const block = (depth = 0) => {
    const kind = random();
    if (kind < 0.3) { return paragraph(); }
    if (kind < 0.38) { return { type: "heading", attrs: { level: pick([2, 3, 4]) }, content: inline(false) }; }
    if (kind < 0.6 && depth < 3) { return start(list(depth)); }
    if (kind < 0.68 && depth < 3) { return { type: "blockquote", content: some(2, () => block(depth + 1)) }; }
    if (kind < 0.74) { return { type: "codeBlock", attrs: { language: null }, content: [{ type: "text", text: pick(["x", "a\n\n  b", "```\nq", "~~~", "- x\n# y", ":::\nx", "<b>&amp;", "\tt"]) }] }; }
    if (kind < 0.82) { const width = pick([1, 2, 3]); const row = (type) => ({ type: "tableRow", content: some(width, () => ({ type, content: [{ type: "paragraph", content: random() < 0.2 ? [] : inline(false) }] }), width) }); return { type: "table", content: [row("tableHeader"), ...some(2, () => row("tableCell"))] }; }
    if (kind < 0.88) { return figure(); }
    if (kind < 0.94) { return { type: "row", content: some(3, figure, 2) }; }
    return { type: "button", attrs: { href: pick(URLS) }, content: [{ type: "text", text: pick(["Bli med", "x *y* [z]", "Hei {name|du}"]), marks: random() < 0.2 ? [mark("bold")] : [] }] }; 
  };
  const top = () => {
    const kind = random();
    if (kind < 0.06) { return { type: "horizontalRule" }; }
    if (kind < 0.12) { return { type: "embed", attrs: { url: pick(["https://youtu.be/abc_d-E", "https://youtu.be/_a_", "https://a.no/*b*&copy;.mp3"]) } }; }
    if (kind < 0.2) { return { type: "callout", attrs: { tint: pick(["note", "tip", "warning", "sponsor"]) }, content: some(3, () => block(1)) }; }
    return block();
  };
  return Array.from({ length: count }, () => ({ type: "doc", content: some(5, top) }));
}
