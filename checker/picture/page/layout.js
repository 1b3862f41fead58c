// What a run's lanes and strips consist of, worked out once; and where they lie.
const BAR = 7, TRACKS = 6;

// tracks lays overlapping operations of one client beneath one another.
function tracks(run) {
  const o = run.ops, track = new Uint8Array(run.opCount), clients = new Map();
  for (let i = 0; i < run.opCount; i++) {
    let c = clients.get(o.client[i]);
    if (!c) { c = { client: o.client[i], ends: [], first: i }; clients.set(o.client[i], c); }
    let t = c.ends.findIndex((end) => end <= o.callPos[i]);
    if (t < 0) {
      if (c.ends.length < TRACKS) { t = c.ends.length; c.ends.push(0); }
      else t = c.ends.indexOf(Math.min(...c.ends));
    }
    c.ends[t] = o.retPos[i];
    track[i] = t;
  }
  const list = [...clients.values()].sort((a, b) => a.client - b.client);
  return { track, clients: list.map((c) => ({ client: c.client, tracks: c.ends.length })) };
}

// reach is, for every operation, the latest return of it and of those before.
function reach(ret) {
  const out = new Float64Array(ret.length);
  let last = 0;
  for (let i = 0; i < ret.length; i++) { last = Math.max(last, ret[i]); out[i] = last; }
  return out;
}

// faultSpans lists what struck: node, kind, from one event to another or to a time.
function faultSpans(run, words) {
  const e = run.events, spans = [], open = new Map();
  const FAULT = words.events.indexOf("fault"), HEAL = words.events.indexOf("heal");
  const CRASH = words.events.indexOf("crash"), START = words.events.indexOf("start");
  for (let i = 0; i < run.eventCount; i++) {
    const node = e.node[i];
    if (e.kind[i] === CRASH) {
      const s = { node, peer: -1, from: i, to: -1, until: 0, name: words.faults[e.fault[i]] || "stop", down: true, clean: (e.flags[i] & 2) !== 0 };
      open.set(node, s);
      spans.push(s);
    } else if (e.kind[i] === START) {
      const s = open.get(node);
      if (s) { s.to = i; open.delete(node); }
    } else if (e.kind[i] === FAULT) {
      const fell = open.get(node); // the strike that ended the process is told twice
      if (fell && e.time[fell.from] === e.time[i]) continue;
      spans.push({ node, peer: e.peer[i], from: i, to: -1, until: e.until[i], name: run.notes[e.note[i]] || words.faults[e.fault[i]], fault: e.fault[i], down: false });
    } else if (e.kind[i] === HEAL) {
      for (const s of spans) {
        if (!s.down && s.to < 0 && !s.until && (node < 0 || s.node === node) && (e.fault[i] === 0 || s.fault === e.fault[i])) s.to = i;
      }
    }
  }
  endTwice(run, spans);
  for (const s of spans) s.lasting = s.down || s.to >= 0 || s.until > 0;
  return spans;
}

// endTwice drops the strikes that were told just before the crash they are.
function endTwice(run, spans) {
  const e = run.events;
  for (let i = spans.length - 1; i > 0; i--) {
    const s = spans[i - 1], next = spans[i];
    if (next.down && !s.down && s.node === next.node && !s.until && e.time[s.from] === e.time[next.from]) {
      next.name = s.name;
      spans.splice(i - 1, 1);
    }
  }
}

// strips gathers what is known of each partition over time.
function strips(run, words) {
  const e = run.events, list = run.partitions.map((name) => ({ name, leaders: [], isr: [], ends: new Map(), hw: [], seen: false }));
  const REPLICA = words.events.indexOf("replica"), LEADER = words.events.indexOf("leader"), ISR = words.events.indexOf("isr");
  const CUT = words.events.indexOf("truncated"), BACK = words.events.indexOf("recovered");
  for (let i = 0; i < run.eventCount; i++) {
    if (e.partition[i] < 0) continue;
    const s = list[e.partition[i]], kind = e.kind[i];
    if (kind === LEADER || (kind === REPLICA && (e.flags[i] & 4))) {
      const last = s.leaders[s.leaders.length - 1];
      if (!last || (e.epoch[i] > last.epoch)) s.leaders.push({ event: i, node: e.node[i], epoch: e.epoch[i] });
    }
    if (kind === ISR) s.isr.push({ event: i, count: e.count[i], who: (run.notes[e.note[i]] || "").trim() });
    if (kind === REPLICA || kind === CUT || kind === BACK) {
      if (!s.ends.has(e.node[i])) s.ends.set(e.node[i], []);
      if (e.end[i] >= 0) s.ends.get(e.node[i]).push({ event: i, value: e.end[i] });
      s.seen = true;
    }
    if (kind === REPLICA && (e.flags[i] & 4) && e.hw[i] >= 0) s.hw.push({ event: i, value: e.hw[i] });
  }
  asClientsSaw(run, words, list);
  for (const s of list) {
    s.top = 1;
    for (const points of s.ends.values()) for (const p of points) s.top = Math.max(s.top, p.value);
    for (const p of s.hw) s.top = Math.max(s.top, p.value);
  }
  return list;
}

// Where nobody looked at the replicas, clients' answers tell ends and watermarks.
function asClientsSaw(run, words, list) {
  const o = run.ops, SEND = words.kinds.indexOf("send"), OK = words.outcomes.indexOf("ok");
  for (let i = 0; i < run.opCount; i++) {
    const s = list[o.partition[i]];
    if (!s || s.seen || o.outcome[i] !== OK) continue;
    if (o.kind[i] === SEND && o.offset[i] >= 0) {
      const who = o.broker[i] >= 0 ? o.broker[i] : -1;
      if (!s.ends.has(who)) s.ends.set(who, []);
      const points = s.ends.get(who), end = o.offset[i] + o.records[i];
      points.push({ op: i, value: points.length ? Math.max(end, points[points.length - 1].value) : end });
    }
    if (o.hw[i] >= 0) s.hw.push({ op: i, value: o.hw[i] });
  }
}

function prepare(run, words) {
  const nodes = new Set();
  for (let n = 1; n <= run.nodes; n++) nodes.add(n);
  for (let i = 0; i < run.eventCount; i++) if (run.events.node[i] >= 0) nodes.add(run.events.node[i]);
  run.nodeList = [...nodes].sort((a, b) => a - b);
  const t = tracks(run);
  run.track = t.track;
  run.clients = t.clients;
  const index = new Map(run.clients.map((c, k) => [c.client, k]));
  run.slot = new Int32Array(run.opCount);
  run.look = new Int8Array(run.opCount);
  for (let i = 0; i < run.opCount; i++) {
    run.slot[i] = index.get(run.ops.client[i]) * TRACKS + run.track[i];
    run.look[i] = lookOf(words, run, i);
  }
  run.spans = faultSpans(run, words);
  run.strips = strips(run, words);
  run.marked = new Map();
  run.marks.forEach((m, k) => m.ops.forEach((i) => { if (!run.marked.has(i)) run.marked.set(i, k); }));
  return run;
}

// place gives every row of the runs shown a height; it returns rows and the sum.
function place(runs, chosen) {
  const rows = [];
  let y = 22;
  const add = (row, h) => { rows.push(Object.assign(row, { y, h })); y += h; };
  for (const run of runs) {
    if (runs.length > 1) add({ kind: "title", run, label: run.title }, 20);
    for (const node of run.nodeList) add({ kind: "node", run, node, label: "node " + node }, 24);
    for (const [index, c] of run.clients.entries()) add({ kind: "client", run, index, client: c.client, label: "client " + c.client }, 6 + BAR * c.tracks);
    for (const p of chosen) if (run.strips[p]) add({ kind: "strip", run, partition: p, label: run.partitions[p] }, 116);
  }
  return { rows, height: y + 6 };
}
