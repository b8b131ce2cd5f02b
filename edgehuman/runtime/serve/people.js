"use strict";
// The gallery of the run: who is in it, enrol who walks now, forget somebody. All of it is text: nothing
// that is named becomes part of the page.
(() => {
  const byId = (id) => document.getElementById(id);
  const EVERY_MS = 2000, SLOW_MS = 3000, FIND_MS = 300;
  let word = "", shown = "", tracks = "", walkers = [], on = false, asking = false, picked = false, later = 0;

  const done = (text, kind) => { byId("done").textContent = text; byId("done").className = "done " + kind; };
  const node = (kind, text, name) => Object.assign(document.createElement(kind), { textContent: text, className: name || "" });
  const count = (many, one, several) => many + " " + (many === 1 ? one : several);

  const termsOf = ({ walks, by }) => {
    const newest = walks[walks.length - 1], given = newest.consent;
    const kept = walks.map((walk) => walk.keep_until).filter(Boolean).sort();
    return [
      count(walks.length, "walk", "walks") + (by ? " by " + by + " alone" : ""),
      given ? "agreed to " + given.text + " on " + given.day + ", " + given.by : "no record of consent",
      walks.some((walk) => !walk.consent) && given ? "not for every walk" : "",
      kept.length ? "until " + kept[0] : "until forgotten",
    ].filter(Boolean).join(" · ");
  };
  const showPeople = (found) => {
    const text = JSON.stringify([found.people, found.found, found.count, found.gallery]);
    if (text === shown) return;
    shown = text;
    byId("gallery-name").textContent = found.gallery;
    byId("count").textContent = count(found.count, "person", "people");
    byId("known").replaceChildren(...found.people.map((person) => {
      const item = document.createElement("li"), part = document.createElement("div");
      const forget = Object.assign(node("button", "Forget", "bad"), { type: "button" });
      forget.setAttribute("aria-label", "Forget " + person.name);
      forget.addEventListener("click", () => ask(person));
      part.append(node("b", person.name), node("small", termsOf(person)));
      item.append(part, forget);
      return item;
    }));
    const left = found.found - found.people.length;
    byId("more").textContent = left ? "and " + left + " more: type a part of a name"
      : found.count && !found.found ? "nobody has this in their name" : found.count ? "" : "nobody yet";
  };
  const showTracks = (rows) => {
    const said = new Map(walkers.map((row) => [row.track, row.name || row.state]));
    const options = rows.map((row) => {
      const seen = row.windows < row.needed ? row.windows + " of " + row.needed + " windows: not yet" : count(row.windows, "window", "windows");
      return [row.track, "track " + row.track + (said.get(row.track) ? ", " + said.get(row.track) : "") + ", " + seen];
    });
    const text = JSON.stringify(options);
    if (text === tracks) return;
    tracks = text;
    const list = byId("track"), chosen = list.value;
    if (!options.length) options.push(["", "nobody walks"]);
    const isThere = options.some(([track]) => track === chosen);
    if (picked && !isThere) options.unshift([chosen, "track " + chosen + ", has left"]);
    list.replaceChildren(...options.map(([track, words]) => Object.assign(node("option", words), { value: track })));
    if (picked || isThere) list.value = chosen;
  };

  const look = async () => {
    if (asking || !on || document.hidden) return;
    asking = true;
    try {
      const answer = await fetch("/people?name=" + encodeURIComponent(byId("find").value), { redirect: "error" });
      const found = await answer.json();
      if (answer.ok) { word = found.word; showPeople(found); showTracks(found.tracks); }
      else done(found.error, "bad");
    } catch { /* the run has ended, or the page of it is away: page.js says so */ }
    asking = false;
  };
  const change = async (row, busy) => {
    busy.disabled = true;
    done("working …", "");
    const slow = setTimeout(() => done("still working: another program may be using the gallery …", ""), SLOW_MS);
    let isDone = false;
    try {
      const headers = { "content-type": "application/json", "x-edgehuman-change": word };
      const answer = await fetch("/people", { method: "POST", headers, body: JSON.stringify(row), redirect: "error" });
      const text = await answer.text();
      let found = {};
      try { found = JSON.parse(text); } catch { found = { error: text.trim() }; }
      isDone = answer.ok;
      done(found.said || found.error || "the answer cannot be read", isDone ? "good" : "bad");
    } catch { done("no answer came: the run may have ended. Look whether it was done before you try again", "bad"); }
    clearTimeout(slow);
    busy.disabled = false;
    shown = "";
    await look();
    return isDone;
  };

  const ask = (person) => {
    byId("sure-text").textContent = "Forget " + person.name + " with " + count(person.walks.length, "walk", "walks")
      + "? They are no longer recognised, and what is stored of them is removed. This cannot be undone.";
    byId("sure-yes").onclick = () => { byId("sure").close(); change({ do: "forget", name: person.name }, byId("sure-yes")); };
    byId("sure").showModal();
    byId("sure-no").focus();
  };
  byId("sure-no").addEventListener("click", () => byId("sure").close());
  byId("enrol").addEventListener("submit", async (event) => {
    event.preventDefault();
    const row = { do: "enrol", track: byId("track").value, name: byId("name").value, consent: byId("consent").value, by: byId("by").value };
    if (byId("days").value) row.keep_days = Number(byId("days").value);
    if (!(await change(row, event.submitter || byId("enrol").querySelector("button")))) return;
    byId("name").value = byId("by").value = "";
    picked = false;
  });
  // Who begins to type a name means the track that is chosen, even if another comes.
  for (const id of ["track", "name"]) byId(id).addEventListener("input", () => { picked = byId("track").value !== ""; });
  byId("find").addEventListener("input", () => { clearTimeout(later); later = setTimeout(look, FIND_MS); });
  document.addEventListener("edgehuman-walkers", (event) => { walkers = event.detail; });
  document.addEventListener("edgehuman-about", (event) => {
    on = event.detail.manages;
    byId("gallery").hidden = !on;
    shown = tracks = "";
    look();
  });
  document.addEventListener("visibilitychange", look);
  setInterval(look, EVERY_MS);
})();
