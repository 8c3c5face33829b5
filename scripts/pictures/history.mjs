// A day of history for the pictures. The demo's clock is fast, and it begins with tweets that already have an age; so each page of the demo
// is stamped with the simulated moment that it shows, and what was before the first page follows the curve by which the simulator grows.

const MINUTE = 60;
const curve = (seconds) => (seconds <= 0 ? 0 : 1 / (1 + Math.pow(4800 / seconds, 1.1)));

const parse = (page) =>
  page.split("\n").filter((line) => line && !line.startsWith("#")).map((line) => {
    const [, name, , labels, value] = line.match(/^([^{ ]+)({(.*)})? (\S+)$/) ?? [];
    return { name, labels: labels ?? "", value: Number(value) };
  });

const id = (sample) => sample.labels.match(/account="[^"]*",tweet_id="[^"]*"/)?.[0];

/** pages: [{at, text, took}], taken once a second from a demo of speed 60; the last one is to show the moment `end`. */
export function history(pages, begun, end, hours) {
  const start = end - (pages.length - 1) * MINUTE;
  const out = new Map();
  const put = (sample, value, at) => {
    const labels = [sample.labels, 'job="tweet-exporter",instance="localhost:10280"'].filter(Boolean).join(",");
    if (!out.has(sample.name)) out.set(sample.name, []);
    out.get(sample.name).push(`${sample.name}{${labels}} ${value} ${at}`);
  };
  const shifted = (sample, at, real) => {
    if (sample.name === "tweet_created_timestamp_seconds") return sample.value - begun + start;
    if (sample.name === "tweet_last_success_timestamp_seconds") return at - Math.max(0, real - sample.value) * MINUTE;
    if (sample.name.endsWith("_timestamp_seconds")) return sample.value - real + at;
    return sample.value;
  };
  pages.forEach((page, index) => {
    const at = start + index * MINUTE;
    for (const sample of parse(page.text)) put(sample, shifted(sample, at, page.at), at);
    put({ name: "up", labels: "" }, 1, at);
    put({ name: "scrape_duration_seconds", labels: "" }, page.took, at);
  });
  const first = parse(pages[0].text);
  const born = new Map(first.filter((s) => s.name === "tweet_created_timestamp_seconds").map((s) => [id(s), s.value - begun + start]));
  for (let at = start - hours * 3600; at < start; at += MINUTE) {
    for (const sample of first.filter((s) => s.name.startsWith("tweet_") && born.get(id(s)) <= at)) {
      const birth = born.get(id(sample));
      const grows = sample.name.includes("engagement");
      const value = grows ? Math.floor((sample.value * curve(at - birth)) / curve(start - birth)) : shifted(sample, at, pages[0].at);
      const is = sample.name === "tweet_created_timestamp_seconds" ? birth : sample.name === "tweet_last_success_timestamp_seconds" ? at : value;
      put(sample, is, at);
    }
    for (const sample of first.filter((s) => s.name.startsWith("tweet_exporter_watched"))) put(sample, sample.value, at);
  }
  // OpenMetrics wants a family's samples together, and a series' samples in the order of time.
  const time = (line) => Number(line.slice(line.lastIndexOf(" ") + 1));
  const families = [...out.values()].map((lines) => lines.sort((a, b) => time(a) - time(b)).join("\n"));
  return families.join("\n") + "\n# EOF\n";
}

/** Recorded rules by how much they build on each other, and then the alerts as if they were recorded. */
export function levels(recording, alerts) {
  const rules = recording.flatMap((group) => group.rules);
  const names = new Set(rules.map((rule) => rule.record));
  const uses = (rule) => [...names].filter((name) => name !== rule.record && new RegExp(`(^|[^\\w:])${name}([^\\w:]|$)`).test(rule.expr));
  const depth = new Map();
  const deep = (name) => {
    if (!depth.has(name)) {
      depth.set(name, 0);
      depth.set(name, Math.max(0, ...rules.filter((rule) => rule.record === name).flatMap(uses).map((other) => deep(other) + 1)));
    }
    return depth.get(name);
  };
  const passes = [];
  for (const rule of rules) (passes[deep(rule.record)] ??= []).push(rule);
  const firing = alerts.flatMap((group) => group.rules).filter((rule) => !rule.for);
  const as = (rule) => ({ record: "ALERTS", expr: rule.expr, labels: { ...rule.labels, alertname: rule.alert, alertstate: "firing" } });
  return [...passes, firing.map(as)];
}
