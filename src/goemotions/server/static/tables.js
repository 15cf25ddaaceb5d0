// Files that are opened: which kind each is by its name, decompressed, decoded and read.

import { readCsv } from "./csv.js";
import { decode } from "./encoding.js";
import { readJson, readJsonLines } from "./json.js";

const READERS = {
  csv: ["CSV", (text, name) => readCsv(text, name, ",")], tsv: ["TSV", (text, name) => readCsv(text, name, "\t")],
  json: ["JSON", readJson], jsonl: ["JSON lines", readJsonLines], ndjson: ["JSON lines", readJsonLines],
};
const ELSEWHERE = {
  xlsx: "Excel workbooks", xlsm: "Excel workbooks", xls: "old Excel workbooks", ods: "OpenDocument sheets", parquet: "Parquet",
  sqlite: "SQLite", sqlite3: "SQLite", db: "SQLite", bz2: "bzip2", xz: "xz", zst: "Zstandard", zip: "zip archives", pdf: "PDF documents",
};
const RATIO = 200, FREE_BYTES = 64 << 20;

/** {header, rows, said} of a table, {text, said} of another file. Throws in words where it cannot be read. */
export async function readFile(bytes, name) {
  const packed = /\.gz$/i.test(name);
  const ending = /\.(\w+)$/.exec(packed ? name.slice(0, -3) : name)?.[1].toLowerCase() ?? "";
  if (Object.hasOwn(ELSEWHERE, ending)) throw new Error(`${name}: the page does not read ${ELSEWHERE[ending]}: save it as CSV, or run “goemotions predict --input FILE --output FILE”.`);
  const [kind, read] = READERS[ending] ?? [];
  const { text, said } = decode(packed ? await gunzip(bytes, name) : bytes, name, kind);
  if (!kind) return { text, said };
  const table = read(text, name);
  return { ...table, said: [table.said, said].filter(Boolean).join("; ") };
}

/** The plain bytes of a gzip file, which may be several, one behind the other. */
async function gunzip(bytes, name) {
  const most = Math.max(FREE_BYTES, RATIO * bytes.length);
  const parts = [], ends = [];
  for (let i = 1; i + 2 < bytes.length; i++) if (bytes[i] === 0x1f && bytes[i + 1] === 0x8b && bytes[i + 2] === 8) ends.push(i);
  ends.push(bytes.length);
  let start = 0, left = most;
  do {
    let part = null, end = start; // a browser refuses what is behind the first member: each is read by itself
    for (end of ends.filter((found) => found > start)) if ((part = await inflate(bytes.subarray(start, end), left, name))) break;
    if (!part) throw new Error(`${name} is no whole gzip file.`);
    left -= part.size;
    parts.push(part);
    start = end;
  } while (start < bytes.length); // also of no bytes: that is no gzip file
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** The plain bytes of a gzip member as a Blob; null if it is none, or not whole. */
async function inflate(bytes, most, name) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const blocks = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: null }));
    if (value === null) return null;
    if (done) return new Blob(blocks);
    blocks.push(value);
    size += value.length;
    if (size > most) { reader.cancel(); throw new Error(`${name} becomes more than ${RATIO} times its size: if that is right, decompress it yourself and give that file.`); }
  }
}
