// Draws status.json, once a second. When the process behind it is gone, the last picture stays and says since when.

const PERIOD_MS = 1000;
const HISTORY = 120; // two minutes at one sample a second
const STALE_SECONDS = 90; // a bookmark comes about every minute; half as long again is odd

const element = (id) => document.getElementById(id);
const histories = new Map();
let lastSeen = null;

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function svg(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function duration(seconds) {
  if (seconds === null || seconds === undefined) return "never";
  if (seconds < 1) return "now";
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

const ago = (seconds) => (seconds >= 1 ? `${duration(seconds)} ago` : duration(seconds));

function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (count >= 1024 && unit < units.length - 1) [count, unit] = [count / 1024, unit + 1];
  return `${count < 10 && unit > 0 ? count.toFixed(1) : Math.round(count)} ${units[unit]}`;
}

const plain = (value) => (Number.isInteger(value) ? value.toLocaleString("en") : value.toFixed(2));
const percent = (fraction) => `${(fraction * 100).toFixed(0)} %`;

// Watches are meant to be open all the time: a full bar of them is no warning.
function bar(fraction, warns = true) {
  const width = Math.min(1, Math.max(0, fraction));
  const fill = make("i", { className: !warns ? "" : fraction >= 0.95 ? "bad" : fraction >= 0.75 ? "warn" : "" });
  fill.style.width = `${width * 100}%`;
  return make("div", { className: "bar" }, fill);
}

function spark(name, value, ceiling) {
  const series = histories.get(name) ?? [];
  series.push(value);
  if (series.length > HISTORY) series.shift();
  histories.set(name, series);
  const top = Math.max(ceiling ?? 0, ...series, 1e-9);
  const points = series.map((sample, index) => `${HISTORY - series.length + index},${23 - (sample / top) * 21}`);
  const picture = svg("svg", { class: "spark", viewBox: `0 0 ${HISTORY} 24`, preserveAspectRatio: "none" });
  picture.append(svg("polyline", { points: points.join(" ") }));
  return picture;
}

function row(name, picture, text) {
  return make("div", { className: "row" }, make("span", { className: "name", textContent: name }), picture, make("span", { textContent: text }));
}

function drawKinds(kinds) {
  const rows = kinds.map((kind) => {
    const stale = kind.age_seconds === null || kind.age_seconds > STALE_SECONDS;
    const origin = kind.restored ? "from the snapshot, " : "";
    const state = origin + (kind.error ? `${kind.phase}: ${kind.error}` : kind.phase);
    return make("tr", {},
      make("td", { textContent: kind.resource }),
      make("td", { className: "number", textContent: plain(kind.objects) }),
      make("td", { className: `number ${stale ? "bad" : ""}`, textContent: duration(kind.age_seconds) }),
      make("td", { style: "width:6rem" }, bar((kind.age_seconds ?? STALE_SECONDS) / STALE_SECONDS)),
      make("td", { className: kind.error ? "warn" : "", textContent: state }));
  });
  element("kinds").replaceChildren(...rows);
}

// What flows has a rate and a picture of the last two minutes; what is held has a bar.
function drawBudget(hub) {
  const budget = hub.budget;
  const flows = [
    ["requests", budget.requests_per_second, hub.requests, (value) => (value < 10 ? value.toFixed(1) : Math.round(value))],
    ["bytes", budget.response_bytes_per_second, hub.response_bytes, bytes],
  ];
  const held = [
    ["open watches", budget.open_watches],
    ["LISTs now", budget.concurrent_lists],
    ["retries", budget.retries],
  ];
  const rows = flows.filter(([, use]) => use).map(([name, use, total, show]) => {
    const now = rate(`budget ${name}`, total);
    const allowed = use.per_second ?? use.limit;
    return row(name, spark(`budget ${name}`, now, allowed / 10), `${show(now)}/s of ${show(allowed)}/s`);
  });
  for (const [name, use] of held.filter(([, use]) => use)) {
    rows.push(row(name, bar(use.limit > 0 ? use.used / use.limit : 0, name === "retries"), `${plain(use.used)} of ${plain(use.limit)}`));
  }
  element("budget").replaceChildren(...rows);
}

function drawHub(hub) {
  drawKinds(hub.resources);
  drawBudget(hub);
  element("requests").textContent =
    `${plain(hub.requests)} requests to ${hub.server} since the start, ${bytes(hub.response_bytes)} of answers. By agents: none, they have no way to it.`;
  const snapshot = hub.snapshot;
  element("snapshot").textContent = snapshot?.error ? `Snapshot: ${snapshot.error}`
    : snapshot?.bytes ? `Snapshot on disk: ${bytes(snapshot.bytes)}, ${duration(snapshot.age_seconds)} old. A restart resumes from it with no LIST.`
    : "No snapshot on disk yet.";
  const agents = hub.agents;
  element("agents").replaceChildren(...(agents ? [
    row("connected", bar(agents.known ? agents.connected / agents.known : 0, false), `${plain(agents.connected)} of ${plain(agents.known)} nodes`),
    row("bytes sent", spark("bytes sent", agents.bytes_sent), bytes(agents.bytes_sent)),
  ] : [make("p", { className: "aside", textContent: "No agent can connect: the hub was started without --agents-listen." })]));
}

// A counter's growth a second since the last picture; 0 at the first.
const counters = new Map();
function rate(name, value) {
  const now = performance.now() / 1000;
  const before = counters.get(name);
  counters.set(name, { now, value });
  return before && now > before.now && value >= before.value ? (value - before.value) / (now - before.now) : 0;
}

function drawAgent(agent) {
  const memory = agent.memory.totalBytes ? 1 - agent.memory.availableBytes / agent.memory.totalBytes : 0;
  const busy = rate("busy", agent.cpuBusySeconds) / Math.max(1, agent.cpus);
  element("node").textContent = `This machine: ${agent.node}`;
  const rows = [row("CPU", spark("cpu", busy, 1), percent(busy))];
  if (agent.load) rows.push(row("load", spark("load", agent.load[0], agent.cpus), `${agent.load[0].toFixed(2)} on ${agent.cpus} CPUs`));
  rows.push(row("memory", bar(memory), `${percent(memory)} of ${bytes(agent.memory.totalBytes)}`));
  for (const [name, seconds] of Object.entries(agent.waitingSeconds)) {
    if (seconds === null) continue;
    const share = rate(`waiting ${name}`, seconds);
    rows.push(row(`${name === "memory" ? name : name.toUpperCase()} pressure`, spark(`pressure ${name}`, share, 0.2), percent(share)));
  }
  element("machine").replaceChildren(...rows);
  const pods = agent.pods.source ? `${agent.pods.count} pods here, from ${agent.pods.source}.` : "No kubelet or container runtime here.";
  const hub = !agent.hub ? "" : agent.hub.connected ? ` In step with the hub, heard ${ago(agent.hub.ageSeconds)}.` : ` Hub: ${agent.hub.error ?? "connecting"}.`;
  element("pods").textContent = pods + hub;
}

function verdict(status) {
  const hub = status.hub;
  const oldest = Math.max(0, ...hub.resources.map((kind) => kind.age_seconds ?? 0));
  if (!hub.ready) return ["warn", `not ready: ${hub.reason}`];
  if (oldest > STALE_SECONDS) return ["bad", `the API server has been silent for ${duration(oldest)}; serving the last state`];
  return ["good", "everything known is fresh"];
}

function draw(status) {
  drawHub(status.hub);
  if (status.agent) drawAgent(status.agent);
  const links = status.links.map((link) => make("li", {}, make("a", { href: link.url, textContent: link.name })));
  element("links").replaceChildren(...links);
  const [className, text] = verdict(status);
  Object.assign(element("verdict"), { className: `verdict ${className}`, textContent: text });
}

async function tick() {
  try {
    const answer = await fetch("status.json", { signal: AbortSignal.timeout(5 * PERIOD_MS) });
    draw(await answer.json());
    lastSeen = Date.now();
  } catch {
    const since = lastSeen ? `for ${duration((Date.now() - lastSeen) / 1000)}` : "yet";
    Object.assign(element("verdict"), { className: "verdict bad", textContent: `no answer from plimsoll ${since}` });
  }
  setTimeout(tick, PERIOD_MS);
}

tick();
