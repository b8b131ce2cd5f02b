"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const decode = (text) => new Int16Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const film = decode(data.film.joints);
  const numJoints = data.film.names.length;
  const frames = film.length / (2 * numJoints);
  const place = Object.fromEntries(data.film.names.map((name, k) => [name, k]));
  const imu = decode(data.imu.rows);
  const samples = imu.length / 6;
  const endS = data.seconds;
  let nowS = 0, playing = true, speed = 1, last = null;

  const style = () => getComputedStyle(document.documentElement);
  let tint = {};
  const readTint = () => {
    const css = style();
    for (const name of ["ink", "soft", "line", "accent", "far", "seat"]) tint[name] = css.getPropertyValue("--" + name).trim();
  };

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

  const runAt = (runs, t) => runs.find((run) => t >= run[0] && t < run[0] + run[1]);
  const words = (label) => (label || "").replaceAll("_", " ");
  const colour = (label) => data.colours[label] || data.between;

  // One frame, interpolated: millimetres right of the pelvis and up from the ground -> [x, y] by joint.
  const pose = (t) => {
    const at = Math.min(Math.max(t * data.film.rate, 0), frames - 1.001);
    const first = Math.floor(at), share = at - first;
    return Array.from({ length: numJoints }, (_, k) => {
      const a = 2 * (first * numJoints + k), b = a + 2 * numJoints;
      return [film[a] + (film[b] - film[a]) * share, film[a + 1] + (film[b + 1] - film[a + 1]) * share];
    });
  };
  const ground = (t) => {
    const at = Math.min(Math.max(t * data.film.rate, 0), frames - 1.001), first = Math.floor(at);
    return data.film.ground[first] + (data.film.ground[first + 1] - data.film.ground[first]) * (at - first);
  };

  const limbs = [
    ["far", ["l_shoulder", "l_elbow", "l_wrist", "l_hand"], 7],
    ["far", ["l_hip", "l_knee", "l_ankle"], 9],
    ["far", ["l_heel", "l_ankle", "l_toe", "l_heel"], 5],
    ["ink", ["pelvis", "neck"], 12],
    ["ink", ["l_shoulder", "r_shoulder"], 8],
    ["ink", ["l_hip", "r_hip"], 9],
    ["accent", ["r_hip", "r_knee", "r_ankle"], 9],
    ["accent", ["r_heel", "r_ankle", "r_toe", "r_heel"], 5],
    ["accent", ["r_shoulder", "r_elbow", "r_wrist", "r_hand"], 7],
  ];

  const drawWalker = () => {
    const { pen, width, height } = sheet(byId("walker"));
    const joints = pose(nowS);
    const scale = Math.min((height - 58) / 1950, (width - 16) / 2150);
    const floor = height - 34, middle = width / 2;
    const at = (name) => [middle + joints[place[name]][0] * scale, floor - joints[place[name]][1] * scale];
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = tint.line;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.moveTo(0, floor + 4); pen.lineTo(width, floor + 4);
    const step = 500 * scale, moved = (ground(nowS) * 1000 * scale) % step;
    for (let x = -moved - step + (middle % step); x < width + step; x += step) {
      pen.moveTo(x, floor + 4); pen.lineTo(x - 9, floor + 15);
    }
    pen.stroke();
    const seat = data.film.seats.find((one) => nowS >= one.start && nowS <= one.end);
    if (seat) {
      const shown = Math.min(1, (nowS - seat.start) / (seat.comes + 0.01), (seat.end - nowS) / (seat.goes + 0.01)) ** 2;
      const half = (seat.kind === "bed" ? 1000 : 260) * scale, back = seat.kind === "bed" ? 0 : -40 * scale;
      const top = floor - seat.height * 1000 * scale;
      pen.globalAlpha = shown;
      pen.fillStyle = tint.seat;
      pen.beginPath();
      pen.roundRect(at("pelvis")[0] - half + back, top, 2 * half, floor + 4 - top, 5);
      pen.fill();
      pen.globalAlpha = 1;
    }
    for (const [ink, names, thick] of limbs) {
      pen.strokeStyle = tint[ink];
      pen.lineWidth = Math.max(thick * scale * 7, 2.5);
      pen.beginPath();
      names.forEach((name, k) => (k ? pen.lineTo(...at(name)) : pen.moveTo(...at(name))));
      pen.stroke();
    }
    const [topX, topY] = at("head_top"), [neckX, neckY] = at("neck");
    const headX = topX + (neckX - topX) * 0.42, headY = topY + (neckY - topY) * 0.42;
    pen.strokeStyle = pen.fillStyle = tint.ink;
    pen.lineWidth = Math.max(38 * scale, 3);
    pen.beginPath(); pen.moveTo(neckX, neckY); pen.lineTo(headX, headY); pen.stroke();
    pen.beginPath(); pen.arc(headX, headY, 108 * scale, 0, 7); pen.fill();
    // The sensor on the belt.
    const [hipX, hipY] = at("pelvis");
    const said = runAt(data.smoothed, nowS);
    pen.fillStyle = said ? colour(said[2]) : data.between;
    pen.strokeStyle = tint.ink; pen.lineWidth = 1.5;
    pen.beginPath(); pen.arc(hipX, hipY, Math.max(58 * scale, 6), 0, 7); pen.fill(); pen.stroke();
    pen.fillStyle = tint.soft;
    pen.font = "12px system-ui, sans-serif";
    pen.fillText("SIMULATED walker, sensor on the belt", 8, 17);
  };

  // The camera: its pictures, the people in each, and when the wearer was named.
  const TRACKS = ["#0072b2", "#56b4e9", "#009e73", "#e69f00", "#f0e442", "#d55e00", "#cc79a7"];
  const view = data.camera;
  const picture = (content) => Object.assign(new Image(), { src: "data:image/jpeg;base64," + content });
  const nobody = view && picture(view.empty);
  const pictures = view ? view.frames.map((frame) => picture(frame.jpeg)) : [];
  for (const image of view ? [nobody, ...pictures] : []) image.addEventListener("load", () => { if (!playing) drawCamera(); });
  const frameAt = (t) => (view ? view.frames.findIndex((frame) => t >= frame.t && t < frame.t + 1 / view.rate) : -1);
  const saidOf = (said, nearest) => (said === "unknown" && nearest ? "unknown (nearest " + nearest + ")" : said);
  const drawCamera = () => {
    if (!view) return;
    const { pen, width, height } = sheet(byId("camera"));
    const k = frameAt(nowS), image = k < 0 ? nobody : pictures[k];
    if (image.complete) pen.drawImage(image, 0, 0, width, height);
    const sx = width / view.width, sy = height / view.height;
    const people = k < 0 ? [] : view.frames[k].people;
    pen.font = "600 12px system-ui, sans-serif";
    people.forEach(([x0, y0, x1, y1, track, said]) => {
      const ink = TRACKS[Number(track) % TRACKS.length];
      pen.strokeStyle = "rgb(0 0 0 / .55)"; pen.lineWidth = 4; pen.strokeRect(x0 * sx, y0 * sy, (x1 - x0) * sx, (y1 - y0) * sy);
      pen.strokeStyle = ink; pen.lineWidth = 2; pen.strokeRect(x0 * sx, y0 * sy, (x1 - x0) * sx, (y1 - y0) * sy);
      const text = said && said !== "unknown" && said !== "not yet" ? said : "#" + track + (said ? " " + said : "");
      const wide = pen.measureText(text).width + 10, x = Math.max(0, Math.min(x0 * sx - 1, width - wide));
      const y = y0 * sy >= 18 ? y0 * sy - 18 : y0 * sy;
      pen.fillStyle = "rgb(0 0 0 / .72)"; pen.fillRect(x, y, wide, 17);
      pen.fillStyle = ink; pen.fillRect(x, y, 3, 17);
      pen.fillStyle = "#fff"; pen.fillText(text, x + 6, y + 13);
    });
    const badge = "SIMULATED camera, " + nowS.toFixed(1) + " s";
    pen.fillStyle = "rgb(0 0 0 / .6)"; pen.fillRect(0, height - 20, pen.measureText(badge).width + 14, 20);
    pen.fillStyle = "#fff"; pen.fillText(badge, 7, height - 6);
    const next = view.spans.find(([begin]) => begin > nowS);
    const first = k >= 0 && nowS < view.spans[0][1];
    byId("camera-now").textContent = k < 0
      ? "camera: nobody" + (next ? "; the next walk past it begins at " + next[0].toFixed(0) + " s" : "")
      : first ? "first pass: " + (people.length ? "followed as " + people.map((p) => "#" + p[4]).join(", ") : "nobody found yet") + "; their walks are enrolled"
      : "second pass: " + (people.length ? people.map((p) => "#" + p[4] + " " + saidOf(p[5], p[6])).join(", ") : "nobody found");
  };

  const axes = ["accent", "ink", "far"];
  const drawTrace = (id, first, unit) => {
    const { pen, width, height } = sheet(byId(id));
    const span = 12, from = nowS - span, rate = data.imu.rate;
    const low = Math.max(0, Math.floor(from * rate)), high = Math.min(samples - 1, Math.ceil(nowS * rate));
    const [least, most] = data.imu.range[id];
    const y = (value) => height - 6 - ((value - least) / (most - least)) * (height - 12);
    pen.font = "11px system-ui, sans-serif";
    for (const mark of data.imu.marks[id]) {
      pen.strokeStyle = tint.line; pen.lineWidth = 1;
      pen.beginPath(); pen.moveTo(24, y(mark)); pen.lineTo(width, y(mark)); pen.stroke();
      pen.fillStyle = tint.soft; pen.fillText(String(mark), 4, y(mark) + 4);
    }
    axes.forEach((name, axis) => {
      pen.strokeStyle = tint[name]; pen.lineWidth = 1.3;
      pen.beginPath();
      for (let k = low; k <= high; k++) {
        const x = 24 + ((k / rate - from) / span) * (width - 24);
        const value = imu[6 * k + first + axis] / unit;
        k === low ? pen.moveTo(x, y(value)) : pen.lineTo(x, y(value));
      }
      pen.stroke();
      pen.fillStyle = tint[name];
      pen.fillText("xyz"[axis], width - 34 + 11 * axis, 13);
    });
  };

  const rows = [["true", data.truth], ["network", data.network], ["smoothed", data.smoothed]];
  const gutter = 62;
  const drawLabels = () => {
    const { pen, width, height } = sheet(byId("labels"));
    const first = view ? 1 : 0, high = (height - 20) / (rows.length + first);
    const x = (t) => gutter + (t / endS) * (width - gutter - 4);
    pen.font = "12px system-ui, sans-serif";
    if (view) {
      pen.fillStyle = tint.soft;
      pen.fillText("camera", 4, high / 2 + 6);
      pen.strokeStyle = tint.line;
      for (const [begin, end] of view.spans) pen.strokeRect(x(begin), 4.5, x(end) - x(begin), high - 6);
      for (const frame of view.frames) for (const person of frame.people) if (person[8] === view.wearer) {
        pen.fillStyle = person[5] === view.wearer ? "#009e73" : person[5] === "" ? tint.accent : person[5] === "unknown" || person[5] === "not yet" ? tint.far : "#d55e00";
        pen.fillRect(x(frame.t), 4, Math.max(x(frame.t + 1 / view.rate) - x(frame.t), 1), high - 5);
      }
    }
    rows.forEach(([name, runs], place) => {
      const row = place + first;
      pen.fillStyle = tint.soft;
      pen.fillText(name, 4, row * high + high / 2 + 6);
      for (const [start, length, label] of runs) {
        pen.fillStyle = colour(label);
        pen.fillRect(x(start), row * high + 4, Math.max(x(start + length) - x(start) - 0.5, 0.5), high - 5);
      }
    });
    pen.fillStyle = tint.soft;
    for (let t = 0; t <= endS; t += endS > 300 ? 60 : 15) pen.fillText(t + " s", Math.min(x(t), width - 30), height - 4);
    pen.strokeStyle = tint.ink; pen.lineWidth = 2;
    pen.beginPath(); pen.moveTo(x(nowS), 0); pen.lineTo(x(nowS), height - 16); pen.stroke();
  };

  const caption = byId("now");
  const lines = ["true", "network", "smoothed"].map((name) => {
    const row = document.createElement("div"), head = document.createElement(name === "smoothed" ? "b" : "span");
    row.append(head); caption.append(row);
    return [name, head];
  });
  const tell = () => {
    for (const [name, head] of lines) {
      const run = runAt(rows.find((row) => row[0] === name)[1], nowS);
      const text = name + ": " + (run ? words(run[2]) : "waiting for the first window");
      if (head.textContent !== text) head.textContent = text;
    }
    byId("clock").textContent = nowS.toFixed(1) + " s";
    byId("seek").value = String(Math.round((nowS / endS) * 1000));
  };

  const draw = () => {
    drawWalker();
    drawCamera();
    drawTrace("accel", 0, data.imu.units[0]);
    drawTrace("gyro", 3, data.imu.units[1]);
    drawLabels();
    tell();
  };
  const tick = (stamp) => {
    if (playing) {
      if (last !== null) nowS += Math.min((stamp - last) / 1000, 0.2) * speed;
      if (nowS >= endS) nowS = 0;
      last = stamp;
      draw();
      requestAnimationFrame(tick);
    }
  };
  const play = (on) => {
    playing = on; last = null;
    byId("play").textContent = on ? "Pause" : "Play";
    if (on) requestAnimationFrame(tick); else draw();
  };
  const go = (t) => { nowS = Math.min(Math.max(t, 0), endS - 0.01); last = null; draw(); };

  byId("play").addEventListener("click", () => play(!playing));
  byId("speed").addEventListener("change", (event) => { speed = Number(event.target.value); });
  byId("seek").addEventListener("input", (event) => go((Number(event.target.value) / 1000) * endS));
  byId("labels").addEventListener("click", (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    go(((event.clientX - box.left - gutter) / (box.width - gutter - 4)) * endS);
  });
  window.addEventListener("resize", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readTint(); draw(); });
  byId("camera-figure").hidden = !view;
  readTint();
  nowS = Math.min(13.4, endS / 2);
  play(!matchMedia("(prefers-reduced-motion: reduce)").matches);
  draw();
})();
