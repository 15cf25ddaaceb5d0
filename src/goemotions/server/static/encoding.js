// The bytes of a file as text, or in words why not: by the same signs, and in the same words, as the command line.

const MARKS = [
  ["utf-8", [0xef, 0xbb, 0xbf]], ["utf-32le", [0xff, 0xfe, 0, 0]], ["utf-32be", [0, 0, 0xfe, 0xff]],
  ["utf-16le", [0xff, 0xfe]], ["utf-16be", [0xfe, 0xff]],
];
const KINDS = [
  [[0x50, 0x4b, 0x03, 0x04], "a zip archive or an Excel workbook"], [[0xd0, 0xcf, 0x11, 0xe0], "an old Excel workbook, or one with a password"],
  [[0x1f, 0x8b], "gzip"], [[0x42, 0x5a, 0x68], "bzip2"], [[0xfd, 0x37, 0x7a, 0x58], "xz"], [[0x28, 0xb5, 0x2f, 0xfd], "Zstandard"],
  [[0x50, 0x41, 0x52, 0x31], "Parquet"], [[0x53, 0x51, 0x4c, 0x69, 0x74, 0x65, 0x20, 0x66], "SQLite"], [[0x25, 0x50, 0x44, 0x46], "a PDF document"],
  [[0x89, 0x50, 0x4e, 0x47], "an image"], [[0xff, 0xd8, 0xff], "an image"],
];
const UNDEFINED = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);
const SAVE = "save it as UTF-8";

const begins = (bytes, sign) => sign.every((byte, i) => bytes[i] === byte);

/** {text, said}: what `bytes` say, and what was assumed about them. Throws where they cannot be told.
 *  `kind` is the table that the name promises; without one, bytes that are no text are refused. */
export function decode(bytes, name, kind = "") {
  const other = KINDS.find(([sign]) => begins(bytes, sign));
  if (other) throw new Error(`${name} holds ${other[1]}, but its name says ${kind || "text"}: rename or convert it.`);
  const mark = MARKS.find(([, sign]) => begins(bytes, sign));
  if (mark) return { text: mark[0] === "utf-8" ? utf8(bytes, name) : strictly(bytes, mark[0], name), said: "" };
  const zeros = [...bytes.subarray(0, 4)].map((byte) => byte === 0);
  for (const [encoding, first] of [["utf-16be", 0], ["utf-16le", 1]]) {
    if (zeros[first] && zeros[first + 2] && zeros.filter(Boolean).length === 2) return { text: strictly(bytes, encoding, name), said: "it looks like UTF-16 and is read so" };
  }
  if (!kind && bytes.includes(0)) throw new Error(`${name} holds bytes that are no text.`);
  return eightBit(bytes, name);
}

/** UTF-8 or Windows-1252, by all bytes. */
function eightBit(bytes, name) {
  if (isUtf8(bytes) || sequences(bytes) > 0) return { text: utf8(bytes, name), said: "" }; // a damaged file: the line is named
  let high = 0, letters = 0, unknown;
  for (const byte of bytes) {
    if (byte >= 128) { high++; if (UNDEFINED.has(byte)) unknown ??= byte; } else if ((byte | 32) >= 97 && (byte | 32) <= 122) letters++;
  }
  const tried = `${name}: cannot tell its encoding: it is neither UTF-8 nor UTF-16`;
  if (unknown) throw new Error(`${tried} nor Windows-1252, which has no byte 0x${unknown.toString(16)}: ${SAVE}.`);
  if (high > letters) throw new Error(`${tried}, and as Windows-1252 most of its letters would have accents: ${SAVE}.`);
  const characters = new TextDecoder("windows-1252").decode(bytes);
  const runs = (characters.match(/[\u00c0-\u00ff]{4,}/g) ?? []).join("").length;
  if (3 * runs > high) throw new Error(`${tried}, and as Windows-1252 whole words would be accented letters: ${SAVE}.`);
  const within = (characters.match(/(?<=[A-Za-z])[\xa3\xa5\xaa\xaf\xb3\xb9\xba\xbc\xbe\xbf](?=[A-Za-z])/g) ?? []).length;
  if (20 * within > high) throw new Error(`${tried}, and as Windows-1252 signs such as ³ would stand within words: ${SAVE}.`);
  return { text: characters, said: "it is not UTF-8, and is read as Windows-1252" };
}

function strictly(bytes, encoding, name) {
  try {
    return encoding.startsWith("utf-32") ? utf32(bytes, encoding) : new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${name}: not ${encoding.slice(0, 6).toUpperCase()}, as which it begins: it was cut short or damaged; ${SAVE}.`);
  }
}

/** Text of UTF-32, which browsers do not read. */
function utf32(bytes, encoding) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), made = [];
  for (let at = 4; at < bytes.length; at += 4) made.push(String.fromCodePoint(view.getUint32(at, encoding.endsWith("le"))));
  return made.join("");
}

function isUtf8(bytes, stream = false) {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream });
    return true;
  } catch {
    return false;
  }
}

/** Text of UTF-8. Throws with the place of the first byte that is none. */
function utf8(bytes, name) {
  if (isUtf8(bytes)) return new TextDecoder("utf-8").decode(bytes);
  const before = whole(bytes), line = before.lastIndexOf(0x0a) + 1, number = before.reduce((sum, byte) => sum + (byte === 0x0a), 1);
  const wrong = bytes[before.length].toString(16).padStart(2, "0");
  throw new Error(`${name}, line ${number}: byte 0x${wrong} at position ${before.length - line} is not UTF-8: mend that line.`);
}

/** The bytes before the first that is not UTF-8. */
function whole(bytes) {
  let low = 0, high = bytes.length; // the first `low` can be read, perhaps with a character cut at their end
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (isUtf8(bytes.subarray(0, middle), true)) low = middle; else high = middle;
  }
  while (!isUtf8(bytes.subarray(0, low))) low--;
  return bytes.subarray(0, low);
}

/** By how many sequences of UTF-8 there are more than bytes that belong to none. */
function sequences(bytes) {
  let right = 0, wrong = 0;
  for (const character of new TextDecoder("utf-8").decode(bytes)) if (character === "\ufffd") wrong++; else if (character > "\x7f") right++;
  return right - wrong;
}
