/* What is typed into a draft is stored as it is typed and never lost: saving is retried until it succeeds, a copy is kept in
   this browser until then and restored on the next visit, and leaving the page with unsaved text asks first. */
import * as storage from "./copies.js";
import "./editor.js";
import { token } from "./editor/server.js";
import "./follow.js";
import { hold, openPlace } from "./unstored.js";
import { watchWriters } from "./writers.js";

const words = document.getElementById("words"), status = document.getElementById("saved");
const add = document.getElementById("add"), posts = document.getElementById("posts");
if (words) { start(); }

function start() {
  const FIRST_DELAY = 1000, LONGEST_DELAY = 30000, place = location.pathname;

  const copies = {
    read: (name) => storage.read(place + name),
    keep: (name, value) => storage.keep(place + name, value),
    drop: (name) => storage.drop(place + name),
  };
  const fields = (form) => [...form.elements].filter((field) => field.name && field.type !== "hidden");
  const values = (form) => Object.fromEntries(fields(form).map((field) => [field.name, field.value]));
  const original = (form) => Object.fromEntries(fields(form).map((field) => [field.name, field.defaultValue]));
  const changed = (now, before) => Object.keys(now).filter((key) => now[key] !== before[key]);
  const mark = (key) => document.getElementById(`shown-${key}`);
  const answered = (event) => event.detail.xhr.status;
  const worthRetrying = (code) => code === 0 || code === 408 || code === 429 || code >= 500;

  const LOGGED_OUT = 401, FORBIDDEN = 403, CLASH = 409, SHOWN = [CLASH, 422];
  /* A lost token comes back with the page. */
  function renewed(code) {
    const lost = code === FORBIDDEN && !/(?:^|; )csrftoken=/.test(document.cookie);
    if (lost) { fetch(place).catch(() => {}); }
    return lost;
  }
  const label = (key) => status.dataset[key];

  /* Names a text whose answer was lost: the server may have stored it, and what stands there is this page's own then. */
  function digest(text) {
    const plain = text.trim().replace(/\s+/g, " ");
    return `${plain.length} ${[...plain].reduce((sum, each) => (Math.imul(sum, 31) + each.codePointAt(0)) | 0, 0)}`;
  }

  function say(element, text, bad) {
    element.textContent = text;
    element.classList.toggle("bad", bad);
    element.classList.toggle("strong", bad);
  }
  function loggedOut() {
    const href = `/desk/login/?next=${encodeURIComponent(place)}`;
    return [`${label("loggedOut")} `, Object.assign(document.createElement("a"), { href, target: "_blank", textContent: label("logIn") })];
  }
  function sayLoggedOut(element) {
    say(element, "", true);
    element.append(...loggedOut());
  }
  function offer(element, key, choices) {
    say(element, `${label(key)} `, false);
    choices.forEach(([name, act]) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "bare", textContent: label(name) });
      button.addEventListener("click", act);
      element.append(button);
    });
  }
  /* While a text is folded, its first line is shown. */
  function showBegin(field) {
    const begin = field.closest("details")?.querySelector(".begin");
    const host = field.closest("markdown-editor"), text = host?.dataset.mode === "rich" ? host.editor.getText() : field.value;
    if (begin) { [begin.textContent] = text.trim().split("\n"); }
  }
  function fill(field, text) {
    field.value = text;
    showBegin(field);
    if (field.closest("markdown-editor")) { field.closest("markdown-editor").renew(); }
  }

  /* A new login changes the token. Who is logged out stays on the page, and logs in elsewhere. */
  const keeps = (element) => element === add || isText(element);
  document.addEventListener("htmx:configRequest", (event) => {
    const { headers, parameters } = event.detail;
    headers["X-CSRFToken"] = token();
    if (parameters.csrfmiddlewaretoken) { parameters.csrfmiddlewaretoken = token(); }
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (answered(event) === LOGGED_OUT && keeps(event.detail.elt)) { event.preventDefault(); }
  });

  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { elt, xhr } = event.detail, texts = xhr.status === CLASH && isText(elt) && textsOf(elt);
    if (texts && texts.isOwnClash(xhr.responseText)) {
      event.preventDefault();
      texts.isAgain = true;
    }
  });

  /* Submit a form again after 1, 2, 4 … 30 seconds, and at once when the browser is online again. */
  const waiting = new Map();
  function retry(form) {
    const delay = Math.min(LONGEST_DELAY, (form.retryDelay || FIRST_DELAY / 2) * 2);
    form.retryDelay = delay;
    clearTimeout(waiting.get(form));
    waiting.set(form, setTimeout(() => submit(form), delay));
  }
  function submit(form) {
    clearTimeout(waiting.get(form));
    waiting.delete(form);
    if (form.isConnected) { htmx.trigger(form, "submit"); }
  }
  function done(form) {
    clearTimeout(waiting.get(form));
    waiting.delete(form);
    form.retryDelay = 0;
  }
  const submitAll = () => [...waiting.keys()].forEach(submit);
  window.addEventListener("online", submitAll);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { return; }
    document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => { field.value = token(); });
    submitAll();
  });

  /* The forms whose texts are stored as they are typed: subject and introduction, headline and text of each post. */
  const isText = (element) => element instanceof Element && element.matches("#words, [data-write]");
  const forms = () => [...document.querySelectorAll("#words, [data-write]")];
  const opened = new WeakMap();

  class Texts {
    constructor(form) {
      Object.assign(this, { form, place: form === words ? "#words" : `#post-${form.dataset.write}`, sent: null, refused: null, unanswered: {}, isRestored: false });
      this.saved = original(form);
      this.status = document.querySelector(form.getAttribute("hx-target"));
    }

    get unsaved() { return changed(values(this.form), this.saved); }

    keep() {
      if (!this.isRestored) { return; }
      const now = values(this.form), keys = this.unsaved;
      const kept = Object.fromEntries(keys.map((key) => [key, { text: now[key], shown: mark(key).value, sent: this.unanswered[key] }]));
      /* Other pages name the post by its headline (unstored.js). */
      const headline = this.form.querySelector("[name^=title-]");
      if (keys.length) { copies.keep(this.place, headline ? { ...kept, headline: headline.value || headline.placeholder } : kept); }
      else { copies.drop(this.place); }
      tagUnsaved();
    }

    /* Text that was not stored on the last visit; the server says whether others changed the same text since. */
    restore() {
      const kept = copies.read(this.place) || {};
      const keys = Object.keys(kept).filter((key) => key in this.saved && kept[key].text !== this.saved[key] && !this.unsaved.includes(key));
      keys.forEach((key) => {
        const field = document.getElementById(key), fold = field.closest("details");
        fill(field, kept[key].text);
        if (fold) { fold.open = true; }
        this.unanswered[key] = kept[key].sent;
        if (!this.isOwn(key, this.saved[key])) { mark(key).value = kept[key].shown; }
      });
      this.isRestored = true;
      this.keep();
      if (keys.length) { say(this.status, label("restored"), false); }
      /* What was typed before this script was there is stored too. */
      if (this.unsaved.length) { submit(this.form); }
    }

    /* Leaving a field sends nothing that is saved or refused already, so that what stands there stays under the pointer. */
    send(event) {
      const now = values(this.form), cause = event.detail.requestConfig.triggeringEvent;
      const known = !this.unsaved.length || (this.refused && !changed(now, this.refused).length);
      if (cause && cause.type === "change" && known) { event.preventDefault(); return; }
      this.sent = now;
      this.unsaved.forEach((key) => { this.unanswered[key] = [...this.unanswered[key] || [], digest(now[key])]; });
    }

    isOwn(key, text) { return (this.unanswered[key] || []).includes(digest(text)); }

    /* Whether others wrote nothing of what the server shows beside this page's text. */
    isOwnClash(html) {
      const theirs = [...new DOMParser().parseFromString(html, "text/html").querySelectorAll("pre")];
      const own = theirs.every((pre) => pre.dataset.mark && this.isOwn(pre.dataset.key, pre.textContent));
      if (own) { theirs.forEach((pre) => { mark(pre.dataset.key).value = pre.dataset.mark; }); }
      return own;
    }

    answer(code) {
      this.refused = SHOWN.includes(code) ? this.sent : null;
      if (code === 200 || this.refused) { this.status.classList.remove("bad", "strong"); }
      if (code === 200) {
        this.saved = this.sent || values(this.form);
        this.unanswered = {};
        done(this.form);
      } else if (code === CLASH && this.isAgain) {
        Object.assign(this, { refused: null, isAgain: false });
        retry(this.form);
      }
      else if (code === LOGGED_OUT) { sayLoggedOut(this.status); retry(this.form); }
      else if (renewed(code) || worthRetrying(code)) { say(this.status, label("retrying"), true); retry(this.form); }
      else {
        done(this.form);
        if (!SHOWN.includes(code)) { say(this.status, label("failed"), true); }
      }
      this.keep();
      if (code !== 200) { tellUnstored(code === LOGGED_OUT ? loggedOut() : []); }
      /* A panel that was closed before its text was stored. */
      const panel = this.form.closest(".panel[hidden]");
      if (panel && !this.unsaved.length) { panel.remove(); }
    }

    /* Show what somebody else wrote, but not instead of text that is not stored. */
    take(key, text, shown) {
      if (this.unsaved.includes(key)) { return; }
      const field = document.getElementById(key);
      this.saved[key] = text;
      if (field.value !== text) { fill(field, text); }
      mark(key).value = shown;
    }
  }
  function textsOf(form) {
    if (!opened.has(form)) { opened.set(form, new Texts(form)); }
    return opened.get(form);
  }
  const around = (element) => {
    const form = element instanceof Element && (element.closest("#words, [data-write]") || forms().find((each) => textsOf(each).status.contains(element)));
    return form ? textsOf(form) : null;
  };

  /* Until the page shows what was just changed, it can't be approved. */
  function holdApproval() {
    document.querySelectorAll("#bar button.first").forEach((button) => { button.disabled = true; });
  }
  document.addEventListener("input", (event) => {
    const { target } = event;
    if (!isText(target.form)) { return; }
    showBegin(target);
    textsOf(target.form).keep();
    holdApproval();
  });
  document.addEventListener("draft-changed", holdApproval);
  document.addEventListener("htmx:beforeRequest", (event) => { if (isText(event.detail.elt)) { textsOf(event.detail.elt).send(event); } });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, requestConfig } = event.detail, texts = around(elt), code = answered(event);
    if (!texts) { return; }
    if (elt === texts.form) { texts.answer(code); }
    else if (code === 200) {
      /* One of two wordings was chosen. */
      new Map(requestConfig.formData).forEach((text, key) => { if (key in texts.saved) { texts.saved[key] = text; } });
      texts.keep();
      submit(texts.form);
    }
  });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a[data-discard]"), texts = link && around(link);
    if (!texts) { return; }
    event.preventDefault();
    texts.saved = values(texts.form);
    copies.drop(texts.place);
    history.replaceState(null, "", link.href);
    location.reload();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const { target } = event.detail, form = target.matches(".panel") && target.querySelector("[data-write]");
    if (target === posts) { tagUnsaved(); }
    if (form) { storage.ready.then(() => textsOf(form).restore()); }
  });
  /* A panel that is closed goes once its text is stored. */
  document.addEventListener("panel-closing", (event) => {
    const texts = textsOf(event.target.querySelector("[data-write]"));
    if (!texts.unsaved.length) { return; }
    event.preventDefault();
    submit(texts.form);
  });
  function tagUnsaved() {
    document.querySelectorAll(".post").forEach((row) => {
      const tag = row.querySelector(".unsaved"), wanted = copies.read(`#${row.id}`) && !row.querySelector(".panel:not([hidden])");
      if (tag && !wanted) { tag.remove(); }
      if (!tag && wanted) {
        row.querySelector("b").insertAdjacentHTML("afterend", ' <span class="tag unsaved"></span>');
        row.querySelector(".unsaved").textContent = label("unsaved");
      }
    });
  }
  document.addEventListener("panel-toggled", tagUnsaved);

  /* A post by hand: sent once, and kept where that fails. */
  const addSaid = document.getElementById("add-said");
  const clear = () => { copies.drop("#add"); fields(add).forEach((field) => { fill(field, ""); }); };
  const hasText = () => Object.values(values(add)).some((text) => text.trim());
  add.addEventListener("input", () => { if (hasText()) { copies.keep("#add", values(add)); } else { copies.drop("#add"); } });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.elt === add && answered(event) === 204) { clear(); }
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt !== add) { return; }
    const code = answered(event), wrong = code === 422 && add.querySelector("[aria-invalid]");
    if (code === LOGGED_OUT) { sayLoggedOut(addSaid); }
    else { say(addSaid, [204, 422].includes(code) ? "" : label("failed"), true); }
    if (wrong) { wrong.focus(); }
  });
  function restoreAdd(kept) {
    if (!kept || hasText()) { return; }
    fields(add).forEach((field) => { fill(field, kept[field.name] || field.value); });
    offer(addSaid, "restored", [["discard", () => { clear(); say(addSaid, "", false); }]]);
    add.closest("details").open = true;
  }

  window.addEventListener("beforeunload", (event) => {
    if (hasText() || forms().some((form) => textsOf(form).unsaved.length)) { event.preventDefault(); }
  });
  /* htmx takes the forms up when this event comes, and was there first. */
  document.addEventListener("DOMContentLoaded", () => {
    storage.ready.then(() => {
      textsOf(words).restore();
      restoreAdd(copies.read("#add"));
      openPlace(location.hash);
      watchWriters({ forms, textsOf, submit, label });
    });
  });
  const tellUnstored = hold(() => [...forms().map(textsOf).filter((texts) => texts.unsaved.length).map((texts) => texts.place), ...hasText() ? ["#add"] : []]);
}
