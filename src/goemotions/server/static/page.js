// The page: what is entered, what is shown, what is saved.

import { blocks, info, score } from "./api.js";
import { bars, element, footnote, inWords, percent } from "./bars.js";
import { columnsFor, groupTable, timeCharts } from "./charts.js";
import { guessColumn, write } from "./csv.js";
import { above as decide, byLanguage, spoken, threshold as cut, whose } from "./decide.js";
import { unreadNote } from "./languages.js";
import { oddNote } from "./odd.js";
import { readFile } from "./tables.js";
import { answering } from "./words.js";

const EXAMPLES = [
  "Thank you so much, you made my day! I had no idea that someone would remember.",
  "The train was late, my phone died and it rained all morning. Typical. But then my sister was waiting at the door with soup. I nearly cried. I love her so much.",
  "I feel a bit nervous about the presentation tomorrow. What if they ask something I don't know? Still, I'm really proud of what we built.",
];
const MOST_ROWS = 20000, PAGE = 50, PER_PART = 4;
const by = (id) => document.getElementById(id);

let model;          // what /info says, with each label's sentiment as `kind`
let shown = null;   // {whole: result | null, parts: [result and {text, row}], header: [names] | null}
let visible = PAGE; // parts in the list
let only = null;    // the label by which the list is filtered
let table = null;   // {header, rows} of an opened file
let running = null; // the AbortController of the work under way

async function start() {
  model = await info(loading);
  model.kind = Object.fromEntries(model.labels.map((label) => [label, "neutral"]));
  for (const [kind, labels] of Object.entries(model.sentiment)) for (const label of labels) model.kind[label] = kind;
  by("text").maxLength = model.max_chars;
  by("hint").hidden = model.explains === false;
  by("model").textContent = `Model ${model.model_id}, goemotions ${model.version}, ${model.labels.length} labels.`;
}

/** Says how much of the model is there, unless something else is said meanwhile. */
function loading(share) {
  if (/^(Loading|$)/.test(by("status").textContent)) say(share < 1 ? `Loading the model: ${Math.round(share * 100)} %` : "");
}

// What is shown is decided as the controls say.

const common = () => (document.querySelector("[name=mode]:checked").value === "own" ? null : Number(by("threshold").value));
const threshold = (label, one) => cut(label, one, model, common());
const wanted = (label) => !(by("reliable").checked && label in model.unreliable_labels);
const above = (one) => decide(one, model, common(), wanted);

function render() {
  const { whole, parts, header } = shown;
  const found = whole ? above(whole) : tally(parts);
  const names = found.slice(0, 3).map(([label]) => label);
  const count = `${parts.length.toLocaleString()} ${shown.kind}s`;
  by("headline").textContent = whole
    ? names.length ? `This reads as ${inWords(names)}.` : "No emotion stands out."
    : names.length ? `Most often ${inWords(names)}.` : `No emotion stands out in these ${shown.kind}s.`;
  by("context").textContent = whole
    ? "The text as a whole. The line across a bar is the emotion's threshold."
    : `How many of the ${count} express each emotion.`;
  warn("unread", unreadNote((whole ? [whole] : parts).map(({ language }) => language), model.languages));
  warn("odd", oddNote(whole ? [whole.text] : parts.map(({ text }) => text)));
  const marks = whole ? Object.fromEntries(model.labels.map((label) => [label, threshold(label, whole)])) : {};
  by("whole").replaceChildren(found.length ? bars(found, model, `Show only the ${shown.kind}s with it`, marks) : nearest(whole));
  if (!found.some(([label]) => label === only)) only = null;
  by("whole").querySelectorAll("button.name").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.dataset.label === only));
    button.addEventListener("click", () => filter(button.dataset.label));
  });
  by("parts-title").textContent = { row: "Row by row", text: "Text by text", sentence: "Sentence by sentence" }[shown.kind];
  const kept = only ? parts.filter((one) => above(one).some(([label]) => label === only)) : parts;
  by("filter").hidden = !only;
  by("filter-said").textContent = only ? `${kept.length.toLocaleString()} of ${count} with ${only}.` : "";
  const now = kept.slice(0, visible);
  by("list").replaceChildren(...now.map(part));
  by("more").hidden = kept.length <= visible;
  by("more").textContent = `Show more (${(kept.length - now.length).toLocaleString()} left)`;
  drawCharts(found.map(([label]) => label));
  const labels = new Set([...found, ...now.flatMap(above)].map(([label]) => label));
  by("footnote").textContent = footnote([...labels], model);
}

function warn(id, note) {
  by(id).hidden = !note;
  by(id).textContent = note;
}

/** Charts of a file's rows by the chosen columns. */
function drawCharts(labels) {
  const { parts, header } = shown;
  const columns = header && ["by-group", "by-time"].map((id) => by(id).value).map((value) => (value === "" ? null : Number(value)));
  by("charts").hidden = !header || !by("by-group").dataset.any;
  if (!columns) return;
  const given = parts.map((one) => new Set(above(one).map(([label]) => label)));
  const cells = (column) => parts.map(({ row }) => row[column]);
  const [group, time] = columns;
  by("groups").replaceChildren(...(group === null ? [] : [groupTable(header[group], cells(group), labels, given)]));
  by("times").replaceChildren(...(time === null ? [] : [timeCharts(header[time], cells(time), labels, given, model.kind)]));
}

/** Offers the columns by which the rows of a file can be grouped; the first of each kind is chosen. */
function offerColumns(column) {
  const { groups, times } = columnsFor(table, column);
  for (const [id, columns] of [["by-group", groups], ["by-time", times]]) {
    by(id).replaceChildren(new Option("(none)", ""), ...columns.map((i) => new Option(table.header[i] || `column ${i + 1}`, i)));
    by(id).value = columns[0] ?? "";
    by(id).disabled = !columns.length;
  }
  by("by-group").dataset.any = groups.length || times.length ? "yes" : "";
}

/** Shows only the parts with a label, or all again. */
function filter(label) {
  only = only === label ? null : label;
  visible = PAGE;
  render();
  const again = by("whole").querySelector(`button.name[data-label="${CSS.escape(label)}"]`);
  again?.focus();
}

function part(one) {
  const { text, truncated } = one, found = above(one);
  const kind = found.length ? model.kind[found[0][0]] : "none";
  const words = element("p", "words", text || "(empty)");
  const rest = found.length ? bars(found.slice(0, PER_PART), model, model.explains === false ? "" : "Mark the words that decide") : element("p", "quiet", "nothing above its threshold");
  const why = element("p", "why quiet");
  why.setAttribute("aria-live", "polite");
  const cut = truncated ? [element("p", "quiet", "Longer than the model reads: only its beginning was read.")] : [];
  const spokenIn = byLanguage(model) && text.trim() && one.model ? [element("p", "quiet language", spoken(one))] : [];
  const item = element("li", `part ${kind}`, "", [words, rest, why, ...spokenIn, ...cut]);
  if (text.trim() && found.length && model.explains !== false) answering(item, one, words, why, found.slice(0, PER_PART).map(([label]) => label));
  return item;
}

function tally(parts) {
  const counts = {};
  for (const one of parts) for (const [label] of above(one)) counts[label] = (counts[label] ?? 0) + 1;
  return Object.entries(counts).map(([label, count]) => [label, count / parts.length]).sort((a, b) => b[1] - a[1]);
}

function nearest(one) {
  const near = ([label, share]) => share / threshold(label, one);
  const best = Object.entries(one?.scores ?? {}).filter(([label]) => wanted(label)).sort((a, b) => near(b) - near(a))[0];
  const said = best ? `Nearest: ${best[0]}, ${percent(best[1])} of the ${percent(threshold(best[0], one))} it needs.` : "";
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
  only = null;
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
    const before = found.length;
    const reading = (done) => onProgress((before + done) / texts.length);
    found.push(...(await score(block, "cut", signal, reading)));
    reading(block.length);
  }
  return found;
}

async function readText(signal) {
  const text = by("text").value;
  if (!text.trim()) { say("Enter a text first.", true); by("text").focus(); return; }
  say("Reading…");
  if (by("lines").checked) {
    const texts = text.split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
    const found = await scoreAll(texts, signal);
    show({ kind: "text", whole: null, header: null, parts: texts.map((one, i) => ({ text: one, ...found[i] })) }, `Read ${texts.length.toLocaleString()} ${texts.length === 1 ? "text" : "texts"}.`);
    return;
  }
  const [answer] = await score([text], "windows", signal);
  const whole = { text, ...answer };
  const parts = sentences(text);
  const found = await scoreAll(parts, signal);
  show({ kind: "sentence", whole, header: null, parts: parts.map((one, i) => ({ text: one, ...found[i] })) }, `Read ${parts.length} ${parts.length === 1 ? "sentence" : "sentences"}.`);
}

const inRows = ({ length }) => `${length.toLocaleString()} ${length === 1 ? "row" : "rows"}`;

async function readRows(signal) {
  const column = Number(by("column").value);
  const texts = table.rows.map((row) => row[column] ?? "");
  by("stop").hidden = by("progress").hidden = false;
  by("progress").value = 0;
  say(`Reading ${inRows(texts)}…`);
  const found = await scoreAll(texts, signal, (share) => { by("progress").value = share; });
  offerColumns(column);
  show({ kind: "row", whole: null, header: table.header, parts: texts.map((text, i) => ({ text, ...found[i], row: table.rows[i] })) }, `Read ${inRows(texts)}.`);
}

async function open(file) {
  const { text, header, rows, said } = await readFile(new Uint8Array(await file.arrayBuffer()), file.name);
  if (text !== undefined) {
    by("table").hidden = true;
    by("text").value = text.slice(0, by("text").maxLength);
    await run(readText);
    return;
  }
  if (!rows.length) throw new Error(`${file.name} has no rows: expected at least one.`);
  if (rows.length > MOST_ROWS) throw new Error(`${file.name} has ${rows.length.toLocaleString()} rows, the page takes ${MOST_ROWS.toLocaleString()}: use “goemotions predict --input”.`);
  table = { header, rows };
  by("column").replaceChildren(...header.map((name, i) => new Option(name || `column ${i + 1}`, i)));
  by("column").value = guessColumn(header, rows);
  by("table").hidden = false;
  say(`${file.name}: ${inRows(rows)}. Choose the column, then read all rows.${said && ` What was assumed: ${said}.`}`);
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

const rounded = (share) => Number(share.toFixed(4));
const allOf = ({ scores }) => Object.fromEntries(Object.entries(scores).map(([label, share]) => [label, rounded(share)]));
const emotionsOf = (one) => above(one).map(([label, share]) => ({ label, score: rounded(share) }));
const told = (one) => (byLanguage(model) ? { language: one.language ?? null, model: one.model ?? model.model_id, thresholds: whose(one, model, common()) } : {});

function saveCsv() {
  const answers = Object.keys(told(shown.parts[0]));
  const added = ["emotions", "truncated", ...answers, ...model.labels.map((label) => `score_${label}`)];
  const header = shown.header ?? ["text"];
  const rows = shown.parts.map((one) => {
    const scores = allOf(one);
    return [
      ...header.map((_, i) => (one.row ?? [one.text])[i] ?? ""), JSON.stringify(emotionsOf(one)), one.truncated,
      ...Object.values(told(one)).map((value) => value ?? ""), ...model.labels.map((label) => scores[label]),
    ];
  });
  download("emotions.csv", "text/csv", write([[...header, ...added], ...rows]));
}

function saveJson() {
  const saved = (one) => ({ emotions: emotionsOf(one), truncated: one.truncated, ...told(one), scores: allOf(one) });
  const results = shown.parts.map((one) => ({ text: one.text, ...saved(one) }));
  const whole = shown.whole && saved(shown.whole);
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
by("filter-off").addEventListener("click", () => filter(only));
by("save-csv").addEventListener("click", saveCsv);
by("save-json").addEventListener("click", saveJson);
for (const id of ["by-group", "by-time"]) by(id).addEventListener("change", render);
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
