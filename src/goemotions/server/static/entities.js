// What is said of texts with HTML entities, as goemotions.entities says it.

const FEW = 0.01; // of texts, up to which nothing is said
const ENTITY = /&(?:amp|quot|apos|lt|gt|nbsp|#\d{2,6}|#[xX][0-9a-fA-F]{2,5});/;

/** A note about texts of which more than a few have entities; "" if they are few or none. */
export function entitiesNote(texts) {
  const present = texts.filter((text) => text.trim());
  const count = present.filter((text) => ENTITY.test(text)).length;
  if (count <= FEW * present.length) return "";
  const what = present.length === 1 ? "This has" : `${count.toLocaleString()} of ${present.length.toLocaleString()} texts ${count === 1 ? "has" : "have"}`;
  return `${what} HTML entities such as &quot; or &#39;, which are read as they stand: decode them first.`;
}
