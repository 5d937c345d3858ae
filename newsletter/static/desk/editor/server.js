/* What the editor asks the server for: its toolbar and dialogs, once, in the page's language, and answers to what is written. */
const HERE = "/desk/editor/", LONGEST_WAIT = 15000;

const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("../editor.css", import.meta.url) });
const styled = new Promise((resolve) => { style.onload = style.onerror = resolve; });
document.head.append(style);

/* The template with the toolbar, or null where it can't be loaded. */
export const tools = fetch(HERE, { signal: AbortSignal.timeout(LONGEST_WAIT) }).then((answer) => answer.text()).then(async (html) => {
  await styled;
  const template = new DOMParser().parseFromString(html, "text/html").getElementById("editor-tools");
  if (template) { template.content.querySelectorAll("dialog").forEach((dialog) => document.body.append(dialog)); }
  return template;
}).catch(() => null);

/* The current token, which a new login replaces. */
export function token() {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  return cookie ? cookie[1] : JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
}

export const post = (path, body, signal = AbortSignal.timeout(LONGEST_WAIT)) => fetch(HERE + path, { method: "POST", body, signal, headers: { "X-CSRFToken": token() } });
