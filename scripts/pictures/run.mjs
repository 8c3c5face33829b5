// Draws docs/pictures: runs the demo, makes a day of history of its pages, lets the shipped rules run over it in a real Prometheus, and
// draws the dashboards with Grafana's published library in headless Chromium. Needs node, chromium, prometheus; see the Makefile.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { load } from "js-yaml";
import { history, levels } from "./history.mjs";

const here = dirname(fileURLToPath(import.meta.url)), root = join(here, "../.."), work = mkdtempSync(join(tmpdir(), "pictures-"));
const program = process.argv[2] ?? join(root, "target/release/tweet_exporter"), out = process.argv[3] ?? join(root, "docs/pictures");
const MINUTES = 100, HOURS = 26, PORT = 19090;
const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const now = () => Date.now() / 1000;
const run = (command, ...parameters) => {
  const { status, stderr } = spawnSync(command, parameters, { encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${command} ${parameters.join(" ")}: ${stderr}`);
};

async function record() {
  const begun = now(), demo = spawn(program, ["demo", "--web.listen-address=127.0.0.1:0", "--speed=60"], { stdio: ["ignore", "pipe", "ignore"] });
  let url;
  for await (const line of createInterface({ input: demo.stdout })) if ((url = line.match(/scrape (\S+)/)?.[1])) break;
  while (!(await (await fetch(url)).text()).includes('metric="playback_100"')) await sleep(50);
  const pages = [];
  for (let index = 0; index < MINUTES; index++) {
    const at = now();
    pages.push({ at, text: await (await fetch(url)).text(), took: now() - at });
    await sleep(Math.max(0, (pages[0].at + index + 1 - now()) * 1000));
  }
  const simulated = (pages[0].at - begun) * 60;
  demo.kill();
  return { pages, begun: pages[0].at - simulated };
}

async function prometheus(work_) {
  const server = spawn("prometheus", [`--config.file=${join(work, "prometheus.yml")}`, `--storage.tsdb.path=${join(work, "data")}`, "--storage.tsdb.retention.time=30d", `--web.listen-address=127.0.0.1:${PORT}`], { stdio: "ignore" });
  const ready = async () => (await fetch(`http://127.0.0.1:${PORT}/-/ready`).catch(() => null))?.ok;
  while (!(await ready())) await sleep(100);
  const answer = await work_();
  server.kill();
  await once(server, "exit");
  return answer;
}

async function store(text, end) {
  const file = join(work, "history.om"), start = end - (HOURS + 2) * 3600;
  writeFileSync(file, text);
  writeFileSync(join(work, "prometheus.yml"), "global: {}\n");
  run("promtool", "tsdb", "create-blocks-from", "openmetrics", file, join(work, "data"));
  const groups = (name) => load(readFileSync(join(root, `rules/${name}.yml`), "utf8")).groups;
  for (const [index, rules] of levels(groups("recording"), groups("engagement")).entries()) {
    const pass = join(work, `pass${index}.yml`);
    writeFileSync(pass, JSON.stringify({ groups: [{ name: "pass", interval: "1m", rules }] }));
    await prometheus(async () => run("promtool", "tsdb", "create-blocks-from", "rules", `--start=${start}`, `--end=${end}`, "--eval-interval=60s",
      `--url=http://127.0.0.1:${PORT}`, `--output-dir=${join(work, "data")}`, pass));
  }
}

async function draw(name, variables, hours, end, width = 1280) {
  const dashboard = JSON.parse(readFileSync(join(root, `dashboards/${name}.json`), "utf8"));
  const height = 8 + 38 * Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const from = end - hours * 3600, values = { account: ".+", job: ".+", instance: ".+", metric: "impressions", topn: "10", __rate_interval: "4m", __range: `${hours}h`, __interval: "60s", ...variables };
  const picture = JSON.stringify({ dashboard, variables: values, from, to: end, width });
  const page = `<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/draw.css"><body style="margin:0"><div id="root"></div><script>window.PICTURE=${picture.replaceAll("<", "\\u003c")}</script><script src="/draw.js"></script>`;
  const server = createServer(async (request, response) => {
    if (request.url.startsWith("/draw.")) return response.end(readFileSync(join(work, request.url)));
    if (request.url.startsWith("/public/")) return response.writeHead(404).end();
    if (!request.url.startsWith("/api/")) return response.setHeader("content-type", "text/html").end(page);
    const answer = await fetch(`http://127.0.0.1:${PORT}${request.url}`);
    response.end(await answer.text());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const file = join(work, `${name}.png`);
  const chromium = spawn("chromium", ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr", "--v=0", `--user-data-dir=${join(work, "chromium")}`,
    `--screenshot=${file}`, `--window-size=${width},${height}`, "--virtual-time-budget=30000", `http://127.0.0.1:${server.address().port}/`]);
  let log = "";
  chromium.stderr.on("data", (data) => (log += data));
  await once(chromium, "exit");
  server.close();
  for (const line of log.split("\n").filter((line) => line.includes("CONSOLE") && !line.includes("404"))) console.log(name, line.slice(0, 300));
  mkdirSync(out, { recursive: true });
  cpSync(file, join(out, `${name}.png`));
}

const { pages, begun } = await record();
const end = Math.floor(now() / 60) * 60;
await store(history(pages, begun, end, HOURS), end);
await build({ entryPoints: [join(here, "draw.jsx")], bundle: true, minify: true, outfile: join(work, "draw.js"), loader: { ".svg": "dataurl", ".woff2": "dataurl", ".ttf": "dataurl", ".woff": "dataurl" },
  define: { "process.env.NODE_ENV": '"production"', global: "window" }, logLevel: "error" });
const video = pages[0].text.match(/tweet_info{account="acme",tweet_id="(\d+)",[^}]*kind="video"/)[1];
await prometheus(async () => {
  await draw("overview", {}, 6, end);
  await draw("tweet", { tweet: video, "tweet:text": `video …${video.slice(-4)}`, account: "acme" }, 9, end);
  await draw("exporter", {}, 1, end);
});
rmSync(work, { recursive: true, force: true });
