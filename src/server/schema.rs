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
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        say_once(properties);
    }
    schema
}

/// Takes the description from a field of a list's items that says what the argument of that name says already.
fn say_once(properties: &mut Map<String, Value>) {
    let said: Vec<(String, Value)> =
        properties.iter().filter_map(|(name, it)| Some((name.clone(), it.get("description")?.clone()))).collect();
    for property in properties.values_mut() {
        let Some(Value::Object(fields)) = property.pointer_mut("/items/properties") else { continue };
        for (name, description) in &said {
            if let Some(Value::Object(field)) = fields.get_mut(name)
                && field.get("description") == Some(description)
            {
                field.shift_remove("description");
            }
        }
    }
}

/// The schema of a tool's result: every result also has `trace_id`. Without descriptions, ranges and what its inner
/// objects always have: a host shows them to nobody, and the list of tools is part of every conversation's context.
pub(crate) fn output<T: JsonSchema>() -> Map<String, Value> {
    let mut schema = generate::<T>();
    clean(&mut schema, false);
    let mut schema = object(schema);
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for property in properties.values_mut() {
            strip(property);
        }
        properties.insert("trace_id".to_owned(), serde_json::json!({"type": "string"}));
    }
    schema
}

/// `schema` as it is listed: where any value may stand, its types are spelt out, because strict checkers and some
/// hosts' dialects refuse a schema that says nothing. (In an argument, lists need items, and `null` has no name.) Of a
/// result, the fields of inner objects, and which are always there, are left out: `carryall://schema/{tool}` has them.
pub(crate) fn listed(schema: &Map<String, Value>, is_input: bool) -> Map<String, Value> {
    let mut schema = Value::Object(schema.clone());
    if !is_input {
        if let Value::Object(map) = &mut schema {
            map.shift_remove("required");
        }
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            properties.values_mut().for_each(outline);
        }
    }
    spell_out(&mut schema, is_input);
    object(schema)
}

fn spell_out(schema: &mut Value, is_input: bool) {
    let Value::Object(map) = schema else { return };
    let says_nothing = map.keys().all(|it| it == "description");
    if says_nothing {
        let of = |name: &str| serde_json::json!({"type": name});
        let mut choices: Vec<Value> = ["object", "string", "number", "boolean"].map(of).into();
        if is_input {
            choices.push(serde_json::json!({"type": "array", "items": {"anyOf": choices}}));
        } else {
            choices.extend(["array", "null"].map(of));
        }
        map.insert("anyOf".to_owned(), choices.into());
        return;
    }
    if let Some(items) = map.get_mut("items") {
        spell_out(items, is_input);
    }
    if let Some(Value::Object(properties)) = map.get_mut("properties") {
        properties.values_mut().for_each(|it| spell_out(it, is_input));
    }
}

/// Leaves the kind of a value and of a list's items.
fn outline(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    map.shift_remove("properties");
    map.shift_remove("additionalProperties");
    if let Some(items) = map.get_mut("items") {
        outline(items);
    }
}

fn strip(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    map.shift_remove("minimum");
    map.shift_remove("required");
    if map.get("additionalProperties") == Some(&Value::Bool(true)) {
        map.shift_remove("additionalProperties");
    }
    if let Some(items) = map.get_mut("items") {
        strip(items);
    }
    if let Some(Value::Object(properties)) = map.get_mut("properties") {
        properties.values_mut().for_each(strip);
    }
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
    if *schema == Value::Bool(true) {
        // The same in words that everybody knows: clients of 2025 refuse a whole list of tools for a `true`.
        *schema = Value::Object(Map::new());
    }
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
    if map.get("default").is_some_and(|it| it.is_null() || *it == Value::Bool(false)) {
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
            ("items", value) | ("additionalProperties", value @ Value::Object(_)) => clean(value, is_input),
            _ => {}
        }
    }
}
