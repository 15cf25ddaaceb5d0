// Emotions as rows of bars, and in words.

/** An element with a class, a text and children. */
export function element(name, className = "", text = "", children = []) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

export const percent = (share) => (share >= 0.995 || share < 0.005 ? `${(share * 100).toFixed(1)} %` : `${Math.round(share * 100)} %`);

/** "anger", "anger and fear", "anger, fear and joy". */
export function inWords(names) {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** One label's row: its name, a button if `title` says what a click does; a bar, with a line at `mark`; its share. */
function bar(label, share, model, mark, title) {
  const rare = label in model.unreliable_labels;
  const name = element(title ? "button" : "span", "name", label);
  if (title) {
    Object.assign(name, { type: "button", title });
    name.dataset.label = label;
    name.setAttribute("aria-pressed", "false");
  }
  if (rare) {
    const star = element("abbr", "rare", "few data");
    star.title = `${model.unreliable_labels[label]} examples in the test data: too few to be sure of`;
    name.append(" ", star);
  }
  const fill = element("span", "fill");
  fill.style.width = `${Math.max(share * 100, 0.5)}%`;
  const track = element("span", "track", "", [fill]);
  track.setAttribute("aria-hidden", "true");
  if (mark !== undefined) {
    const tick = element("span", "tick");
    tick.style.left = `${mark * 100}%`;
    track.append(tick);
  }
  return element("li", `bar ${model.kind[label]}`, "", [name, track, element("span", "share", percent(share))]);
}

/** A list of bars for [[label, share]]; `title` says what a click on a name does. */
export function bars(pairs, model, title, marks = {}) {
  return element("ul", "bars", "", pairs.map(([label, share]) => bar(label, share, model, marks[label], title)));
}

/** What the marked labels among these mean, or nothing. */
export function footnote(labels, model) {
  const rare = labels.filter((label) => label in model.unreliable_labels);
  if (!rare.length) return "";
  const counts = rare.map((label) => `${label} (${model.unreliable_labels[label]})`);
  return `Few data: ${inWords(counts)}, with the number of examples in the test data. Neither threshold nor quality is known well for so few.`;
}
