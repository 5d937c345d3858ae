/* The editor of one text: ProseMirror and Tiptap (from django-prose-editor) with our schema, menu and keys. */
import { Dropcursor, Editor, Extension, Gapcursor, Placeholder, TrailingNode, UndoRedo } from "../../django_prose_editor/editor.js";
import { actions } from "./actions.js";
import { Pasting } from "./paste.js";
import { nodes, parse } from "./schema.js";
import { serialize } from "./serialize.js";
import { SlashMenu } from "./slash.js";
import { Toolbar } from "./toolbar.js";

export { Toolbar, actions, parse, serialize };

/* What the page's header, the toolbar and the bars below cover, in pixels. A draft has a header of its own on wide screens. */
const covered = () => ({ top: innerWidth > 960 && document.querySelector(".heading") ? 204 : 110, bottom: 112, left: 0, right: 0 });

/* Change a node that has a dialog. */
function edit(host, node) {
  const action = node && { figure: "image", token: "name", embed: "video" }[node.type.name];
  if (action) { host.run(action); }
  return Boolean(action);
}

/* Move the selected blocks, or the items of a list, past the one before (-1) or after them (1). */
function moveBlocks({ state, view }, step) {
  const { tr, selection: { $from, $to } } = state, shared = $from.sharedDepth($to.pos);
  let depth = shared;
  while (depth > 0 && $from.node(depth).type.name !== "listItem") { depth -= 1; }
  depth = Math.max(0, depth - 1);
  const parent = $from.node(depth), first = $from.index(depth), last = $to.indexAfter(depth) - 1;
  const from = $from.posAtIndex(first, depth), to = $from.posAtIndex(last + 1, depth);
  const neighbour = parent.maybeChild(step < 0 ? first - 1 : last + 1);
  if (!neighbour) { return true; }
  const { nodeSize } = neighbour;
  if (step < 0) { tr.delete(from - nodeSize, from).insert(to - nodeSize, neighbour); }
  else { tr.delete(to, to + nodeSize).insert(from, neighbour); }
  view.dispatch(tr.scrollIntoView());
  return true;
}

/* Keys besides those of the schema's nodes. */
const keys = (host) => Extension.create({
  name: "deskKeys",
  priority: 900,
  addKeyboardShortcuts() {
    const isOneLine = () => ["heading", "tableCell", "tableHeader"].some((each) => this.editor.isActive(each));
    return {
      "Alt-ArrowUp": () => moveBlocks(this.editor, -1), "Alt-ArrowDown": () => moveBlocks(this.editor, 1),
      "Mod-k": () => { host.run("link"); return true; },
      "Mod-Shift-x": () => this.editor.commands.toggleStrike(),
      "Alt-F10": () => { host.toolbar.focus(); return true; },
      "Shift-Enter": isOneLine, "Mod-Enter": isOneLine,
      Enter: () => edit(host, this.editor.state.selection.node),
    };
  },
});

/* An editor in `element` that begins with the server's HTML of a text. */
export function open({ element, html, host, list, labels, attributes, onChange, onSelect, onLeftOut }) {
  return new Editor({
    element,
    injectCSS: false,
    extensions: [
      ...nodes((tint) => list.querySelector(`[data-do=${tint}] span`).textContent), UndoRedo, Dropcursor.configure({ color: "currentColor", width: 2 }), Gapcursor, TrailingNode,
      Placeholder.configure({ placeholder: labels.placeholder }),
      SlashMenu.configure({ list, host }), Pasting.configure({ onLeftOut }), keys(host),
    ],
    editorProps: {
      attributes,
      handleDoubleClickOn: (_view, _place, node) => edit(host, node),
      scrollMargin: covered(), scrollThreshold: covered(),
    },
    onBeforeCreate: ({ editor }) => { editor.options.content = parse(editor.schema, html).toJSON(); },
    onUpdate: ({ editor }) => { onChange(editor.state.doc); onSelect(editor); },
    onSelectionUpdate: ({ editor }) => onSelect(editor),
  });
}

/* Show another text, as one step; one that somebody else writes can't be undone here. */
export function replace(editor, html, canUndo) {
  const { state, view } = editor, doc = parse(editor.schema, html);
  view.dispatch(state.tr.replaceWith(0, state.doc.content.size, doc.content).setMeta("preventUpdate", true).setMeta("addToHistory", canUndo));
}
