//! What dashboards are made of: panels, their queries, variables, annotations, and where they stand.

use serde_json::{Map, Value, json};

/// A panel before it has a place.
pub(super) struct Panel {
    kind: &'static str,
    title: &'static str,
    about: &'static str,
    unit: &'static str,
    targets: Vec<Value>,
    width: u32,
    height: u32,
    more: Value,
}

/// A line of panels under a heading.
pub(super) struct Row(pub(super) &'static str, pub(super) Vec<Panel>);

/// Numbers come no faster than Prometheus scrapes, by examples/prometheus: points in between would be holes.
const SCRAPED: &str = "1m";

/// What all panels and variables read from.
pub(super) fn datasource() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

impl Panel {
    fn new(
        kind: &'static str,
        title: &'static str,
        about: &'static str,
        unit: &'static str,
        (width, height): (u32, u32),
    ) -> Self {
        Self { kind, title, about, unit, targets: Vec::new(), width, height, more: json!({}) }
    }

    /// One number, with its past behind it.
    pub(super) fn stat(title: &'static str, about: &'static str, unit: &'static str) -> Self {
        Self::new("stat", title, about, unit, (4, 4)).with(json!({
            "options": { "colorMode": "value", "graphMode": "area", "justifyMode": "auto", "textMode": "auto", "orientation": "auto",
                "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false } },
        }))
    }

    /// Curves over time.
    pub(super) fn curves(title: &'static str, about: &'static str, unit: &'static str) -> Self {
        Self::new("timeseries", title, about, unit, (12, 8)).with(json!({
            "fieldConfig": { "defaults": { "min": 0, "custom": { "drawStyle": "line", "lineWidth": 2, "fillOpacity": 8, "showPoints": "never",
                "spanNulls": false, "lineInterpolation": "linear" } } },
            "options": { "legend": { "displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": ["lastNotNull"] },
                "tooltip": { "mode": "multi", "sort": "desc" } },
        }))
    }

    /// Bars side by side.
    pub(super) fn bars(title: &'static str, about: &'static str, unit: &'static str) -> Self {
        Self::new("bargauge", title, about, unit, (12, 8)).with(json!({
            "fieldConfig": { "defaults": { "min": 0 } },
            "options": { "displayMode": "basic", "orientation": "horizontal", "showUnfilled": true, "valueMode": "text", "namePlacement": "left",
                "sizing": "auto", "minVizHeight": 16, "maxVizHeight": 60, "minVizWidth": 8, "text": { "titleSize": 12, "valueSize": 14 },
                "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false } },
        }))
    }

    /// A table; its columns come from `joined`.
    pub(super) fn table(title: &'static str, about: &'static str) -> Self {
        Self::new("table", title, about, "short", (24, 10)).with(json!({
            "options": { "showHeader": true, "cellHeight": "sm" },
            "fieldConfig": { "defaults": { "custom": { "align": "auto", "filterable": false, "minWidth": 70 }, "noValue": "–" } },
        }))
    }

    /// Words.
    pub(super) fn text(title: &'static str, about: &'static str, words: &'static str) -> Self {
        Self::new("text", title, about, "short", (24, 3)).with(json!({ "options": { "mode": "markdown", "content": words } }))
    }

    /// Adds a query over the time range.
    pub(super) fn query(mut self, expression: &str, legend: &str) -> Self {
        let target = self.target(
            json!({ "expr": expression, "legendFormat": legend, "range": true, "instant": false, "format": "time_series" }),
        );
        self.targets.push(target);
        self
    }

    /// Adds a query of the last moment, one frame a series.
    pub(super) fn now(mut self, expression: &str, legend: &str) -> Self {
        let target = self.target(
            json!({ "expr": expression, "legendFormat": legend, "range": false, "instant": true, "format": "time_series" }),
        );
        self.targets.push(target);
        self
    }

    /// Adds a column for a table: a query of the last moment.
    pub(super) fn column(mut self, expression: &str) -> Self {
        let target =
            self.target(json!({ "expr": expression, "legendFormat": "", "range": false, "instant": true, "format": "table" }));
        self.targets.push(target);
        self
    }

    fn target(&self, mut target: Value) -> Value {
        let letter = char::from(b'A' + u8::try_from(self.targets.len()).expect("few queries"));
        merge(&mut target, json!({ "refId": letter.to_string(), "datasource": datasource(), "editorMode": "code" }));
        target
    }

    /// Joins the columns by a label, names and orders them, and sorts. Columns without a name are hidden.
    pub(super) fn joined(self, by: &str, columns: &[(&str, &str)], sort: &str, descending: bool) -> Self {
        let hidden = ["Time", "__name__", "metric", "job", "instance", "username", "age", "Value #A"].iter().chain(&["Value"]);
        let mut exclude: Map<String, Value> = hidden.map(|name| ((*name).to_owned(), json!(true))).collect();
        for number in 1..=12 {
            exclude.insert(format!("Time {number}"), json!(true));
        }
        columns.iter().for_each(|(from, _)| drop(exclude.remove(*from)));
        let order: Map<String, Value> =
            columns.iter().enumerate().map(|(index, (from, _))| ((*from).to_owned(), json!(index))).collect();
        let names: Map<String, Value> = columns.iter().map(|(from, to)| ((*from).to_owned(), json!(to))).collect();
        let organize = json!({ "excludeByName": exclude, "indexByName": order, "renameByName": names });
        self.with(json!({ "transformations": [
            { "id": "joinByField", "options": { "byField": by, "mode": "outer" } },
            { "id": "organize", "options": organize },
            { "id": "sortBy", "options": { "fields": {}, "sort": [{ "field": sort, "desc": descending }] } },
        ] }))
    }

    /// Sets what a column or a series has of its own.
    pub(super) fn override_of(mut self, name: &str, properties: &[(&str, Value)]) -> Self {
        let properties: Vec<Value> = properties.iter().map(|(id, value)| json!({ "id": id, "value": value })).collect();
        let new = json!({ "matcher": { "id": "byName", "options": name }, "properties": properties });
        merge(&mut self.more, json!({ "fieldConfig": { "overrides": [] } }));
        self.more["fieldConfig"]["overrides"].as_array_mut().expect("a list").push(new);
        self
    }

    /// Colours that mean that somebody should act: from these values on.
    pub(super) fn thresholds(self, steps: &[(f64, &str)], base: &str) -> Self {
        let mut list = vec![json!({ "color": base, "value": null })];
        list.extend(steps.iter().map(|(value, color)| json!({ "color": color, "value": value })));
        self.with(json!({ "fieldConfig": { "defaults": { "color": { "mode": "thresholds" }, "thresholds": { "mode": "absolute", "steps": list } } } }))
    }

    /// Curves on top of each other.
    pub(super) fn stacked(self) -> Self {
        self.with(json!({ "fieldConfig": { "defaults": { "custom": { "fillOpacity": 40, "lineWidth": 1, "stacking": { "mode": "normal", "group": "A" } } } } }))
    }

    /// Links of each series to a tweet: at X and on its own dashboard.
    pub(super) fn linked(self) -> Self {
        self.with(json!({ "fieldConfig": { "defaults": { "links": tweet_links("${__field.labels.account}", "${__field.labels.tweet_id}") } } }))
    }

    /// An axis that reaches this far even where there is less, so that nothing looks like nothing.
    pub(super) fn reaching(self, value: f64) -> Self {
        self.with(json!({ "fieldConfig": { "defaults": { "custom": { "axisSoftMax": value } } } }))
    }

    /// A share: of the whole, whatever the others are.
    pub(super) fn whole(self) -> Self {
        self.with(json!({ "fieldConfig": { "defaults": { "min": 0, "max": 1 } } }))
    }

    /// Says yes for 1, no for 0, and none for 2.
    pub(super) fn yes_or_no(self) -> Self {
        let words = json!([{ "type": "value", "options": { "0": { "text": "no", "index": 0 }, "1": { "text": "yes", "index": 1 },
                "2": { "text": "none", "index": 2 } } }]);
        self.with(json!({ "fieldConfig": { "defaults": { "mappings": words } }, "options": { "graphMode": "none" } }))
    }

    /// Decimals.
    pub(super) fn decimals(self, count: u32) -> Self {
        self.with(json!({ "fieldConfig": { "defaults": { "decimals": count } } }))
    }

    /// What stands where there is nothing.
    pub(super) fn otherwise(self, words: &str) -> Self {
        self.with(json!({ "fieldConfig": { "defaults": { "noValue": words } } }))
    }

    /// Width (of 24) and height.
    pub(super) fn size(mut self, width: u32, height: u32) -> Self {
        (self.width, self.height) = (width, height);
        self
    }

    /// Whatever else.
    pub(super) fn with(mut self, more: Value) -> Self {
        merge(&mut self.more, more);
        self
    }

    fn placed(self, id: u32, x: u32, y: u32) -> Value {
        let mut panel = json!({
            "id": id, "type": self.kind, "title": self.title, "description": self.about,
            "gridPos": { "x": x, "y": y, "w": self.width, "h": self.height },
            "fieldConfig": { "defaults": { "unit": self.unit, "color": { "mode": "palette-classic" },
                "thresholds": { "mode": "absolute", "steps": [{ "color": "blue", "value": null }] } }, "overrides": [] },
            "options": {},
        });
        if self.kind != "text" {
            merge(&mut panel, json!({ "datasource": datasource(), "targets": self.targets }));
        }
        if matches!(self.kind, "stat" | "bargauge") {
            panel["fieldConfig"]["defaults"]["color"]["mode"] = json!("thresholds");
        }
        if self.kind == "timeseries" {
            panel["interval"] = json!(SCRAPED);
        }
        merge(&mut panel, self.more);
        panel
    }
}

/// To the tweet at X, and to its dashboard with the same time range.
pub(super) fn tweet_links(account: &str, id: &str) -> Value {
    json!([
        { "title": "The tweet at X", "url": format!("https://x.com/i/status/{id}"), "targetBlank": true },
        { "title": "Its dashboard", "targetBlank": false,
          "url": format!("/d/tweet-exporter-tweet?${{datasource:queryparam}}&var-account={account}&var-tweet={id}&${{__url_time_range}}") },
    ])
}

/// Puts what is new into what is there; lists and plain values are replaced, an empty list keeps what is there.
pub(super) fn merge(into: &mut Value, new: Value) {
    match (into, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in new {
                merge(old.entry(key).or_insert(Value::Null), value);
            }
        }
        (Value::Array(_), Value::Array(new)) if new.is_empty() => {}
        (into, new) => *into = new,
    }
}

/// Rows of panels, from left to right, each line as high as its highest panel.
pub(super) fn lay_out(rows: Vec<Row>) -> Vec<Value> {
    let (mut panels, mut id, mut y) = (Vec::new(), 0, 0);
    for Row(title, members) in rows {
        id += 1;
        panels.push(json!({ "id": id, "type": "row", "title": title, "collapsed": false, "panels": [],
            "gridPos": { "x": 0, "y": y, "w": 24, "h": 1 } }));
        y += 1;
        let (mut x, mut line) = (0, 0);
        for panel in members {
            if x + panel.width > 24 {
                (x, y, line) = (0, y + line, 0);
            }
            id += 1;
            line = line.max(panel.height);
            let at = x;
            x += panel.width;
            panels.push(panel.placed(id, at, y));
        }
        y += line;
    }
    panels
}
