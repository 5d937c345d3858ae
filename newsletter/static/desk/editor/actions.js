/* What the toolbar, the menu and the keys do, by name. */
import { pm } from "../../django_prose_editor/editor.js";
import { askButton, askLink, askName, askVideo } from "./dialogs.js";
import { canSetSideBySide, changeImage, insertImages, isInRow, selectedFigure, toggleSideBySide } from "./images.js";
import { TINTS } from "./schema.js";

const { TextSelection } = pm.state;
const ADDRESS = /^(https?:\/\/|www\.)\S+$/;

const mark = (name) => ({ run: (editor) => editor.chain().focus().toggleMark(name).run(), active: (editor) => editor.isActive(name), can: (editor) => editor.can().toggleMark(name) });
const command = (name, ...given) => ({ run: (editor) => editor.chain().focus()[name](...given).run(), can: (editor) => editor.can()[name](...given) });
const block = (type, name, attrs) => ({ ...command(name, attrs), active: (editor) => editor.isActive(type, attrs) });
const selectedText = ({ state: { doc, selection } }) => doc.textBetween(selection.from, selection.to, " ");
const textNode = (text, attrs) => ({ type: "text", text, ...attrs ? { marks: [{ type: "link", attrs }] } : {} });

async function link(editor) {
  if (editor.isActive("link")) { editor.chain().focus().extendMarkRange("link").run(); }
  const { from, to } = editor.state.selection, before = selectedText(editor), isAddress = ADDRESS.test(before);
  const { href } = editor.getAttributes("link");
  const answer = await askLink(editor, { text: isAddress && !href ? "" : before, url: href || (isAddress ? before : "") });
  if (!answer) { return; }
  const chain = editor.chain().setTextSelection({ from, to }), attrs = { href: answer.href };
  if (answer.text === before.trim().replace(/\s+/g, " ") && before) { chain.setMark("link", attrs).setTextSelection(to).run(); }
  else { chain.insertContent(textNode(answer.text, attrs)).run(); }
}

/* The block of this type that holds the selection, with its place. */
function around({ state: { selection: { $from } } }, type) {
  for (let depth = $from.depth; depth > 0; depth -= 1) {
    if ($from.node(depth).type.name === type) { return { node: $from.node(depth), place: $from.before(depth) }; }
  }
  return null;
}

async function button(editor) {
  const existing = around(editor, "button");
  const answer = await askButton(editor, existing ? { text: existing.node.textContent, url: existing.node.attrs.href } : { text: selectedText(editor) });
  if (!answer) { return; }
  const node = { type: "button", attrs: { href: answer.href }, content: [textNode(answer.text)] };
  if (!existing) { editor.chain().insertContent([node, { type: "paragraph" }]).scrollIntoView().run(); }
  else if (existing.node.textContent === answer.text) { editor.commands.updateAttributes("button", { href: answer.href }); }
  else { editor.commands.insertContentAt({ from: existing.place, to: existing.place + existing.node.nodeSize }, node); }
}

async function name(editor) {
  const { selection } = editor.state, existing = selection.node && selection.node.type.name === "token" ? selection.node.attrs.token : "";
  const token = await askName(editor, { fallback: existing.slice(1, -1).split("|")[1] || "" });
  if (token) { editor.commands.insertContent({ type: "token", attrs: { token } }); }
}

async function video(editor) {
  const existing = editor.isActive("embed") ? editor.getAttributes("embed").url : "";
  const answer = await askVideo(editor, { url: existing });
  if (answer && existing) { editor.commands.updateAttributes("embed", answer); }
  else if (answer) { editor.chain().insertContent([{ type: "embed", attrs: answer }, { type: "paragraph" }]).scrollIntoView().run(); }
}

const callout = (tint) => ({
  run(editor) {
    if (editor.isActive("callout")) { editor.chain().focus().updateAttributes("callout", { tint }).run(); }
    else { editor.chain().focus().wrapIn("callout", { tint }).run(); }
  },
  active: (editor) => editor.isActive("callout", { tint }),
  can: (editor) => editor.isActive("callout") || editor.can().wrapIn("callout", { tint }),
});

/* The contents of a box stay when it is removed. */
function unwrap(editor) {
  const { node, place } = around(editor, "callout"), { state, view } = editor, change = state.tr;
  change.replaceWith(place, place + node.nodeSize, node.content);
  change.setSelection(TextSelection.near(change.doc.resolve(Math.max(0, state.selection.from - 1))));
  view.dispatch(change);
  view.focus();
}

function remove(editor) {
  if (editor.state.selection.node) { editor.chain().focus().deleteSelection().run(); }
  else { editor.chain().focus().deleteNode("button").run(); }
}

/* A block of its own, before an empty line to go on writing. */
const inserted = (type) => ({ run: (editor) => editor.chain().focus().insertContent([{ type }, { type: "paragraph" }]).run() });

export const actions = {
  bold: mark("bold"), italic: mark("italic"), strike: mark("strike"), code: mark("code"),
  heading: block("heading", "toggleHeading", { level: 2 }), subheading: block("heading", "toggleHeading", { level: 3 }),
  bullets: block("bulletList", "toggleBulletList"), numbers: block("orderedList", "toggleOrderedList"),
  quote: block("blockquote", "toggleBlockquote"), codeblock: block("codeBlock", "toggleCodeBlock"),
  undo: command("undo"), redo: command("redo"),
  link: { run: link, active: (editor) => editor.isActive("link") }, unlink: { run: (editor) => editor.chain().focus().extendMarkRange("link").unsetMark("link").run() },
  image: { run: (editor) => (selectedFigure(editor) ? changeImage(editor) : insertImages(editor)) },
  beside: { run: toggleSideBySide, active: isInRow, can: canSetSideBySide },
  button: { run: button }, name: { run: name }, video: { run: video },
  divider: inserted("horizontalRule"),
  table: { run: (editor) => editor.chain().focus().insertTable({ rows: 3, cols: 2, withHeaderRow: true }).run() },
  addRow: command("addRowAfter"), addColumn: command("addColumnAfter"), removeColumn: command("deleteColumn"), removeTable: command("deleteTable"),
  removeRow: { ...command("deleteRow"), can: (editor) => !editor.isActive("tableHeader") },
  ...Object.fromEntries(TINTS.map((tint) => [tint, callout(tint)])), unwrap: { run: unwrap }, remove: { run: remove },
};
