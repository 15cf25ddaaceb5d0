// The model in a worker of this page, as the page uses it: what a server's api.js offers, without a server.

const BLOCK = 512;    // texts that are sent together: sequences of one length are computed at once
const SECONDS = 60;   // in which a worker says that it is there
const waiting = new Map(); // number of a request → what settles it
let ready = null, worker = null, number = 0;

/** What the page must know of the model, once it is loaded. `loading` is told the share that is there. */
export function info(loading) {
  ready ??= start(loading).catch((error) => { ready = null; worker?.terminate(); throw error; });
  return ready;
}

async function start(loading) {
  if (typeof WebAssembly !== "object" || typeof Worker !== "function") {
    throw new Error("This browser cannot run the model: WebAssembly is missing or switched off. Take a current browser.");
  }
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("The model does not start: reload the page.")), SECONDS * 1000);
    const fail = (message) => { clearTimeout(late); reject(new Error(message)); };
    worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    worker.onerror = () => fail("The model does not start: this browser is too old for it, or files are missing where this page comes from.");
    worker.onmessage = ({ data }) => {
      clearTimeout(late);
      if (data.share !== undefined) loading(data.share);
      else if (data.failed !== undefined) fail(data.failed);
      else if (data.info) resolve(data.info);
      else settle(data);
    };
  });
}

function settle({ id, done, results, error }) {
  const asked = waiting.get(id);
  if (results) asked?.resolve(results);
  else if (error) asked?.reject(new Error(error));
  else asked?.reading(done);
}

/** Every label's score of each text: [{scores: {label: probability}, truncated}]; `reading` is told how many are done. */
export function score(texts, longText, signal, reading = () => {}) {
  const id = ++number;
  const stop = () => worker.postMessage({ stop: id });
  const found = new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject, reading });
    signal.addEventListener("abort", () => { stop(); reject(new DOMException("stopped", "AbortError")); }, { once: true });
    signal.throwIfAborted();
    worker.postMessage({ id, texts, windows: longText === "windows" });
  });
  return found.finally(() => waiting.delete(id));
}

/** Words that decide are not found out here. */
export async function explain() {
  return null;
}

/** Texts in blocks that are sent together. */
export function* blocks(texts) {
  for (let start = 0; start < texts.length; start += BLOCK) yield texts.slice(start, start + BLOCK);
}
