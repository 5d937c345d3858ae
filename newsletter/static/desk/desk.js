/* The desk's keys and the dragging of posts; the rest is htmx and plain forms. */
(() => {
  "use strict";

  const byId = (id) => document.getElementById(id);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const post = (element) => (element instanceof Element ? element.closest(".post") : null);
  const number = (row) => row.id.slice(5);

  /* Posts get their buttons from a template, named with the headline for screen readers. */
  function dress() {
    all(".post").filter((row) => !row.querySelector(".acts")).forEach((row) => {
      const inside = !!row.closest("[data-day]");
      const acts = byId(inside ? "acts-in" : "acts-out");
      if (acts) {
        row.draggable = inside;
        row.append(acts.content.cloneNode(true));
        if (inside) { row.lastElementChild.open = matchMedia("(hover: hover)").matches; }
      }
      row.querySelectorAll(".acts button").forEach((each) => {
        if (each.value === "pin" && row.matches(".pinned")) {
          each.value = "unpin";
          each.textContent = each.dataset.pinned;
          each.removeAttribute("title");
        }
        if (each.value) { each.value += " " + number(row); }
      });
      call(row);
    });
  }
  function call(row) {
    const title = row.querySelector("b").textContent;
    row.querySelectorAll(":scope > p a, .acts button, .menu > summary").forEach((each) => {
      const text = each.textContent.trim();
      each.setAttribute("aria-label", (/\p{L}/u.test(text) ? text : each.title) + " " + title);
    });
  }
  document.addEventListener("htmx:oobAfterSwap", ({ target }) => { if (target.matches(".post > p")) { call(post(target)); } });

  function press(row, key) {
    const button = row.querySelector(`[data-key="${key}"]`);
    if (button) { button.click(); }
  }

  function focus(row, key) {
    const button = row && (row.querySelector(`[data-key="${key}"]`) || row.querySelector("button"));
    if (button) { button.focus(); row.scrollIntoView({ block: "nearest" }); }
  }

  /* The post that the keys act on: the one with the focus, or the one that had it last. While no post was selected, any
     key selects the first one. Keys that are pressed while the list is on its way wait for the new list. */
  let last = "", onTheWay = false;
  const queue = [];
  const moves = (key) => key === "ArrowUp" || key === "ArrowDown";
  function obey(key) {
    const rows = all(".post"), row = post(document.activeElement) || byId(last);
    if (!row) { focus(rows[0]); }
    else if (key === "j") { focus(rows[rows.indexOf(row) + 1]); }
    else if (key === "k") { focus(rows[rows.indexOf(row) - 1]); }
    else { press(row, key); }
  }
  document.addEventListener("keydown", (event) => {
    const { key, target } = event, free = target === document.body || target.id === "toast" || target.id === "main";
    if (!(post(target) || free) || !byId("acts") || event.ctrlKey || event.metaKey || event.shiftKey) { return; }
    if (target.matches("input, textarea, select, .tools *, [contenteditable]") || event.altKey !== moves(key) || !(moves(key) || "jkxpe".includes(key))) { return; }
    event.preventDefault();
    if (onTheWay) { queue.push(key); } else { obey(key); }
  });
  document.addEventListener("focusin", (event) => { if (post(event.target)) { last = post(event.target).id; } });
  document.addEventListener("htmx:beforeRequest", (event) => { onTheWay ||= event.detail.elt.id === "acts"; });
  const arrived = () => {
    onTheWay = false;
    while (queue.length && !onTheWay) { obey(queue.shift()); }
  };
  document.addEventListener("htmx:sendError", arrived);
  document.addEventListener("htmx:responseError", arrived);

  /* The panel to write in. */
  document.addEventListener("click", (event) => {
    const opener = event.target instanceof Element && event.target.closest("[data-key=e], .panel .close");
    if (!opener) { return; }
    const row = post(opener), panel = row.querySelector(".panel");
    if (panel && panel.hidden) {
      panel.hidden = false;
      row.draggable = false;
      expanded(row, true);
      panel.querySelector("[name^=title-]").focus();
    } else if (panel) {
      /* One whose text is not stored yet is only hidden. */
      if (panel.dispatchEvent(new Event("panel-closing", { bubbles: true, cancelable: true }))) { panel.remove(); } else { panel.hidden = true; }
      row.draggable = Boolean(row.closest("[data-day]"));
      expanded(row, false).focus();
    } else {
      row.draggable = false;
      row.insertAdjacentHTML("beforeend", '<div class="panel"></div>');
      htmx.ajax("GET", `post/${number(row)}/`, { target: row.querySelector(".panel") });
      expanded(row, true);
    }
    document.dispatchEvent(new Event("panel-toggled"));
  });

  function expanded(row, open) {
    const opener = row.querySelector("[aria-expanded]");
    opener.setAttribute("aria-expanded", open);
    return opener;
  }

  /* Scroll to a conflict; show what is made from the posts in empty fields, and the subject as title. */
  document.addEventListener("htmx:afterSettle", (event) => {
    const clash = document.querySelector("#saved .note");
    if (clash && event.detail.target.id === "saved") { clash.scrollIntoView({ block: "center" }); }
    event.detail.target.querySelectorAll("[data-made]").forEach((made) => {
      const field = byId(made.dataset.made);
      if (field) { field.placeholder = made.textContent; }
      if (made.dataset.made === "subject") { byId("title").textContent = made.textContent; }
    });
    const title = event.detail.target.matches(".panel") && event.detail.target.querySelector("[name^=title-]");
    if (title) { title.focus(); }
  });

  /* Open panels and the focus survive a new list. */
  let held = null, panels = [];
  const shelf = Object.assign(document.createElement("div"), { hidden: true });
  document.body.append(shelf);
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "posts" || !event.detail.shouldSwap) { return; }
    const at = document.activeElement, row = post(at);
    held = byId("posts").contains(at) && { at, row: row && row.id, key: at.dataset.key, place: all(".post").indexOf(row) };
    panels = all(".post .panel").map((panel) => ({ row: post(panel).id, panel }));
    /* In the document, where htmx looks for what else the answer changes. */
    shelf.append(...panels.map((each) => each.panel));
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id !== "posts") { return; }
    dress();
    panels.filter((each) => byId(each.row)).forEach((each) => {
      byId(each.row).append(each.panel);
      if (each.panel.hidden) { return; }
      byId(each.row).draggable = false;
      expanded(byId(each.row), true);
    });
    shelf.replaceChildren();
    if (!held) {
      if (document.activeElement === document.body) { byId("toast").focus({ preventScroll: true }); }
      return;
    }
    if (held.at.isConnected) { held.at.focus(); }
    else if (held.row) { focus(byId(held.row) || all(".post")[held.place] || all(".post").pop(), held.key); }
    else { document.querySelector(".out-list summary").focus(); }
    held = null;
  });
  document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target.id === "posts") { arrived(); } });

  /* Dragging. */
  let dragged = null;
  const behind = (event, row) => event.clientY > row.getBoundingClientRect().top + row.offsetHeight / 2;
  const clear = () => all(".over").forEach((row) => row.classList.remove("over", "behind"));

  document.addEventListener("dragstart", (event) => {
    dragged = event.target instanceof Element && event.target.matches(".post") ? event.target : null;
    if (dragged) { dragged.classList.add("dragged"); event.dataTransfer.effectAllowed = "move"; }
  });
  document.addEventListener("dragover", (event) => {
    const row = post(event.target);
    clear();
    if (!dragged || !row || row === dragged || !row.closest("[data-day]")) { return; }
    event.preventDefault();
    row.classList.add("over");
    row.classList.toggle("behind", behind(event, row));
  });
  document.addEventListener("drop", (event) => {
    const row = post(event.target), list = row && row.closest("[data-day]");
    if (!dragged || !list || row === dragged) { return; }
    event.preventDefault();
    const others = [...list.children].filter((each) => each !== dragged);
    const values = {
      act: "move", post: number(dragged), day: list.dataset.day, place: others.indexOf(row) + behind(event, row),
      revision: byId("revision").value,
    };
    htmx.ajax("POST", byId("acts").getAttribute("hx-post"), { target: "#posts", values });
  });
  document.addEventListener("dragend", () => {
    if (dragged) { dragged.classList.remove("dragged"); }
    dragged = null;
    clear();
  });

  /* htmx does not see which button outside its form was pressed. What is out is fetched only where it is shown. */
  document.addEventListener("htmx:configRequest", (event) => {
    const { elt, target, parameters, triggeringEvent } = event.detail;
    const button = elt.id === "acts" && triggeringEvent && triggeringEvent.submitter;
    if (button) { parameters[button.name] = button.value; }
    if (target.id === "posts" && document.querySelector(".out-list[open]")) { parameters.out = "1"; }
  });

  /* Forms that keep what was typed show a failure themselves (saving.js). */
  const failed = (event) => {
    const { elt, requestConfig } = event.detail, saved = byId("saved");
    if (elt.matches("#words, #add, [data-write]")) { return; }
    /* A preview that can't be renewed is no news where text could not be saved. */
    if (requestConfig.verb === "get" && saved.classList.contains("bad")) { return; }
    saved.textContent = saved.dataset.failed;
    saved.classList.add("bad");
  };
  document.addEventListener("htmx:sendError", failed);
  document.addEventListener("htmx:responseError", failed);

  /* Further scripts are loaded once the page is there. */
  const { then } = document.currentScript.dataset;
  window.addEventListener("load", () => {
    then.split(" ").forEach((src) => document.head.append(Object.assign(document.createElement("script"), { type: "module", src })));
  });

  dress();
})();
