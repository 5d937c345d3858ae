/* Copies of text that is not saved yet, by name. localStorage answers at once, but a browser that is killed loses what was
   put there in its last seconds, or up to a minute. IndexedDB is written within half a second. When a page is opened, its
   changes that are newer than the last one in localStorage are put there. Without storage (private windows, full disk)
   pages work as they are. */
const DATABASE = "unsaved", STORE = "copies", DELAY = 500, LAST_CHANGE = "last-change";

export function read(name) {
  try { return JSON.parse(localStorage.getItem(name)); } catch { return null; }
}
export function names(prefix) {
  try { return Object.keys(localStorage).filter((name) => name.startsWith(prefix)); } catch { return []; }
}
function set(name, text) {
  try { if (text === null) { localStorage.removeItem(name); } else { localStorage.setItem(name, text); } } catch { /* no storage */ }
}

const opened = new Promise((resolve) => {
  try {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "name" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => resolve(null);
  } catch { resolve(null); }
});
async function store(mode) {
  try { return (await opened).transaction(STORE, mode).objectStore(STORE); } catch { return null; }
}

/* What was kept and dropped since the last write; a null text says that the copy was dropped. */
const changes = new Map();
let timer = 0;
async function write() {
  timer = 0;
  const target = await store("readwrite");
  if (target) {
    changes.forEach((change) => target.put(change));
    target.transaction.commit();
  }
  changes.clear();
}
function change(name, text) {
  const at = Date.now();
  set(name, text);
  set(LAST_CHANGE, at);
  changes.set(name, { name, text, at });
}
export function keep(name, value) {
  change(name, JSON.stringify(value));
  timer ||= setTimeout(write, DELAY);
}
/* Written at once, since a saved form leads to another page. */
export function drop(name) {
  if (!read(name) && !changes.has(name)) { return; }
  change(name, null);
  write();
}

/* Resolves once localStorage has what a killed browser had only in IndexedDB. */
export const ready = store("readwrite").then((source) => new Promise((resolve) => {
  if (!source) { resolve(); return; }
  const request = source.getAll();
  request.onerror = () => resolve();
  request.onsuccess = () => {
    const last = read(LAST_CHANGE) || 0;
    request.result.forEach(({ name, text, at }) => {
      if (at > last) { set(name, text); } else if (!read(name)) { source.delete(name); }
    });
    resolve();
  };
}));
