/* Images: inserted, changed, set side by side, and taken from the clipboard or from files that are dropped. */
import { pm } from "../../django_prose_editor/editor.js";
import { askImage } from "./dialogs.js";
import { MOST_IN_A_ROW } from "./schema.js";

const { Fragment, Slice } = pm.model;
const { NodeSelection } = pm.state;
const { dropPoint } = pm.transform;

export const selectedFigure = ({ state: { selection } }) => (selection.node && selection.node.type.name === "figure" ? selection.node : null);
export const imageFiles = (data) => [...(data ? data.files : [])].filter((file) => file.type.startsWith("image/"));

const listOf = (file) => {
  const data = new DataTransfer();
  data.items.add(file);
  return data.files;
};

/* The place between two blocks that is nearest to where images are dropped. */
function between({ doc, schema }, nodes, place) {
  const content = Fragment.fromArray(nodes.map((each) => schema.nodeFromJSON(each))), dropped = Math.min(place, doc.content.size);
  return dropPoint(doc, dropped, new Slice(content, 0, 0)) ?? doc.content.size;
}

/* Insert images in a block of their own, two or three of them side by side: at the caret, or between the blocks at a place. */
function insert(editor, figures, place) {
  const content = figures.map((attrs) => ({ type: "figure", attrs }));
  const nodes = content.length > 1 && content.length <= MOST_IN_A_ROW ? [{ type: "row", content }] : content;
  if (place === undefined) { editor.chain().insertContent([...nodes, { type: "paragraph" }]).scrollIntoView().run(); }
  else { editor.chain().insertContentAt(between(editor.state, nodes, place), nodes).scrollIntoView().run(); }
  /* An image that is loaded moves the caret down. */
  const loading = [...editor.view.dom.querySelectorAll("img")].filter((image) => !image.complete);
  loading.forEach((image) => image.addEventListener("load", () => { if (!editor.isDestroyed && editor.isFocused) { editor.commands.scrollIntoView(); } }, { once: true }));
}

/* Ask for an image, or for each of these files, and insert them. */
export async function insertImages(editor, files = [], place = undefined) {
  const alt = editor.state.doc.textBetween(editor.state.selection.from, editor.state.selection.to, " ");
  const figures = [];
  for (const file of files.length ? files : [null]) {
    const figure = await askImage(editor, { files: file && listOf(file), ...file ? {} : { alt } });
    if (figure) { figures.push(figure); }
  }
  if (figures.length) { insert(editor, figures, place); }
}

export async function changeImage(editor) {
  const { from } = editor.state.selection;
  const attrs = await askImage(editor, selectedFigure(editor).attrs);
  if (attrs) { editor.chain().setNodeSelection(from).updateAttributes("figure", attrs).run(); }
}

/* The images beside the selected one that it can share a row with: the one above, or else the one below. */
function neighbour({ $from }) {
  if ($from.parent.type.name === "row") { return null; }
  const index = $from.index(), fits = (node) => node && (node.type.name === "figure" || (node.type.name === "row" && node.childCount < MOST_IN_A_ROW));
  const before = index > 0 && $from.parent.child(index - 1), after = index + 1 < $from.parent.childCount && $from.parent.child(index + 1);
  if (fits(before)) { return { from: $from.pos - before.nodeSize, nodes: [before, $from.nodeAfter] }; }
  return fits(after) ? { from: $from.pos, nodes: [$from.nodeAfter, after] } : null;
}

export const canSetSideBySide = (editor) => Boolean(selectedFigure(editor)) && (isInRow(editor) || Boolean(neighbour(editor.state.selection)));
export const isInRow = ({ state: { selection } }) => selection.$from.parent.type.name === "row";

/* Set the selected image beside its neighbour, or take its row apart. */
export function toggleSideBySide(editor) {
  const { state, view } = editor, { selection, schema, tr } = state, figures = [];
  if (isInRow(editor)) {
    const start = selection.$from.before();
    selection.$from.parent.forEach((figure) => figures.push(figure));
    tr.replaceWith(start, start + selection.$from.parent.nodeSize, figures);
    tr.setSelection(NodeSelection.create(tr.doc, start));
  } else {
    const pair = neighbour(selection);
    if (!pair) { return; }
    pair.nodes.forEach((node) => (node.type.name === "row" ? node.forEach((figure) => figures.push(figure)) : figures.push(node)));
    const size = pair.nodes.reduce((sum, node) => sum + node.nodeSize, 0), place = figures.indexOf(selection.node);
    tr.replaceWith(pair.from, pair.from + size, schema.nodes.row.create(null, figures));
    tr.setSelection(NodeSelection.create(tr.doc, pair.from + 1 + place));
  }
  view.dispatch(tr.scrollIntoView());
  view.focus();
}
