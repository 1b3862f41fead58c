// Texts of operations and events, in the manner of the reports.
const FLAG = { idempotent: 1, committed: 2, follower: 4, reset: 16 };

function partitionName(run, p) { return p >= 0 ? run.partitions[p] : ""; }

function seconds(ns) { return (ns / 1e9).toFixed(ns < 1e8 ? 6 : 3) + " s"; }

function describeOp(run, words, i) {
  const o = run.ops, kind = words.kinds[o.kind[i]], n = o.records[i];
  const parts = ["#" + i, "client", String(o.client[i]) + (o.process[i] !== o.client[i] ? "/" + o.process[i] : ""), kind, partitionName(run, o.partition[i])];
  if (kind === "send") {
    parts.push(n === 1 ? o.writer[i] + ":" + o.seq[i] : n + " records from " + o.writer[i] + ":" + o.seq[i]);
    if (o.flags[i] & FLAG.idempotent) parts.push("idempotent");
    if (o.acks[i] !== -1) parts.push("acks=" + o.acks[i]);
  } else if (o.at[i] >= 0) parts.push("at " + o.at[i]);
  if (o.flags[i] & FLAG.reset) parts.push("by reset");
  parts.push("→", words.outcomes[o.outcome[i]]);
  if (o.error[i] > 0) parts.push(run.names[o.error[i]]);
  if (o.offset[i] >= 0) parts.push("offset " + o.offset[i]);
  if (kind !== "send" && n > 0) {
    parts.push(n === 1 ? o.first[i] + "=" + o.writer[i] + ":" + o.seq[i] : n + " records " + o.first[i] + "…" + o.last[i]);
  }
  if (o.to[i] >= 0) parts.push("to " + o.to[i]);
  if (o.hw[i] >= 0) parts.push("hw " + o.hw[i]);
  if (o.epoch[i] >= 0) parts.push("epoch " + o.epoch[i]);
  if (o.broker[i] >= 0) parts.push("from n" + o.broker[i]);
  if (o.attempts[i] > 1) parts.push("after " + o.attempts[i] + " attempts");
  parts.push("[" + o.callPos[i] + ".." + (words.outcomes[o.outcome[i]] === "open" ? "∞" : o.retPos[i]) + "]", seconds(o.call[i]), "c" + o.client[i]);
  return parts.filter((p) => p !== "").join(" ");
}

function describeEvent(run, words, i) {
  const e = run.events, parts = [words.events[e.kind[i]], words.faults[e.fault[i]]];
  const add = (name, v) => { if (v >= 0) parts.push(name + " " + v); };
  if (e.node[i] >= 0) parts.push("n" + e.node[i]);
  add("to node", e.peer[i]);
  parts.push(partitionName(run, e.partition[i]));
  add("epoch", e.epoch[i]);
  add("had to spare below", e.required[i]);
  add("appended below", e.appended[i]);
  add("ends at", e.end[i]);
  add("high watermark", e.hw[i]);
  if (e.count[i] > 0) add("count", e.count[i]);
  if (e.flags[i] & 1) parts.push("fenced");
  if (e.flags[i] & 2) parts.push("clean");
  if (e.flags[i] & 4) parts.push("leads");
  if (run.notes[e.note[i]]) parts.push("(" + run.notes[e.note[i]].trim() + ")");
  parts.push("[" + e.pos[i] + "]", seconds(e.time[i]));
  return parts.filter((p) => p !== "").join(" ");
}

// holds tells whether an operation is about an offset.
function holds(run, i, offset) {
  const o = run.ops;
  return o.offset[i] === offset || (o.first[i] >= 0 && o.first[i] <= offset && offset <= o.last[i]);
}

// matcher makes a test of a filter: every word must stand in the text.
function matcher(run, words, text) {
  const want = text.toLowerCase().split(/\s+/).filter((w) => w !== "");
  if (want.length === 0) return null;
  const hit = new Uint8Array(run.opCount);
  let count = 0;
  for (let i = 0; i < run.opCount; i++) {
    const have = " " + describeOp(run, words, i).toLowerCase() + " ";
    if (want.every((w) => {
      if (/^@\d+$/.test(w)) return holds(run, i, Number(w.slice(1)));
      return /^[a-z]?\d+$/.test(w) ? have.includes(" " + w + " ") : have.includes(w);
    })) {
      hit[i] = 1;
      count++;
    }
  }
  return { hit, count };
}

// parting finds where two runs first differ; -1: nowhere in operations.
function parting(a, b) {
  const columns = ["kind", "client", "partition", "call", "ret", "outcome", "offset", "to", "hw", "records", "first", "last", "writer", "seq", "broker"];
  const n = Math.min(a.opCount, b.opCount);
  for (let i = 0; i < n; i++) {
    for (const c of columns) if (a.ops[c][i] !== b.ops[c][i]) return { op: i, what: c };
  }
  return a.opCount === b.opCount ? { op: -1, what: "" } : { op: n, what: "one run has no more operations" };
}
