// JSON lines and JSON arrays as tables: read as the command line does (goemotions.tables.json_lines and .json_array).

const DEEPEST = 900;
const WHITE = " \t\r\n";

/** {header, rows, said} of a file whose name ends in .json: an array of objects, or else JSON lines. */
export function readJson(text, name) {
  if (!text.trimStart().startsWith("{")) return table([...elements(text, name)]);
  refuseWrapped(text, name);
  return { ...readJsonLines(text, name), said: "it is no array, and is read as JSON lines" };
}

/** Throws for a file that is one object with the table within it, as interfaces of programs give it. */
function refuseWrapped(text, name) {
  let whole;
  try {
    whole = JSON.parse(text);
  } catch {
    return; // objects on lines, or an error that is said where they are read
  }
  const where = listWithin(whole, 3);
  if (where && !Object.hasOwn(whole, "text")) {
    throw new Error(`${name} is one object, which holds a list of objects under '${where}': save that list as a file.`);
  }
}

function listWithin(value, deepest) {
  const isObject = (item) => typeof item === "object" && item !== null && !Array.isArray(item);
  for (const [key, item] of Object.entries(value)) {
    if (Array.isArray(item) && item.length && item.every(isObject)) return key;
    const below = isObject(item) && deepest ? listWithin(item, deepest - 1) : "";
    if (below) return `${key}.${below}`;
  }
  return "";
}

/** {header, rows, said} of a file with an object on each line. */
export function readJsonLines(text, name) {
  const objects = [];
  text.split("\n").forEach((line, i) => {
    const hint = i === 0 && line.trimStart().startsWith("[") ? "; a JSON array is not JSON lines" : "";
    if (line.trim()) objects.push(parsed(line, `${name}, line ${i + 1}`, hint));
  });
  return table(objects);
}

function* elements(text, name) {
  let at = 0, number = 0;
  const next = () => { while (at < text.length && WHITE.includes(text[at])) at++; return text[at] ?? ""; };
  if (!next()) return;
  if (text[at] !== "[") throw new Error(`${name}: expected a JSON array of objects, got '${text[at]}' at its beginning.`);
  at++;
  while (next() !== "]") {
    if (number) {
      if (text[at] !== ",") throw new Error(`${name}, behind element ${number}: expected , or ], got '${text[at] ?? "its end"}'.`);
      at++;
      next();
    }
    const where = `${name}, element ${++number}`, end = endOf(text, at, where);
    yield parsed(text.slice(at, end), where);
    at = end;
  }
  at++;
  if (next()) throw new Error(`${name}: there is more behind the array's ].`);
}

/** The place behind the value that begins at `start`. */
function endOf(text, start, where) {
  let depth = 0, inString = false;
  for (let i = start; i < text.length; i++) {
    const c = text[i];
    if (inString) { if (c === "\\") i++; else if (c === '"') { inString = false; if (!depth) return i + 1; } continue; }
    if (!depth && (c === "," || c === "]" || WHITE.includes(c))) return i;
    if (c === '"') inString = true;
    else if (c === "{" || c === "[") { if (++depth > DEEPEST) throw new Error(`${where}: nested too deeply.`); }
    else if ((c === "}" || c === "]") && --depth <= 0) return i + 1;
  }
  return text.length;
}

function parsed(source, where, hint = "") {
  let value;
  try { value = JSON.parse(source); } catch (error) { throw new Error(`${where}: not JSON: ${error.message}${hint}.`); }
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Error(`${where}: expected an object, got ${source.trim().slice(0, 60)}.`);
  return value;
}

/** Objects as rows: a key that one does not have is an empty cell, what is no text stands as JSON. */
function table(objects) {
  const header = [...new Set(objects.flatMap(Object.keys))];
  const cell = (value) => (typeof value === "string" ? value : value === null || value === undefined ? "" : JSON.stringify(value));
  return { header, rows: objects.map((one) => header.map((key) => cell(Object.hasOwn(one, key) ? one[key] : null))), said: "" };
}
