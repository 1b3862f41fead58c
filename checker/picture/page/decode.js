// Columns: base64 of zigzag varints of differences.
function decodeColumn(text, n) {
  const bytes = atob(text), out = new Float64Array(n);
  let at = 0, last = 0;
  for (let i = 0; i < n; i++) {
    let value = 0, scale = 1, b;
    do {
      b = bytes.charCodeAt(at++);
      value += (b & 0x7f) * scale;
      scale *= 128;
    } while (b & 0x80);
    last += value % 2 === 1 ? -(value + 1) / 2 : value / 2;
    out[i] = last;
  }
  return out;
}

function decodeColumns(columns, n) {
  const out = {};
  for (const name of Object.keys(columns)) out[name] = decodeColumn(columns[name], n);
  return out;
}

// A run as the page uses it: columns decoded, times and positions side by side.
function decodeRun(told) {
  const run = Object.assign({}, told);
  run.ops = decodeColumns(told.ops, told.opCount);
  run.events = decodeColumns(told.events, told.eventCount);
  const o = run.ops, e = run.events;
  run.endTime = 1;
  run.endPos = Math.max(1, told.positions);
  for (let i = 0; i < run.opCount; i++) run.endTime = Math.max(run.endTime, o.call[i], o.ret[i]);
  for (let i = 0; i < run.eventCount; i++) run.endTime = Math.max(run.endTime, e.time[i]);
  for (let i = 0; i < run.opCount; i++) {
    if (o.retPos[i] < 0) { o.retPos[i] = run.endPos; o.ret[i] = run.endTime; }
  }
  return run;
}

// What is drawn along: nanoseconds or positions.
function axis(run, scale) {
  const order = scale === "order";
  return {
    call: order ? run.ops.callPos : run.ops.call,
    ret: order ? run.ops.retPos : run.ops.ret,
    event: order ? run.events.pos : run.events.time,
    end: order ? run.endPos : run.endTime,
    order,
  };
}

// The position that stands for a time, by the operations around it.
function positionAt(run, time) {
  const e = run.events.time;
  let lo = 0, hi = run.opCount;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (run.ops.call[mid] < time) lo = mid + 1; else hi = mid;
  }
  if (lo < run.opCount) return run.ops.callPos[lo];
  return e.length ? run.endPos : 1;
}
