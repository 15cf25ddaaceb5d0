// The words of a text that decide: marked where the pointer or the focus is, and told in a sentence.

import { explain } from "./api.js";
import { element, inWords } from "./bars.js";

const STRONG = 3;     // log odds that are marked in full
const LEAST = 0.1;    // log odds of a word that is marked at all
const NAMED = 4;
const known = new WeakMap(); // part → a promise of its explanation

const signed = (effect) => `${effect < 0 ? "−" : "+"}${Math.abs(effect).toFixed(1)}`;

/** What the words of a part say for a label, in a sentence. */
function told(found, label) {
  const inside = new Set(found.phrases.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i)));
  const single = found.words.map(({ word }, i) => [word, found.effects[label][i]]).filter((_, i) => !inside.has(i));
  const named = [...single, ...found.phrases.map(({ phrase, effects }) => [phrase, effects[label]])]
    .filter(([, effect]) => Math.abs(effect) >= LEAST).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  const list = (some) => inWords(some.slice(0, NAMED).map(([word, effect]) => `“${word}” (${signed(effect)})`));
  const speaking = list(named.filter(([, effect]) => effect > 0)), against = list(named.filter(([, effect]) => effect < 0));
  return speaking || against ? `${label}: ${[speaking && `for it ${speaking}`, against && `against it ${against}`].filter(Boolean).join("; ")}` : `${label}: no single word decides.`;
}

/** The text as elements, a span for each word. Positions count characters, not UTF-16 units. */
function spans(text, found) {
  const characters = Array.from(text), made = [];
  let at = 0;
  found.words.forEach(({ start, end }, i) => {
    if (start > at) made.push(characters.slice(at, start).join(""));
    const word = element("span", "word", characters.slice(start, end).join(""));
    word.dataset.word = i;
    made.push(word);
    at = end;
  });
  return [...made, characters.slice(at).join("")];
}

/** Lets the words of a part answer for its labels. `words` is its text's element, `why` the line for sentences. */
export function answering(item, part, words, why, labels) {
  let pinned = null, wanted = null;
  const buttons = [...item.querySelectorAll("button.name")];

  const ready = () => {
    if (!known.has(part)) {
      known.set(part, explain(part.text).then((found) => found ?? { words: [], effects: {}, phrases: [] }));
      known.get(part).catch(() => known.delete(part)); // asked again next time
    }
    return known.get(part);
  };

  async function show(label) {
    wanted = label;
    try {
      const found = await ready();
      if (wanted !== label || !item.isConnected) return;
      if (!words.querySelector(".word")) words.replaceChildren(...spans(part.text, found));
      mark(words, label ? found.effects[label] ?? [] : []);
      why.textContent = label ? told(found, label) : "";
      buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.label === pinned)));
    } catch (error) {
      if (wanted === label) why.textContent = label ? `The words are not told: ${error.message}` : "";
    }
  }

  const back = () => { if (wanted !== pinned) show(pinned); };
  for (const button of buttons) {
    const { label } = button.dataset;
    button.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") show(label); });
    button.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") back(); });
    button.addEventListener("click", () => { pinned = pinned === label ? null : label; show(pinned); });
  }
  item.addEventListener("keydown", (event) => { if (event.key === "Escape") { pinned = null; show(null); } });

  async function oneWord(event) {
    if (!labels.length) return;
    const place = event.target.closest?.(".word")?.dataset.word;
    if (place === undefined) { if (wanted === null || event.type === "click") show(pinned ?? labels[0]); return; }
    const found = await ready().catch(() => null);
    if (!found || !item.isConnected) return;
    const adds = labels.map((label) => `${label} ${signed(found.effects[label]?.[place] ?? 0)}`);
    why.textContent = `“${found.words[place].word}” adds ${inWords(adds)}.`;
  }
  words.addEventListener("pointerover", (event) => { if (event.pointerType === "mouse") oneWord(event); });
  words.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") show(pinned); });
  words.addEventListener("click", oneWord);
}

function mark(words, effects) {
  words.querySelectorAll(".word").forEach((word) => {
    const effect = effects[word.dataset.word] ?? 0;
    word.className = `word ${Math.abs(effect) < LEAST ? "" : effect > 0 ? "for" : "against"}`.trim();
    word.style.setProperty("--strength", `${Math.round(Math.min(1, Math.abs(effect) / STRONG) * 100)}%`);
  });
}
