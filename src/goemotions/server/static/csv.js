// CSV and TSV: told apart, parsed and written by RFC 4180.

const DELIMITERS = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars" };
const SAMPLE = 200000;

/** Rows of cells; blank lines are left out. Throws if a quotation is not closed, unless `partly`. */
export function parse(text, delimiter, quote = '"', partly = false) {
  const rows = [];
  let row = [], cell = "", quoted = false, wasQuoted = false;
  const endRow = () => {
    row.push(cell);
    if (row.length > 1 || cell !== "" || wasQuoted) rows.push(row);
    row = []; cell = ""; wasQuoted = false;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c !== quote) cell += c;
      else if (text[i + 1] === quote) { cell += quote; i++; }
      else quoted = false;
    } else if (c === quote && cell === "") { quoted = true; wasQuoted = true; }
    else if (c === delimiter) { row.push(cell); cell = ""; }
    else if (c === "\n" || c === "\r") { endRow(); if (c === "\r" && text[i + 1] === "\n") i++; }
    else cell += c;
  }
  if (partly) return rows;
  if (quoted) throw new Error(`The file ends within a quotation that begins in row ${rows.length + 1}.`);
  if (cell !== "" || row.length) endRow();
  return rows;
}

/** {header, rows, said} of a delimited file. Throws in words where it cannot be read. */
export function readTable(text, name) {
  const told = /^"?sep=(.)"?\r?\n/.exec(text);
  const body = told ? text.slice(told[0].length) : text;
  const quote = /^'[^']*'\s*([,;\t|]|\r?\n)/.test(body) ? "'" : '"';
  const usual = /\.tsv$/i.test(name) ? "\t" : ",";
  const delimiter = told ? told[1] : delimiterOf(body, quote, usual);
  const [header, ...rows] = parse(body, delimiter, quote);
  if (!header) throw new Error(`${name} is empty: expected a header and at least one row.`);
  const ragged = rows.findIndex((row) => row.length !== header.length);
  if (ragged >= 0) {
    throw new Error(`${name}, row ${ragged + 1}: ${rows[ragged].length} cells, but the header has ${header.length}. “${delimiter === "\t" ? "tab" : delimiter}” is taken to separate cells.`);
  }
  if (!rows.length) throw new Error(`${name} has a header and no rows: expected a header and at least one row.`);
  return { header, rows, said: delimiter === usual || told ? "" : `${DELIMITERS[delimiter]} separate its cells.` };
}

/** The character that separates cells: with it rows are equally wide, and as wide as can be. */
function delimiterOf(text, quote, usual) {
  const sample = text.slice(0, SAMPLE);
  const rank = (mark) => {
    const rows = parse(sample, mark, quote, true);
    const width = rows[0]?.length ?? 1;
    const equal = rows.slice(0, 1000).every((row) => row.length === width);
    return width > 1 ? width + (equal ? 100000 : 0) : equal ? 0.5 : 0;
  };
  const marks = [usual, ...Object.keys(DELIMITERS).filter((mark) => mark !== usual)];
  const ranks = marks.map(rank);
  return marks[ranks.indexOf(Math.max(...ranks))];
}

const FORMULA = /^[\t\r]|^\s*=|^\s*[+\-@](?=.*([\w.]\(|\||!\$?[A-Za-z]))|^\s*[+\-][\d\s.+\-*/^()%]*[\d)]\s*[+\-*/^][\d\s.+\-*/^()%]*$/s;

/** A cell that a spreadsheet would compute begins with an apostrophe, so that it is shown instead. */
export const harmless = (value) => (FORMULA.test(value) ? `'${value}` : value);

/** The text of a CSV file, safe to open in a spreadsheet. */
export function write(rows) {
  const quote = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return rows.map((row) => row.map((value) => quote(harmless(String(value)))).join(",")).join("\n") + "\n";
}

/** The column that most likely holds the texts: by its name, or else the one with the longest cells. */
export function guessColumn(header, rows) {
  const named = header.findIndex((name) => /^(text|comment|review|body|message|content|sentence)s?$/i.test(name.trim()));
  if (named >= 0) return named;
  const sample = rows.slice(0, 50);
  const lengths = header.map((_, i) => sample.reduce((sum, row) => sum + (row[i] ?? "").length, 0));
  return lengths.indexOf(Math.max(...lengths));
}
