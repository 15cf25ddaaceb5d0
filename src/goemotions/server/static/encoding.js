// The bytes of a file as text, or in words why not: by the same signs as the command line.

const MARKS = [["utf-8", [0xef, 0xbb, 0xbf]], ["utf-16le", [0xff, 0xfe]], ["utf-16be", [0xfe, 0xff]]];
const KINDS = [
  [[0x50, 0x4b, 0x03, 0x04], "an Excel workbook or a zip archive"], [[0xd0, 0xcf, 0x11, 0xe0], "an old Excel workbook or a protected one"],
  [[0x1f, 0x8b], "a gzip file"], [[0x50, 0x41, 0x52, 0x31], "a Parquet file"], [[0x53, 0x51, 0x4c, 0x69, 0x74, 0x65], "an SQLite file"],
  [[0x25, 0x50, 0x44, 0x46], "a PDF"], [[0x28, 0xb5, 0x2f, 0xfd], "a Zstandard file"], [[0xfd, 0x37, 0x7a, 0x58], "an xz file"], [[0x42, 0x5a, 0x68], "a bzip2 file"],
  [[0x89, 0x50, 0x4e, 0x47], "an image"], [[0xff, 0xd8, 0xff], "an image"],
];
const READ_ELSEWHERE = "the page reads CSV, TSV and plain text. Save it as CSV, or read it with “goemotions predict --input FILE --output FILE”";
const UNDEFINED = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

const begins = (bytes, sign) => sign.every((byte, i) => bytes[i] === byte);

/** {text, said}: what `bytes` say, and what was assumed about them. Throws where they cannot be told. */
export function decode(bytes, name) {
  const kind = KINDS.find(([sign]) => begins(bytes, sign));
  if (kind) throw new Error(`${name} is ${kind[1]}: ${READ_ELSEWHERE}.`);
  if (begins(bytes, [0xff, 0xfe, 0, 0]) || begins(bytes, [0, 0, 0xfe, 0xff])) throw new Error(`${name} is UTF-32: save it as UTF-8.`);
  const mark = MARKS.find(([, sign]) => begins(bytes, sign));
  if (mark) return { text: strictly(bytes, mark[0], name), said: "" };
  const zeros = [...bytes.subarray(0, 4)].map((byte) => byte === 0);
  for (const [encoding, first] of [["utf-16be", 0], ["utf-16le", 1]]) {
    if (zeros[first] && zeros[first + 2] && zeros.filter(Boolean).length === 2) return { text: strictly(bytes, encoding, name), said: "It looks like UTF-16 and was read so." };
  }
  if (bytes.includes(0)) throw new Error(`${name} holds bytes that are no text: ${READ_ELSEWHERE}.`);
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), said: "" };
  } catch { /* not UTF-8 */ }
  let high = 0, letters = 0, undefinedByte = false;
  for (const byte of bytes) {
    if (byte >= 128) { high++; undefinedByte ||= UNDEFINED.has(byte); } else if ((byte | 32) >= 97 && (byte | 32) <= 122) letters++;
  }
  if (sequences(bytes) > 0) throw new Error(`${name} is UTF-8 with damaged bytes: save it again as UTF-8.`);
  if (undefinedByte || high > letters) throw new Error(`${name} is neither UTF-8 nor UTF-16, and its encoding cannot be told: save it as UTF-8.`);
  return { text: new TextDecoder("windows-1252").decode(bytes), said: "It is not UTF-8, so it was read as Windows-1252." };
}

function strictly(bytes, encoding, name) {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${name} begins as ${encoding.slice(0, 6).toUpperCase()}, but has bytes that are not: it is cut or damaged. Save it again as UTF-8.`);
  }
}

/** By how many sequences of UTF-8 there are more than bytes that belong to none. */
function sequences(bytes) {
  const text = new TextDecoder("utf-8").decode(bytes);
  let whole = 0, wrong = 0;
  for (const character of text) if (character === "\ufffd") wrong++; else if (character > "\x7f") whole++;
  return whole - wrong;
}
