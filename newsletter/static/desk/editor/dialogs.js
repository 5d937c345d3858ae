/* The dialogs that ask for an address, a name's fallback or an image, and the upload of images. */
import { post, tools } from "../editor.js";

/* An address as it was meant: with a scheme. */
export function address(typed) {
  const url = typed.trim();
  if (/^([a-z][a-z0-9+.-]*:|[/#])/i.test(url)) { return url; }
  return (/^[^\s/]+@[^\s/]+$/.test(url) ? "mailto:" : "https://") + url;
}

/* Show a dialog with these values, and return what `act` makes of its form once it is submitted; null if it is closed. */
export function ask(kind, values, act) {
  const dialog = document.querySelector(`dialog[data-for=${kind}]`), form = dialog.querySelector("form");
  const alert = form.querySelector("[role=alert]"), button = form.querySelector("button");
  const aborted = new AbortController();
  form.reset();
  if (alert) { alert.textContent = ""; }
  Object.entries(values).forEach(([name, value]) => { form.elements[name][name === "image" ? "files" : "value"] = value; });
  return new Promise((resolve) => {
    let result = null;
    const submit = async (event) => {
      event.preventDefault();
      event.stopPropagation();
      const label = button.textContent;
      button.disabled = true;
      try {
        result = await act(form, (text) => { button.textContent = text; }, aborted.signal);
        dialog.close();
      } catch (problem) {
        if (alert && !aborted.signal.aborted) { alert.textContent = problem.message; }
      }
      button.disabled = false;
      button.textContent = label;
    };
    const cancel = (event) => { if (event.target.closest("[data-cancel]")) { dialog.close(); } };
    form.addEventListener("submit", submit);
    form.addEventListener("click", cancel);
    dialog.addEventListener("close", () => {
      aborted.abort();
      form.removeEventListener("submit", submit);
      form.removeEventListener("click", cancel);
      resolve(result);
    }, { once: true });
    dialog.showModal();
    const empty = [...form.elements].find((field) => field.name && !field.value && field.offsetParent);
    if (empty) { empty.focus(); }
  });
}

const words = (form, name) => form.elements[name].value.trim().replace(/\s+/g, " ");
const target = (form, name) => address(form.elements[name].value);

export const askLink = (values) => ask("link", values, (form) => ({ text: words(form, "text"), href: target(form, "url") }));
export const askButton = (values) => ask("button", values, (form) => ({ text: words(form, "text"), href: target(form, "url") }));
export const askVideo = (values) => ask("video", values, (form) => ({ url: target(form, "url") }));
export const askName = (values) => ask("name", values, (form) => `{name|${words(form, "fallback")}}`);

/* Ask for an image, or for what belongs to one that is uploaded already (`values.src`). */
export async function askImage({ src = "", files = null, ...values }) {
  const dialog = document.querySelector("dialog[data-for=image]"), field = dialog.querySelector("[name=image]");
  field.closest(".field").hidden = Boolean(src);
  field.required = !src;
  return ask("image", { ...values, ...files ? { image: files } : {} }, async (form, say, signal) => ({
    src: src || await upload(form, say, signal), alt: words(form, "alt"), caption: words(form, "caption"),
    width: Number(form.elements.width.value) || "", href: form.elements.href.value.trim() && target(form, "href"),
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
