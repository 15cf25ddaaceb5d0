// What is said of texts that are none, or not as their writers wrote them, as goemotions.odd_texts says it.

const FEW = 0.01; // of texts, up to which nothing is said
const ENTITY = /&(?:amp|quot|apos|lt|gt|nbsp|#\d{2,6}|#[xX][0-9a-fA-F]{2,5});/;
const PLACEHOLDERS = ["[deleted]", "[removed]", "nan", "NaN", "<NA>", "NaT", "NULL", "#N/A", "#NAME?", "#VALUE!", "#REF!", "#DIV/0!"];
const isJson = (text) => /^\s*\[?\{"/.test(text) && /\}\]?$/.test(text.trimEnd()) && text.includes('":');

/** Notes about texts of which more than a few are odd; "" if they are few or none. */
export function oddNote(texts) {
  const present = texts.filter((text) => text.trim());
  const standing = present.filter((text) => PLACEHOLDERS.includes(text));
  const which = [...new Set(standing)].slice(0, 3).join(", ");
  const note = (found, one, many) => {
    if (found.length <= FEW * present.length) return "";
    const all = `${present.length.toLocaleString()} ${present.length === 1 ? "text" : "texts"}`;
    return `${found.length.toLocaleString()} of ${all} ${found.length === 1 ? one : many}.`;
  };
  const entities = "HTML entities such as &quot; or &#39;, which are read as they stand: decode them first";
  const json = "JSON, in which the text is a part: take it out first";
  return [
    note(present.filter((text) => ENTITY.test(text)), `has ${entities}`, `have ${entities}`),
    note(standing, `stands in place of a text (${which}), and is scored as it stands: leave such rows out first`, `stand in place of a text (${which}), and are scored as they stand: leave such rows out first`),
    note(present.filter(isJson), `is ${json}`, `are ${json}`),
  ].filter(Boolean).join(" ");
}
