// CSV and TSV: parsed and written by RFC 4180.

/** The character that separates the cells of the first line. */
function delimiterOf(text) {
  const line = text.slice(0, 10000).split(/\r?\n/, 1)[0].replace(/"[^"]*"/g, "");
  const counts = [",", "\t", ";"].map((mark) => [line.split(mark).length, mark]);
  return counts.sort((a, b) => b[0] - a[0])[0][1];
}

/** Rows of cells; blank lines are left out. Throws if a quotation is not closed. */
export function parse(text) {
  const delimiter = delimiterOf(text);
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
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') { cell += '"'; i++; }
      else quoted = false;
    } else if (c === '"' && cell === "") { quoted = true; wasQuoted = true; }
    else if (c === delimiter) { row.push(cell); cell = ""; }
    else if (c === "\n") endRow();
    else if (c !== "\r" || text[i + 1] !== "\n") cell += c;
  }
  if (quoted) throw new Error(`The file ends within a quotation that begins in row ${rows.length + 1}.`);
  if (cell !== "" || row.length) endRow();
  return rows;
}

/** The text of a CSV file. */
export function write(rows) {
  const quote = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return rows.map((row) => row.map((value) => quote(String(value))).join(",")).join("\n") + "\n";
}

/** The column that most likely holds the texts: by its name, or else the one with the longest cells. */
export function guessColumn(header, rows) {
  const named = header.findIndex((name) => /^(text|comment|review|body|message|content|sentence)s?$/i.test(name.trim()));
  if (named >= 0) return named;
  const sample = rows.slice(0, 50);
  const lengths = header.map((_, i) => sample.reduce((sum, row) => sum + (row[i] ?? "").length, 0));
  return lengths.indexOf(Math.max(...lengths));
}
