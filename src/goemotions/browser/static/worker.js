// The model, in a thread of its own, so that the page stays quick: texts in, every label's probability out.

import * as ort from "../runtime/ort.js";
import { Tokenizer } from "./tokenizer.js";

const BATCH_TOKENS = 800; // computed together
const MOST_THREADS = 4;   // where the page may use several: a host must send the headers for it
const BLANK = /^[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$/; // as Python has white space
const at = (name) => new URL(`../${name}`, import.meta.url);
const stopped = new Set();
let model, tokenizer, session;

/** The bytes of a file. `advance` is told of each part that comes. */
async function read(name, size, advance) {
  const answer = await fetch(at(name));
  if (!answer.ok) throw new Error(`${name} is not there (status ${answer.status}).`);
  const bytes = new Uint8Array(size), reader = answer.body.getReader();
  let have = 0;
  for (let part; !(part = await reader.read()).done;) {
    if (have + part.value.length <= size) bytes.set(part.value, have);
    have += part.value.length;
    advance(part.value.length);
  }
  if (have !== size) throw new Error(`${name} has ${have.toLocaleString()} bytes, expected ${size.toLocaleString()}: copy the folder again.`);
  return bytes;
}

async function load() {
  const answer = await fetch(at("model/info.json"));
  if (!answer.ok) throw new Error(`model/info.json is not there (status ${answer.status}).`);
  model = await answer.json();
  const whole = Object.values(model.files).reduce((sum, size) => sum + size, 0);
  let have = 0, said = -1;
  const advance = (bytes) => {
    have += bytes;
    const tenth = Math.min(9, Math.floor((10 * have) / whole));
    if (tenth > said) { said = tenth; postMessage({ share: tenth / 10 }); }
  };
  const [wasm, rules, graph] = await Promise.all(
    ["runtime/ort.wasm", "model/tokenizer.json", "model/model.onnx"].map((name) => read(name, model.files[name], advance)));
  tokenizer = new Tokenizer(JSON.parse(new TextDecoder().decode(rules)));
  ort.env.wasm.wasmBinary = wasm;
  ort.env.wasm.numThreads = crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1) : 1;
  // Beyond "basic" additions would be fused into layer normalisations, which are several times slower.
  session = await ort.InferenceSession.create(graph, { executionProviders: ["wasm"], graphOptimizationLevel: "basic" });
  postMessage({ share: 1 });
  postMessage({ info: model });
}

/** Where windows begin that cover so many tokens, each sharing half with the next. */
function windowStarts(length, room) {
  if (length <= room) return [0];
  const starts = [];
  for (let start = 0; start < length - room; start += Math.floor(room / 2)) starts.push(start);
  return [...starts, length - room];
}

/** Sequences of one length, a batch at a time, as numbers of sequences; the longest first. */
function* batches(sequences) {
  const byLength = new Map();
  sequences.forEach(({ length }, i) => {
    if (!byLength.has(length)) byLength.set(length, []);
    byLength.get(length).push(i);
  });
  for (const [length, members] of [...byLength].sort(([a], [b]) => b - a)) {
    const most = Math.max(1, Math.floor(BATCH_TOKENS / length));
    for (let start = 0; start < members.length; start += most) yield members.slice(start, start + most);
  }
}

/** The logits of sequences of one length, a row for each. */
async function compute(sequences) {
  const shape = [sequences.length, sequences[0].length];
  const feed = { input_ids: new ort.Tensor("int32", Int32Array.from(sequences.flat()), shape) };
  if (session.inputNames.includes("attention_mask")) {
    feed.attention_mask = new ort.Tensor("int32", new Int32Array(shape[0] * shape[1]).fill(1), shape);
  }
  const { data } = (await session.run(feed))[session.outputNames[0]];
  const width = model.labels.length;
  return sequences.map((_, row) => data.slice(row * width, (row + 1) * width));
}

/** A logit as the model's calibration maps it: along the line through two knots, between more of them. */
function calibrated(logit, knots) {
  if (knots.length > 2 && logit <= knots[0][0]) return knots[0][1];
  if (knots.length > 2 && logit >= knots.at(-1)[0]) return knots.at(-1)[1];
  const right = knots.length > 2 ? knots.findIndex(([x]) => x >= logit) : 1;
  const [[x0, y0], [x1, y1]] = [knots[right - 1], knots[right]];
  return y0 + ((y1 - y0) / (x1 - x0)) * (logit - x0);
}

function probabilities(logits) {
  return Object.fromEntries(model.labels.map((label, i) => {
    const knots = model.calibration?.[label];
    return [label, Math.fround(1 / (1 + Math.exp(-(knots ? Math.fround(calibrated(logits[i], knots)) : logits[i]))))];
  }));
}

/** Results of texts, in their order; of several windows of a text each label's highest counts. */
async function answer({ id, texts, windows }) {
  const room = model.max_input_length - 2, sequences = [], owner = [];
  const cut = texts.map((text, row) => {
    const tokens = tokenizer.ids(text);
    for (const start of windows ? windowStarts(tokens.length, room) : [0]) {
      sequences.push([tokenizer.start, ...tokens.slice(start, start + room), tokenizer.end]);
      owner.push(row);
    }
    return tokens.length > room && !windows;
  });
  const highest = texts.map(() => null);
  let done = 0;
  for (const batch of batches(sequences)) {
    await new Promise((next) => setTimeout(next)); // lets a message come in that says to stop
    if (stopped.delete(id)) return null;
    (await compute(batch.map((i) => sequences[i]))).forEach((logits, i) => {
      const row = owner[batch[i]];
      highest[row] = highest[row] ? highest[row].map((best, column) => Math.max(best, logits[column])) : logits;
    });
    done += batch.length;
    postMessage({ id, done: (done / sequences.length) * texts.length });
  }
  return texts.map((text, row) => ({ scores: BLANK.test(text) ? {} : probabilities(highest[row]), truncated: cut[row] }));
}

onmessage = async ({ data }) => {
  if (data.stop !== undefined) { stopped.add(data.stop); return; }
  try {
    const results = await answer(data);
    if (results) postMessage({ id: data.id, results });
  } catch (error) {
    postMessage({ id: data.id, error: `The model fails: ${error.message ?? error}` });
  }
};

load().catch((error) => postMessage({ failed: `The model cannot be loaded: ${error.message ?? error}` }));
