"use strict";
(() => {
  // The token opened the page; the cookie does from now on. It is not to stay in the history.
  if (location.search) history.replaceState(null, "", location.pathname);

  const byId = (id) => document.getElementById(id);
  const TRACKS = ["#0072b2", "#56b4e9", "#009e73", "#e69f00", "#f0e442", "#d55e00", "#cc79a7"];
  const LIMBS = [
    ["nose", "neck"], ["nose", "l_eye"], ["nose", "r_eye"], ["l_eye", "l_ear"], ["r_eye", "r_ear"],
    ["l_shoulder", "r_shoulder"], ["l_hip", "r_hip"], ["l_shoulder", "l_hip"], ["r_shoulder", "r_hip"],
    ["l_shoulder", "l_elbow"], ["l_elbow", "l_wrist"], ["r_shoulder", "r_elbow"], ["r_elbow", "r_wrist"],
    ["l_hip", "l_knee"], ["l_knee", "l_ankle"], ["r_hip", "r_knee"], ["r_knee", "r_ankle"],
  ];
  const SURE = 0.3, SPAN_S = 60, LEAST_S = 20, BREAK_S = 1.5, ROWS = 10, QUIET_MS = 4000;
  const views = new Map(); // source -> its newest shot and picture, and where they are drawn
  const who = new Map(); // track, with its source -> what was last said of it
  const happened = new Map(); // source -> what happened to it last
  const sensors = new Map(); // sensor -> what its wearer did last, and what happened to it since
  let about = null, lines = [], paused = false, missed = 0;
  let heardAt = 0, changedAt = 0, ended = false, waitS = 1, tint = {}, dirty = true;

  const readTint = () => {
    const css = getComputedStyle(document.documentElement);
    for (const name of ["ground", "card", "ink", "soft", "line", "accent", "x", "y", "z"]) {
      tint[name] = css.getPropertyValue("--" + name).trim();
    }
  };
  const state = (text, kind) => {
    const chip = byId("state");
    if (chip.textContent !== text) chip.textContent = text;
    chip.className = "state " + kind;
  };
  const words = (label) => (label || "–").replaceAll("_", " ");
  const trackColour = (track, place) => TRACKS[(/^\d+$/.test(track) ? Number(track) : place) % TRACKS.length];
  const labelColour = (label) => about.colours[label] || tint.line;
  const isSeen = () => about.kind !== "samples";
  const keyOf = (track, source) => (source ? track + " " + source : track);
  const saidOf = (row) => (!row || !row.state ? "" : row.name ? row.name : row.state);
  const matchOf = (row) => (row.match === undefined || row.state !== "known" ? "" : row.match.toFixed(2));
  const ms = (value) => (value === null || value === undefined ? "–" : value < 100 ? value.toFixed(1) + " ms"
    : value < 10000 ? Math.round(value) + " ms" : (value / 1000).toFixed(1) + " s");

  // A canvas of its size on the screen, sharp on any display.
  const sheet = (canvas) => {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    return { pen, width, height };
  };

  const begin = (row) => {
    about = row;
    lines = []; missed = 0;
    for (const view of views.values()) view.figure.remove();
    views.clear();
    happened.clear();
    sensors.clear();
    who.clear();
    byId("model").textContent = about.model;
    byId("source").textContent = about.source;
    document.title = about.source + " – edgehuman live";
    byId("identifies").hidden = !about.identifies;
    const frames = isSeen(), poses = about.kind === "poses";
    byId("who").hidden = !(frames && about.identifies);
    document.querySelector("main").className = byId("who").hidden ? "" : "named";
    byId("seen").hidden = !frames;
    byId("sensors").hidden = true;
    byId("worn").hidden = byId("signal").hidden = frames;
    byId("timeline").setAttribute("aria-label", frames ? "Who was seen when" : "Labels over time");
    byId("timeline").className = frames ? "frames" : "samples";
    byId("means").textContent = poses
      ? "Latency is from the last line of a window to its name; over the last 512 windows. “Not yet”: too little was seen of who walks; “not walking”: they stand, sit, or walk on the spot; “unknown”: enough, and it is nobody of the gallery."
      : frames
      ? "Latency is from the picture in memory to its answer, age from the moment the run took the frame to its answer; “on screen” adds the way to this page. Both are over the last 512 frames."
      : "Latency is from the last sample of a window to its label, with the time that smoothing waits; over the last 512 windows.";
    byId("legend").replaceChildren();
    byId("bars").replaceChildren();
    if (frames) return;
    for (const label of Object.keys(about.colours)) {
      const item = document.createElement("li"), swatch = document.createElement("i");
      swatch.style.background = labelColour(label);
      item.append(swatch, words(label));
      byId("legend").append(item);
    }
    for (const label of about.labels) {
      const name = document.createElement("span"), track = document.createElement("div");
      const bar = document.createElement("i"), value = document.createElement("span");
      name.textContent = words(label);
      bar.style.background = labelColour(label);
      track.append(bar);
      byId("bars").append(name, track, value);
    }
  };

  const take = (update) => {
    if (update.lines) {
      changedAt = performance.now();
      for (const line of update.lines) {
        if (line.sensor) { sensors.set(line.sensor, line.event ? { ...sensors.get(line.sensor), ...line } : line); continue; }
        if (lines.length && line.t < lines[lines.length - 1].t - 2) lines = []; // the clock began anew
        for (const [track, row] of Object.entries(line.names || {})) who.set(keyOf(track, line.source), row);
        if (line.event) happened.set(line.source || "", line); else if (line.tracks || !isSeen()) lines.push(line);
      }
      const from = (lines.length ? lines[lines.length - 1].t : 0) - SPAN_S - 5;
      if (isSeen()) lines = lines.filter((line) => line.t >= from);
      else lines = lines.slice(-400);
      if (sensors.size) worn();
    }
    missed += update.missed || 0;
    byId("missed").hidden = !missed;
    byId("missed").textContent = missed + " lines of the timeline came too fast for this page";
    for (const shot of update.shots) {
      for (const person of shot.people) if (person.track && person.state) who.set(keyOf(person.track, shot.source), person);
      if (!paused) viewOf(shot.source).shot = shot;
    }
    if (update.shots.length && about.identifies) walkers();
    if (update.ended) { ended = true; state("the run has ended", "wait"); }
    figures(update.figures);
    dirty = true;
  };

  const figures = (found) => {
    const frames = about.kind === "frames", what = frames ? "frames" : "windows";
    const people = isSeen() ? [[found.people, "people now"]] : [];
    const sinks = Object.values(found.sinks).reduce((sum, count) => sum + count, 0);
    const rows = [
      [found.per_s === null ? "–" : found.per_s.toFixed(1), what + "/s"],
      [ms(found.p50_ms), "latency p50"],
      [ms(found.p99_ms), "latency p99"],
      ...(frames ? [[ms(found.age_ms), "age p50"], [ms(shownMs()), "age on screen"]] : []),
      ...people,
      [found.answers, what],
      [found.unanswered, "unanswered", found.unanswered > 0],
      [found.dropped, "dropped", found.dropped > 0],
      ...(sinks ? [[sinks, "dropped by sinks", true]] : []),
    ];
    const list = byId("figures");
    while (list.children.length < rows.length) {
      const tile = document.createElement("div");
      tile.append(document.createElement("dt"), document.createElement("dd"));
      list.append(tile);
    }
    while (list.children.length > rows.length) list.lastChild.remove();
    rows.forEach(([value, name, bad], k) => {
      const tile = list.children[k];
      tile.className = bad ? "bad" : "";
      tile.firstChild.textContent = name;
      tile.lastChild.textContent = String(value);
    });
  };

  // Who is in the newest pictures, the longest there first.
  const walkers = () => {
    const rows = [...views.values()].flatMap(({ shot }) => (shot ? shot.people.filter((person) => person.track && person.state)
      .map((person) => ({ ...person, source: shot.source })) : []));
    rows.sort((a, b) => Number(a.track) - Number(b.track) || (a.track < b.track ? -1 : 1));
    const list = byId("walkers");
    while (list.children.length > rows.length) list.lastChild.remove();
    while (list.children.length < rows.length) {
      const item = document.createElement("li"), part = document.createElement("div");
      part.append(document.createElement("b"), document.createElement("small"));
      item.append(document.createElement("i"), part, document.createElement("span"));
      list.append(item);
    }
    rows.forEach((row, k) => {
      const item = list.children[k], [name, small] = item.children[1].children;
      item.firstChild.style.background = trackColour(row.track, k);
      name.textContent = row.name || "track " + row.track;
      const parts = Object.entries(row.by || {}).map(([by, score]) => by + " " + score.toFixed(2));
      small.textContent = [row.name ? "track " + row.track : "", row.match === undefined ? "" : "score " + row.match.toFixed(2), ...parts,
        row.quality === undefined ? "" : "quality " + Math.round(row.quality), row.source].filter(Boolean).join(" · ");
      item.lastChild.textContent = row.state;
      item.lastChild.className = "state " + (row.state === "known" ? "live" : row.state === "unknown" ? "lost" : "wait");
    });
    byId("nobody").hidden = rows.length > 0;
    document.dispatchEvent(new CustomEvent("edgehuman-walkers", { detail: rows }));
  };

  // What wearers do, each beside the colour of the track that wears the sensor.
  const worn = () => {
    byId("sensors").hidden = false;
    byId("who").hidden = true; // a name is that of a sensor
    byId("wearers").replaceChildren(...[...sensors].sort().map(([name, row]) => {
      const item = document.createElement("li"), part = document.createElement("div"), swatch = document.createElement("i");
      const is_away = row.event && row.event !== "back" && row.event !== "wearer";
      if (row.track) swatch.style.background = trackColour(row.track, 0);
      part.append(Object.assign(document.createElement("b"), { textContent: name }),
        Object.assign(document.createElement("small"), { textContent: [row.said, is_away ? "" : row.reason].filter(Boolean).join(" · ") }));
      const said = is_away ? row.event : words(row.label) + (row.score === undefined ? "" : " " + row.score.toFixed(2));
      item.append(swatch, part, Object.assign(document.createElement("span"),
        { textContent: said, className: "state " + (is_away ? "lost" : "live") }));
      return item;
    }));
  };

  const viewOf = (source) => {
    if (!views.has(source)) {
      const figure = document.createElement("figure"), canvas = document.createElement("canvas");
      const caption = document.createElement("figcaption");
      canvas.className = "picture";
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", "The newest frame " + (source ? "of " + source + " " : "") + "with the people found in it");
      figure.append(canvas, caption);
      byId("pictures").append(figure);
      byId("nothing").hidden = true;
      views.set(source, { figure, canvas, caption, shot: null, bitmap: null });
      byId("pictures").className = views.size > 1 ? "several" : "";
      dirty = true;
    }
    return views.get(source);
  };
  const shownMs = () => {
    const ages = [...views.values()].filter((view) => view.shot).map((view) => view.shot.shown_ms);
    return ages.length ? Math.max(...ages) : null;
  };
  const drawPicture = (source, { canvas, caption, shot: newest, bitmap }) => {
    if (!newest) return;
    if (newest.width && newest.height) canvas.style.aspectRatio = newest.width + " / " + newest.height;
    const { pen, width, height } = sheet(canvas);
    if (bitmap) pen.drawImage(bitmap, 0, 0, width, height);
    const sx = width / (newest.width || 1), sy = height / (newest.height || 1);
    newest.people.forEach((person, place) => {
      const ink = trackColour(person.track, place);
      if (byId("outlines").checked) for (const outline of person.outline || []) {
        pen.beginPath();
        outline.forEach(([x, y], k) => (k ? pen.lineTo(x * sx, y * sy) : pen.moveTo(x * sx, y * sy)));
        pen.closePath();
        pen.globalAlpha = 0.35; pen.fillStyle = ink; pen.fill();
        pen.globalAlpha = 1; pen.strokeStyle = ink; pen.lineWidth = 1.5; pen.stroke();
      }
      if (byId("joints").checked && person.joints) drawJoints(pen, person.joints, ink, sx, sy);
      if (person.joints) byId("joints").parentElement.hidden = false;
      if (person.outline) byId("outlines").parentElement.hidden = false;
    });
    if (byId("boxes").checked) {
      for (const part of [drawBox, drawTag]) newest.people.forEach((person, place) =>
        part(pen, person, trackColour(person.track, place), sx, sy, width));
    }
    const many = newest.people.length;
    const when = about.kind === "poses" ? "at " + newest.t_s.toFixed(2) + " s" : newest.t_s === null ? newest.frame : "frame " + newest.frame + " at " + newest.t_s.toFixed(2) + " s";
    const each = newest.people.slice(0, 6).map((p) => (saidOf(p) ? [p.name ? "" : "#" + p.track, saidOf(p), matchOf(p)]
      : [p.track ? "#" + p.track : "", p.score.toFixed(2)]).filter(Boolean).join(" "));
    caption.textContent = (source ? source + ", " : "") + when + ": " + (newest.reason || (many === 0 ? "nobody"
      : many + (many === 1 ? " person" : " people") + " (" + each.join(", ") + (many > 6 ? ", …" : "") + ")"));
  };
  const drawJoints = (pen, joints, ink, sx, sy) => {
    const at = (name) => { const j = joints[name]; return j && j[2] >= SURE ? [j[0] * sx, j[1] * sy] : null; };
    pen.lineCap = "round"; pen.lineWidth = 2.5; pen.strokeStyle = ink;
    for (const [a, b] of LIMBS) {
      const from = at(a), to = at(b);
      if (!from || !to) continue;
      pen.beginPath(); pen.moveTo(...from); pen.lineTo(...to); pen.stroke();
    }
    pen.fillStyle = "#fff"; pen.lineWidth = 1;
    for (const name of Object.keys(joints)) {
      const place = at(name);
      if (place) { pen.beginPath(); pen.arc(...place, 2.5, 0, 7); pen.fill(); pen.stroke(); }
    }
  };
  const drawBox = (pen, person, ink, sx, sy) => {
    const [x0, y0, x1, y1] = person.box;
    pen.strokeStyle = "rgb(0 0 0 / .55)"; pen.lineWidth = 4;
    pen.strokeRect(x0 * sx, y0 * sy, (x1 - x0) * sx, (y1 - y0) * sy);
    pen.strokeStyle = ink; pen.lineWidth = 2;
    pen.strokeRect(x0 * sx, y0 * sy, (x1 - x0) * sx, (y1 - y0) * sy);
  };
  const drawTag = (pen, person, ink, sx, sy, width) => {
    const [x0, y0] = person.box, track = person.track ? "#" + person.track : "";
    const text = (saidOf(person) ? [person.name ? "" : track, saidOf(person), matchOf(person)]
      : [track, width < 480 && track ? "" : person.score.toFixed(2)]).filter(Boolean).join(" ");
    pen.font = "600 12px system-ui, sans-serif";
    const wide = pen.measureText(text).width + 8;
    const x = Math.max(0, Math.min(x0 * sx - 1, width - wide)), y = y0 * sy >= 18 ? y0 * sy - 18 : y0 * sy;
    pen.fillStyle = "rgb(0 0 0 / .72)"; pen.fillRect(x, y, wide, 17);
    pen.fillStyle = ink; pen.fillRect(x, y, 3, 17);
    pen.fillStyle = "#fff"; pen.fillText(text, x + 6, y + 13);
  };

  const drawWorn = () => {
    const line = lines[lines.length - 1];
    if (!line) return;
    byId("label").textContent = words(line.label);
    byId("score").textContent = line.score.toFixed(2);
    byId("swatch").style.background = labelColour(line.label);
    byId("reason").textContent = line.reason || (line.true ? "true: " + words(line.true) : "");
    about.labels.forEach((label, k) => {
      const share = line.prob ? line.prob[k] : 0;
      byId("bars").children[3 * k + 1].firstChild.style.width = Math.round(share * 100) + "%";
      byId("bars").children[3 * k + 2].textContent = line.prob ? share.toFixed(2) : "–";
    });
  };
  const drawTrace = (id, first) => {
    const { pen, width, height } = sheet(byId(id));
    const kept = lines.slice(-24), end = lines.length ? lines[lines.length - 1].t : 0, span = 12;
    const points = [];
    for (const line of kept) (line.imu || []).forEach((row, k) => points.push([line.t - (line.imu.length - 1 - k) * line.step_s, row]));
    let least = first ? -1 : -0.5, most = first ? 1 : 1.5;
    for (const [, row] of points) for (let axis = 0; axis < 3; axis++) {
      least = Math.min(least, row[first + axis]); most = Math.max(most, row[first + axis]);
    }
    const y = (value) => height - 6 - ((value - least) / (most - least)) * (height - 26);
    pen.font = "11px system-ui, sans-serif";
    for (const mark of [0, ...(first ? [] : [1])]) {
      pen.strokeStyle = tint.line; pen.lineWidth = 1;
      pen.beginPath(); pen.moveTo(22, y(mark)); pen.lineTo(width, y(mark)); pen.stroke();
      pen.fillStyle = tint.soft; pen.fillText(String(mark), 6, y(mark) + 4);
    }
    ["x", "y", "z"].forEach((name, axis) => {
      pen.strokeStyle = tint[name]; pen.lineWidth = 1.4; pen.beginPath();
      let last = null;
      for (const [t, row] of points) {
        const x = 22 + ((t - end + span) / span) * (width - 22);
        if (x < 22) continue;
        last !== null && t - last < 0.5 ? pen.lineTo(x, y(row[first + axis])) : pen.moveTo(x, y(row[first + axis]));
        last = t;
      }
      pen.stroke();
      pen.fillStyle = tint[name]; pen.fillText(name, width - 40 + 12 * axis, 14);
    });
  };

  const timeAxis = (pen, x, end, span, width, height) => {
    pen.font = "11px system-ui, sans-serif"; pen.textAlign = "center";
    const step = span <= 25 ? 5 : width < 520 ? 20 : 10;
    for (let t = Math.ceil((end - span) / step) * step; t <= end; t += step) {
      if (t < 0) continue;
      pen.strokeStyle = tint.line; pen.lineWidth = 1;
      pen.beginPath(); pen.moveTo(x(t), 0); pen.lineTo(x(t), height - 18); pen.stroke();
      pen.fillStyle = tint.soft; pen.fillText(t + " s", Math.min(Math.max(x(t), 16), width - 18), height - 4);
    }
    pen.textAlign = "left";
  };
  const drawTimeline = () => {
    const { pen, width, height } = sheet(byId("timeline"));
    if (!lines.length) return;
    const end = lines[lines.length - 1].t, gutter = about.identifies ? (width < 520 ? 84 : 120) : width < 520 ? 58 : 74;
    const span = Math.min(SPAN_S, Math.max(LEAST_S, end - lines[0].t));
    const x = (t) => gutter + ((t - end + span) / span) * (width - gutter - 4);
    timeAxis(pen, x, end, span, width, height);
    pen.save();
    if (isSeen()) drawTracks(pen, x, end - span, gutter, height); else drawLabels(pen, x, gutter, height);
    pen.restore();
  };
  const fitted = (pen, text, wide) => {
    if (pen.measureText(text).width <= wide) return text;
    let kept = [...text];
    while (kept.length && pen.measureText(kept.join("") + "…").width > wide) kept = kept.slice(0, -1);
    return kept.join("") + "…";
  };
  const rowsOf = (pen, names, height, wide) => {
    const high = Math.min((height - 22) / Math.max(names.length, 1), 34);
    pen.font = "12px system-ui, sans-serif"; pen.fillStyle = tint.soft;
    names.forEach((name, k) => pen.fillText(fitted(pen, name, wide), 0, k * high + high / 2 + 4));
    return high;
  };
  const clipTo = (pen, gutter, height) => { pen.beginPath(); pen.rect(gutter, 0, 1e5, height); pen.clip(); };
  const drawTracks = (pen, x, from, gutter, height) => {
    const spans = new Map();
    let most = 0;
    for (const line of lines) {
      most = Math.max(most, line.people);
      for (const number of line.tracks) {
        const track = keyOf(number, line.source);
        const found = spans.get(track) || spans.set(track, []).get(track), last = found[found.length - 1];
        if (last && line.t - last[1] <= BREAK_S) last[1] = line.t; else found.push([line.t, line.t]);
      }
    }
    // The tracks that were seen longest, in the order of their first appearance.
    const length = ([, found]) => found.reduce((sum, [start, stop]) => sum + stop - Math.max(start, from), 0);
    const tracks = [...spans].filter(([, found]) => found[found.length - 1][1] >= from);
    const longest = new Set([...tracks].sort((a, b) => length(b) - length(a)).slice(0, ROWS - 1));
    const kept = tracks.filter((track) => longest.has(track));
    const called = (track) => { const row = who.get(track), said = saidOf(row); return row && row.name ? row.name : "#" + track.slice(0, 9) + (said && track.length < 4 ? " " + said : ""); };
    const high = rowsOf(pen, ["people", ...kept.map(([track]) => called(track))], height, gutter - 6);
    clipTo(pen, gutter, height);
    pen.fillStyle = tint.accent; pen.globalAlpha = 0.55;
    lines.forEach((line, k) => {
      const next = k + 1 < lines.length ? Math.min(lines[k + 1].t, line.t + BREAK_S) : line.t + 0.1;
      const tall = most ? (line.people / most) * (high - 6) : 0;
      pen.fillRect(x(line.t), high - 3 - tall, Math.max(x(next) - x(line.t), 1), tall);
    });
    pen.globalAlpha = 1;
    kept.forEach(([track, found], k) => {
      pen.fillStyle = trackColour(track.split(" ")[0], k);
      for (const [start, stop] of found) {
        pen.beginPath();
        pen.roundRect(x(start), (k + 1) * high + 4, Math.max(x(stop) - x(start), 3), Math.max(high - 8, 4), 3);
        pen.fill();
      }
    });
    pen.fillStyle = tint.soft; pen.font = "11px system-ui, sans-serif";
    pen.fillText("at most " + most, gutter + 4, 11);
    if (tracks.length > kept.length) {
      byId("legend").replaceChildren(Object.assign(document.createElement("li"),
        { textContent: tracks.length - kept.length + " shorter tracks are not drawn" }));
    } else byId("legend").replaceChildren();
  };
  const drawLabels = (pen, x, gutter, height) => {
    const rows = [["label", "label"], ["network", "raw"]];
    if (lines.some((line) => line.true)) rows.unshift(["true", "true"]);
    const high = rowsOf(pen, rows.map(([name]) => name), height, gutter - 6);
    clipTo(pen, gutter, height);
    lines.forEach((line, k) => {
      const hop = k ? line.t - lines[k - 1].t : 0.64;
      const start = line.t - Math.min(hop, 2.5);
      rows.forEach(([, key], row) => {
        if (!line[key]) return;
        pen.fillStyle = labelColour(line[key]);
        pen.fillRect(x(start), row * high + 3, Math.max(x(line.t) - x(start) + 0.8, 1), high - 6);
      });
    });
  };

  const draw = () => {
    requestAnimationFrame(draw);
    if (!about) return;
    if (!ended && heardAt) {
      const quiet = performance.now() - changedAt;
      const bad = [...happened].filter(([, line]) => line.event !== "back");
      if (bad.length) state(bad.map(([source, line]) => (source + " " + line.event).trim()).join(", "), "lost");
      else if (quiet > QUIET_MS) state("no data for " + Math.round(quiet / 1000) + " s", "lost"); else state("live", "live");
    }
    if (!dirty || document.hidden) return;
    dirty = false;
    if (isSeen()) for (const [source, view] of views) drawPicture(source, view);
    else { drawWorn(); drawTrace("accel", 0); drawTrace("gyro", 3); }
    drawTimeline();
  };

  const connect = () => {
    const socket = new WebSocket((location.protocol === "https:" ? "wss://" : "ws://") + location.host + "/live");
    socket.binaryType = "arraybuffer";
    let pending = null, wanted = [];
    const finish = (update) => { take(update); if (socket.readyState === 1) socket.send(JSON.stringify({ ack: update.update })); };
    socket.onopen = () => { waitS = 1; ended = false; changedAt = performance.now(); };
    socket.onmessage = async (message) => {
      heardAt = performance.now();
      if (typeof message.data === "string") {
        const update = JSON.parse(message.data);
        if (update.about) {
          begin(update.about);
          document.dispatchEvent(new CustomEvent("edgehuman-about", { detail: about }));
        }
        pending = update;
        wanted = update.shots.filter((shot) => shot.picture);
        if (!wanted.length) finish(update);
        return;
      }
      const update = pending, shot = wanted.shift(), isLast = !wanted.length;
      if (!paused && !document.hidden) {
        try {
          const made = await createImageBitmap(new Blob([new Uint8Array(message.data, 16)], { type: "image/jpeg" }));
          const view = viewOf(shot.source);
          if (view.bitmap) view.bitmap.close();
          view.bitmap = made;
          dirty = true;
        } catch (error) { console.error(error); }
      }
      if (isLast) finish(update);
    };
    socket.onclose = async () => {
      heardAt = 0;
      if (ended) { state("the run has ended", "wait"); }
      else state("connection lost", "lost");
      try {
        const answer = await fetch("/page.css", { method: "HEAD" });
        if (answer.status === 401) { state("open the address that the command printed", "lost"); return; }
      } catch { /* it is not there: try again */ }
      setTimeout(connect, waitS * 1000);
      waitS = Math.min(waitS * 2, 15);
    };
  };

  byId("pause").addEventListener("click", () => {
    paused = !paused;
    byId("pause").textContent = paused ? "Go on" : "Pause";
    byId("pause").setAttribute("aria-pressed", String(paused));
  });
  const redraw = () => { readTint(); dirty = true; };
  for (const id of ["boxes", "joints", "outlines"]) byId(id).addEventListener("change", redraw);
  addEventListener("resize", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  document.addEventListener("visibilitychange", redraw);
  readTint();
  connect();
  requestAnimationFrame(draw);
})();
