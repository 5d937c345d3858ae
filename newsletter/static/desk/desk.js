/* The desk's few keys and the dragging of posts; everything else is htmx and plain forms. */
(function () {
  "use strict";

  var dragged = null;

  function post(element) {
    return element instanceof Element ? element.closest(".post") : null;
  }

  /* Each button of the list is named with its post, for those who hear one button at a time. */
  function name() {
    document.querySelectorAll(".post").forEach(function (row) {
      var title = row.querySelector(".title").textContent;
      row.querySelectorAll(".acts button, a").forEach(function (each) {
        each.setAttribute("aria-label", (each.title || each.textContent.trim()) + " " + title);
      });
    });
  }

  function press(row, key) {
    var button = row.querySelector('[data-key="' + key + '"]');
    if (button) { button.click(); }
  }

  function focus(row) {
    var first = row && row.querySelector("button");
    if (first) { first.focus(); row.scrollIntoView({ block: "nearest" }); }
  }

  function keyed(event) {
    var row = post(event.target);
    if (!row || event.ctrlKey || event.metaKey || /INPUT|TEXTAREA|SELECT/.test(event.target.tagName)) { return; }
    var rows = Array.prototype.slice.call(document.querySelectorAll(".post"));
    var key = event.key;
    if (event.altKey && (key === "ArrowUp" || key === "ArrowDown")) { press(row, key); }
    else if (event.altKey) { return; }
    else if (key === "j") { focus(rows[rows.indexOf(row) + 1]); }
    else if (key === "k") { focus(rows[rows.indexOf(row) - 1]); }
    else if (key === "x" || key === "p" || key === "e") { press(row, key); }
    else { return; }
    event.preventDefault();
  }

  function clear() {
    document.querySelectorAll(".post.over").forEach(function (row) { row.classList.remove("over"); });
  }

  function drop(event) {
    var row = post(event.target);
    if (!dragged || !row || row === dragged || !row.closest("[data-day]")) { return; }
    event.preventDefault();
    var list = row.closest("[data-day]");
    var others = Array.prototype.filter.call(list.children, function (each) { return each !== dragged; });
    var values = {
      act: "move", post: dragged.id.slice(5), day: list.dataset.day, place: others.indexOf(row),
      revision: document.getElementById("revision").value
    };
    htmx.ajax("POST", document.getElementById("acts").getAttribute("hx-post"), { target: "#posts", values: values });
  }

  /* Somebody else's words never replace those of a field that is being written in; saving it shows both. */
  document.addEventListener("htmx:oobBeforeSwap", function (event) {
    var field = event.detail.target;
    if (field && field.matches(".field") && field.contains(document.activeElement)) { event.detail.shouldSwap = false; }
  });

  /* Leaving a field sends nothing that was sent already, so that what stands there stays under the pointer. */
  var sent = "";
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.detail.elt.id !== "words") { return; }
    var texts = ["subject", "preheader", "greeting", "closing"].map(function (key) { return document.getElementById(key).value; });
    var now = JSON.stringify(texts);
    var cause = event.detail.requestConfig.triggeringEvent;
    if (cause && cause.type === "change" && now === sent) { event.preventDefault(); }
    sent = now;
  });

  /* Until the page shows what was just changed, it can't be approved. */
  document.addEventListener("draft-changed", function () {
    document.querySelectorAll("#bar button.first").forEach(function (button) { button.disabled = true; });
  });

  /* The buttons of the list stand outside its form, where htmx does not see which of them was pressed. */
  document.addEventListener("htmx:configRequest", function (event) {
    var cause = event.detail.triggeringEvent;
    if (event.detail.elt.id === "acts" && cause && cause.submitter) {
      event.detail.parameters[cause.submitter.name] = cause.submitter.value;
    }
  });

  /* After the list was made anew, the focus goes back to where it was: the same post, the same kind of button. */
  var held = null;
  var open = false;
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (event.detail.target.id !== "posts") { return; }
    open = !!document.querySelector(".out-list[open]");
    var row = post(document.activeElement);
    held = row && { post: row.id, key: document.activeElement.dataset.key };
  });
  document.addEventListener("htmx:afterSwap", function (event) {
    var out = document.querySelector(".out-list");
    if (event.detail.target.id === "posts") { name(); }
    if (event.detail.target.id === "posts" && open && out) { out.open = true; }
    if (event.detail.target.id === "posts" && held) {
      var row = document.getElementById(held.post);
      var button = row && (row.querySelector('[data-key="' + held.key + '"]') || row.querySelector("button"));
      if (button) { button.focus(); }
      held = null;
    }
  });
  document.addEventListener("htmx:afterSettle", function (event) {
    var writing = event.detail.target.querySelector && event.detail.target.querySelector("[data-write] input[name=title]");
    if (writing) {
      writing.focus();
      var opener = post(writing).querySelector("[aria-expanded]");
      if (opener) { opener.setAttribute("aria-expanded", "true"); }
    }
  });

  name();
  document.addEventListener("keydown", keyed);
  document.addEventListener("dragstart", function (event) {
    dragged = post(event.target);
    if (dragged) { dragged.classList.add("dragged"); event.dataTransfer.effectAllowed = "move"; }
  });
  document.addEventListener("dragover", function (event) {
    var row = post(event.target);
    if (!dragged || !row) { return; }
    event.preventDefault();
    clear();
    row.classList.add("over");
  });
  document.addEventListener("drop", drop);
  document.addEventListener("dragend", function () {
    if (dragged) { dragged.classList.remove("dragged"); }
    dragged = null;
    clear();
  });
  document.addEventListener("click", function (event) {
    var close = event.target instanceof Element && event.target.closest("[data-write] .close");
    if (!close) { return; }
    var row = post(close);
    row.querySelector("[data-write]").remove();
    var opener = row.querySelector("[aria-expanded]");
    if (opener) { opener.setAttribute("aria-expanded", "false"); opener.focus(); }
  });

  /* A request that came to nothing is said, not swallowed. */
  function failed() {
    var status = document.getElementById("saved");
    if (status) {
      status.textContent = document.documentElement.lang === "nb" ? "Ikke lagret: tjeneren svarer ikke. Prøv igjen." : "Not saved: the server does not answer. Try again.";
    }
  }
  document.addEventListener("htmx:sendError", failed);
  document.addEventListener("htmx:responseError", failed);
})();
