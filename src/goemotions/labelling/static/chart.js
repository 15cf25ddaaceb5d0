// The growth of macro F1, as a line with a band, and points with whiskers.

const WIDTH = 600, HEIGHT = 180, LEFT = 46, RIGHT = 8, TOP = 10, BOTTOM = 30;
const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

export const shown = (figure) =>
  figure?.value == null ? "not known yet" : `${figure.value.toFixed(2)} (${figure.low.toFixed(2)} to ${figure.high.toFixed(2)})`;

/** Draws figures into an svg element whose first child is its title. */
export function draw(svg, measured) {
  const known = measured.filter(({ left_out }) => left_out.value != null);
  const first = known[0].answers, last = known.at(-1).answers;
  const x = (answers) => LEFT + ((answers - first) / Math.max(last - first, 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value) => TOP + (1 - value) * (HEIGHT - TOP - BOTTOM);
  const path = (points) => points.map(([answers, value]) => `${x(answers).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const parts = [];
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    parts.push(shape("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }));
    if (value % 0.5 === 0) parts.push(shape("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(1)));
  }
  const upper = known.map(({ answers, left_out }) => [answers, left_out.high]);
  const lower = known.map(({ answers, left_out }) => [answers, left_out.low]).reverse();
  parts.push(shape("polygon", { class: "band", points: path([...upper, ...lower]) }));
  parts.push(shape("polyline", { class: "line", points: path(known.map(({ answers, left_out }) => [answers, left_out.value])) }));
  for (const { answers, aside } of known) {
    if (aside?.value == null) continue;
    parts.push(shape("line", { class: "whisker", x1: x(answers), x2: x(answers), y1: y(aside.low), y2: y(aside.high) }));
    parts.push(shape("circle", { class: "point", cx: x(answers), cy: y(aside.value), r: 4 }));
  }
  parts.push(shape("text", { x: x(first), y: HEIGHT - 4, "text-anchor": "start" }, `${first} answers`));
  if (last > first) parts.push(shape("text", { x: x(last), y: HEIGHT - 4, "text-anchor": "end" }, `${last}`));
  svg.querySelector("title").textContent =
    `Macro F1 went from ${shown(known[0].left_out)} with ${first} answers to ${shown(known.at(-1).left_out)} with ${last}.`;
  svg.replaceChildren(svg.firstElementChild, ...parts);
}
