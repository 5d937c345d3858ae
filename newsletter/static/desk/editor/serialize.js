/* A document as Markdown with directives, which the server makes the same HTML of (newsletter/render/content). */

const DELIMITERS = { bold: "**", italic: "*", strike: "~~" };
const ORDER = ["link", "bold", "italic", "strike"];
const SPECIAL = /[\\`*~[\]]|<(?=[\p{L}/!?])|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|&(?=#?\w+;)/gu;
const AT_START = /^(?:(?=[#>|]|[-+](?:[\s:|-]|$)|=+\s*$|:[-:|])|(\d{1,9})(?=[.)](?:\s|$)))/;
const PLAIN_ADDRESS = /^https?:\/\/[\w/:.?=&#~,;+@-]+$/;
const WORD = /[^\s\p{P}\p{S}]/u;
const SPACE = /\s/;

const escaped = (text) => text.replace(/[ \t\r\n]+/g, " ").replace(SPECIAL, "\\$&");
const entity = (character) => `&#${character.codePointAt(0)};`;
const longest = (text, mark) => Math.max(0, ...(text.match(new RegExp(`${mark}+`, "g")) || []).map((run) => run.length));

function address(url) {
  const safe = url.replace(/\s/g, encodeURIComponent).replace(/&(?=#?\w+;)/g, "&amp;");
  return !safe || /[()<>\\]/.test(safe) ? `<${safe.replace(/[<>\\]/g, encodeURIComponent)}>` : safe;
}
const title = (words) => (words ? ` "${words.replace(/\s+/g, " ").replace(/[\\"]|&(?=#?\w+;)/g, "\\$&")}"` : "");

function code(text) {
  const line = text.replace(/[ \t\r\n]+/g, " ");
  let length = 1;
  while (new RegExp(`(?<!\`)\`{${length}}(?!\`)`).test(line)) { length += 1; }
  const mark = "`".repeat(length), pad = /^`|`$|^ .* $/.test(line) && line.trim() ? " " : "";
  return `${mark}${pad}${line}${pad}${mark}`;
}

const inOrder = (marks) => [...marks].sort((one, other) => ORDER.indexOf(one.type.name) - ORDER.indexOf(other.type.name));
const has = (part, mark) => Boolean(part) && part.marks.some((each) => each.eq(mark));
/* Stars of bold beside stars of italic could be read in several ways. */
const isBold = (part) => part.marks.some((mark) => mark.type.name === "bold");
const isItalic = (part) => part.marks.some((mark) => mark.type.name === "italic");

/* The parts of a line: text in words and spaces, and nodes, each with its marks. */
function parts(block) {
  const list = [];
  block.forEach((node) => {
    const marks = inOrder(node.marks.filter((mark) => ORDER.includes(mark.type.name)));
    if (node.isText && !node.marks.some((mark) => mark.type.name === "code")) {
      (node.text.match(/\s+|\S+/g) || []).forEach((text) => list.push({ text, marks, space: SPACE.test(text[0]) }));
    } else if (node.isText) {
      const [, before, text, after] = /^(\s*)(.*?)(\s*)$/s.exec(node.text);
      list.push(...before ? [{ text: " ", marks, space: true }] : [], ...text ? [{ source: code(text), marks }] : [], ...after && text ? [{ text: " ", marks, space: true }] : []);
    }
    else if (node.type.name === "hardBreak") { list.push({ text: "\n", marks, space: true, isBreak: true }); }
    else if (node.type.name === "token") { list.push({ source: node.attrs.token, marks, isToken: true }); }
    else { list.push({ source: image(node.attrs, node.attrs.title), marks }); }
  });
  while (list.length && list.at(-1).space) { list.pop(); }
  while (list.length && list[0].space) { list.shift(); }
  /* White space has only the marks of both its neighbours, since marks begin and end at words, and all end with a link. */
  let before = [], next = 0;
  list.forEach((part, place) => {
    if (!part.space) { before = part.marks; return; }
    next = Math.max(next, place);
    while (list[next].space) { next += 1; }
    const after = list[next].marks, link = linkOf(before), sameLink = link ? link.eq(linkOf(after) || before) : !linkOf(after);
    part.marks = sameLink ? before.filter((mark) => after.some((each) => each.eq(mark))) : [];
  });
  [1, -1].forEach((step) => list.forEach((_part, number) => {
    const place = step > 0 ? number : list.length - 1 - number, part = list[place], beside = list[place - step];
    if (!part.isToken || !beside || beside.space || (beside.marks.length < 2 && touchesWord(beside, step) && !(isItalic(beside) && list.some(isBold)))) { return; }
    part.marks = inOrder([...part.marks, ...beside.marks.filter((mark) => mark.type.name !== "link" && !has(part, mark))]);
  }));
  /* Markdown drops spaces at the beginning and the end of a line. */
  return list.filter((part, place) => !part.space || part.isBreak || !((list[place - 1] || {}).isBreak || (list[place + 1] || {}).isBreak));
}
/* A name counts as a word, which no reference can replace: what can't begin or end beside it goes over it. A single letter
   may be written as a reference itself. */
function touchesWord(part, step) {
  const characters = [...(part.isToken ? "xx" : part.source ?? part.text)];
  return WORD.test(characters.at(step > 0 ? -1 : 0)) && (part.source !== undefined || characters.length > 1);
}
const linkOf = (marks) => marks.find((mark) => mark.type.name === "link");

/* Pieces of Markdown: text, source that stays as it is, and delimiters that open or close a mark. */
function pieces(list) {
  const out = [], open = [];
  const reach = (mark, from) => {
    let place = from;
    while (has(list[place], mark)) { place += 1; }
    return place;
  };
  const closeTo = (depth) => { while (open.length > depth) { out.push(open.pop().close); } };
  list.forEach((part, place) => {
    const depth = open.findIndex(({ mark }) => !has(part, mark));
    if (depth >= 0) { closeTo(depth); }
    const fresh = part.space ? [] : part.marks.filter((mark) => !open.some((each) => each.mark.eq(mark)));
    const outermost = (mark) => (mark.type.name === "link" ? Infinity : reach(mark, place));
    fresh.sort((one, other) => outermost(other) - outermost(one));
    if (fresh.some((mark) => mark.type.name === "link")) { closeTo(0); fresh.splice(0, fresh.length, ...part.marks); }
    fresh.forEach((mark) => {
      const end = reach(mark, place);
      if (mark.type.name === "link") {
        const { href } = mark.attrs;
        const inside = list.slice(place, end), same = inside.every((each) => each.text) && inside.map((each) => each.text).join("") === href;
        const plain = same && PLAIN_ADDRESS.test(href) && list.length > inside.length;
        open.push({ mark, plain, close: { source: plain ? ">" : `](${address(href)})` } });
        out.push({ source: plain ? "<" : "[" });
        return;
      }
      let delimiter = DELIMITERS[mark.type.name];
      if (delimiter === "*" && list.slice(Math.max(0, place - 1), end + 1).some(isBold)) { delimiter = "_"; }
      open.push({ mark, close: { source: delimiter, closes: true } });
      out.push({ source: delimiter, opens: true });
    });
    if (part.source !== undefined) { out.push({ source: part.source, isToken: part.isToken }); }
    else if (part.isBreak) { out.push({ source: "\\\n" }); }
    else if (open.some(({ plain }) => plain)) { out.push({ source: part.text }); }
    else { out.push({ text: part.text }); }
  });
  closeTo(0);
  return out;
}
/* Delimiters count only beside certain characters (CommonMark 6.2); a letter in the way is written as a reference. */
function guard(list) {
  const source = (piece) => (piece ? (piece.isToken ? "x" : piece.source ?? escaped(piece.text)) : "");
  const run = (from, step) => {
    let place = from;
    while (list[place + step] && (list[place + step].opens || list[place + step].closes) && list[place + step].source[0] === list[from].source[0]) { place += step; }
    return place;
  };
  list.forEach((piece, place) => {
    if (!piece.opens && !piece.closes) { return; }
    const first = run(place, -1), last = run(place, 1), before = list[first - 1], after = list[last + 1];
    const left = [...source(before)].at(-1) || " ", right = [...source(after)][0] || " ";
    const strict = piece.source === "_";
    if (piece.opens && WORD.test(left) && (strict || !WORD.test(right)) && before && before.text) { before.lastAsEntity = true; }
    if (piece.closes && WORD.test(right) && (strict || !WORD.test(left)) && after && after.text) { after.firstAsEntity = true; }
  });
}

function written(piece, before, next) {
  if (piece.source !== undefined) { return piece.source; }
  const characters = [...piece.text.replace(/\n/g, " ")], isToken = (other) => Boolean(other && other.isToken);
  const head = piece.firstAsEntity || (isToken(before) && characters[0] === "}") ? entity(characters.shift()) : "";
  const tail = characters.length && (piece.lastAsEntity || (isToken(next) && characters.at(-1) === "{")) ? entity(characters.pop()) : "";
  let middle = escaped(characters.join(""));
  if (!tail && middle.endsWith("!") && next && (next.source || "").startsWith("[")) { middle = `${middle.slice(0, -1)}\\!`; }
  return head + middle + tail;
}

function inline(block) {
  const list = pieces(parts(block));
  /* Words of one text are one piece again. */
  const joined = [];
  list.forEach((piece) => {
    const last = joined.at(-1);
    if (piece.text !== undefined && last && last.text !== undefined) { last.text += piece.text; } else { joined.push({ ...piece }); }
  });
  guard(joined);
  return joined.map((piece, place) => {
    const before = joined[place - 1], source = written(piece, before, joined[place + 1]);
    return before && (before.source || "").endsWith(")") && piece.text ? source.replace(/^(\s*)\{/, "$1\\{") : source;
  }).join("");
}

const paragraph = (block) => inline(block).split("\n").map((line) => line.replace(AT_START, (start, number) => (number ? `${number}\\` : "\\"))).join("\n");
const heading = (block) => {
  const line = inline(block).replace(/\\\n/g, " ").replace(/(^|\s)(#+)$/, "$1\\$2");
  return line && `${"#".repeat(block.attrs.level)} ${line}`;
};

function image({ src, alt, width, href }, caption) {
  const source = `![${escaped(alt)}](${address(src)}${title(caption)})${width ? `{width=${width}%}` : ""}`;
  return href ? `[${source}](${address(href)})` : source;
}

const prefixed = (text, first, rest) => text.split("\n").map((line, number) => (number ? rest + line : first + line).trimEnd()).join("\n");

function children(block) {
  const list = [];
  block.forEach((child) => list.push(child));
  return list;
}

/* An item of a tight list: a paragraph, and lists in it. */
function isTight(item) {
  const [first, ...others] = children(item).filter((child) => serialized(child));
  return Boolean(first) && first.type.name === "paragraph" && others.every((child) => (
    child.type.name === "bulletList" || (child.type.name === "orderedList" && child.attrs.start === 1)));
}

function list(block, alternate) {
  const items = children(block).filter((item) => children(item).some((child) => serialized(child)));
  const tight = items.every(isTight);
  return items.map((item, number) => {
    const mark = block.type.name === "bulletList" ? (alternate ? "* " : "- ") : `${block.attrs.start + number}${alternate ? ")" : "."} `;
    return prefixed(blocks(item, tight ? "\n" : "\n\n"), mark, " ".repeat(mark.length));
  }).join(tight ? "\n" : "\n\n");
}

function table(block) {
  const rows = children(block).map((row) => children(row).map((cell) => inline(cell.firstChild).replace(/\\\n/g, " ").replace(/\{name\|[^{}]*\}|\|/g, (bar) => (bar === "|" ? "\\|" : bar))));
  const width = Math.max(...rows.map((row) => row.length));
  const isHead = children(block.firstChild).every((cell) => cell.type.name === "tableHeader");
  const filled = [...isHead ? [] : [[]], ...rows].map((row) => `| ${[...row, ...Array(width - row.length).fill("")].join(" | ")} |`);
  const lines = { left: ":--", center: ":-:", right: "--:" };
  const columns = Array.from({ length: width }, (_, column) => lines[(block.firstChild.maybeChild(column) || block.firstChild).attrs.align] || "---");
  return [filled[0], `| ${columns.join(" | ")} |`, ...filled.slice(1)].join("\n");
}

function codeBlock(block) {
  const text = block.textContent, fence = "`".repeat(Math.max(3, longest(text, "`") + 1));
  return text.trim() && `${fence}\n${text}\n${fence}`;
}

/* Its lines of colons are longer than those inside. */
function callout(block) {
  const inside = blocks(block), runs = (inside.match(/^[\s>]*:{3,}\s*$/gm) || []).map((line) => longest(line, ":"));
  const fence = ":".repeat(Math.max(2, ...runs) + 1);
  return inside && `${fence} ${block.attrs.tint}\n${inside}\n${fence}`;
}

const WRITERS = {
  paragraph, heading, table, codeBlock, callout,
  blockquote: (block) => { const inside = blocks(block); return inside && prefixed(inside, "> ", "> "); },
  horizontalRule: () => "---",
  figure: (block) => image(block.attrs, block.attrs.caption),
  row: (block) => children(block).map((figure) => image(figure.attrs, figure.attrs.caption)).join("\n"),
  button: (block) => { const words = inline(block); return words && `[${words}](${address(block.attrs.href)}){button}`; },
  embed: (block) => block.attrs.url.replace(/&(?=#?\w+;)/g, "&amp;"),
};

/* Nodes never change, so that what was written of one holds as long as it is in the document. */
const known = new WeakMap();
const lists = (type) => type === "bulletList" || type === "orderedList";
function serialized(block) {
  if (!known.has(block)) { known.set(block, lists(block.type.name) ? list(block, false) : WRITERS[block.type.name](block)); }
  return known.get(block);
}

function blocks(parent, gap = "\n\n") {
  const written = [];
  let last = "", alternate = false;
  parent.forEach((block) => {
    const text = serialized(block), type = block.type.name;
    if (!text) { return; }
    alternate = type === last && !alternate;
    written.push(lists(type) && alternate ? list(block, true) : text);
    last = type;
  });
  return written.join(gap);
}

export const serialize = (document) => blocks(document);
