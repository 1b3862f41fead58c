// One partition over time: who led, who was in sync, how far everybody had come.
function strip(d, row) {
  const run = row.run, s = run.strips[row.partition], axes = run.axes;
  segments(d, row.y + 16, s.leaders, axes, (l) => colourOf(l.node), (l) => "n" + l.node + " epoch " + l.epoch, run);
  segments(d, row.y + 31, s.isr, axes, (l) => d.t.soft, (l) => "in sync: " + (l.who || l.count), run);
  const top = row.y + 48, h = row.h - 52, { c, t } = d;
  c.strokeStyle = t.line;
  c.strokeRect(d.left, top, d.wide, h);
  const [low, high] = bounds(d, s, axes);
  const y = (v) => top + h - 2 - ((v - low) / Math.max(1, high - low)) * (h - 4);
  for (const [node, points] of s.ends) steps(d, points, axes, y, colourOf(node), 1.4);
  steps(d, s.hw, axes, y, t.ink, 2.4);
  c.fillStyle = t.dim;
  c.fillText(String(high), d.left + 3, top + 7);
  c.fillText(String(low), d.left + 3, top + h - 7);
  for (const m of run.marks) {
    if (m.partition !== row.partition || m.offset < low || m.offset > high) continue;
    c.strokeStyle = t.red;
    c.setLineDash([4, 3]);
    c.beginPath();
    c.moveTo(d.left, y(m.offset));
    c.lineTo(d.left + d.wide, y(m.offset));
    c.stroke();
    c.setLineDash([]);
    break;
  }
  c.restore();
  c.fillStyle = t.dim;
  ["leader", "in sync", "log ends,", "watermark"].forEach((text, i) => c.fillText(text, 4, row.y + [23, 38, 60, 76][i], d.left - 8));
  c.save();
  c.beginPath();
  c.rect(d.left, 0, d.wide, row.y + 10000);
  c.clip();
}

function when(axes, p) { return p.op === undefined ? axes.event[p.event] : axes.ret[p.op]; }

// inView is the stretch of points that matter to the view, with one before it.
function inView(d, points, axes) {
  let lo = 0, hi = points.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (when(axes, points[mid]) < d.state.from) lo = mid + 1; else hi = mid;
  }
  return Math.max(0, lo - 1);
}

function segments(d, y, list, axes, colour, label, run) {
  const { c, t } = d;
  for (let i = inView(d, list, axes); i < list.length; i++) {
    const a = axes.event[list[i].event], b = i + 1 < list.length ? axes.event[list[i + 1].event] : axes.end;
    if (a > d.state.to) break;
    const x = Math.max(d.left, d.x(a)), w = Math.min(d.left + d.wide, d.x(b)) - x;
    c.globalAlpha = 0.8;
    c.fillStyle = colour(list[i]);
    c.fillRect(x, y, Math.max(1, w - 1), 13);
    c.globalAlpha = 1;
    if (w > 34) {
      c.fillStyle = colour(list[i]) === t.soft ? t.ink : "#fff";
      c.fillText(label(list[i]), x + 4, y + 7, w - 6);
    }
    d.boxes.push({ x, y, w: Math.max(w, 3), h: 13, event: list[i].event, run });
  }
}

function bounds(d, s, axes) {
  let low = Infinity, high = -Infinity;
  for (const points of [...s.ends.values(), s.hw]) {
    for (let i = inView(d, points, axes); i < points.length; i++) {
      if (when(axes, points[i]) > d.state.to && i > 0) break;
      low = Math.min(low, points[i].value);
      high = Math.max(high, points[i].value);
    }
  }
  return low === Infinity ? [0, s.top] : [low, Math.max(high, low + 1)];
}

function steps(d, points, axes, y, colour, width) {
  if (points.length === 0) return;
  const { c } = d;
  c.strokeStyle = colour;
  c.lineWidth = width;
  c.beginPath();
  let began = false, lastX = -1e9, level = 0;
  for (let i = inView(d, points, axes); i < points.length; i++) {
    const at = when(axes, points[i]), x = d.x(at), value = y(points[i].value);
    if (!began) { c.moveTo(x, value); began = true; } else { c.lineTo(x, level); c.lineTo(x, value); }
    level = value;
    lastX = x;
    if (at > d.state.to) break;
  }
  if (lastX < d.left + d.wide) c.lineTo(d.left + d.wide, level);
  c.stroke();
  c.lineWidth = 1;
}

// marks outlines the operations of the anomalies and says which is the one looked at.
function marks(d, height) {
  const { c, t, rows, state } = d;
  d.markVisible = false;
  for (const run of state.shown) {
    const rowOf = new Map(rows.filter((r) => r.kind === "client" && r.run === run).map((r) => [r.client, r]));
    const nodeRow = new Map(rows.filter((r) => r.kind === "node" && r.run === run).map((r) => [r.node, r]));
    for (const [i, k] of run.marked) {
      const a = run.axes.call[i], b = run.axes.ret[i];
      if (b < state.from || a > state.to) continue;
      const row = rowOf.get(run.ops.client[i]), x = d.x(a), w = Math.max(4, d.x(b) - x), y = row.y + 3 + BAR * run.track[i];
      const on = run === state.shown[0] && k === state.mark;
      c.fillStyle = t.red;
      c.fillRect(x, y - 1, w, BAR);
      c.strokeStyle = t.red;
      c.lineWidth = on ? 2 : 1;
      c.strokeRect(x - 2, y - 3, w + 4, BAR + 4);
      c.lineWidth = 1;
      if (on) {
        d.markVisible = true;
        c.setLineDash([3, 3]);
        c.beginPath();
        c.moveTo(x, 18);
        c.lineTo(x, height);
        c.stroke();
        c.setLineDash([]);
        c.fillText("▼", x - 5, 16);
        arrow(d, run, i, x, w, y, nodeRow, 1);
      }
      d.boxes.push({ x: x - 2, y: y - 3, w: w + 4, h: BAR + 4, op: i, run });
    }
    for (const e of state.events || []) {
      const x = d.x(run.axes.event[e]);
      c.strokeStyle = t.amber;
      c.beginPath();
      c.moveTo(x, 18);
      c.lineTo(x, height);
      c.stroke();
    }
  }
}
