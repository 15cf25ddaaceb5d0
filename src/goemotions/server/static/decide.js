// Which emotions a text is given: by the thresholds of its language or by one for all, with or without rare labels.

/** Whether texts in some languages have thresholds of their own: then a text's language is shown. */
export const byLanguage = (model) => Object.keys(model.thresholds_by_language).length > 0;

/** Whose thresholds decide: a language's, those for the rest of the languages, or those for all. */
export function whose({ language }, model, common) {
  if (common !== null || !language) return "all";
  if (language in model.thresholds_by_language) return language;
  return "rest" in model.thresholds_by_language && language !== "und" ? "rest" : "all";
}

const own = (one, model) => model.thresholds_by_language[whose(one, model, null)] ?? model;

const reaches = (share, cut) => Math.fround(share) >= Math.fround(cut); // compared as the library does, in 32 bit

/** A label's threshold in a text; `common` is the one for all, or null. */
export const threshold = (label, one, model, common) => common ?? own(one, model).thresholds[label];

/** The labels that a text is given, highest first: neutral beside another only from a threshold of its own. */
export function above(one, model, common, wanted) {
  const found = Object.entries(one.scores).filter(([label, share]) => reaches(share, threshold(label, one, model, common)));
  const beside = common === null && found.length > 1 ? own(one, model).thresholds_beside : {};
  return found.filter(([label, share]) => wanted(label) && !(label in beside && !reaches(share, beside[label]))).sort((a, b) => b[1] - a[1]);
}

const NAMES = new Intl.DisplayNames("en", { type: "language" });

/** What a text's language is, and which model answered it. */
export function spoken({ language, model }) {
  return `${!language || language === "und" ? "No language told" : language === "mis" ? "Another language" : NAMES.of(language)}, read by ${model}.`;
}
