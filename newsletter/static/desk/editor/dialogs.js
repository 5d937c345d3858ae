/* The dialogs that ask for an address, a name's fallback or an image, and the upload of images. */
import { post, tools } from "./server.js";
import { isAllowed } from "./schema.js";

/* An address as it was meant: with a scheme. */
export function address(typed) {
  const url = typed.trim();
  if (/^([a-z][a-z0-9+.-]*:|[/#])/i.test(url)) { return url; }
  return (/^[^\s/]+@[^\s/]+$/.test(url) ? "mailto:" : "https://") + url;
}

/* Show a dialog with these values, and return what `act` makes of its form once it is submitted; null if it is closed or
   the text is gone. The editor has the focus and its selection again before the next key is pressed: the browser alone would put the caret at the
   beginning of the text, and say only later that the dialog is closed. */
function ask(editor, kind, values, act) {
  const dialog = document.querySelector(`dialog[data-for=${kind}]`), form = dialog.querySelector("form");
  const alert = form.querySelector("[role=alert]"), button = form.querySelector("button");
  const aborted = new AbortController();
  form.reset();
  [...form.elements].forEach((field) => field.setCustomValidity(""));
  if (alert) { alert.textContent = ""; }
  Object.entries(values).forEach(([name, value]) => { form.elements[name][name === "image" ? "files" : "value"] = value; });
  return new Promise((resolve) => {
    let result = null, isOver = false;
    const end = () => {
      if (isOver) { return; }
      isOver = true;
      aborted.abort();
      dialog.close();
      if (editor.isDestroyed) { resolve(null); return; }
      editor.view.focus();
      resolve(result);
    };
    const submit = async (event) => {
      event.preventDefault();
      event.stopPropagation();
      const label = button.textContent;
      button.disabled = true;
      try {
        result = await act(form, (text) => { button.textContent = text; }, aborted.signal);
        end();
      } catch (problem) {
        if (alert && !aborted.signal.aborted) { alert.textContent = problem.message; }
      }
      button.disabled = false;
      button.textContent = label;
    };
    const { signal } = aborted;
    form.addEventListener("submit", submit, { signal });
    form.addEventListener("click", (event) => { if (event.target.closest("[data-cancel]")) { end(); } }, { signal });
    dialog.addEventListener("cancel", (event) => {
      if (event.target !== dialog) { return; }
      event.preventDefault();
      end();
    }, { signal });
    /* A browser may close a dialog without asking. It says so late: the dialog may have been opened again by then. */
    dialog.addEventListener("close", () => { if (!dialog.open) { end(); } }, { signal });
    dialog.showModal();
    const empty = [...form.elements].find((field) => field.name && !field.value && field.offsetParent);
    if (empty) { empty.focus(); }
  });
}

const words = (form, name) => form.elements[name].value.trim().replace(/\s+/g, " ");
/* Chromium takes a host with a space for one. */
const isValid = (url) => isAllowed(url) && (/^[/#]\S*$/.test(url) || (URL.canParse(url) && !/^https?:\/\/[^/?#]*\s/i.test(url)));
/* The address in a field; one that no email could link to is refused beside the field. */
async function target(form, name) {
  const field = form.elements[name], url = address(field.value);
  if (isValid(url)) { return url; }
  field.setCustomValidity((await tools).dataset.noAddress);
  field.reportValidity();
  field.addEventListener("input", () => field.setCustomValidity(""), { once: true });
  throw new Error("");
}

export const askLink = (editor, values) => ask(editor, "link", values, async (form) => ({ text: words(form, "text"), href: await target(form, "url") }));
export const askButton = (editor, values) => ask(editor, "button", values, async (form) => ({ text: words(form, "text"), href: await target(form, "url") }));
export const askVideo = (editor, values) => ask(editor, "video", values, async (form) => ({ url: await target(form, "url") }));
export const askName = (editor, values) => ask(editor, "name", values, (form) => `{name|${words(form, "fallback")}}`);

/* Ask for an image, or for what belongs to one that is uploaded already (`values.src`). */
export async function askImage(editor, { src = "", files = null, ...values }) {
  const dialog = document.querySelector("dialog[data-for=image]"), field = dialog.querySelector("[name=image]");
  field.closest(".field").hidden = Boolean(src);
  field.required = !src;
  return ask(editor, "image", { ...values, ...files ? { image: files } : {} }, async (form, say, signal) => ({
    href: form.elements.href.value.trim() && await target(form, "href"),
    src: src || await upload(form, say, signal), alt: words(form, "alt"), caption: words(form, "caption"),
    width: Number(form.elements.width.value) || "",
  }));
}

async function upload(form, say, signal) {
  const { loading, failed, tooLarge } = (await tools).dataset;
  say(loading);
  const body = new FormData();
  body.append("image", form.elements.image.files[0]);
  const answer = await post("image/", body, signal).catch(() => { throw new Error(failed); });
  if (answer.status === 413) { throw new Error(tooLarge); }
  const { url, problem } = await answer.json().catch(() => ({}));
  if (!url) { throw new Error(problem || failed); }
  return url;
}
