// What is said of texts in languages that the model does not read.

const FEW = 0.01, UNKNOWN = "und"; // of English texts, one in a thousand is taken for another language

/** A warning about texts by their languages, each a tag or null; "" if all but a few are read, or nothing is known. */
export function unreadNote(languages, read = []) {
  const others = languages.filter((tag) => tag && tag !== UNKNOWN && !read.includes(tag));
  if (!read.length || others.length <= FEW * languages.length) return "";
  const counts = {};
  for (const tag of others) counts[tag] = (counts[tag] ?? 0) + 1;
  const most = Object.keys(counts).sort((a, b) => counts[b] - counts[a]).slice(0, 3).map(named).join(", ");
  const what = languages.length === 1 ? `This seems to be ${most}` : `${others.length.toLocaleString()} of ${languages.length.toLocaleString()} texts seem to be in other languages (${most})`;
  return `${what}, which the model does not read: what it says means little. It reads ${read.map(named).join(", ")}.`;
}

function named(tag) {
  if (tag === "mis") return "another language";
  try { return new Intl.DisplayNames(["en"], { type: "language" }).of(tag) ?? tag; } catch { return tag; }
}
