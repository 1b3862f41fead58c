// The page: what is shown, and what people do with it.
const root = document.documentElement, by = (id) => document.getElementById(id);
const errors = [];
window.addEventListener("error", (ev) => { errors.push(ev.message); root.dataset.errors = errors.join(" | "); });

const told = JSON.parse(by("data").textContent);
const runs = told.runs.map((r) => prepare(decodeRun(r), told.words));
const state = { words: told.words, runs, shown: [runs[0]], scale: "time", mark: 0, chosen: [], stage: by("stage"), scrub: by("scrub"), from: 0, to: 1, events: [] };
let waiting = false;

function rescale() {
  for (const run of runs) { run.axes = axis(run, state.scale); run.reach = reach(run.axes.ret); }
}

function show(from, to) {
  const end = Math.max(...state.shown.map((r) => r.axes.end)), span = Math.max(state.scale === "order" ? 8 : 2000, Math.min(to - from, end));
  state.from = Math.max(-0.02 * end, Math.min(from, end - span));
  state.to = state.from + span;
  redraw();
}

function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; drawStage(state); drawScrub(state); });
}

function text(tag, content, into) {
  const e = document.createElement(tag);
  e.textContent = content;
  if (into) into.appendChild(e);
  return e;
}

// around shows an instant with a little of what surrounds it.
function around(v, share) {
  const span = state.shown[0].axes.end * share;
  show(v - span * 0.4, v + span * 0.6);
}

function jump(k) {
  const run = state.shown[0], m = run.marks[k];
  if (!m) return;
  state.mark = k;
  state.events = m.events;
  if (m.partition >= 0) choose(m.partition);
  const op = m.ops[0];
  if (op !== undefined) around(run.axes.call[op], Math.min(0.05, 2e9 / run.endTime));
  else if (m.events.length) around(run.axes.event[m.events[0]], 0.05);
  by("marks").querySelectorAll("button").forEach((b, i) => b.classList.toggle("on", i === k));
  const out = by("details");
  out.textContent = "";
  text("div", m.property + " " + m.name + " " + m.status + ": " + m.anomaly + (m.text ? ": " + m.text : ""), out);
  m.ops.forEach((i) => {
    const line = text("div", describeOp(run, state.words, i), out);
    line.style.cursor = "pointer";
    line.addEventListener("click", () => around(run.axes.call[i], 0.02));
  });
  m.events.forEach((i) => {
    const line = text("div", describeEvent(run, state.words, i), out);
    line.style.cursor = "pointer";
    line.addEventListener("click", () => around(run.axes.event[i], 0.02));
  });
}

function choose(p) {
  by("partition").value = String(p);
  state.chosen = p < 0 ? state.shown[0].partitions.map((_, i) => i) : [p];
}

function header() {
  const run = state.shown[0];
  by("title").textContent = runs.length > 1 ? runs[0].title + "  |  " + runs[1].title : run.title;
  by("facts").textContent = [run.arm, run.opCount + " operations", run.eventCount + " events", (run.endTime / 1e9).toFixed(1) + " s",
    run.trace && "trace " + run.trace, run.commit && "commit " + run.commit, run.replay].filter(Boolean).join(" · ");
  const story = by("story");
  story.textContent = "";
  story.classList.toggle("fine", run.marks.length === 0);
  run.story.forEach((line) => {
    const item = text("li", "", story), cut = line.indexOf(": ");
    text("b", cut > 0 ? line.slice(0, cut + 1) : "", item);
    item.append(cut > 0 ? line.slice(cut + 1) : line);
  });
  const marksBox = by("marks");
  marksBox.textContent = "";
  run.marks.slice(0, 60).forEach((m, k) => {
    const b = text("button", m.property + " " + m.anomaly + (m.offset >= 0 ? " @" + m.offset : ""), marksBox);
    b.classList.toggle("quiet", !m.claimed);
    b.title = m.text + (m.claimed ? "" : " (not claimed)");
    b.addEventListener("click", () => jump(k));
  });
  const select = by("partition");
  select.textContent = "";
  text("option", "all", select).value = "-1";
  run.partitions.forEach((name, i) => { text("option", name, select).value = String(i); });
  verdicts(run);
}

function verdicts(run) {
  const out = by("verdicts");
  out.textContent = "";
  for (const rows of [run.verdicts.map((v) => [v.property + " " + v.name, v.status, v.reason]), (run.config || []).map((s) => [s.name, s.value])]) {
    const table = text("table", "", out);
    rows.forEach((cells) => { const tr = text("tr", "", table); cells.forEach((cell) => text("td", cell, tr)); });
  }
}

function zoom(factor, middle) {
  const m = middle === undefined ? (state.from + state.to) / 2 : middle;
  show(m - (m - state.from) * factor, m + (state.to - m) * factor);
}

function controls() {
  const pan = (share) => show(state.from + share * (state.to - state.from), state.to + share * (state.to - state.from));
  const step = (by1) => { const n = state.shown[0].marks.length; if (n) jump((state.mark + by1 + n) % n); };
  by("prev").onclick = () => step(-1);
  by("next").onclick = () => step(1);
  by("in").onclick = () => zoom(0.5);
  by("out").onclick = () => zoom(2);
  by("fit").onclick = () => show(0, state.shown[0].axes.end);
  by("scale").onchange = (ev) => {
    const share = [state.from, state.to].map((v) => v / state.shown[0].axes.end);
    state.scale = ev.target.value;
    rescale();
    if (state.shown[0].marks.length) jump(state.mark); else show(share[0] * state.shown[0].axes.end, share[1] * state.shown[0].axes.end);
  };
  by("partition").onchange = (ev) => { choose(Number(ev.target.value)); redraw(); };
  by("filter").oninput = (ev) => { for (const run of runs) run.match = matcher(run, state.words, ev.target.value); redraw(); };
  document.addEventListener("keydown", (ev) => {
    if (ev.target.tagName === "INPUT" || ev.target.tagName === "SELECT") return;
    const act = { n: () => step(1), p: () => step(-1), "+": () => zoom(0.5), "-": () => zoom(2), 0: () => by("fit").onclick(), ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2) }[ev.key];
    if (act) { act(); ev.preventDefault(); }
  });
  by("diff").hidden = runs.length < 2;
  by("which").onchange = (ev) => {
    const k = Number(ev.target.value);
    state.shown = k === 2 ? runs : [runs[k]];
    state.mark = 0;
    header();
    choose(state.chosen.length === 1 ? state.chosen[0] : -1);
    redraw();
  };
  by("parting").onclick = () => {
    const p = parting(runs[0], runs[1]);
    by("which").value = "2";
    by("which").onchange({ target: { value: "2" } });
    const out = by("details");
    if (p.op < 0) { out.textContent = "No operation differs."; return; }
    out.textContent = "They part at operation " + p.op + " (" + p.what + "):\n" + runs.map((r) => (p.op < r.opCount ? describeOp(r, state.words, p.op) : "—")).join("\n");
    around(runs[p.op < runs[0].opCount ? 0 : 1].axes.call[p.op], 0.02);
  };
}

function pointing() {
  let drag = null;
  const value = (ev) => { const d = state.last, box = state.stage.getBoundingClientRect(); return state.from + ((ev.clientX - box.left - d.left) / d.wide) * (state.to - state.from); };
  const hit = (ev) => {
    const box = state.stage.getBoundingClientRect(), x = ev.clientX - box.left, y = ev.clientY - box.top, list = state.last.boxes;
    for (let i = list.length - 1; i >= 0; i--) { const b = list[i]; if (x >= b.x && x <= b.x + b.w && y >= b.y && y <= b.y + b.h) return b; }
    return null;
  };
  const say = (b) => { by("details").textContent = b.op !== undefined ? describeOp(b.run, state.words, b.op) : describeEvent(b.run, state.words, b.event); };
  state.stage.addEventListener("pointerdown", (ev) => { drag = { x: ev.clientX, from: state.from, moved: false }; state.stage.setPointerCapture(ev.pointerId); });
  state.stage.addEventListener("pointermove", (ev) => {
    if (!drag) { state.stage.style.cursor = hit(ev) ? "pointer" : "grab"; return; }
    const by1 = ((ev.clientX - drag.x) / state.last.wide) * (state.to - state.from);
    drag.moved = drag.moved || Math.abs(ev.clientX - drag.x) > 3;
    if (drag.moved) show(drag.from - by1, drag.from - by1 + (state.to - state.from));
  });
  state.stage.addEventListener("pointerup", (ev) => { const b = drag && !drag.moved && hit(ev); drag = null; if (b) say(b); });
  state.stage.addEventListener("pointercancel", () => { drag = null; });
  state.stage.addEventListener("wheel", (ev) => { if (ev.ctrlKey || ev.shiftKey) { ev.preventDefault(); zoom(Math.pow(1.0015, ev.deltaY + ev.deltaX), value(ev)); } }, { passive: false });
  window.addEventListener("resize", redraw);
}

// selftest draws frames of a sweep over the run and says what they took: the
// pixels are read back, so that painting counts.
function selftest() {
  const run = state.shown[0], frames = [], end = run.axes.end, mark = state.last.markVisible;
  let drawn = 0;
  for (let k = 0; k < 24; k++) {
    const span = end * (k < 8 ? 1 : k < 16 ? 0.25 : 0.02), began = performance.now();
    state.from = (end - span) * ((k % 8) / 8);
    state.to = state.from + span;
    drawn = Math.max(drawn, drawStage(state).drawn);
    drawScrub(state);
    state.stage.getContext("2d").getImageData(0, 0, 1, 1);
    frames.push(performance.now() - began);
  }
  frames.sort((a, b) => a - b);
  Object.assign(root.dataset, { frames: String(frames.length), frame: frames[12].toFixed(2), slowest: frames[23].toFixed(2), drawn: String(drawn), mark: String(mark), marks: String(run.marks.length) });
  if (run.marks.length) jump(0); else show(0, end);
  drawStage(state);
}

rescale();
header();
controls();
pointing();
scrubbing(state, show);
choose(runs[0].partitions.length > 3 ? 0 : -1);
state.to = state.shown[0].axes.end;
if (runs[0].marks.length) jump(0);
drawStage(state);
drawScrub(state);
if (location.hash === "#selftest") selftest();
root.dataset.errors = errors.join(" | ");
root.dataset.ready = "yes";
