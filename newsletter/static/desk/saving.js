/* What is typed into a draft is never lost: saving is retried until it succeeds, a copy is kept in this browser until
   then and restored on the next visit, and leaving the page with unsaved text asks first. */
import { token, tools } from "./editor.js";
import { hold, openPlace } from "./unstored.js";

const words = document.getElementById("words"), status = document.getElementById("saved");
const add = document.getElementById("add"), posts = document.getElementById("posts");
if (words) { start(); }

function start() {
  const labels = {};
  const FIRST_DELAY = 1000, LONGEST_DELAY = 30000, place = location.pathname;

  /* Copies in this browser; without storage (private windows, full disk) the rest still works. */
  const copies = {
    read(name) { try { return JSON.parse(localStorage.getItem(place + name)); } catch { return null; } },
    keep(name, value) { try { localStorage.setItem(place + name, JSON.stringify(value)); } catch { /* no storage */ } },
    drop(name) { try { localStorage.removeItem(place + name); } catch { /* no storage */ } },
  };
  const fields = (form) => [...form.querySelectorAll("[name]:not([type=hidden])")];
  const values = (form) => Object.fromEntries(fields(form).map((field) => [field.name, field.value]));
  const original = (form) => Object.fromEntries(fields(form).map((field) => [field.name, field.defaultValue]));
  const changed = (now, before) => Object.keys(now).filter((key) => now[key] !== before[key]);
  const mark = (key) => document.getElementById(`shown-${key}`);
  const answered = (event) => event.detail.xhr.status;
  const worthRetrying = (code) => code === 0 || code === 408 || code === 429 || code >= 500;

  const LOGGED_OUT = 401, FORBIDDEN = 403, SHOWN = [409, 422];
  /* A lost token comes back with the page. */
  function renewed(code) {
    const lost = code === FORBIDDEN && !/(?:^|; )csrftoken=/.test(document.cookie);
    if (lost) { fetch(place).catch(() => {}); }
    return lost;
  }
  const label = (key) => labels[key] || status.dataset.failed;

  function say(element, text, bad) {
    element.textContent = text;
    element.classList.toggle("bad", bad);
    element.classList.toggle("strong", bad);
  }
  function sayLoggedOut(element) {
    const href = `/desk/login/?next=${encodeURIComponent(place)}`;
    say(element, `${label("loggedOut")} `, true);
    element.append(Object.assign(document.createElement("a"), { href, target: "_blank", textContent: label("logIn") }));
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
    if (begin) { [begin.textContent] = field.value.trim().split("\n"); }
  }
  function fill(field, text) {
    field.value = text;
    showBegin(field);
    if (field.closest("markdown-editor")) { field.closest("markdown-editor").renew(); }
  }

  /* A new login changes the token. Who is logged out stays on the page, and logs in elsewhere. */
  const keeps = (element) => element === words || element === add || writing(element) === element;
  document.addEventListener("htmx:configRequest", (event) => {
    const { headers, parameters } = event.detail;
    headers["X-CSRFToken"] = token();
    if (parameters.csrfmiddlewaretoken) { parameters.csrfmiddlewaretoken = token(); }
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (answered(event) === LOGGED_OUT && keeps(event.detail.elt)) { event.preventDefault(); }
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

  /* Subject and introduction. */
  const earlier = copies.read("#words") || {};
  let saved = original(words), sent = null, refused = null;
  const unsaved = () => changed(values(words), saved);

  function keepWords() {
    const now = values(words), keys = unsaved();
    if (!keys.length) { copies.drop("#words"); return; }
    copies.keep("#words", Object.fromEntries(keys.map((key) => [key, { text: now[key], shown: mark(key).value }])));
  }
  /* Until the page shows what was just changed, it can't be approved. */
  function holdApproval() {
    document.querySelectorAll("#bar button.first").forEach((button) => { button.disabled = true; });
  }
  words.addEventListener("input", (event) => {
    showBegin(event.target);
    keepWords();
    holdApproval();
  });
  document.addEventListener("draft-changed", holdApproval);
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt !== words) { return; }
    const cause = event.detail.requestConfig.triggeringEvent;
    /* Leaving a field sends nothing that is saved or refused already, so that what stands there stays under the pointer. */
    const now = values(words);
    const known = !unsaved().length || (refused && !changed(now, refused).length);
    if (cause && cause.type === "change" && known) { event.preventDefault(); return; }
    sent = now;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, requestConfig } = event.detail, code = answered(event);
    if (elt === words) {
      refused = SHOWN.includes(code) ? sent : null;
      if (code === 200) { saved = sent || values(words); done(words); status.classList.remove("bad", "strong"); }
      else if (code === LOGGED_OUT) { sayLoggedOut(status); retry(words); }
      else if (renewed(code) || worthRetrying(code)) { say(status, label("retrying"), true); retry(words); }
      else {
        done(words);
        if (!SHOWN.includes(code)) { say(status, status.dataset.failed, true); }
      }
    } else if (status.contains(elt) && code === 200) {
      /* One of two wordings was chosen. */
      new Map(requestConfig.formData).forEach((text, key) => { if (key in saved) { saved[key] = text; } });
    } else { return; }
    keepWords();
  });
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    const field = event.detail.target.matches(".field") && event.detail.target.querySelector("[name]:not([type=hidden])");
    if (field && field.name in saved) { saved[field.name] = field.value; keepWords(); }
  });
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-discard]")) {
      copies.drop("#words");
      saved = values(words);
    }
  });
  function restoreWords(kept) {
    const keys = Object.keys(kept).filter((key) => key in saved && kept[key].text !== saved[key] && !unsaved().includes(key));
    keys.forEach((key) => {
      const field = document.getElementById(key), fold = field.closest("details");
      fill(field, kept[key].text);
      if (fold) { fold.open = true; }
      mark(key).value = kept[key].shown;
    });
    keepWords();
    if (keys.length) { say(status, label("restored"), false); submit(words); }
  }

  /* Headline and text of one post. A copy remembers what it began with, to see what others changed since. */
  const writing = (element) => element instanceof Element && element.closest("[data-write]");
  const name = (form) => `#post-${form.dataset.write}`;
  const isChanged = (form) => changed(values(form), original(form)).length > 0;
  const said = (form) => form.querySelector(".said");

  document.addEventListener("input", (event) => {
    const form = writing(event.target);
    if (!form) { return; }
    if (isChanged(form)) { copies.keep(name(form), { now: values(form), was: original(form) }); }
    else { copies.drop(name(form)); }
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = writing(event.detail.elt), code = answered(event);
    if (!form || event.detail.elt !== form) { return; }
    if (code === LOGGED_OUT) { sayLoggedOut(said(form)); retry(form); return; }
    if (renewed(code) || worthRetrying(code)) { say(said(form), label("retrying"), true); retry(form); return; }
    done(form);
    if (code === 200) { say(said(form), "", false); }
    else if (!SHOWN.includes(code)) { say(said(form), status.dataset.failed, true); }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const target = event.detail.target;
    if (target === posts) {
      const written = target.querySelector("[data-written]").dataset.written;
      if (written) { copies.drop(`#post-${written}`); }
      tagUnsaved();
    }
    const form = target.matches(".panel") && target.querySelector("[data-write]");
    const kept = form && copies.read(name(form));
    if (kept) { restorePanel(form, kept); }
  });
  function restorePanel(form, kept) {
    const restore = () => {
      fields(form).forEach((field) => { if (field.name in kept.now) { fill(field, kept.now[field.name]); } });
      offer(said(form), "restored", [["discard", discard]]);
      copies.keep(name(form), { now: values(form), was: original(form) });
    };
    const discard = () => {
      fields(form).forEach((field) => { fill(field, field.defaultValue); });
      copies.drop(name(form));
      say(said(form), "", false);
    };
    const readOnly = (on) => fields(form).forEach((field) => { field.readOnly = on; });
    if (!changed(kept.now, original(form)).length) { copies.drop(name(form)); }
    else if (!changed(original(form), kept.was).length) { restore(); }
    else {
      readOnly(true);
      const then = (act) => () => { readOnly(false); act(); };
      offer(said(form), "other", [["restore", then(restore)], ["discard", then(discard)]]);
    }
  }
  function tagUnsaved() {
    document.querySelectorAll(".post").forEach((row) => {
      const tag = row.querySelector(".unsaved"), wanted = copies.read(`#${row.id}`) && !row.querySelector(".panel");
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
    else { say(addSaid, [204, 422].includes(code) ? "" : status.dataset.failed, true); }
    if (wrong) { wrong.focus(); }
  });
  const earlierPost = copies.read("#add");
  function restoreAdd(kept) {
    if (!kept || hasText()) { return; }
    fields(add).forEach((field) => { fill(field, kept[field.name] || field.value); });
    offer(addSaid, "restored", [["discard", () => { clear(); say(addSaid, "", false); }]]);
    add.closest("details").open = true;
  }

  window.addEventListener("beforeunload", (event) => {
    if (unsaved().length || hasText() || [...document.querySelectorAll("[data-write]")].some(isChanged)) {
      event.preventDefault();
    }
  });
  tools.then((template) => {
    Object.assign(labels, template && template.dataset);
    restoreWords(earlier);
    restoreAdd(earlierPost);
    tagUnsaved();
    openPlace(location.hash);
  });
  hold(() => [
    ...unsaved().length ? ["#words"] : [],
    ...[...document.querySelectorAll("[data-write]")].filter(isChanged).map(name),
    ...hasText() ? ["#add"] : [],
  ]);
}
