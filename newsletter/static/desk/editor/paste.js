/* What comes from the clipboard: HTML of word processors and web pages is brought into the form that the schema reads. */
import { Extension, pm } from "../../django_prose_editor/editor.js";
import { address } from "./dialogs.js";
import { imageFiles, insertImages } from "./images.js";
import { isAllowed } from "./schema.js";

const { DOMParser: ModelParser } = pm.model;
const { Plugin, TextSelection } = pm.state;
const ADDRESS = /^(?:https?:\/\/|www\.)[^\s<>"]+$/i;
const VIDEO = /^https?:\/\/(?:(?:www|m)\.)?(?:youtube\.com\/(?:watch\?|shorts\/|live\/)|youtu\.be\/\w|vimeo\.com\/\d|dailymotion\.com\/video\/|tiktok\.com\/@[^/]+\/video\/)|\.(?:mp3|m4a|m4b|aac|ogg|oga|opus|flac|wav|mp4|m4v|mov|webm|ogv)(?:[?#]|$)/i;
const NEVER_SHOWN = "script, style, link, meta, title, head, noscript, template, iframe, object, embed, svg, canvas, video, audio, button, input, select, textarea, nav, dialog, [hidden], [aria-hidden=true]:not(img)";
const BLOCKS = "address, article, aside, blockquote, center, dd, details, div, dl, dt, fieldset, figcaption, figure, footer, h1, h2, h3, h4, h5, h6, header, hr, li, main, ol, p, pre, section, summary, table, tbody, td, tfoot, th, thead, tr, ul";
const SMALLEST_IMAGE = 3;
/* The players of web pages, and the page that each of them plays. */
const PLAYERS = [
  [/^https?:\/\/(?:www\.)?youtube(?:-nocookie)?\.com\/embed\/([\w-]{6,20})(?:[?#]|$)/i, "https://www.youtube.com/watch?v="],
  [/^https?:\/\/player\.vimeo\.com\/video\/(\d+)/i, "https://vimeo.com/"],
  [/^https?:\/\/(?:www\.)?dailymotion\.com\/embed\/video\/(\w+)/i, "https://www.dailymotion.com/video/"],
  [/^https?:\/\/open\.spotify\.com\/embed\/(\w+\/\w+)/i, "https://open.spotify.com/"],
];
const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹", SUBSCRIPT = "₀₁₂₃₄₅₆₇₈₉";

export const isVideo = (url) => VIDEO.test(url);
const style = (element) => element.getAttribute("data-style") || "";
/* What an element's own style says of a property. */
const styleValue = (element, property) => (new RegExp(`(?:^|;)\\s*${property}\\s*:([^;]*)`, "i").exec(style(element)) || ["", ""])[1].trim();
const isBold = (weight) => /^(?:bold|bolder|[6-9]00)\b/i.test(weight);
const isNormal = (weight) => /^(?:normal|lighter|[1-5]00)\b/i.test(weight);
const unwrap = (element) => element.replaceWith(...element.childNodes);
const make = (tag, children = [], attributes = {}) => {
  const element = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
  element.append(...children);
  return element;
};
const wrap = (element, tag) => element.replaceChildren(make(tag, [...element.childNodes]));

/* Word writes items of a list as paragraphs that name their level: mso-list:l0 level2 lfo1. */
function wordLists(body) {
  const items = [...body.querySelectorAll("[data-style*='mso-list:l'], [data-style*='mso-list: l']")].filter((each) => each.matches("p, div"));
  let lists = [], last = null;
  items.forEach((paragraph) => {
    const level = Number((/level(\d+)/.exec(style(paragraph)) || [])[1] || 1);
    const marks = [...paragraph.querySelectorAll("[data-style*='mso-list:Ignore'], [data-style*='mso-list: Ignore']")];
    const isNumber = /^\s*\(?(?:\d+|[a-z]{1,4})[.)]/i.test(marks.map((each) => each.textContent).join(""));
    marks.forEach((each) => each.remove());
    if (!last || paragraph.previousElementSibling !== last) { lists = []; }
    lists.length = Math.min(lists.length, level);
    if (!lists.length) {
      lists.push(make(isNumber ? "ol" : "ul"));
      paragraph.before(lists[0]);
    }
    while (lists.length < level) {
      const parent = lists.at(-1), inner = make(isNumber ? "ol" : "ul");
      if (!parent.lastElementChild) { parent.append(make("li")); }
      parent.lastElementChild.append(inner);
      lists.push(inner);
    }
    lists.at(-1).append(make("li", [...paragraph.childNodes]));
    paragraph.remove();
    [last] = lists;
  });
}

/* A text's headings begin at the second level: where a document has a first one above it, each goes a level down. Titles
   of Word and LibreOffice are paragraphs. */
function headings(body) {
  const rename = (element, tag) => element.replaceWith(make(tag, [...element.childNodes]));
  if (body.querySelector("h1") && body.querySelector("h2")) {
    [3, 2, 1].forEach((level) => body.querySelectorAll(`h${level}`).forEach((each) => rename(each, `h${level + 1}`)));
  }
  body.querySelectorAll("p.MsoTitle, p font[size='6'], p font[size='7']").forEach((each) => {
    const paragraph = each.closest("p");
    if (each.textContent.trim() === paragraph.textContent.trim()) { rename(paragraph, "h2"); }
  });
}

/* A list belongs into the item before it; Google Docs and old editors write it after that. */
function nestedLists(body) {
  body.querySelectorAll("ul > ul, ul > ol, ol > ul, ol > ol").forEach((list) => {
    if (!list.previousElementSibling) { list.before(make("li")); }
    list.previousElementSibling.append(list);
  });
}

/* Bold, italic and strike that styles say. */
function styledMarks(body) {
  body.querySelectorAll("b, strong").forEach((each) => { if (isNormal(styleValue(each, "font-weight"))) { unwrap(each); } });
  body.querySelectorAll("i, em").forEach((each) => { if (isNormal(styleValue(each, "font-style"))) { unwrap(each); } });
  [...body.querySelectorAll("[data-style]")].reverse().forEach((each) => {
    if (each.querySelector(BLOCKS) || each.matches("pre, table, tr, ul, ol, img") || !each.textContent.trim()) { return; }
    const isHeading = each.closest("h1, h2, h3, h4, h5, h6");
    if (isBold(styleValue(each, "font-weight")) && !isHeading && !each.matches("b, strong, th")) { wrap(each, "strong"); }
    if (/^(?:italic|oblique)/i.test(styleValue(each, "font-style")) && !isHeading && !each.matches("i, em")) { wrap(each, "em"); }
    if (/line-through/i.test(styleValue(each, "text-decoration(?:-line)?")) && !each.matches("s, del, strike")) { wrap(each, "s"); }
  });
  body.querySelectorAll("h1, h2, h3, h4, h5, h6").forEach((heading) => heading.querySelectorAll("b, strong").forEach(unwrap));
}

/* A table that only arranges what it holds, such as one with a single column or with blocks in cells. */
function layoutTables(body) {
  [...body.querySelectorAll("table")].reverse().forEach((table) => {
    const widest = Math.max(0, ...[...table.rows].map((row) => row.cells.length));
    const blocks = table.querySelector("table, ul, ol, blockquote, h1, h2, h3, h4, h5, h6, img, pre");
    if (widest > 1 && !blocks && table.getAttribute("role") !== "presentation") { return; }
    table.replaceWith(...[...table.rows].flatMap((row) => [...row.cells]).map((each) => make("div", [...each.childNodes])));
  });
  body.querySelectorAll("table").forEach((table) => {
    const first = table.rows[0];
    if (!first) { return; }
    [...first.cells].filter((cell) => cell.tagName === "TD").forEach((cell) => cell.replaceWith(make("th", [...cell.childNodes])));
    [...table.rows].slice(1).forEach((row) => [...row.cells].filter((cell) => cell.tagName === "TH").forEach((cell) => cell.replaceWith(make("td", [...cell.childNodes]))));
    table.querySelectorAll("td, th").forEach((each) => {
      each.querySelectorAll("br").forEach((line) => line.replaceWith(" "));
      [...each.children].filter((child) => child.matches(BLOCKS)).forEach((child) => { child.append(" "); unwrap(child); });
    });
    table.querySelectorAll("caption").forEach((caption) => { table.before(make("p", [...caption.childNodes])); caption.remove(); });
  });
}

/* An image stands alone, with its caption; one that an email can't fetch is left out. Returns how many are. */
function figures(body) {
  let left = 0;
  body.querySelectorAll("img").forEach((image) => {
    const { src } = { src: image.getAttribute("src") || "" }, sizes = ["width", "height"].map((name) => parseInt(image.getAttribute(name), 10));
    const tiny = sizes.some((size) => size < SMALLEST_IMAGE);
    if (tiny || !/^(https?:\/\/|\/images\/)/i.test(src)) {
      left += tiny ? 0 : 1;
      image.remove();
      return;
    }
    const link = image.closest("a[href]"), around = image.closest("figure"), caption = around && around.querySelector("figcaption");
    const figure = make("figure", [make("img", [], { src, alt: image.getAttribute("alt") || "" })], link ? { "data-href": link.getAttribute("href") } : {});
    if (caption) { figure.append(make("figcaption", [caption.textContent])); }
    const place = around || (link && link.textContent.trim() === "" ? link : image);
    place.replaceWith(figure);
  });
  return left;
}

function links(body) {
  body.querySelectorAll("a").forEach((link) => {
    let href = (link.getAttribute("href") || "").trim();
    const behind = /^https:\/\/www\.google\.com\/url\?(?:.*&)?q=([^&]+)/.exec(href);
    if (behind) { href = decodeURIComponent(behind[1]); }
    if (!isAllowed(href) || href.startsWith("#") || href.startsWith("/")) { unwrap(link); } else { link.setAttribute("href", href); }
  });
}

/* Two line breaks divide paragraphs; one at the end of a block says nothing. */
function lineBreaks(body) {
  const isEmpty = (node) => !node || (node.nodeType === 3 && !node.data.trim());
  body.querySelectorAll("br").forEach((line) => {
    let next = line.nextSibling;
    while (next && next.nodeType === 3 && !next.data.trim()) { next = next.nextSibling; }
    const block = line.closest("p, div, li, td, th, blockquote, h1, h2, h3, h4, h5, h6") || body;
    if (next && next.nodeName === "BR") {
      const rest = [];
      for (let node = next.nextSibling; node; node = node.nextSibling) { rest.push(node); }
      next.remove();
      line.remove();
      if (block !== body && rest.length && rest[0].parentNode === block && block.matches("p, div")) { block.after(make(block.tagName, rest)); }
      else if (rest.length) { rest[0].before(make("hr", [], { "data-gap": "" })); }
    } else if (isEmpty(next) && !(next && next.nextSibling) && line.parentNode === block) { line.remove(); }
  });
  body.querySelectorAll("hr[data-gap]").forEach((gap) => gap.replaceWith(make("div")));
}

function definitions(body) {
  body.querySelectorAll("dt").forEach((term) => term.replaceWith(make("p", [make("strong", [...term.childNodes])])));
  body.querySelectorAll("dd").forEach((each) => each.replaceWith(make("p", [...each.childNodes])));
}

/* A player becomes the card of its video or recording, or a link to its page; a frame that is no known player has none. */
function players(body) {
  body.querySelectorAll("iframe, video, audio").forEach((player) => {
    const file = player.querySelector("source[src]"), src = (player.getAttribute("src") || (file ? file.getAttribute("src") : "")).replace(/^\/\//, "https://");
    const [match, page] = PLAYERS.map(([pattern, start]) => [pattern.exec(src), start]).find(([found]) => found) || [];
    const url = match ? page + match[1] : src;
    if (isVideo(url) && /^https?:/i.test(url)) { player.replaceWith(make("p", [], { "data-video": url })); }
    else if (match) { player.replaceWith(make("p", [make("a", [url], { href: url })])); }
  });
}

/* Digits that are raised or lowered stay so: they would be read as part of the word before. */
function raisedDigits(body) {
  [["sup", "super", SUPERSCRIPT], ["sub", "sub", SUBSCRIPT]].forEach(([tag, align, digits]) => {
    const styled = [...body.querySelectorAll("[data-style]")].filter((each) => styleValue(each, "vertical-align").startsWith(align));
    [...body.querySelectorAll(tag), ...styled].forEach((each) => {
      if (/^\s*\d+\s*$/.test(each.textContent)) { each.textContent = each.textContent.trim().replace(/\d/g, (digit) => digits[digit]); }
    });
  });
}

/* Clipboard HTML as HTML that the schema reads, and how many images were left out. Styles are read as text: the page's
   policy lets none apply, not even in a document that is never shown. */
export function cleaned(html) {
  const safe = html.replace(/<!--[\s\S]*?-->|<!\[(?:if|endif)[^>]*>|<(style|script)\b[\s\S]*?<\/\1>/gi, "")
    .replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/(["'\s/])(style|on\w+)\s*=/gi, "$1data-$2="));
  const { body } = new DOMParser().parseFromString(safe, "text/html");
  if (body.querySelector("[data-pm-slice]")) { return { html: body.innerHTML, left: 0 }; }
  players(body);
  body.querySelectorAll(NEVER_SHOWN).forEach((each) => each.remove());
  body.querySelectorAll("[data-style]").forEach((each) => { if (/display:\s*none|mso-hide:\s*all|visibility:\s*hidden/i.test(style(each))) { each.remove(); } });
  headings(body);
  wordLists(body);
  nestedLists(body);
  styledMarks(body);
  links(body);
  raisedDigits(body);
  const left = figures(body);
  definitions(body);
  layoutTables(body);
  lineBreaks(body);
  [...body.querySelectorAll("p, div, h1, h2, h3, h4, h5, h6, li, blockquote")].reverse().forEach((each) => {
    if (!each.textContent.replace(/\u00a0/g, " ").trim() && !each.querySelector("img, hr, br, li, [data-video]") && !each.matches("[data-video]")) { each.remove(); }
  });
  body.querySelectorAll("[data-style], [class], [id]").forEach((each) => ["data-style", "class", "id"].forEach((name) => each.removeAttribute(name)));
  body.querySelectorAll("[data-video]").forEach((each) => each.replaceWith(make("p", [], { class: "embed", "data-url": each.dataset.video })));
  return { html: body.innerHTML, left };
}

const ITEM = { ul: /^\s*[-*•◦▪‣–]\s+/, ol: /^\s*\d{1,3}[.)]\s+/ }, QUOTED = /^>\s?/;
const IMAGE = /^\s*!\[([^\]]*)\]\((https?:\/\/[^\s()]+)\)\s*$/i, TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
/* Word processors set off the items of lists; in other lines a dash or a number may begin a sentence. */
const CERTAIN = /^\s*[•◦▪‣]\s|^[ \t]{2,}(?:[-*–]|\d{1,3}[.)])\s/;
const kindOf = (line) => Object.keys(ITEM).find((kind) => ITEM[kind].test(line));

/* Lines as items of lists, by their indents. */
function addItems(body, lines) {
  const open = [];
  lines.forEach((line) => {
    const indent = line.search(/\S/), kind = kindOf(line), before = body.lastElementChild;
    if (!open.length && before && before.matches(kind)) { open.push({ indent, list: before }); }
    while (open.length && (open.at(-1).indent > indent || (open.at(-1).indent === indent && !open.at(-1).list.matches(kind)))) { open.pop(); }
    if (!open.length || open.at(-1).indent < indent) {
      const list = make(kind);
      (open.length ? open.at(-1).list.lastElementChild : body).append(list);
      open.push({ indent, list });
    }
    open.at(-1).list.append(make("li", [line.replace(ITEM[kind], "")]));
  });
}

/* The table that rows of Markdown make, or null. */
function tableOf(rows) {
  if (rows.length < 2 || !rows[0].includes("|") || !TABLE_RULE.test(rows[1])) { return null; }
  const cells = (row) => row.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((each) => each.trim().replace(/\\\|/g, "|"));
  const [head, , ...body] = rows.map(cells), fitting = (row) => head.map((_each, at) => row[at] || "");
  return make("table", [make("tr", head.map((each) => make("th", [each]))), ...body.map((row) => make("tr", fitting(row).map((each) => make("td", [each]))))]);
}

/* Plain text: paragraphs, headings, quotations, lists, images and tables as they are written in mails, notes and Markdown. */
export function ofPlainText(text) {
  const body = make("div");
  const paragraph = (rows) => make("p", rows.flatMap((line, number) => [...number ? [make("br")] : [], line]));
  text.replace(/\r\n?/g, "\n").split(/\n[ \t]*\n+/).filter((each) => each.trim()).forEach((part) => {
    const rows = part.split("\n").filter((line) => line.trim());
    const heading = rows.length === 1 && /^(#{1,4})\s+(.*)$/.exec(rows[0]);
    if (heading) { body.append(make(`h${Math.max(2, heading[1].length)}`, [heading[2]])); return; }
    if (rows.every((line) => QUOTED.test(line))) {
      body.append(make("blockquote", [paragraph(rows.map((line) => line.replace(QUOTED, "")))]));
      return;
    }
    const image = rows.length === 1 && IMAGE.exec(rows[0]), table = tableOf(rows);
    if (image || table) {
      body.append(table || make("figure", [make("img", [], { src: image[2], alt: image[1] })]));
      return;
    }
    const isList = rows.every(kindOf), isItem = (line) => isList || CERTAIN.test(line);
    while (rows.length) {
      const length = rows.findIndex((line) => isItem(line) !== isItem(rows[0])), run = rows.splice(0, length < 0 ? rows.length : length);
      if (isItem(run[0])) { addItems(body, run); } else { body.append(paragraph(run)); }
    }
  });
  return body;
}

/* An address that is pasted: over a selection a link to it, alone in its paragraph a video, else a link that shows it. */
function pasteAddress(view, text) {
  if (!ADDRESS.test(text)) { return false; }
  const { state } = view, { selection, schema, tr } = state, url = address(text), { $from } = selection;
  if ($from.parent.type.spec.code) { return false; }
  const link = schema.marks.link.create({ href: url });
  if (!selection.empty && $from.sameParent(selection.$to) && $from.parent.inlineContent) {
    tr.addMark(selection.from, selection.to, link).setSelection(TextSelection.create(tr.doc, selection.to)).removeStoredMark(link);
  } else if (isVideo(url) && $from.parent.type.name === "paragraph" && !$from.parent.content.size) {
    const card = schema.nodes.embed.create({ url }), end = $from.before() + card.nodeSize;
    tr.replaceWith($from.before(), $from.after(), [card, schema.nodes.paragraph.create()]).setSelection(TextSelection.create(tr.doc, end + 1));
  } else { tr.replaceSelectionWith(schema.text(text, [link]), false); }
  view.dispatch(tr.scrollIntoView().setMeta("paste", true));
  return true;
}

export const Pasting = Extension.create({
  name: "pasting",
  addOptions: () => ({ onLeftOut: () => {} }),
  addProseMirrorPlugins() {
    const { editor, options } = this;
    return [new Plugin({
      props: {
        transformPastedHTML(html) {
          const { html: clean, left } = cleaned(html);
          if (left) { options.onLeftOut(left); }
          return clean;
        },
        clipboardTextParser: (text, _context, plain, view) => {
          const parser = ModelParser.fromSchema(view.state.schema);
          return parser.parseSlice(ofPlainText(text), { preserveWhitespace: true });
        },
        handlePaste(view, event) {
          const data = event.clipboardData, files = imageFiles(data), hasText = data.types.includes("text/html") && new RegExp("<(?!img|meta)[a-z]", "i").test(data.getData("text/html").replace(/<\/?(html|body|head)[^>]*>|<!--.*?-->/gi, ""));
          if (files.length && !hasText) {
            insertImages(editor, files);
            return true;
          }
          return pasteAddress(view, data.getData("text/plain").trim());
        },
        handleDrop(view, event, _slice, moved) {
          const files = imageFiles(event.dataTransfer);
          if (moved || !files.length) { return false; }
          event.preventDefault();
          insertImages(editor, files, view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos);
          return true;
        },
      },
    })];
  },
});
