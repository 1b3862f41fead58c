// The canvas: everything between two instants, whatever their distance.
const NODE_COLOURS = ["#8d99a6", "#1e88e5", "#ef6c00", "#2e9d57", "#8e4ec6", "#c2185b", "#00838f"];

function colourOf(node) { return NODE_COLOURS[node < 0 ? 0 : 1 + ((node - 1 + NODE_COLOURS.length) % (NODE_COLOURS.length - 1))]; }

function theme() {
  const css = getComputedStyle(document.documentElement), out = {};
  for (const name of ["ink", "paper", "soft", "line", "dim", "red", "amber", "green", "blue", "violet", "shade"]) out[name] = css.getPropertyValue("--" + name).trim();
  return out;
}

// lowerBound is the first index at which a rising array reaches a value.
function lowerBound(a, value) {
  let lo = 0, hi = a.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (a[mid] < value) lo = mid + 1; else hi = mid;
  }
  return lo;
}

function sized(canvas, height) {
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth || 800;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = height + "px";
  }
  const c = canvas.getContext("2d");
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  return { c, width };
}

// drawStage draws the view of a state and returns what it has drawn.
function drawStage(state) {
  const { rows, height } = place(state.shown, state.chosen);
  const { c, width } = sized(state.stage, height);
  const t = theme(), left = width < 600 ? 64 : 96, wide = width - left - 6;
  const d = { c, t, left, width, wide, state, rows, drawn: 0, lines: 0, boxes: [] };
  d.x = (v) => left + ((v - state.from) / (state.to - state.from)) * wide;
  c.font = "11px system-ui,sans-serif";
  c.textBaseline = "middle";
  ruler(d, height);
  for (const row of rows) {
    c.fillStyle = row.kind === "node" ? t.soft : t.paper;
    if (row.kind === "node") c.fillRect(left, row.y + 1, wide, row.h - 2);
    c.fillStyle = row.kind === "title" ? t.ink : t.dim;
    c.fillText(row.label, 4, row.y + (row.kind === "strip" ? 8 : row.h / 2), row.kind === "title" ? wide : left - 8);
  }
  c.save();
  c.beginPath();
  c.rect(left, 0, wide, height);
  c.clip();
  for (const run of state.shown) faults(d, run);
  for (const row of rows) if (row.kind === "strip") strip(d, row);
  for (const run of state.shown) operations(d, run);
  marks(d, height);
  c.restore();
  state.last = d;
  return d;
}

function ruler(d, height) {
  const { c, t, state } = d, span = state.to - state.from;
  const unit = Math.pow(10, Math.floor(Math.log10(span / 6)));
  const step = [1, 2, 5, 10].map((k) => k * unit).find((s) => span / s <= 8) || 10 * unit;
  c.strokeStyle = t.line;
  c.fillStyle = t.dim;
  for (let v = Math.ceil(state.from / step) * step; v <= state.to; v += step) {
    const x = d.x(v);
    c.beginPath();
    c.moveTo(x, 16);
    c.lineTo(x, height);
    c.globalAlpha = 0.5;
    c.stroke();
    c.globalAlpha = 1;
    c.fillText(state.scale === "order" ? "#" + Math.round(v) : (v / 1e9).toFixed(Math.max(0, Math.min(6, 9 - Math.floor(Math.log10(step))))) + " s", x + 3, 9);
  }
}

function spanOf(run, axes, s) {
  const a = axes.event[s.from];
  let b = s.to >= 0 ? axes.event[s.to] : s.down ? axes.end : a;
  if (s.until) b = axes.order ? positionAt(run, s.until) : s.until;
  return [a, Math.max(a, b)];
}

function faults(d, run) {
  const { c, t, rows, state } = d, axes = run.axes;
  const rowOf = new Map(rows.filter((r) => r.kind === "node" && r.run === run).map((r) => [r.node, r]));
  const first = rows.find((r) => r.run === run), last = rows.filter((r) => r.run === run).pop();
  if (!first) return;
  for (const s of run.spans) {
    const [a, b] = spanOf(run, axes, s);
    if (b < state.from || a > state.to) continue;
    const x = d.x(a), w = Math.max(s.lasting ? 2 : 1.5, d.x(b) - x), row = rowOf.get(s.node);
    if (s.down && !s.clean) {
      c.fillStyle = t.shade;
      c.fillRect(x, first.y, w, last.y + last.h - first.y);
    }
    for (const at of [row, rowOf.get(s.peer)]) {
      if (!at) continue;
      c.fillStyle = s.down ? t.red : t.amber;
      c.globalAlpha = s.down ? 0.75 : 0.45;
      c.fillRect(x, at.y + (s.down ? 2 : 14), w, s.down ? at.h - 4 : 8);
      c.globalAlpha = 1;
    }
    if (row) {
      d.boxes.push({ x, y: row.y, w: Math.max(w, 5), h: row.h, event: s.from, run });
      if (w > 40 || (state.to - state.from) / axes.end < 0.2) {
        c.fillStyle = s.down && w > 40 ? t.paper : t.ink;
        c.fillText(s.name, x + 4, row.y + (s.down ? 12 : 9), Math.max(60, w - 6));
      }
    }
  }
}

// The looks of a bar: how severe it is decides what is seen where bars share a pixel.
const LOOKS = ["dim", "green", "violet", "blue", "amber", "red"];

function lookOf(words, run, i) {
  const outcome = words.outcomes[run.ops.outcome[i]], kind = words.kinds[run.ops.kind[i]];
  if (outcome !== "ok") return outcome === "fail" ? 5 : 4;
  return Math.max(0, ["", "poll", "scan", "send"].indexOf(kind));
}

function operations(d, run) {
  const { c, t, rows, state } = d, axes = run.axes, slots = run.clients.length * TRACKS;
  const nodeRow = new Map(rows.filter((r) => r.kind === "node" && r.run === run).map((r) => [r.node, r]));
  const tops = new Float64Array(slots), from = new Float64Array(slots), to = new Float64Array(slots).fill(-1e9), look = new Int8Array(slots).fill(-1);
  for (const r of rows) {
    if (r.kind === "client" && r.run === run) for (let k = 0; k < TRACKS; k++) tops[r.index * TRACKS + k] = r.y + 3 + BAR * k;
  }
  const paint = (s) => {
    if (look[s] < 0) return;
    c.fillStyle = t[LOOKS[look[s]]];
    c.fillRect(from[s], tops[s], to[s] - from[s], BAR - 2);
  };
  const begin = lowerBound(run.reach, state.from), end = lowerBound(axes.call, state.to);
  const few = end - begin <= 1200, hit = run.match ? run.match.hit : null;
  const scale = d.wide / (state.to - state.from), least = d.left - 2, most = d.width;
  for (let i = begin; i < end; i++) {
    if (axes.ret[i] < state.from || (hit && !hit[i])) continue;
    d.drawn++;
    const x = Math.max(least, d.left + (axes.call[i] - state.from) * scale), till = Math.max(x + 1.2, Math.min(most, d.left + (axes.ret[i] - state.from) * scale));
    const s = run.slot[i], as = run.look[i];
    if (few) {
      c.fillStyle = t[LOOKS[as]];
      c.fillRect(x, tops[s], till - x, BAR - 2);
      d.boxes.push({ x, y: tops[s] - 1, w: Math.max(till - x, 4), h: BAR, op: i, run });
      arrow(d, run, i, x, till - x, tops[s], nodeRow, 0.28);
    } else if (x <= to[s] + 0.6 && as === look[s]) {
      if (till > to[s]) to[s] = till;
    } else if (till > to[s] + 0.6 || as > look[s]) {
      paint(s);
      from[s] = as > look[s] ? x : Math.max(x, to[s]);
      to[s] = till;
      look[s] = as;
    }
  }
  for (let s = 0; s < slots; s++) paint(s);
}

// arrow leads from a client to the broker that answered, and back.
function arrow(d, run, i, x, w, y, nodeRow, alpha) {
  const row = nodeRow.get(run.ops.broker[i]);
  if (!row) return;
  const { c } = d, top = row.y + row.h - 2;
  c.strokeStyle = colourOf(row.node);
  c.globalAlpha = alpha;
  c.beginPath();
  c.moveTo(x, y);
  c.lineTo(x + w / 2, top);
  c.lineTo(x + w, y);
  c.moveTo(x + w - 3, y - 5);
  c.lineTo(x + w, y);
  c.stroke();
  c.globalAlpha = 1;
  d.lines++;
}
