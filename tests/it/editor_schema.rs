//! The schema for editors tells the truth about the configuration: it knows every key, takes what loads and refuses what does not,
//! as far as a schema can see. The few keywords of JSON Schema 2020-12 that it uses are checked here; any other is an error.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex_lite::Regex;
use serde_json::{Map, Value};
use tweet_exporter::config;

use crate::config::files;

/// The schema as it is on disk.
struct Schema(Value);

impl Schema {
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tweet_exporter.schema.json");
        Self(serde_json::from_str(&fs::read_to_string(path).expect("the schema is there")).expect("the schema is JSON"))
    }

    fn definition(&self, reference: &Value) -> &Map<String, Value> {
        let pointer = reference.as_str().and_then(|text| text.strip_prefix('#')).expect("a reference inside the file");
        self.0.pointer(pointer).and_then(Value::as_object).unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    fn root(&self) -> &Map<String, Value> {
        self.0.as_object().expect("an object")
    }

    /// Why the value does not fit; the first reason.
    fn judge(&self, schema: &Map<String, Value>, value: &Value) -> Result<(), String> {
        schema.iter().try_for_each(|(keyword, says)| self.keyword(schema, keyword, says, value))
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        schema.as_object().map_or_else(|| schema.as_bool().expect("a schema"), |schema| self.judge(schema, value).is_ok())
    }

    fn keyword(&self, schema: &Map<String, Value>, keyword: &str, says: &Value, value: &Value) -> Result<(), String> {
        let fits = match keyword {
            "$schema" | "$defs" | "title" | "description" | "default" | "then" | "else" => true,
            "$ref" => return self.judge(self.definition(says), value),
            "allOf" => return parts(says).iter().try_for_each(|part| self.judge(part.as_object().expect("a schema"), value)),
            "anyOf" => parts(says).iter().any(|part| self.fits(part, value)),
            "oneOf" => parts(says).iter().filter(|part| self.fits(part, value)).count() == 1,
            "not" => !self.fits(says, value),
            "if" => {
                let branch = schema.get(if self.fits(says, value) { "then" } else { "else" });
                branch.is_none_or(|branch| self.fits(branch, value))
            }
            "type" if says.is_array() => parts(says).iter().any(|name| is_of_type(name, value)),
            "type" => is_of_type(says, value),
            "enum" => parts(says).contains(value),
            "const" => says == value,
            "pattern" => value.as_str().is_none_or(|text| pattern(says).is_match(text)),
            "minLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 >= says.as_u64().expect("a length")),
            "minimum" => value.as_f64().is_none_or(|number| number >= says.as_f64().expect("a number")),
            "maximum" => value.as_f64().is_none_or(|number| number <= says.as_f64().expect("a number")),
            _ => return self.inside(schema, keyword, says, value),
        };
        if fits { Ok(()) } else { Err(format!("{keyword} {says} does not hold for {value}")) }
    }

    /// The keywords about lists and mappings.
    fn inside(&self, schema: &Map<String, Value>, keyword: &str, says: &Value, value: &Value) -> Result<(), String> {
        let no_entries = Map::new();
        let entries = value.as_object().unwrap_or(&no_entries);
        let named = schema.get("properties").and_then(Value::as_object).unwrap_or(&no_entries);
        let items = value.as_array().map_or(&[][..], Vec::as_slice);
        let fits = match keyword {
            "properties" => {
                let mut known = entries.iter().filter_map(|(key, value)| Some((named.get(key)?, value)));
                return known.try_for_each(|(part, value)| self.judge(part.as_object().expect("a schema"), value));
            }
            "additionalProperties" => {
                entries.iter().filter(|(key, _)| !named.contains_key(*key)).all(|(_, value)| self.fits(says, value))
            }
            "propertyNames" => entries.keys().all(|key| self.fits(says, &Value::from(key.as_str()))),
            "required" => !value.is_object() || parts(says).iter().all(|key| entries.contains_key(key.as_str().expect("a key"))),
            "items" => return items.iter().try_for_each(|item| self.judge(says.as_object().expect("a schema"), item)),
            "minItems" => !value.is_array() || items.len() as u64 >= says.as_u64().expect("a number"),
            "uniqueItems" => items.iter().enumerate().all(|(index, item)| !items[..index].contains(item)),
            "contains" => !value.is_array() || items.iter().any(|item| self.fits(says, item)),
            _ => panic!("{keyword} is a keyword that this test does not know"),
        };
        if fits { Ok(()) } else { Err(format!("{keyword} {says} does not hold for {value}")) }
    }

    /// Every key that it describes, with its whole path.
    fn keys(&self, schema: &Map<String, Value>, path: &str, found: &mut BTreeSet<String>) {
        for (keyword, says) in schema {
            match (keyword.as_str(), says) {
                ("$ref", _) => self.keys(self.definition(says), path, found),
                ("anyOf" | "allOf" | "oneOf", Value::Array(schemas)) => {
                    schemas.iter().filter_map(Value::as_object).for_each(|part| self.keys(part, path, found));
                }
                ("then" | "else", Value::Object(part)) => self.keys(part, path, found),
                ("items", Value::Object(item)) => self.keys(item, &format!("{path}[]"), found),
                ("properties", Value::Object(parts)) => {
                    for (key, part) in parts {
                        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                        self.keys(part.as_object().expect("a schema"), &path, found);
                        found.insert(path);
                    }
                }
                _ => {}
            }
        }
    }
}

fn parts(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

fn pattern(text: &Value) -> Regex {
    Regex::new(text.as_str().expect("a text")).expect("a pattern")
}

fn is_of_type(name: &Value, value: &Value) -> bool {
    match name.as_str().expect("the name of a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("{other} is a type that this test does not know"),
    }
}

/// The document as an editor sees it; nothing if it is no YAML at all.
fn document(path: &Path) -> Option<Value> {
    serde_yaml::from_str(&fs::read_to_string(path).expect("readable")).ok()
}

#[test]
fn the_schema_knows_every_key_and_no_other() {
    let (schema, mut described) = (Schema::read(), BTreeSet::new());
    schema.keys(schema.root(), "", &mut described);
    let known: BTreeSet<_> = config::known_keys().into_iter().collect();
    assert_eq!(described, known);
}

#[test]
fn the_schema_takes_what_loads() {
    let schema = Schema::read();
    // The web configuration is of another kind.
    let examples = files("examples", ".yml").into_iter().filter(|path| !path.ends_with("web-config.yml"));
    for path in examples.chain(files("tests/configs", ".good.yml")) {
        let document = document(&path).expect("it loads, so it is YAML");
        schema.judge(schema.root(), &document).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    }
    let lists = schema.definition(&Value::from("#/$defs/tweets"));
    for path in files("examples/watch", ".yml") {
        let document = document(&path).expect("it loads, so it is YAML");
        schema.judge(lists, &document).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    }
}

/// What only the program sees: files, the environment, and what one key says of another.
#[test]
fn the_schema_refuses_most_of_what_does_not_load() {
    let schema = Schema::read();
    let documents: Vec<_> = files("tests/configs", ".bad.yml").iter().filter_map(|path| document(path)).collect();
    let refused = documents.iter().filter(|document| schema.judge(schema.root(), document).is_err()).count();
    assert!(refused >= 35 && refused * 3 >= documents.len() * 2, "{refused} of {}", documents.len());
}
