// The whole run in one strip, with the window that the stage shows.
function drawScrub(state) {
  const { c, width } = sized(state.scrub, 46), t = theme(), run = state.shown[0], axes = run.axes;
  const x = (v) => (v / axes.end) * width, counts = new Float64Array(Math.ceil(width) + 1);
  if (state.density && state.density.width === width && state.density.run === run && state.density.axes === axes) counts.set(state.density.counts);
  else {
    for (let i = 0; i < run.opCount; i++) counts[Math.min(counts.length - 1, Math.floor(x(axes.call[i])))]++;
    state.density = { width, run, axes, counts: counts.slice() };
  }
  let most = 1;
  for (const n of counts) most = Math.max(most, n);
  for (const s of run.spans) {
    const [a, b] = spanOf(run, axes, s);
    c.fillStyle = s.down ? t.red : t.amber;
    c.globalAlpha = 0.35;
    c.fillRect(x(a), 0, Math.max(1.5, x(b) - x(a)), s.down ? 46 : 12);
    c.globalAlpha = 1;
  }
  c.fillStyle = t.blue;
  c.globalAlpha = 0.6;
  for (let i = 0; i < counts.length; i++) if (counts[i]) c.fillRect(i, 46 - 4 - (counts[i] / most) * 28, 1, 4 + (counts[i] / most) * 28);
  c.globalAlpha = 1;
  c.fillStyle = t.red;
  for (const i of run.marked.keys()) c.fillRect(x(axes.call[i]) - 1, 0, 3, 46);
  c.strokeStyle = t.ink;
  c.lineWidth = 2;
  c.strokeRect(x(state.from) + 1, 1, Math.max(4, x(state.to) - x(state.from) - 2), 44);
  c.lineWidth = 1;
}

// scrubbing lets the window be moved, and its edges drawn.
function scrubbing(state, show) {
  let grip = null;
  const at = (ev) => ((ev.clientX - state.scrub.getBoundingClientRect().left) / state.scrub.clientWidth) * state.shown[0].axes.end;
  state.scrub.addEventListener("pointerdown", (ev) => {
    const v = at(ev), slack = (8 / state.scrub.clientWidth) * state.shown[0].axes.end;
    state.scrub.setPointerCapture(ev.pointerId);
    grip = Math.abs(v - state.from) < slack ? "from" : Math.abs(v - state.to) < slack ? "to" : "all";
    if (grip === "all" && (v < state.from || v > state.to)) show(v - (state.to - state.from) / 2, v + (state.to - state.from) / 2);
    state.grab = v - state.from;
  });
  state.scrub.addEventListener("pointermove", (ev) => {
    if (!grip) return;
    const v = at(ev), span = state.to - state.from;
    if (grip === "from") show(Math.min(v, state.to - 1), state.to);
    else if (grip === "to") show(state.from, Math.max(v, state.from + 1));
    else show(v - state.grab, v - state.grab + span);
  });
  for (const kind of ["pointerup", "pointercancel"]) state.scrub.addEventListener(kind, () => { grip = null; });
}
