// Dates in the cells of a column, and the periods that they fall into.

const ISO = /^\s*(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?(?:[T ]\d.*)?\s*$/;
const NUMBERS = /^\s*(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[T ,]+\d.*)?\s*$/;
const DAY = 86400000;
const MOST_UNREADABLE = 0.05;

function utc(year, month = 1, day = 1) {
  const made = new Date(Date.UTC(year, month - 1, day));
  return made.getUTCMonth() === month - 1 && made.getUTCDate() === day ? made.getTime() : null;
}

/** {times: [milliseconds or null], unreadable, ambiguous} of a column's cells; null if it is no column of dates. */
export function datesOf(cells) {
  const there = cells.filter((cell) => cell?.trim());
  const short = there.map((cell) => NUMBERS.exec(cell)).filter(Boolean);
  const dayFirst = short.some(([, first]) => first > 12) || short.some(([, , mark]) => mark === ".");
  const monthFirst = short.some(([, , , second]) => second > 12);
  const read = (cell) => {
    const iso = ISO.exec(cell ?? ""), numbers = NUMBERS.exec(cell ?? "");
    if (iso) return utc(Number(iso[1]), Number(iso[2] ?? 1), Number(iso[3] ?? 1));
    if (numbers && dayFirst !== monthFirst) {
      const [first, second] = [Number(numbers[1]), Number(numbers[3])];
      return dayFirst ? utc(Number(numbers[4]), second, first) : utc(Number(numbers[4]), first, second);
    }
    if (/\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/i.test(cell ?? "") && /\d{4}/.test(cell)) {
      const time = Date.parse(`${cell} UTC`);
      return Number.isNaN(time) ? null : time;
    }
    return null;
  };
  const times = cells.map(read);
  const unreadable = times.filter((time) => time === null).length;
  const ambiguous = short.length > there.length / 2 && dayFirst === monthFirst;
  if (!there.length || (!ambiguous && unreadable > cells.length * MOST_UNREADABLE)) return null;
  if (there.every((cell) => /^\s*\d{4}\s*$/.test(cell)) && there.some((cell) => cell < 1900 || cell > 2100)) return null;
  return { times, unreadable, ambiguous };
}

const two = (number) => String(number).padStart(2, "0");
const KEYS = {
  day: (date) => `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`,
  week: (date) => KEYS.day(new Date(date.getTime() - ((date.getUTCDay() + 6) % 7) * DAY)),
  month: (date) => `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}`,
  year: (date) => String(date.getUTCFullYear()),
};

/** {kind, periods: [name], of: [place or null]}: periods without a gap between them, and the one of each row. */
export function periodsOf(times) {
  const known = times.filter((time) => time !== null);
  const [first, last] = known.reduce(([low, high], time) => [Math.min(low, time), Math.max(high, time)], [Infinity, -Infinity]);
  const days = (last - first) / DAY;
  const kind = days <= 31 ? "day" : days <= 200 ? "week" : days <= 366 * 4 ? "month" : "year";
  const periods = [];
  for (let time = first; ; time += DAY) {
    const name = KEYS[kind](new Date(Math.min(time, last)));
    if (periods.at(-1) !== name) periods.push(name);
    if (time >= last) break;
  }
  const place = new Map(periods.map((name, i) => [name, i]));
  return { kind, periods, of: times.map((time) => (time === null ? null : place.get(KEYS[kind](new Date(time))))) };
}
