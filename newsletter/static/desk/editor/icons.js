/* The icons of the toolbar and the menu, by what they stand for: lines on a ground of 24 by 24. */
const SVG = "http://www.w3.org/2000/svg";

const CODE = "M9 7l-5 5 5 5M15 7l5 5-5 5";
const LINES = {
  link: "M10 14a4.5 4.5 0 0 0 6.4 0l3-3A4.5 4.5 0 0 0 13 4.6l-1.5 1.5M14 10a4.5 4.5 0 0 0-6.4 0l-3 3A4.5 4.5 0 0 0 11 19.4l1.5-1.5",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9h.01",
  insert: "M12 5v14M5 12h14",
  bullets: "M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01",
  numbers: "M10 6h10M10 12h10M10 18h10M4 4.5l1.5-1v5M4 14.5h3l-3 4.5h3",
  quote: "M5 5v14M10 7h10M10 12h10M10 17h6",
  code: CODE,
  codeblock: CODE,
  undo: "M9 6L4 11l5 5M4 11h10a5.5 5.5 0 0 1 0 8h-3",
  redo: "M15 6l5 5-5 5M20 11H10a5.5 5.5 0 0 0 0 8h3",
  button: "M4 8h16v8H4zM9 12h6",
  video: "M4 6h16v12H4zM10 9.5v5l4-2.5z",
  table: "M4 5h16v14H4zM4 10h16M12 5v14",
  divider: "M4 12h16",
  note: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 11v5M12 8h.01",
  tip: "M9 18h6M10 21h4M8.5 15a6 6 0 1 1 7 0",
  warning: "M12 4l9 16H3zM12 10v5M12 17.5h.01",
  sponsor: "M4 10v4h4l7 5V5l-7 5zM18.5 9.5a4 4 0 0 1 0 5",
  name: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4.5 20a7.5 7.5 0 0 1 15 0",
};

const element = (name, attributes, children = []) => {
  const made = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  made.append(...children);
  return made;
};

/* The icon of an act as an element; null where words are its sign. */
export const icon = (act) => (LINES[act] ? element("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, [element("path", { d: LINES[act] })]) : null);
