// Shares of the rows of a file by group and over time.

import { element, percent } from "./bars.js";
import { datesOf, periodsOf } from "./dates.js";

const MOST_GROUPS = 10, FEW = 20;
const WIDTH = 220, HEIGHT = 64, EDGE = 4;
const SVG = "http://www.w3.org/2000/svg";

/** Columns by which rows can be grouped, and columns of dates; numbers of columns. */
export function columnsFor(table, textColumn) {
  const groups = [], times = [];
  table.header.forEach((_, column) => {
    if (column === textColumn) return;
    const cells = table.rows.map((row) => row[column]);
    if (datesOf(cells)) { times.push(column); return; }
    const kinds = new Set(cells).size;
    if (kinds > 1 && kinds <= Math.max(MOST_GROUPS, Math.min(200, table.rows.length / 10))) groups.push(column);
  });
  return { groups, times };
}

/** The rows of each of the largest groups; the others are one. */
function groupsOf(cells) {
  const rows = new Map();
  cells.forEach((cell, row) => { const name = cell?.trim() || "(empty)"; rows.set(name, [...(rows.get(name) ?? []), row]); });
  const ranked = [...rows].sort((a, b) => b[1].length - a[1].length);
  const rest = ranked.slice(MOST_GROUPS).flatMap(([, members]) => members);
  return rest.length ? [...ranked.slice(0, MOST_GROUPS), [`${ranked.length - MOST_GROUPS} others`, rest]] : ranked;
}

const shareOf = (label, rows, given) => rows.filter((row) => given[row].has(label)).length / rows.length;

/** A table of the share of each label in each group. `given` has the labels of each row. */
export function groupTable(name, cells, labels, given) {
  const groups = groupsOf(cells);
  const highest = Math.max(0.01, ...labels.flatMap((label) => groups.map(([, rows]) => shareOf(label, rows, given))));
  const head = element("tr", "", "", [element("th", "", "emotion"), ...groups.map(([group, rows]) => element("th", rows.length < FEW ? "few" : "", group, [element("small", "", ` ${rows.length.toLocaleString()} rows`)]))]);
  head.querySelectorAll("th").forEach((cell) => { cell.scope = "col"; });
  const body = labels.map((label) => {
    const first = element("th", "", label);
    first.scope = "row";
    return element("tr", "", "", [first, ...groups.map(([, rows]) => {
      const share = shareOf(label, rows, given), cell = element("td", rows.length < FEW ? "few" : "", percent(share));
      cell.style.setProperty("--share", `${(share / highest) * 100}%`);
      return cell;
    })]);
  });
  const few = groups.some(([, rows]) => rows.length < FEW);
  const made = element("table", "groups", "", [element("caption", "", `Share of rows by ${name}.${few ? ` Groups of fewer than ${FEW} rows are grey: their shares say little.` : ""}`), element("thead", "", "", [head]), element("tbody", "", "", body)]);
  const scroll = element("div", "scroll", "", [made]);
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", `Shares by ${name}`);
  return scroll;
}

function svg(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** A line of shares, broken where a period has no rows; all charts have one scale. */
function line(shares, highest) {
  const x = (i) => EDGE + (shares.length > 1 ? (i / (shares.length - 1)) * (WIDTH - 2 * EDGE) : WIDTH / 2);
  const y = (share) => HEIGHT - EDGE - (share / highest) * (HEIGHT - 2 * EDGE);
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" });
  drawing.append(svg("line", { x1: 0, x2: WIDTH, y1: HEIGHT - EDGE, y2: HEIGHT - EDGE, class: "axis" }));
  let run = [];
  const draw = () => {
    if (run.length > 1) drawing.append(svg("polyline", { points: run.map(([i, share]) => `${x(i)},${y(share)}`).join(" ") }));
    else if (run.length) drawing.append(svg("circle", { cx: x(run[0][0]), cy: y(run[0][1]), r: 2 }));
    run = [];
  };
  shares.forEach((share, i) => { if (share === null) draw(); else run.push([i, share]); });
  draw();
  return drawing;
}

/** How much a label's share changes from the first third of the rows in time to the last. */
function change(label, periods, given) {
  const rows = periods.flat(), third = Math.max(1, Math.floor(rows.length / 3));
  return shareOf(label, rows.slice(-third), given) - shareOf(label, rows.slice(0, third), given);
}

/** Small charts of each label's share over time, those that change most first. */
export function timeCharts(name, cells, labels, given, kinds) {
  const dates = datesOf(cells);
  if (dates.ambiguous) return element("p", "quiet", `The dates in “${name}” can be read as day and month or as month and day: write them as 2024-12-31.`);
  const { kind, periods, of } = periodsOf(dates.times);
  const rows = periods.map(() => []);
  of.forEach((place, row) => { if (place !== null) rows[place].push(row); });
  const shares = Object.fromEntries(labels.map((label) => [label, rows.map((some) => (some.length ? shareOf(label, some, given) : null))]));
  const highest = Math.max(0.01, ...Object.values(shares).flat());
  const ranked = labels.map((label) => [label, change(label, rows, given)]).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  const figures = ranked.map(([label, by]) => {
    const there = shares[label].map((share, i) => [share, periods[i]]).filter(([share]) => share !== null);
    const points = `${by >= 0 ? "+" : "−"}${Math.abs(by * 100).toFixed(1)} points`;
    const caption = element("figcaption", "", "", [element("strong", "", label), ` ${points}`, element("span", "hidden", ` from ${percent(there[0][0])} in ${there[0][1]} to ${percent(there.at(-1)[0])} in ${there.at(-1)[1]}`)]);
    const figure = element("figure", `small ${kinds[label]}`, "", [caption, line(shares[label], highest), element("div", "ends", "", [element("span", "", periods[0]), element("span", "", periods.at(-1))])]);
    figure.title = there.map(([share, period]) => `${period}: ${percent(share)}`).join("\n");
    return figure;
  });
  const left = dates.unreadable ? ` ${dates.unreadable.toLocaleString()} rows without a readable date are left out.` : "";
  return element("div", "", "", [
    element("p", "quiet", `Share of rows by ${kind} of ${name}, from 0 to ${percent(highest)} in each chart; what changes most between the first and the last third of the rows comes first.${left}`),
    element("div", "smalls", "", figures),
  ]);
}
