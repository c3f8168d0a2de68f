// The door with JavaScript: codes are judged without a new page, the camera reads them, and an hour without network is bridged by
// the list of valid tickets. Everything here has its plain form in the page; questions are asked by the page where there is network.
"use strict";
(() => {
  const door = document.getElementById("door");
  if (!door) return forget();
  const words = JSON.parse(door.dataset.words);
  const point = door.dataset.point;
  const place = door.dataset.conference + "." + point;
  const form = document.getElementById("scan");
  const field = document.getElementById("text");
  const verdict = document.getElementById("verdict");
  const network = document.getElementById("network");
  const ready = document.getElementById("ready");
  const CODE = /^(?:.*\/admissions\/)?([A-Za-z0-9_.-]{20,500})\/?$/;
  const PATIENCE = 3000; // milliseconds for an answer: after that we judge by the list
  const SAME = 4000; // so long the camera may look at one code without reading it again

  // What is kept on this device: the list, and what was scanned without network.

  const kept = (name) => JSON.parse(localStorage.getItem("door." + name) || "null");
  const keep = (name, value) => {
    try {
      localStorage.setItem("door." + name, JSON.stringify(value));
    } catch {
      say("red", words.full, "");
    }
  };
  const queue = () => kept("queue") || [];
  const list = () => kept("list." + place);
  const inside = () => kept("in." + place) || {}; // since the list was made: when each admission came in
  const enters = (admissionId, at) => keep("in." + place, { ...inside(), [admissionId]: at });

  // No door is here any more: names do not stay behind, but scans that are not entered yet do.
  function forget() {
    const names = Object.keys(localStorage).filter((each) => /^door\.(list|in)\./.test(each));
    names.forEach((each) => localStorage.removeItem(each));
    if ("caches" in window) caches.delete("door");
  }

  // Asking the server.

  const ask = async (path, options = {}) => {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const answer = await fetch("/api/v1/door/" + path, {
        ...options,
        signal: stop.signal,
        headers: { Authorization: "Bearer " + door.dataset.pass, "Accept-Language": document.documentElement.lang, ...options.headers },
      });
      if (answer.status >= 500) throw new Error("away");
      return [answer.status, await answer.json()];
    } finally {
      clearTimeout(timer);
    }
  };
  const send = (path, body) => ask(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
  const newId = () => "device-" + crypto.randomUUID();

  // Showing what came of it.

  const element = (name, text, facts = {}) => Object.assign(document.createElement(name), { textContent: text, ...facts });
  const say = (colour, sentence, name, more = [], type = "") => {
    const box = element("section", "", { className: "verdict " + colour });
    box.setAttribute("role", colour === "red" ? "alert" : "status");
    box.append(element("h2", words[colour]));
    if (name) box.append(element("p", name, { className: "lead" }));
    if (type) box.append(element("p", type));
    box.append(element("p", sentence), ...more);
    verdict.replaceChildren(box);
    field.value = "";
    field.focus();
  };
  const time = (instant) =>
    new Date(instant).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", timeZone: door.dataset.zone });

  // One scan.

  const check = async (code) => {
    const scan = { scan_id: newId(), code, point };
    if (isAway) return judgeHere(scan);
    try {
      const [status, seen] = await send("scans", scan);
      if (status !== 200) return say("red", seen.detail || words.refused, "");
      if (seen.colour === "amber") return byPage(code);
      const known = seen.admission;
      if (seen.colour === "green") enters(known.admission_id, seen.scanned_at);
      say(seen.colour, seen.sentence, known ? known.name || words.nameless : "", [], known ? known.type_name : "");
      recount();
    } catch {
      isAway = true;
      await judgeHere(scan);
    }
  };
  const byPage = (code) => {
    field.value = code;
    form.dataset.plain = "yes";
    form.requestSubmit();
  };

  // Without network: the same judgement, by the list.

  const hashed = async (text) => {
    const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  const judgeHere = async (scan) => {
    const known = list();
    show();
    if (!known) return say("red", words.nolist, "");
    const hash = await hashed(known.salt + scan.code.match(CODE)[1]);
    const ticket = known.items.find((each) => each.code_hash === hash);
    if (!ticket) return say("red", words.unlisted.replace("{time}", time(known.made_at)), "");
    letIn(scan, ticket, known);
  };
  const letIn = (scan, ticket, known) => {
    const name = ticket.name || words.nameless;
    const at = inside()[ticket.admission_id] || ticket.checked_in_at;
    if (at) return say("red", words.doubled.replace("{time}", time(at)), name);
    const today = new Date().toLocaleDateString("sv", { timeZone: known.time_zone });
    if (known.days.includes(today) && !ticket.days.includes(today)) return say("red", words.wrongday, name);
    const enter = (answers) => {
      const made = { ...scan, scanned_at: new Date().toISOString(), let_in: true, answers };
      keep("queue", [...queue(), made]);
      enters(ticket.admission_id, made.scanned_at);
      say("green", words.entered, name, [], ticket.type_name);
      show();
    };
    if (!ticket.question) return enter({});
    const answers = { student_id: { student_id: "seen" }, disputed: { disputed: "admit" } }[ticket.question] || {};
    const yes = element("button", words.letin, { className: "button", type: "button", onclick: () => enter(answers) });
    const row = document.createElement("p");
    row.append(yes);
    say("amber", words[ticket.question] || "", name, [row]);
    yes.focus();
  };

  // Back again: what was scanned is entered, once, and what two devices let in is shown.

  let merging = false;
  let refused = ""; // why something that waits is not entered
  const merge = async () => {
    if (merging || !queue().length) return;
    merging = true;
    try {
      const batch = queue().slice(0, 50);
      const [status] = await send("scans/batch", { scans: batch });
      const done = new Set(status === 200 ? batch.map((each) => each.scan_id) : []);
      refused = "";
      for (const each of status === 200 ? [] : batch) {
        const [own, answer] = await send("scans", each);
        if (own === 200) done.add(each.scan_id);
        else refused = answer.detail || words.refused;
        if (own === 401 || own === 429) break;
      }
      keep("queue", queue().filter((each) => !done.has(each.scan_id)));
      recount();
    } catch {
      // still away: the next turn tries again
    } finally {
      merging = false;
      show();
    }
  };
  const refresh = async () => {
    const older = inside();
    try {
      const [status, made] = await ask("list?point=" + encodeURIComponent(point));
      if (status === 200) {
        keep("list." + place, made);
        const waiting = queue().length > 0;
        keep("in." + place, Object.fromEntries(Object.entries(inside()).filter(([each]) => waiting || !(each in older))));
      }
      if (status === 401) forget();
      isAway = false;
    } catch {
      isAway = true;
    }
    show();
    if (!isAway) await merge();
  };
  let isAway = !navigator.onLine;
  const show = () => {
    const waiting = queue().length;
    isAway = isAway || !navigator.onLine;
    network.hidden = !isAway && !waiting;
    const made = list();
    ready.hidden = !made || !network.hidden;
    ready.textContent = made ? words.ready.replace("{time}", time(made.made_at)) : "";
    const sentence = made ? words.away.replace("{time}", time(made.made_at)) : words.nolist;
    network.textContent = (isAway ? sentence + " " : "") + (waiting ? words.waiting.replace("{count}", waiting) + " " + refused : "");
  };
  const recount = () => window.htmx && window.htmx.trigger("#count", "recount");

  // The form, the camera.

  form.addEventListener("submit", (event) => {
    const text = field.value.trim();
    if (form.dataset.plain) return;
    if (CODE.test(text)) {
      event.preventDefault();
      check(text);
      return;
    }
    if (!isAway && navigator.onLine) return;
    event.preventDefault();
    const known = list();
    const found = known ? known.items.filter((each) => (each.name + " " + each.company).toLowerCase().includes(text.toLowerCase())).slice(0, 20) : [];
    const rows = found.map((ticket) => {
      const scan = { scan_id: newId(), admission_id: ticket.admission_id, point };
      return element("button", ticket.name + " · " + ticket.type_name, { className: "button second", type: "button", onclick: () => letIn(scan, ticket, known) });
    });
    say("amber", found.length ? words.who : words.nobody, "", rows);
  });

  const camera = document.getElementById("camera");
  const start = document.getElementById("start-camera");
  let last = { code: "", at: 0 };
  const seen = (code) => {
    if (!code || !CODE.test(code) || (code === last.code && Date.now() - last.at < SAME)) return;
    last = { code, at: Date.now() };
    check(code);
  };
  const detector = async () => {
    if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
      const reader = new BarcodeDetector({ formats: ["qr_code"] });
      return async () => (await reader.detect(camera)).map((each) => each.rawValue)[0];
    }
    const canvas = document.createElement("canvas");
    const brush = canvas.getContext("2d", { willReadFrequently: true });
    return async () => {
      const scale = Math.min(1, 480 / camera.videoWidth);
      const width = (canvas.width = Math.round(camera.videoWidth * scale));
      const height = (canvas.height = Math.round(camera.videoHeight * scale));
      brush.drawImage(camera, 0, 0, width, height);
      const colours = brush.getImageData(0, 0, width, height).data;
      const grey = new Uint8Array(width * height);
      for (let at = 0; at < grey.length; at += 1) grey[at] = (colours[4 * at] * 3 + colours[4 * at + 1] * 6 + colours[4 * at + 2]) / 10;
      const [status, found] = await ask(`frame?width=${width}&height=${height}`, {
        method: "POST",
        body: grey,
        headers: { "Content-Type": "application/octet-stream" },
      });
      return status === 200 ? found.code : null;
    };
  };
  if (navigator.mediaDevices && navigator.mediaDevices.getUserMedia) {
    start.hidden = false;
    start.addEventListener("click", async () => {
      try {
        camera.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      } catch {
        return say("red", words.nocamera, "");
      }
      start.hidden = true;
      camera.hidden = false;
      await camera.play();
      const read = await detector();
      const look = async () => {
        try {
          seen(await read());
        } catch {
          // no network for frames: the field and the names still work
        }
        setTimeout(look, 250);
      };
      look();
    });
  }

  document.getElementById("leave").addEventListener("submit", (event) => {
    if (!queue().length) return;
    event.preventDefault();
    say("red", words.unsent.replace("{count}", queue().length), "");
  });
  window.addEventListener("online", () => {
    isAway = false;
    refresh();
  });
  window.addEventListener("offline", show);
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/door/worker.js", { scope: "/door/" }).catch(() => {});
  setInterval(refresh, 30000);
  setInterval(() => (isAway ? refresh() : merge()), 5000);
  refresh();
  if (field.value && CODE.test(field.value) && door.dataset.auto) check(field.value);
})();
