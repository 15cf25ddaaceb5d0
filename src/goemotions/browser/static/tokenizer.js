// Texts to tokens, as the library makes them: by the rules that `goemotions export web` made of its tokenizer.json.

const UNKNOWN_PENALTY = 10; // of Unigram: an unknown character scores so much less than the worst piece

const NORMALIZERS = {
  replace({ pattern, content }) {
    const found = new RegExp(pattern, "gu");
    return (text) => text.replace(found, () => content);
  },
  form({ form, changed }) {
    // Characters newer than the library's Unicode are left alone, as it leaves them.
    const known = new RegExp(changed, "u");
    const newer = (sign) => sign > "~" && sign.normalize(form) !== sign && !known.test(sign);
    return (text) => {
      let made = "", run = "";
      for (const sign of text) {
        if (newer(sign)) { made += run.normalize(form) + sign; run = ""; } else run += sign;
      }
      return made + run.normalize(form);
    };
  },
  map({ removed, surrounded, changes }) {
    const gone = new RegExp(removed, "u"), apart = new RegExp(surrounded, "u"), known = new Map(Object.entries(changes));
    const changed = (sign) => {
      if (!known.has(sign)) known.set(sign, gone.test(sign) ? "" : apart.test(sign) ? ` ${sign} ` : sign);
      return known.get(sign);
    };
    return (text) => Array.from(text, changed).join("");
  },
};

/** The parts of a text between what a pattern matches; with what it matches, if `kept`. */
function divide(pattern, kept) {
  const found = new RegExp(pattern, "gu"); // used itself: split and matchAll would compile it again for each text
  return (text) => {
    const parts = [];
    let at = 0;
    found.lastIndex = 0;
    for (let match; (match = found.exec(text));) {
      parts.push(text.slice(at, match.index));
      if (kept) parts.push(match[0]);
      at = found.lastIndex;
    }
    return [...parts, text.slice(at)];
  };
}

const SPLITTERS = {
  remove: ({ pattern }) => divide(pattern, false),
  isolate: ({ pattern }) => divide(pattern, true),
  metaspace({ sign }) {
    return (text) => {
      const marked = text.replaceAll(" ", sign);
      return (marked.startsWith(sign) || !marked ? marked : sign + marked).split(new RegExp(`(?=${sign})`, "u"));
    };
  },
};

const MODELS = {
  /** The longest piece from the left, again and again; a word that does not come out is one unknown token. */
  WordPiece({ pieces, spellings, unknown, prefix, longest_word: longest }) {
    const ids = new Map([...pieces.map((piece, id) => [piece, id]), ...Object.entries(spellings)]);
    return (word) => {
      const signs = Array.from(word);
      if (signs.length > longest) return [unknown];
      const found = [];
      for (let start = 0, end; start < signs.length; start = end) {
        let id;
        for (end = signs.length; end > start; end--) {
          id = ids.get((start ? prefix : "") + signs.slice(start, end).join(""));
          if (id !== undefined) break;
        }
        if (id === undefined) return [unknown];
        found.push(id);
      }
      return found;
    };
  },
  /** The pieces with the highest sum of scores; of equal ones those found first; unknown characters in a row are one. */
  Unigram({ pieces, scores, unknown }) {
    const ids = new Map(pieces.map((piece, id) => [piece, id]));
    const longest = pieces.reduce((most, piece) => Math.max(most, piece.length), 0);
    const worst = scores.reduce((least, score) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY;
    return (word) => {
      const best = Array.from({ length: word.length + 1 }, () => ({ score: 0, from: -1, id: -1 }));
      const reach = (from, to, id, more) => {
        const score = more + best[from].score;
        if (best[to].from < 0 || score > best[to].score) best[to] = { score, from, id };
      };
      for (let start = 0; start < word.length;) {
        const next = start + String.fromCodePoint(word.codePointAt(start)).length;
        for (let end = start + 1; end <= Math.min(word.length, start + longest); end++) {
          const id = ids.get(word.slice(start, end));
          if (id !== undefined) reach(start, end, id, scores[id]);
        }
        if (!ids.has(word.slice(start, next))) reach(start, next, unknown, worst);
        start = next;
      }
      const found = [];
      for (let end = word.length; end > 0; end = best[end].from) {
        if (best[end].id !== unknown || found.at(-1) !== unknown) found.push(best[end].id);
      }
      return found.reverse();
    };
  },
};

export class Tokenizer {
  constructor({ start, end, normalizers, splitters, model }) {
    Object.assign(this, { start, end });
    this.normalizers = normalizers.map((rule) => NORMALIZERS[rule.type](rule));
    this.splitters = splitters.map((rule) => SPLITTERS[rule.type](rule));
    this.model = MODELS[model.type](model);
  }

  /** The tokens of a text, without those that begin and end every one. */
  ids(text) {
    let normal = text.replace(/[\ud800-\udfff]/gu, "\ufffd"); // halves of pairs alone, which no UTF-8 holds
    for (const change of this.normalizers) normal = change(normal);
    let words = [normal];
    for (const split of this.splitters) words = words.flatMap(split).filter(Boolean);
    return words.filter(Boolean).flatMap(this.model);
  }
}
