// Draws a dashboard with the parts that Grafana publishes of its own interface. This is not Grafana: variables, annotations, folding and
// provisioning are not exercised; units, thresholds, transformations, legends and the look are Grafana's.
import "uplot/dist/uPlot.min.css";
import "@grafana/react-data-grid/lib/styles.css";
import React, { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import {
  EventBusSrv, FieldType, LoadingState, ThemeContext, VizOrientation, cacheFieldDisplayNames, createDataFrame, createTheme, dateTime, getDisplayProcessor,
  standardTransformers, standardTransformersRegistry, transformDataFrame,
} from "@grafana/data";
import { BarGauge, BigValue, GlobalStyles, PanelChrome, PanelContextProvider, TimeSeries } from "@grafana/ui";
import { TableNG } from "@grafana/ui/unstable";
import { firstValueFrom } from "rxjs";

const { dashboard, variables, from, to, width } = window.PICTURE;
const theme = createTheme({ colors: { mode: "light" } });
const timeRange = { from: dateTime(from * 1000), to: dateTime(to * 1000), raw: { from: dateTime(from * 1000), to: dateTime(to * 1000) } };

const seen = new Set();
const unique = Object.values(standardTransformers).filter((one) => !seen.has(one.id) && seen.add(one.id));
standardTransformersRegistry.setInit(() => unique.map((one) => ({ id: one.id, name: one.name, transformation: () => Promise.resolve(one) })));

const fill = (text) => Object.entries(variables).reduce((result, [name, value]) => result.replaceAll("${" + name + "}", value).replaceAll("$" + name, value), text);
const legend = (format, labels) => fill(format.replace(/{{\s*(\w+)\s*}}/g, (_, name) => labels[name] ?? ""));

async function ask(target, step) {
  const parameters = new URLSearchParams({ query: fill(target.expr) });
  if (target.range) { parameters.set("start", from); parameters.set("end", to); parameters.set("step", step); } else parameters.set("time", to);
  const answer = await (await fetch(`/api/v1/query${target.range ? "_range" : ""}?${parameters}`)).json();
  if (answer.status !== "success") { console.error(target.expr, answer.error); return []; }
  if (target.format === "table") return [table(target, answer.data.result)];
  return answer.data.result.map((series) => {
    const points = new Map((series.values ?? [series.value]).map(([at, value]) => [at * 1000, Number(value)]));
    const times = [];
    if (target.range) for (let at = from; at <= to; at += step) times.push(at * 1000); else times.push(...points.keys());
    const name = legend(target.legendFormat, series.metric);
    return createDataFrame({ refId: target.refId, name, fields: [
      { name: "Time", type: FieldType.time, config: {}, values: times },
      { name: "Value", type: FieldType.number, labels: series.metric, config: { displayNameFromDS: name }, values: times.map((at) => points.get(at) ?? null) },
    ] });
  });
}

function table(target, result) {
  const labels = [...new Set(result.flatMap((series) => Object.keys(series.metric)))].sort();
  return createDataFrame({ refId: target.refId, fields: [
    { name: "Time", type: FieldType.time, config: {}, values: result.map((series) => series.value[0] * 1000) },
    ...labels.map((name) => ({ name, type: FieldType.string, config: {}, values: result.map((series) => series.metric[name] ?? "") })),
    { name: `Value #${target.refId}`, type: FieldType.number, config: {}, values: result.map((series) => Number(series.value[1])) },
  ] });
}

const nested = (object, path, value) => {
  const keys = path.split(".");
  keys.slice(0, -1).reduce((inner, key) => (inner[key] ??= {}), object)[keys.at(-1)] = value;
};

function configure(panel, frames) {
  cacheFieldDisplayNames(frames);
  let index = 0;
  for (const frame of frames) for (const field of frame.fields) {
    const config = { ...structuredClone(panel.fieldConfig.defaults), ...field.config };
    for (const { matcher, properties } of panel.fieldConfig.overrides) {
      if (matcher.options === field.state?.displayName || matcher.options === field.name) properties.forEach(({ id, value }) => nested(config, id, structuredClone(value)));
    }
    for (const step of config.thresholds?.steps ?? []) step.value ??= -Infinity;
    delete config.links;
    if (field.type !== FieldType.number) config.unit = undefined;
    field.config = config;
    field.state = { ...field.state, seriesIndex: field.type === FieldType.number ? index++ : 0 };
    field.display = getDisplayProcessor({ field, theme, timeZone: "utc" });
  }
  return frames;
}

async function load(panel, pixels) {
  const step = Math.max(60, Math.ceil((to - from) / pixels / 60) * 60);
  let frames = (await Promise.all((panel.targets ?? []).map((target) => ask(target, step)))).flat();
  if (panel.transformations) frames = await firstValueFrom(transformDataFrame(panel.transformations, frames, { interpolate: (text) => text }));
  return configure(panel, frames.map((frame) => ({ ...frame, fields: frame.fields.filter((field) => panel.type !== "table" || !field.config.custom?.hidden) })));
}

const shown = (frame) => frame.fields.find((field) => field.type === FieldType.number);
const last = (field) => field.values.filter((value) => value != null).at(-1);

function Body({ panel, frames, width, height }) {
  if (panel.type === "text") return <div style={{ padding: 8, font: "14px Inter, sans-serif" }} dangerouslySetInnerHTML={{ __html: markdown(fill(panel.options.content)) }} />;
  const empty = panel.fieldConfig.defaults.noValue;
  if (!frames.length || !frames.some((frame) => frame.length)) {
    if (!empty) console.error("no data in", panel.title);
    return <div style={{ padding: 20, color: "#888", textAlign: "center" }}>{empty ?? "No data"}</div>;
  }
  if (panel.type === "timeseries") {
    return <TimeSeries frames={frames} width={width} height={height} timeRange={timeRange} timeZone="utc" legend={{ ...panel.options.legend, calcs: panel.options.legend.calcs }} />;
  }
  if (panel.type === "stat") {
    const [frame] = frames, field = shown(frame), value = field.display(last(field));
    const only = panel.options.textMode === "name";
    return <BigValue theme={theme} width={width} height={height} value={{ ...value, text: only ? frame.name : value.text, title: undefined }} colorMode={panel.options.colorMode}
      graphMode={panel.options.graphMode} justifyMode="auto" textMode="auto"
      sparkline={panel.options.graphMode === "area" && frame.length > 1 ? { x: frame.fields[0], y: field, timeRange } : undefined} />;
  }
  if (panel.type === "bargauge") {
    const rows = frames.map((frame) => ({ frame, field: shown(frame) })), one = Math.min(34, Math.floor(height / rows.length));
    const most = Math.max(...rows.map(({ field }) => last(field)));
    const values = rows.map(({ frame, field }) => ({ ...field.display(last(field)), title: frame.name }));
    const longest = (pick) => values.map(pick).reduce((a, b) => (b.length > a.length ? b : a), "");
    const alignment = { title: longest((value) => value.title), text: longest((value) => value.text + (value.suffix ?? "")) };
    return rows.slice(0, Math.floor(height / 22)).map(({ field }, index) => <BarGauge key={index} theme={theme} width={width} height={Math.max(one, 22) - 4} itemSpacing={4}
      field={{ min: 0, max: most, ...field.config }} display={field.display} value={values[index]} orientation={VizOrientation.Horizontal}
      displayMode="basic" showUnfilled alignmentFactors={alignment} valueDisplayMode="text" namePlacement="left" text={panel.options.text} />);
  }
  return <TableNG data={frames[0]} width={width} height={height} cellHeight="sm" fieldConfig={panel.fieldConfig} timeRange={timeRange} enableVirtualization={false} />;
}

const markdown = (text) => text.replace(/\*\*(.+?)\*\*/g, "<b>$1</b>").replace(/\[(.+?)\]\((.+?)\)/g, '<a style="color:#1f62e0">$1</a>').replace(/`(.+?)`/g, "<code>$1</code>");

function Panel({ panel, frames, unit }) {
  const { x, y, w, h } = panel.gridPos, style = { position: "absolute", left: x * unit + 4, top: y * 38 + 4 };
  if (panel.type === "row") return <div style={{ ...style, font: "500 15px Inter, sans-serif", paddingTop: 8 }}>{panel.title}</div>;
  return <div style={style}><PanelChrome width={w * unit - 8} height={h * 38 - 8} title={fill(panel.title)} loadingState={LoadingState.Done} padding={panel.type === "table" ? "none" : "md"}>
    {(width, height) => <Body panel={panel} frames={frames} width={width} height={height} />}
  </PanelChrome></div>;
}

function Picture() {
  const [loaded, setLoaded] = useState(null), unit = width / 24;
  useEffect(() => {
    Promise.all(dashboard.panels.map(async (panel) => ({ panel, frames: panel.targets ? await load(panel, panel.gridPos.w * unit) : [] })))
      .then(setLoaded).then(() => setTimeout(() => { document.title = "drawn"; }, 1500)).catch((error) => console.error("failed", error.stack));
  }, []);
  return <ThemeContext.Provider value={theme}><GlobalStyles /><PanelContextProvider value={{ eventBus: new EventBusSrv(), eventsScope: "", sync: () => 0, instanceState: {} }}>
    <div style={{ position: "relative", width, background: theme.colors.background.canvas }}>
      {loaded?.map(({ panel, frames }) => <Panel key={panel.id} panel={panel} frames={frames} unit={unit} />)}
    </div></PanelContextProvider></ThemeContext.Provider>;
}

createRoot(document.getElementById("root")).render(<Picture />);
