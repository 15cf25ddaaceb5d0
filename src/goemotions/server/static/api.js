// The server, as the page uses it.

const TRIES = 8;

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server does not answer.");
  }
  if (answer.ok) return answer.json();
  const said = await answer.json().catch(() => ({ error: `status ${answer.status}` }));
  const error = new Error(said.error);
  error.status = answer.status;
  error.wait = Number(answer.headers.get("Retry-After")) || 1;
  throw error;
}

export const info = () => ask("/info");

/** Every label's score of each text, and how it was read: [{scores: {label: probability}, truncated, language, model}].
    While the server is busy, waits. */
export async function score(texts, longText, signal) {
  const found = await emotions({ texts, threshold: 0, long_text: longText, show_language: true }, signal);
  return found.map(({ emotions, truncated, language, model }) => ({
    scores: Object.fromEntries(emotions.map(({ label, score }) => [label, score])), truncated, language, model,
  }));
}

/** What each word of a text adds to every label: {words: [{word, start, end}], effects: {label: [number]}, phrases}. */
export async function explain(text) {
  return (await emotions({ texts: [text], threshold: 0, explain: true }))[0].explanation;
}

async function emotions(request, signal) {
  const body = JSON.stringify(request);
  for (let tries = 1; ; tries++) {
    try {
      return (await ask("/v1/emotions", { method: "POST", body, signal, headers: { "Content-Type": "application/json" } })).results;
    } catch (error) {
      if (error.status !== 429 || tries === TRIES) throw error;
      await new Promise((done) => setTimeout(done, 1000 * error.wait));
    }
  }
}

/** Texts in blocks that one request takes: by number, and by bytes. */
export function* blocks(texts, limits) {
  const bytes = limits.max_body / 2, most = Math.min(limits.max_client_batch_size, 64);
  let block = [], size = 0;
  for (const text of texts) {
    const more = new Blob([JSON.stringify(text)]).size;
    if (block.length && (block.length === most || size + more > bytes)) {
      yield block;
      block = []; size = 0;
    }
    block.push(text);
    size += more;
  }
  if (block.length) yield block;
}
