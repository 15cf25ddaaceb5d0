// The page: what is entered, what is shown, what is saved.

import { blocks, info, score } from "./api.js";
import { bars, element, footnote, inWords, percent } from "./bars.js";
import { guessColumn, parse, write } from "./csv.js";

const EXAMPLES = [
  "Thank you so much, you made my day! I had no idea that someone would remember.",
  "The train was late, my phone died and it rained all morning. Typical. But then my sister was waiting at the door with soup. I nearly cried. I love her so much.",
  "I feel a bit nervous about the presentation tomorrow. What if they ask something I don't know? Still, I'm really proud of what we built.",
];
const MOST_ROWS = 20000, PAGE = 50, PER_PART = 4;
const by = (id) => document.getElementById(id);

let model;          // what /info says, with each label's sentiment as `kind`
let shown = null;   // {whole: scores | null, parts: [{text, scores, truncated, row}], header: [names] | null}
let visible = PAGE; // parts in the list
let table = null;   // {header, rows} of an opened file
let running = null; // the AbortController of the work under way

async function start() {
  model = await info();
  model.kind = Object.fromEntries(model.labels.map((label) => [label, "neutral"]));
  for (const [kind, labels] of Object.entries(model.sentiment)) for (const label of labels) model.kind[label] = kind;
  by("text").maxLength = model.max_chars;
  by("model").textContent = `Model ${model.model_id}, goemotions ${model.version}, ${model.labels.length} labels.`;
}

// What is shown is decided here: by the model's thresholds or one for all, with or without rare labels.

const threshold = (label) => (document.querySelector("[name=mode]:checked").value === "own" ? model.thresholds[label] : Number(by("threshold").value));
const wanted = (label) => !(by("reliable").checked && label in model.unreliable_labels);

function above(scores) {
  return Object.entries(scores).filter(([label, share]) => wanted(label) && share >= threshold(label)).sort((a, b) => b[1] - a[1]);
}

function render() {
  const { whole, parts, header } = shown;
  const found = whole ? above(whole) : tally(parts);
  const names = found.slice(0, 3).map(([label]) => label);
  const count = `${parts.length.toLocaleString()} rows`;
  by("headline").textContent = whole
    ? names.length ? `This reads as ${inWords(names)}.` : "No emotion stands out."
    : names.length ? `Most often ${inWords(names)}.` : "No emotion stands out in these rows.";
  by("context").textContent = whole
    ? "The text as a whole. The line across a bar is the emotion's threshold."
    : `How many of the ${count} express each emotion.`;
  const marks = whole ? Object.fromEntries(model.labels.map((label) => [label, threshold(label)])) : {};
  by("whole").replaceChildren(found.length ? bars(found, model, marks) : nearest(whole));
  by("parts").hidden = Boolean(whole) && parts.length < 2;
  by("parts-title").textContent = header ? "Row by row" : "Sentence by sentence";
  const now = parts.slice(0, visible);
  by("list").replaceChildren(...now.map(part));
  by("more").hidden = parts.length <= visible;
  by("more").textContent = `Show more (${(parts.length - now.length).toLocaleString()} left)`;
  const labels = new Set([...found, ...now.flatMap((one) => above(one.scores))].map(([label]) => label));
  by("footnote").textContent = footnote([...labels], model);
}

function part({ text, scores, truncated }) {
  const found = above(scores);
  const kind = found.length ? model.kind[found[0][0]] : "none";
  const words = element("p", "words", text || "(empty)");
  const rest = found.length ? bars(found.slice(0, PER_PART), model) : element("p", "quiet", "nothing above its threshold");
  const cut = truncated ? [element("p", "quiet", "Longer than the model reads: only its beginning was read.")] : [];
  return element("li", `part ${kind}`, "", [words, rest, ...cut]);
}

function tally(parts) {
  const counts = {};
  for (const { scores } of parts) for (const [label] of above(scores)) counts[label] = (counts[label] ?? 0) + 1;
  return Object.entries(counts).map(([label, count]) => [label, count / parts.length]).sort((a, b) => b[1] - a[1]);
}

function nearest(scores) {
  const best = Object.entries(scores ?? {}).filter(([label]) => wanted(label)).sort((a, b) => b[1] / threshold(b[0]) - a[1] / threshold(a[0]))[0];
  const said = best ? `Nearest: ${best[0]}, ${percent(best[1])} of the ${percent(threshold(best[0]))} it needs.` : "";
  return element("p", "quiet", said);
}

// Reading.

/** Runs `work` as the one thing under way; says what went wrong. */
async function run(work) {
  running?.abort();
  const mine = (running = new AbortController());
  document.body.setAttribute("aria-busy", "true");
  try {
    if (!model) await start();
    await work(mine.signal);
  } catch (error) {
    if (error.name === "AbortError") { if (running === mine) say("Stopped."); } else say(error.message, true);
  } finally {
    if (running === mine) {
      running = null;
      document.body.removeAttribute("aria-busy");
      by("stop").hidden = by("progress").hidden = true;
    }
  }
}

function say(message, wrong = false) {
  by("status").textContent = message;
  by("status").className = wrong ? "wrong" : "";
}

function show(results, message) {
  shown = results;
  visible = PAGE;
  by("results").hidden = false;
  render();
  say(message);
  by("headline").focus({ preventScroll: true });
  by("headline").scrollIntoView({ block: "nearest" });
}

function sentences(text) {
  const lines = text.split(/\n+/);
  const split = Intl.Segmenter
    ? (line) => [...new Intl.Segmenter("en", { granularity: "sentence" }).segment(line)].map(({ segment }) => segment)
    : (line) => line.match(/[^.!?]+[.!?]*\s*/g) ?? [];
  return lines.flatMap(split).map((sentence) => sentence.trim()).filter(Boolean);
}

async function scoreAll(texts, signal, onProgress = () => {}) {
  const found = [];
  for (const block of blocks(texts, model)) {
    found.push(...(await score(block, "cut", signal)));
    onProgress(found.length / texts.length);
  }
  return found;
}

async function readText(signal) {
  const text = by("text").value;
  if (!text.trim()) { say("Enter a text first.", true); by("text").focus(); return; }
  say("Reading…");
  const [{ scores }] = await score([text], "windows", signal);
  const parts = sentences(text);
  const found = await scoreAll(parts, signal);
  show({ whole: scores, header: null, parts: parts.map((one, i) => ({ text: one, ...found[i] })) }, `Read ${parts.length} ${parts.length === 1 ? "sentence" : "sentences"}.`);
}

async function readRows(signal) {
  const column = Number(by("column").value);
  const texts = table.rows.map((row) => row[column] ?? "");
  by("stop").hidden = by("progress").hidden = false;
  by("progress").value = 0;
  say(`Reading ${texts.length.toLocaleString()} rows…`);
  const found = await scoreAll(texts, signal, (share) => { by("progress").value = share; });
  show({ whole: null, header: table.header, parts: texts.map((text, i) => ({ text, ...found[i], row: table.rows[i] })) }, `Read ${texts.length.toLocaleString()} rows.`);
}

async function open(file) {
  const bytes = await file.arrayBuffer();
  let text, note = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    text = new TextDecoder("windows-1252").decode(bytes);
    note = " It is not UTF-8, so it was read as Windows-1252.";
  }
  if (!/\.(csv|tsv)$/i.test(file.name)) {
    by("table").hidden = true;
    by("text").value = text.slice(0, by("text").maxLength);
    await run(readText);
    return;
  }
  const [header, ...rows] = parse(text);
  if (!rows.length) throw new Error(`${file.name} has a header and no rows: expected a header and at least one row.`);
  if (rows.length > MOST_ROWS) throw new Error(`${file.name} has ${rows.length.toLocaleString()} rows, the page takes ${MOST_ROWS.toLocaleString()}: use “goemotions predict --input”.`);
  table = { header, rows };
  by("column").replaceChildren(...header.map((name, i) => new Option(name || `column ${i + 1}`, i)));
  by("column").value = guessColumn(header, rows);
  by("table").hidden = false;
  say(`${file.name}: ${rows.length.toLocaleString()} rows. Choose the column, then read all rows.${note}`);
  by("start").focus();
}

// Saving.

function download(name, type, content) {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const emotionsOf = ({ scores }) => above(scores).map(([label, share]) => ({ label, score: share }));

function saveCsv() {
  const added = ["emotions", "truncated", ...model.labels.map((label) => `score_${label}`)];
  const header = shown.header ?? ["text"];
  const rows = shown.parts.map((one) => [
    ...header.map((_, i) => (one.row ?? [one.text])[i] ?? ""), JSON.stringify(emotionsOf(one)), one.truncated,
    ...model.labels.map((label) => one.scores[label]),
  ]);
  download("emotions.csv", "text/csv", write([[...header, ...added], ...rows]));
}

function saveJson() {
  const results = shown.parts.map((one) => ({ text: one.text, emotions: emotionsOf(one), truncated: one.truncated, scores: one.scores }));
  const whole = shown.whole && { emotions: emotionsOf({ scores: shown.whole }), scores: shown.whole };
  download("emotions.json", "application/json", JSON.stringify({ model: model.model_id, whole, results }, null, 1));
}

// Wiring.

const openOne = (file) => { if (file) open(file).catch((error) => say(error.message, true)); };

by("ask").addEventListener("submit", (event) => { event.preventDefault(); run(readText); });
by("text").addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run(readText); });
by("file").addEventListener("change", (event) => { openOne(event.target.files[0]); event.target.value = ""; });
by("start").addEventListener("click", () => run(readRows));
by("stop").addEventListener("click", () => running?.abort());
by("more").addEventListener("click", () => { visible += PAGE; render(); });
by("save-csv").addEventListener("click", saveCsv);
by("save-json").addEventListener("click", saveJson);
by("reliable").addEventListener("change", render);
document.querySelectorAll("[name=mode]").forEach((radio) => radio.addEventListener("change", render));
by("threshold").addEventListener("input", () => {
  document.querySelector("[name=mode][value=one]").checked = true;
  by("shown").textContent = Number(by("threshold").value).toFixed(2);
  render();
});
document.querySelectorAll("#examples button").forEach((button, i) => button.addEventListener("click", () => {
  by("text").value = EXAMPLES[i];
  run(readText);
}));
for (const kind of ["dragover", "drop", "dragleave"]) {
  document.addEventListener(kind, (event) => {
    document.body.classList.toggle("dropping", kind === "dragover");
    if (kind === "dragleave" || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    if (kind === "drop") openOne(event.dataTransfer.files[0]);
  });
}
start().catch((error) => say(error.message, true));
