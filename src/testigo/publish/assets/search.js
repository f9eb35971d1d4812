// Search without a server: the index lies beside the site in small scripts (fetch fails on file://), one per beginning
// of a word, loaded when somebody types it. Nothing is sent anywhere. Everything shown is text, never markup.
"use strict";
(() => {
  const form = document.querySelector("form.search");
  const say = form.dataset, box = form.querySelector("input");
  const status = form.querySelector(".status"), list = form.querySelector(".hits");
  const shards = new Map(), waiting = new Map();
  let prefixes = null, asked = 0;

  window.testigoIndex = (name, value) => {
    if (name === "") prefixes = new Set(value); else shards.set(name, value);
  };
  const load = (file) => {
    if (!waiting.has(file)) waiting.set(file, new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = say.root + "search/" + file + ".js";
      script.onload = done;
      script.onerror = () => { waiting.delete(file); failed(new Error(file)); };
      document.head.append(script);
    }));
    return waiting.get(file);
  };
  const words = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().match(/[\p{L}\p{N}]+/gu) || [];
  const fileOf = (prefix) => Array.from(new TextEncoder().encode(prefix), (b) => b.toString(16).padStart(2, "0")).join("");

  const shardOf = (word) => {
    const letters = Array.from(word);
    for (let n = letters.length; n > 0; n--) {
      const prefix = letters.slice(0, n).join("");
      if (prefixes.has(prefix)) return prefix;
    }
    return null;
  };
  const link = (href, text) => {
    const a = document.createElement("a");
    a.href = say.up + say.contest + "/" + href;
    a.textContent = text;
    return a;
  };
  const show = ([name, code, place, href, stations], query) => {
    const li = document.createElement("li");
    li.append(link(href, name));
    const small = document.createElement("span");
    small.className = "small";
    small.textContent = [code, place].filter(Boolean).join(" · ");
    li.append(small, document.createElement("br"));
    const exact = stations.filter(([, full]) => words(full).every((w, i) => query[i] === w));
    for (const [label, , to] of exact.length ? exact : stations.slice(0, 12)) li.append(link(to, say.station + " " + label));
    return li;
  };
  const find = async () => {
    const turn = ++asked, query = words(box.value);
    const key = query.reduce((a, b) => (b.length > a.length ? b : a), "");
    list.replaceChildren();
    if (Array.from(key).length < 2) { status.textContent = query.length ? say.short : ""; return; }
    try {
      await load("index");
      const shard = shardOf(key);
      if (shard === null) {
        status.textContent = [...prefixes].some((p) => p.startsWith(key)) ? say.short : say.none;
        return;
      }
      await load(fileOf(shard));
      if (turn !== asked) return;
      const hits = shards.get(shard).filter((entry) => {
        const own = words(entry[0] + " " + entry[1] + " " + entry[2] + " " + entry[4].map((s) => s[1]).join(" "));
        return query.every((w) => own.some((o) => o.startsWith(w)));
      });
      status.textContent = hits.length ? say.found.replace("{n}", hits.length) : say.none;
      list.append(...hits.slice(0, 30).map((entry) => show(entry, query)));
    } catch {
      if (turn === asked) status.textContent = say.failed;
    }
  };
  form.hidden = false;
  form.addEventListener("submit", (event) => { event.preventDefault(); find(); });
  box.addEventListener("input", find);
})();
