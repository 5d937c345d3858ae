/* The editor of one text: ProseMirror and Tiptap (from django-prose-editor) with our schema, menu and keys. */
import { Dropcursor, Editor, Extension, Gapcursor, Placeholder, TrailingNode, UndoRedo } from "../../django_prose_editor/editor.js";
import { actions } from "./actions.js";
import { Pasting } from "./paste.js";
import { nodes, parse } from "./schema.js";
import { serialize } from "./serialize.js";
import { SlashMenu } from "./slash.js";
import { Toolbar } from "./toolbar.js";

export { Toolbar, actions, parse, serialize };

/* What the page's header, the toolbar and the bar below cover, in pixels. */
const COVERED = { top: 110, bottom: 96, left: 0, right: 0 };

/* Change a node that has a dialog. */
function edit(host, node) {
  const action = node && { figure: "image", token: "name", embed: "video" }[node.type.name];
  if (action) { host.run(action); }
  return Boolean(action);
}

/* Keys besides those of the schema's nodes. */
const keys = (host) => Extension.create({
  name: "deskKeys",
  priority: 900,
  addKeyboardShortcuts() {
    const isOneLine = () => ["heading", "tableCell", "tableHeader"].some((each) => this.editor.isActive(each));
    return {
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
      ...nodes((tint) => list.querySelector(`[data-do=${tint}]`).textContent), UndoRedo, Dropcursor.configure({ color: "currentColor", width: 2 }), Gapcursor, TrailingNode,
      Placeholder.configure({ placeholder: labels.placeholder }),
      SlashMenu.configure({ list, host }), Pasting.configure({ onLeftOut }), keys(host),
    ],
    editorProps: {
      attributes,
      handleDoubleClickOn: (_view, _place, node) => edit(host, node),
      scrollMargin: COVERED, scrollThreshold: COVERED,
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
