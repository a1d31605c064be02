"use strict";
(function () {
  const page = document.documentElement;
  const words = JSON.parse(document.getElementById("words").textContent);
  const holder = document.getElementById("runs");
  let cited = {};
  const english = () => page.classList.contains("speak-en");

  function make(tag, className, ...inside) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    for (const each of inside) if (each !== null && each !== undefined && each !== "") node.append(each);
    return node;
  }
  function both(said) {
    if (!said) return document.createTextNode("");
    if (typeof said === "string") return document.createTextNode(said);
    if (said.zh === said.en) return document.createTextNode(said.zh);
    return make("span", "", make("span", "zh", said.zh), make("span", "en", said.en));
  }
  const word = (key) => both(words[key]);
  const label = (key) => make("p", "label", word(key));

  function pretty(raw) {
    try { return JSON.stringify(JSON.parse(raw), null, 1); } catch (error) { return raw || "–"; }
  }
  function differences(list) {
    const body = make("tbody", "");
    for (const each of list) {
      const name = make("th", "", each.zh ? make("span", "zh", each.zh + " ") : "", make("code", "", each.path));
      body.append(make("tr", "", name, make("td", "wanted", both(each.wanted)), make("td", "got", both(each.got))));
    }
    const head = make("thead", "", make("tr", "", make("th", ""), make("th", "", word("wanted")), make("th", "", word("got"))));
    return make("table", "differences", head, body);
  }
  function causes(list) {
    const seen = new Map();
    for (const each of list) for (const cause of each.causes) seen.set(cause.zh, cause);
    if (!seen.size) return null;
    const items = make("ul", "causes");
    for (const cause of seen.values()) items.append(make("li", "", both(cause)));
    return make("div", "", label("cause"), items);
  }
  function leg(each) {
    const title = make("h4", "", word(each.leg === "agency" ? "agency_leg" : "hospital_leg"), ` ${each.infno} ${each.msgid} · `, both(words["outcome_" + each.outcome] || each.outcome));
    const pair = make("div", "pair",
      make("div", "", label("request"), make("pre", "", pretty(each.request))),
      make("div", "", label("answer"), make("pre", "", pretty(each.answer))));
    const node = make("div", "leg", title, pair);
    for (const found of each.findings) node.append(make("p", "finding " + found.severity, `${found.rule} ${found.path} `, both(found.message)));
    return node;
  }
  function award(given) {
    const head = make("tr", "", ...["rule", "why", "source", "before", "after"].map((key) => make("th", key === "before" || key === "after" ? "n" : "", word(key))));
    const body = make("tbody", "");
    for (const step of given.steps) {
      const source = make("td", "", both(step.source), step.reference ? make("div", "", make("small", "", step.reference)) : null);
      body.append(make("tr", "", make("td", "", make("code", "", step.rule)), make("td", "", both(step.sentence)), source,
        make("td", "n", step.before || ""), make("td", "n", step.after || "")));
    }
    return make("div", "award", label("award"), make("table", "", make("thead", "", head), body));
  }
  function step(each) {
    const line = [make("span", "dot " + each.status), make("span", "number", each.number), make("span", "infno", each.infno || "·"), both(each.title)];
    if (each.status === "not_run" || each.status === "not_applicable") line.push(make("small", "", " ", both(words["status_" + each.status])));
    else line.push(make("small", "", ` ${each.ms} ms`));
    for (const [zh, name, amount] of each.money || []) line.push(make("small", "money", " ", both({zh: zh || name, en: name}), " ", make("b", "", amount)));
    const empty = !each.legs.length && !each.differences.length && !each.award && !each.notes.length;
    if (empty) return make("div", `step plain ${each.status}`, ...line);
    const node = make("details", "step " + each.status, make("summary", "", ...line));
    const body = make("div", "body");
    node.append(body);
    lazily(node, () => {
      for (const note of each.notes) body.append(make("p", "note", both(note)));
      if (each.differences.length) body.append(differences(each.differences));
      const why = causes(each.differences);
      if (why) body.append(why);
      if (each.award) body.append(award(each.award));
      for (const message of each.legs) body.append(leg(message));
    });
    if (each.status === "failed") node.open = true;
    return node;
  }
  function lazily(node, fill) {
    let filled = false;
    node.addEventListener("toggle", () => { if (node.open && !filled) { filled = true; fill(); } });
  }
  function run(each) {
    const summary = make("summary", "", make("span", "dot " + each.status), make("b", "", both(each.use_name)),
      make("span", "grow", both(each.name), " ", make("small", "", each.id)), make("small", "", each.seconds + " s"));
    const node = make("details", "run " + each.status, summary);
    node.id = each.anchor;
    const inside = make("div", "inside");
    node.append(inside);
    lazily(node, () => {
      if (each.reason) inside.append(make("p", "note", both(each.reason)));
      for (const note of each.notes) inside.append(make("p", "note", both(note)));
      if (each.about) inside.append(make("p", "hint", each.about));
      if (each.verifies.length) inside.append(verified(each.verifies));
      for (const one of each.steps) inside.append(step(one));
      if (each.final.length) { inside.append(differences(each.final)); const why = causes(each.final); if (why) inside.append(why); }
      inside.append(make("p", "again", make("span", "label", word("again")), " ", make("code", "", each.rerun)));
    });
    return node;
  }
  function verified(citations) {
    const items = make("ul", "hint");
    for (const citation of citations) items.append(make("li", "", make("code", "", citation), " ", both(cited[citation])));
    return make("div", "", label("verifies"), items);
  }
  function toTarget() {
    const node = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (node && node.tagName === "DETAILS") { node.open = true; node.scrollIntoView(); }
  }
  async function unpack() {
    const raw = Uint8Array.from(atob(document.getElementById("packed").textContent.trim()), (letter) => letter.charCodeAt(0));
    const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }
  document.getElementById("language").addEventListener("click", () => {
    page.classList.toggle("speak-en"); page.classList.toggle("speak-zh");
    page.lang = english() ? "en" : "zh-CN";
  });
  document.getElementById("only-failed").addEventListener("change", (event) => {
    for (const node of holder.children) node.hidden = event.target.checked && !node.classList.contains("failed") && !node.classList.contains("broken");
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button && navigator.clipboard) navigator.clipboard.writeText(button.dataset.copy);
  });
  if (navigator.language && navigator.language.startsWith("en") && location.search !== "?zh") document.getElementById("language").click();
  if (location.search === "?en" && !english()) document.getElementById("language").click();
  if (typeof DecompressionStream === "undefined") { holder.append(make("p", "hint", word("too_old"))); return; }
  unpack().then((data) => {
    cited = data.cited;
    for (const each of data.runs) holder.append(run(each));
    toTarget();
    window.addEventListener("hashchange", toTarget);
    document.body.dataset.ready = "1";
  });
})();
