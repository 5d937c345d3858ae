/* What a text can contain: the nodes and marks that an email can show, and their HTML as the server writes it. */
import * as engine from "../../django_prose_editor/editor.js";

const { InputRule, Mark, Node, PasteRule, wrappingInputRule, textblockTypeInputRule, nodeInputRule } = engine;
const { DOMParser: ModelParser } = engine.pm.model;
const { Plugin } = engine.pm.state;

export const TINTS = ["note", "tip", "warning", "sponsor"];
export const WIDTHS = [25, 50, 75];
export const MOST_IN_A_ROW = 3;
const BEGINNINGS = "(?:https?:|mailto:|tel:|[/#])";
const ALLOWED_ADDRESS = new RegExp(`^${BEGINNINGS}`, "i");
const WORDS_WITH_ADDRESS = `(?<!!)\\[([^\\[\\]{}]+)\\]\\((${BEGINNINGS}[^\\s()]+)\\)`;

export const isAllowed = (url) => ALLOWED_ADDRESS.test(url || "");
const silent = (names, empty = "") => Object.fromEntries(names.map((name) => [name, { default: empty, rendered: false }]));
const text = (element, selector) => (element.querySelector(selector)?.textContent || "").trim().replace(/\s+/g, " ");

function imageOf(element) {
  const image = element.querySelector("img[src]"), link = element.querySelector("a[href]");
  if (!image) { return false; }
  const href = link ? link.getAttribute("href") : element.dataset.href || "";
  const width = parseInt(image.dataset.width, 10);
  return {
    src: image.getAttribute("src"), alt: image.getAttribute("alt") || "", caption: text(element, "figcaption"),
    width: WIDTHS.includes(width) ? width : "", href: isAllowed(href) ? href : "",
  };
}

const Figure = Node.create({
  name: "figure", group: "block", atom: true, draggable: true,
  addAttributes: () => silent(["src", "alt", "caption", "width", "href"]),
  parseHTML: () => [{ tag: "figure", getAttrs: imageOf }],
  renderHTML: ({ node: { attrs: { src, alt, caption, width, href } } }) => [
    "figure", href ? { "data-href": href } : {},
    ["img", { src, alt, ...width ? { "data-width": width } : {} }], ...caption ? [["figcaption", caption]] : [],
  ],
});

/* An image within a line of text, which only Markdown can make. */
const InlineImage = Node.create({
  name: "image", group: "inline", inline: true, atom: true, draggable: true,
  addAttributes: () => silent(["src", "alt", "title"]),
  parseHTML: () => [{ tag: "img[src]", getAttrs: (image) => Object.fromEntries(["src", "alt", "title"].map((name) => [name, image.getAttribute(name) || ""])) }],
  renderHTML: ({ node: { attrs } }) => ["img", { src: attrs.src, alt: attrs.alt }],
});

/* A row keeps two or three images: with one it ends, and further ones stand below it. */
const Row = Node.create({
  name: "row", group: "block", content: "figure+", isolating: true,
  parseHTML: () => [{ tag: "div.row" }],
  renderHTML: () => ["div", { class: "row" }, 0],
  addProseMirrorPlugins: () => [new Plugin({
    appendTransaction: (transactions, _before, state) => {
      if (!transactions.some((each) => each.docChanged)) { return null; }
      const rows = [];
      state.doc.descendants((node, place) => {
        if (node.type.name === "row" && (node.childCount < 2 || node.childCount > MOST_IN_A_ROW)) { rows.push([node, place]); }
        return !node.isTextblock;
      });
      const change = state.tr;
      rows.reverse().forEach(([node, place]) => {
        const figures = [];
        node.forEach((figure) => figures.push(figure));
        const inside = figures.slice(0, MOST_IN_A_ROW), outside = figures.slice(MOST_IN_A_ROW);
        const row = inside.length > 1 ? [node.type.create(null, inside)] : inside;
        change.replaceWith(place, place + node.nodeSize, [...row, ...outside]);
      });
      return rows.length ? change : null;
    },
  })],
});

const Button = Node.create({
  name: "button", group: "block", content: "text*", marks: "bold italic", defining: true,
  addAttributes: () => silent(["href"]),
  parseHTML: () => [{
    tag: "p.button", priority: 60, contentElement: (element) => element.querySelector("a") || element,
    getAttrs: (element) => ({ href: element.querySelector("a")?.getAttribute("href") || "" }),
  }],
  renderHTML: ({ node }) => ["p", { class: "button" }, ["a", { href: node.attrs.href }, 0]],
});

const Callout = Node.create({
  name: "callout", content: "(block | section)+", defining: true,
  addAttributes: () => ({ tint: { default: TINTS[0], parseHTML: (element) => element.dataset.tint, renderHTML: ({ tint }) => ({ "data-tint": tint }) } }),
  parseHTML: () => [{ tag: "div.callout", getAttrs: (element) => (TINTS.includes(element.dataset.tint) ? null : false) }],
  /* `label` names a tint for screen readers. */
  addOptions: () => ({ label: () => "" }),
  renderHTML({ node, HTMLAttributes }) {
    return ["div", { class: "callout", role: "note", "aria-label": this.options.label(node.attrs.tint), ...HTMLAttributes }, 0];
  },
  addInputRules() {
    return [wrappingInputRule({ find: /^:::\s?(note|tip|warning|sponsor)\s$/, type: this.type, getAttributes: ([, tint]) => ({ tint }) })];
  },
});

const Embed = Node.create({
  name: "embed", group: "block", atom: true, draggable: true,
  addAttributes: () => silent(["url"]),
  parseHTML: () => [{ tag: "p.embed", priority: 60, getAttrs: (element) => ({ url: element.dataset.url || "" }) }],
  renderHTML: ({ node: { attrs: { url } } }) => ["p", { class: "embed", "data-url": url }, url],
});

const Token = Node.create({
  name: "token", group: "inline", inline: true, atom: true,
  addAttributes: () => silent(["token"], "{name}"),
  parseHTML: () => [{ tag: "span.token", getAttrs: (element) => ({ token: `{${element.dataset.token || "name"}}` }) }],
  renderHTML: ({ node: { attrs: { token } } }) => ["span", { class: "token", "data-token": token.slice(1, -1) }, token],
  renderText: ({ node }) => node.attrs.token,
  addInputRules() {
    return [nodeInputRule({ find: /\{name(?:\|[^{}]*)?\}$/, type: this.type, getAttributes: ([token]) => ({ token }) })];
  },
});

/* Make a link of [words](address), whose last character may not be in the text yet. */
function linkWords({ state: { tr, schema }, range: { from, to }, match: [, words, href] }) {
  const end = from + 1 + words.length;
  tr.delete(end, to).addMark(from + 1, end, schema.marks.link.create({ href })).delete(from, from + 1);
}

const Link = Mark.create({
  name: "link", priority: 1000, inclusive: false,
  addAttributes: () => silent(["href"]),
  parseHTML: () => [{ tag: "a[href]", getAttrs: (link) => isAllowed(link.getAttribute("href")) && { href: link.getAttribute("href") } }],
  renderHTML: ({ mark: { attrs: { href } } }) => ["a", { href }, 0],
  addInputRules: () => [new InputRule({ find: new RegExp(`${WORDS_WITH_ADDRESS}$`, "i"), handler: linkWords })],
  addPasteRules: () => [new PasteRule({ find: new RegExp(WORDS_WITH_ADDRESS, "gi"), handler: linkWords })],
});

const Heading = engine.Heading.extend({
  parseHTML: () => [1, 2, 3, 4, 5, 6].map((level) => ({ tag: `h${level}`, attrs: { level: Math.min(4, Math.max(2, level)) } })),
  addInputRules() {
    return [[/^##?\s$/, 2], [/^###\s$/, 3], [/^####\s$/, 4]].map(([find, level]) => textblockTypeInputRule({ find, type: this.type, getAttributes: { level } }));
  },
}).configure({ levels: [2, 3, 4] });

const OrderedList = engine.OrderedList.extend({
  addAttributes: () => ({ start: { default: 1, parseHTML: (list) => (list.hasAttribute("start") ? parseInt(list.getAttribute("start"), 10) || 0 : 1), renderHTML: ({ start }) => (start === 1 ? {} : { start }) } }),
  addNodeView: () => null,
  addInputRules() {
    return [wrappingInputRule({
      find: /^(\d{1,9})[.)]\s$/, type: this.type, getAttributes: ([, start]) => ({ start: Number(start) }),
      joinPredicate: ([, start], list) => list.childCount + list.attrs.start === Number(start),
    })];
  },
});

/* Markdown has a line of text in a cell, and no merged ones; a column is aligned as its heading is. */
const ALIGNED = ["left", "center", "right"];
const cell = (node) => node.extend({
  content: "paragraph",
  addAttributes: () => ({
    ...Object.fromEntries([["colspan", 1], ["rowspan", 1], ["colwidth", null]].map(([name, only]) => [name, { default: only, rendered: false, parseHTML: () => only }])),
    align: { default: null, parseHTML: ({ align }) => (ALIGNED.includes(align) ? align : null), renderHTML: ({ align }) => (align ? { align } : {}) },
  }),
});

const Strike = engine.Strike.extend({ parseHTML: () => ["s", "del", "strike"].map((tag) => ({ tag })) });
const Bold = engine.Bold.extend({ parseHTML: () => ["strong", "b"].map((tag) => ({ tag })) });
const Italic = engine.Italic.extend({ parseHTML: () => ["em", "i", "cite"].map((tag) => ({ tag })) });

export const nodes = (label) => [
  engine.Document.extend({ content: "(block | section | callout)+" }), engine.Paragraph, engine.Text, engine.HardBreak,
  Heading, engine.Blockquote, engine.BulletList, OrderedList, engine.ListItem.extend({ content: "block+" }), engine.CodeBlock,
  engine.HorizontalRule.extend({ group: "section" }),
  engine.Table.extend({ addNodeView: () => null }), engine.TableRow, cell(engine.TableCell), cell(engine.TableHeader),
  Figure, InlineImage, Row, Button, Callout.configure({ label }), Embed, Token,
  Link, Bold, Italic, Strike, engine.Code.extend({ excludes: "" }),
];

/* The document of the server's HTML. */
export function parse(schema, html) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  body.querySelectorAll("pre > code").forEach((code) => { code.textContent = code.textContent.replace(/\n$/, ""); });
  /* A button has words only; its name is written as text. */
  body.querySelectorAll(".button .token").forEach((token) => token.replaceWith(`{${token.dataset.token}}`));
  return ModelParser.fromSchema(schema).parse(body);
}
