//! JSON schemas of the tools, made from the types of their arguments and results.
//!
//! They are written in the part of JSON Schema that every host's dialect takes: no references, no `null` types, no
//! formats (a `uint32` makes some clients warn at every connect), no titles.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Map;
use serde_json::Value;

/// The schema of a tool's arguments.
pub(crate) fn input<T: JsonSchema>() -> Map<String, Value> {
    let mut schema = generate::<T>();
    clean(&mut schema, true);
    let mut schema = object(schema);
    spare_repetitions(&mut schema);
    schema
}

/// Takes the descriptions off the fields of list items that the outer object has, too: the list of tools is part of
/// every conversation's context.
fn spare_repetitions(schema: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    let outer: Vec<String> = properties.keys().cloned().collect();
    for property in properties.values_mut() {
        let Some(Value::Object(inner)) = property.pointer_mut("/items/properties") else { continue };
        for (name, field) in inner.iter_mut().filter(|(name, _)| outer.contains(name)) {
            if let Value::Object(field) = field {
                field.remove("description");
                if name != "content" {
                    field.remove("examples");
                }
            }
        }
    }
}

/// The schema of a tool's result: every result also has `trace_id`. Without descriptions: a host shows them to
/// nobody, and the list of tools is part of every conversation's context.
pub(crate) fn output<T: JsonSchema>() -> Map<String, Value> {
    let mut schema = generate::<T>();
    clean(&mut schema, false);
    let mut schema = object(schema);
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.insert("trace_id".to_owned(), serde_json::json!({"type": "string"}));
    }
    schema
}

fn generate<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

fn object(schema: Value) -> Map<String, Value> {
    match schema {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// `is_input` tells the schema of arguments from that of a result.
fn clean(schema: &mut Value, is_input: bool) {
    let Value::Object(map) = schema else { return };
    for name in ["$schema", "title", "format"] {
        if map.get(name).is_some_and(Value::is_string) {
            map.remove(name);
        }
    }
    if !is_input && map.get("description").is_some_and(Value::is_string) {
        map.remove("description");
    }
    if is_input && map.contains_key("properties") {
        // Unknown arguments are told, not ignored.
        map.remove("unevaluatedProperties");
        map.insert("additionalProperties".to_owned(), false.into());
    }
    if map.get("default").is_some_and(Value::is_null) {
        map.remove("default");
    }
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|it| it != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            map.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = map.get_mut("enum") {
        values.retain(|it| !it.is_null());
    }
    if let Some(Value::Array(choices)) = map.get_mut("anyOf") {
        choices.retain(|it| it.get("type") != Some(&"null".into()));
        if choices.len() == 1
            && let Some(Value::Object(only)) = choices.pop()
        {
            map.remove("anyOf");
            for (name, value) in only {
                map.entry(name).or_insert(value);
            }
            return clean(schema, is_input);
        }
    }
    for (name, value) in map.iter_mut() {
        match (name.as_str(), value) {
            // Names of properties are not keywords.
            ("properties", Value::Object(properties)) => {
                properties.values_mut().for_each(|it| clean(it, is_input));
            }
            ("anyOf" | "oneOf" | "allOf", Value::Array(choices)) => {
                choices.iter_mut().for_each(|it| clean(it, is_input));
            }
            ("items" | "additionalProperties", value) => clean(value, is_input),
            _ => {}
        }
    }
}
