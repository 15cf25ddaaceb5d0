// CSV and TSV: told apart, read and written as the command line does (goemotions.tables.delimited and .dialect).

const DELIMITERS = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars" };
const SAMPLE_ROWS = 1000;
const TEXTS = /^(text|comment|review|body|message|content|sentence)s?$/i;

/** Yields {cells, source} of each row; blank lines are none. Throws in words where quotes or line ends are wrong. */
function* records(text, delimiter, quote, name) {
  let cells = [], cell = "", start = 0, line = 1, state = "begin"; // of a cell: begin, plain, quoted, closed
  const wrong = (why) => new Error(`${name}, line ${line}: ${why}.`);
  for (let i = 0; i <= text.length; i++) {
    const c = text[i];
    if (state === "quoted") {
      if (c === undefined) { line -= text.endsWith("\n"); throw wrong("unexpected end of data: a quote is opened and not closed"); }
      if (c === quote) state = "closed"; else { cell += c; if (c === "\n") line++; }
    } else if (state === "closed" && c === quote) { cell += c; state = "quoted";
    } else if (c === delimiter) { cells.push(cell); cell = ""; state = "begin";
    } else if (c === "\n" || c === "\r" || c === undefined) {
      let end = i;
      while (text[end] === "\r") end++;
      if (c === "\r" && end < text.length && text[end] !== "\n") throw wrong("a carriage return outside quotes: put the cell in quotes, or end rows with a line feed");
      if (cells.length || state !== "begin") yield { cells: [...cells, cell], source: text.slice(start, end + 1) };
      cells = []; cell = ""; state = "begin"; line++;
      i = end;
      start = end + 1;
    } else if (state === "closed") throw wrong(`'${delimiter === "\t" ? "\\t" : delimiter}' expected after '${quote}'`);
    else if (state === "begin" && c === quote) state = "quoted";
    else { cell += c; state = "plain"; }
  }
}

/** Rows of a file with tabs whose quotes are characters of its texts. */
function* plainRecords(text, delimiter) {
  for (const line of text.split("\n")) {
    const body = line.replace(/\r$/, "");
    if (body) yield { cells: body.split(delimiter) };
  }
}

/** Whether a TSV file's quotes enclose cells: all of it can be read so, as those write it who quote. */
function isQuoted(text, quote, name) {
  const count = (where, mark) => where.split(mark).length - 1;
  let width = 0;
  try {
    for (const { cells, source } of records(text, "\t", quote, name)) {
      width ||= cells.length;
      const inside = cells.reduce((sum, cell) => sum + count(cell, quote), 0);
      const needing = cells.filter((cell) => cell.includes(quote) || /[\t\r\n]/.test(cell)).length;
      if (cells.length !== width || count(source, quote) < 2 * (inside + needing)) return false;
      const tabs = source.replace(/\n$/, "").split("\n").map((line) => count(line, "\t"));
      if (width > 1 && tabs.length > 1 && tabs.every((found) => found === width - 1)) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** {header, rows, said} of a delimited file. Throws in words where it cannot be read. */
export function readCsv(text, name, usual) {
  const told = /^"?sep=(.)"?\r?(\n|$)/.exec(text);
  const first = told ?? /^"?#TYPE [\w.+`[\],]+"?\r?(\n|$)/.exec(text); // Export-Csv of PowerShell 5 writes it
  const body = first ? text.slice(first[0].length) : text;
  const quote = /^'[^']*'\s*([,;\t|]|\r?\n|$)/.test(body) ? "'" : '"';
  const delimiter = told ? told[1] : delimiterOf(body, quote, usual);
  const quoted = delimiter !== "\t" || (body.includes(quote) && isQuoted(body, quote, name));
  const [header = [], ...rows] = [...(quoted ? records(body, delimiter, quote, name) : plainRecords(body, delimiter))].map(({ cells }) => cells);
  const ragged = rows.findIndex((row) => row.length !== header.length);
  if (ragged >= 0) {
    throw new Error(`${name}, row ${ragged + 1}: ${rows[ragged].length} ${rows[ragged].length === 1 ? "cell" : "cells"}, but the header has ${header.length}; '${delimiter === "\t" ? "\\t" : delimiter}' is taken to separate cells.`);
  }
  const again = rows.filter((row) => row.every((cell, i) => (i ? cell : cell.replace(/^\ufeff/, "")) === header[i])).length;
  const said = [
    !header.length && "it is empty",
    secondNames(rows),
    again && `${again.toLocaleString()} ${again === 1 ? "row is" : "rows are"} the line of names again, as in files that were put together, and read as texts`,
    delimiter !== usual && !told && `${DELIMITERS[delimiter]} are taken to separate cells`,
    quote === "'" && "' is taken for its quote",
    !quoted && body.includes(quote) && "quotes are read as characters of the texts, because they do not enclose whole cells",
  ];
  return { header, rows, said: said.filter(Boolean).join("; ") };
}

/** That the first rows are no answers but further lines of names, as surveys export them. */
function secondNames(rows) {
  const said = (who, which) => `below the names are names again, as ${who} exports them, and are read as texts: delete ${which} first`;
  if (rows.slice(0, 2).some((row) => row.some((cell) => cell.startsWith('{"ImportId"')))) return said("Qualtrics", "these two rows");
  return rows.length && rows[0][0] === "" && rows[0].includes("Open-Ended Response") ? said("SurveyMonkey", "that row") : "";
}

/** The character that separates cells: with it a column is named as texts are, rows are equally wide, and as wide as can be. */
function delimiterOf(text, quote, usual) {
  const lines = text.split("\n");
  const isWhole = lines.length <= SAMPLE_ROWS, sample = lines.slice(0, SAMPLE_ROWS).join("\n");
  const rank = (mark) => {
    const rows = [];
    try { for (const { cells } of records(sample, mark, quote, "")) rows.push(cells); } catch { /* as far as it can be read */ }
    if (!rows.length) return 0;
    const judged = isWhole || rows.length === 1 ? rows : rows.slice(0, -1); // the last may have been taken in part
    return (columnNamed(rows[0]) >= 0 ? 2e6 : 0) + (judged.every((row) => row.length === rows[0].length) ? 1e6 : 0) + rows[0].length;
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

/** The column whose name says that it holds the texts; -1 if none does. */
const columnNamed = (header) => header.findIndex((name) => TEXTS.test(name.trim()));

/** The column that most likely holds the texts: by its name, or else the one with the longest cells. */
export function guessColumn(header, rows) {
  const named = columnNamed(header);
  if (named >= 0) return named;
  const sample = rows.slice(0, 50);
  const lengths = header.map((_, i) => sample.reduce((sum, row) => sum + (row[i] ?? "").length, 0));
  return lengths.indexOf(Math.max(...lengths));
}
