// The page on which texts are labelled: one text, its labels, and what the answers are worth.

import { draw, shown } from "./chart.js";

const KEYS = "1234567890qwertyuiopadfghjklzxcvnm"; // without s and b, which skip and go back
const HEARTBEAT = 5000;
const by = (id) => document.getElementById(id);

let token = sessionStorage.getItem("token") ?? "";
let about;          // what is labelled
let hand = null;    // the text at hand
let busy = false;   // an answer is on its way

async function ask(path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token, ...body }),
    });
  } catch {
    throw new Error("The command does not answer. Start it again: what you have answered is kept.");
  }
  const said = await answer.json().catch(() => ({ error: `status ${answer.status}` }));
  if (answer.ok) return said;
  if (answer.status === 409) { elsewhere(true); return null; }
  throw new Error(said.error);
}

function say(message, wrong = false) {
  by("status").textContent = message;
  by("status").className = wrong ? "wrong" : "";
}

/** Does one thing after another, never two at once; says what went wrong. */
async function run(work) {
  if (busy) return;
  busy = true;
  document.body.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (error) {
    say(error.message, true);
  } finally {
    busy = false;
    document.body.removeAttribute("aria-busy");
  }
}

function elsewhere(is) {
  by("elsewhere").hidden = !is;
  by("quality").hidden = is;
  if (!is) return;
  by("desk").hidden = by("done").hidden = true;
  hand = null;
  say("");
}

const open = (by_force) => run(async () => {
  const said = await ask("/open", { by_force });
  if (!said) return;
  token = said.token;
  sessionStorage.setItem("token", token);
  about = said.about;
  elsewhere(false);
  by("file").textContent = about.file;
  by("output").textContent = about.output;
  by("question").textContent = about.single ? "Which label fits?" : "Which labels fit? Any number of them";
  by("labels").replaceChildren(...about.labels.map(choice));
  show(said);
});

function choice(label, place) {
  const input = document.createElement("input");
  input.type = about.single ? "radio" : "checkbox";
  input.name = "label";
  input.value = label;
  const made = document.createElement("label");
  made.append(input, document.createTextNode(label));
  if (KEYS[place]) {
    input.setAttribute("aria-keyshortcuts", KEYS[place]);
    const key = document.createElement("kbd");
    key.textContent = KEYS[place].toUpperCase();
    key.setAttribute("aria-hidden", "true");
    made.append(key);
  }
  return made;
}

const inputs = () => [...document.querySelectorAll("#labels input")];
const chosen = () => inputs().filter((input) => input.checked).map((input) => input.value);

function show({ at_hand, progress, unwritten }) {
  hand = at_hand;
  by("desk").hidden = !hand;
  by("done").hidden = Boolean(hand);
  const { answered, skipped, texts } = progress;
  by("count").textContent = `${answered.toLocaleString()} answered, ${skipped.toLocaleString()} skipped, of ${texts.toLocaleString()}`;
  by("progress").value = (answered + skipped) / texts;
  if (hand) {
    by("title").textContent = `Text ${hand.number.toLocaleString()}`;
    by("text").textContent = hand.text;
    by("text").scrollTop = 0;
    const before = hand.before?.labels ?? [];
    for (const input of inputs()) input.checked = before.includes(input.value);
    by("back").disabled = hand.number === 1;
    word();
  }
  quality(progress);
  say(unwritten ? `Your answers are kept, but ${about.output} could not be written (${unwritten}): is it open elsewhere?` : "", Boolean(unwritten));
  // A screen reader reads the number, and the text as its description.
  by(hand ? "title" : "done-title").focus({ preventScroll: true });
}

/** Says on the button what Enter does. */
function word() {
  const found = chosen();
  by("next").disabled = about.single && !found.length;
  by("next").textContent = found.length || about.single ? "Next" : "None of these, next";
}

function quality({ measured, counts, f1, answered, aside }) {
  const last = measured.at(-1);
  by("waiting").textContent = last ? "" : `A first figure comes with ${answered < 10 ? "ten answers" : "some more answers"}, and a new one with every ten.`;
  const rows = last ? [[`Answers left out of fitting in turn (${last.answers - last.aside_answers})`, shown(last.left_out)]] : [];
  if (last && about.order === "uncertain") rows.push([`Texts drawn at random and set aside (${last.aside_answers})`, last.aside ? shown(last.aside) : "too few yet"]);
  by("figures").replaceChildren(...rows.flatMap(([name, value]) => {
    const term = document.createElement("dt"), said = document.createElement("dd");
    term.textContent = `Macro F1, ${name.charAt(0).toLowerCase()}${name.slice(1)}`;
    said.textContent = value;
    return [term, said];
  }));
  const known = measured.filter(({ left_out }) => left_out.value != null);
  by("growth").hidden = known.length < 2;
  if (known.length >= 2) draw(by("chart"), measured);
  by("table").hidden = !answered;
  by("table").tBodies[0].replaceChildren(...about.labels.map((label, place) => {
    const row = document.createElement("tr"), name = document.createElement("th");
    name.scope = "row";
    name.textContent = label;
    row.append(name, ...[counts[place].toLocaleString(), f1.length ? shown(f1[place]) : "–"].map((value) => {
      const cell = document.createElement("td");
      cell.textContent = value;
      return cell;
    }));
    return row;
  }));
}

const send = (skipped) => run(async () => {
  if (!hand) return;
  const labels = skipped ? [] : chosen();
  if (about.single && !skipped && labels.length !== 1) { say("Choose a label first, or skip the text.", true); return; }
  const said = await ask("/answer", { row: hand.row, labels, skipped });
  if (said) show(said);
});

const back = () => run(async () => {
  const said = await ask("/back", {});
  if (said) show(said);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !about) return;
  const key = event.key.toLowerCase();
  if (key === "enter") {
    if (!hand || event.target.closest("button, a, summary")) return; // they have their own meaning for it
    event.preventDefault();
    send(false);
    return;
  }
  if (!by("shortcuts").checked || !by("elsewhere").hidden) return;
  if (key === "b") { event.preventDefault(); back(); return; }
  if (!hand) return;
  if (key === "s") { event.preventDefault(); send(true); return; }
  const input = inputs()[KEYS.indexOf(key)];
  if (key.length !== 1 || KEYS.indexOf(key) < 0 || !input) return;
  event.preventDefault();
  input.checked = about.single || !input.checked;
  word();
  if (about.single) send(false);
});
by("desk").addEventListener("submit", (event) => { event.preventDefault(); send(false); });
by("labels").addEventListener("change", word);
by("skip").addEventListener("click", () => send(true));
by("back").addEventListener("click", back);
by("back-again").addEventListener("click", back);
by("take").addEventListener("click", () => open(true));
by("shortcuts").addEventListener("change", () => document.body.classList.toggle("without-keys", !by("shortcuts").checked));
setInterval(() => { if (about && by("elsewhere").hidden) ask("/present", {}).catch((error) => say(error.message, true)); }, HEARTBEAT);
addEventListener("pagehide", () => {
  navigator.sendBeacon("/leave", new Blob([JSON.stringify({ token })], { type: "application/json" }));
});
open(false);
