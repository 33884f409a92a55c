//! Checks a call's arguments against the tool's schema, and words what is wrong for whoever has to mend it.

use serde::de::DeserializeOwned;
use serde_json::Map;
use serde_json::Value;

use super::reply::Failure;
use crate::clock;
use crate::clock::Millis;
use crate::config;
use crate::plural::counted;

/// Checks `arguments` and returns them without the ones that are `null`, which means "not given".
///
/// # Errors
///
/// A [`Failure`] that names the first wrong argument, its value, what is allowed and an example, and then the others.
pub(crate) fn check(schema: &Map<String, Value>, arguments: Value) -> Result<Value, Failure> {
    let mut arguments = arguments;
    normalise(&mut arguments, schema);
    match check_value("", &arguments, schema) {
        Ok(()) => Ok(arguments),
        Err(first) => Err(with_the_others(first, &arguments, schema)),
    }
}

/// Faults that are told at once; with more, something else is wrong.
const MOST_FAULTS: usize = 10;

/// `first` with every other fault of `arguments`, in its message and as `faults` for programs.
fn with_the_others(mut first: Failure, arguments: &Value, schema: &Map<String, Value>) -> Failure {
    let mut faults = Vec::new();
    collect("", arguments, schema, &mut faults);
    let others: Vec<&str> = faults.iter().map(|it| it.message.as_str()).filter(|it| *it != first.message).collect();
    if others.is_empty() {
        return first;
    }
    let all: Vec<&str> = std::iter::once(first.message.as_str()).chain(others).collect();
    let (message, list) = (all.join("; "), Value::from(all));
    first.details.insert("faults".to_owned(), list);
    Failure { message, ..first }
}

/// Every fault of `value`, in the order of its parts.
fn collect(path: &str, value: &Value, schema: &Map<String, Value>, faults: &mut Vec<Failure>) {
    if faults.len() >= MOST_FAULTS {
        return;
    }
    let Err(first) = check_value(path, value, schema) else { return };
    let of_this_type = |it: &&Map<String, Value>| {
        it.get("type").and_then(Value::as_str).is_some_and(|wanted| is_of_type(value, wanted))
    };
    let choices = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    let schema = choices.clone().find(of_this_type).unwrap_or(schema);
    let before = faults.len();
    match value {
        Value::Object(object) if of_this_type(&schema) => {
            faults.extend(missing(path, object, schema));
            let empty = Map::new();
            let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
            for (name, value) in object {
                match properties.get(name) {
                    Some(Value::Object(property)) => collect(&join(path, name), value, property, faults),
                    None if is_closed(schema) => faults.push(unknown(path, name, properties)),
                    _ => {}
                }
            }
        }
        Value::Array(items) => {
            if let Some(Value::Object(item_schema)) = schema.get("items") {
                for (at, item) in items.iter().enumerate() {
                    collect(&format!("{path}[{at}]"), item, item_schema, faults);
                }
            }
        }
        _ => {}
    }
    if faults.len() == before {
        faults.push(first);
    }
}

/// Reads checked arguments into a tool's own type.
///
/// # Errors
///
/// A [`Failure`] with what the reader says; it means that the schema and the type disagree.
pub(crate) fn read<T: DeserializeOwned>(arguments: Value) -> Result<T, Failure> {
    serde_json::from_value(arguments)
        .map_err(|err| Failure::new("invalid_argument", format!("the arguments cannot be read: {err}"), ""))
}

/// Reads the time of the argument `name`.
///
/// # Errors
///
/// A [`Failure`] that shows the forms a time may have.
pub(crate) fn time(name: &str, value: Option<&String>) -> Result<Option<Millis>, Failure> {
    value
        .map(|text| {
            clock::parse(text).map_err(|allowed| {
                Failure::argument(name, &Value::String(text.clone()), &allowed, "\"2026-11-20T09:30:00Z\"")
            })
        })
        .transpose()
}

/// Drops optional `null`s wherever the schema names the field, and takes 10.0 for 10 where a whole number is meant.
fn normalise(value: &mut Value, schema: &Map<String, Value>) {
    let choices = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    for choice in choices.filter_map(Value::as_object) {
        normalise(value, choice);
    }
    match value {
        Value::Object(given) => {
            let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
            given.retain(|name, value| !value.is_null() || properties.get(name).is_none_or(takes_anything));
            for (name, value) in given.iter_mut() {
                if let Some(property) = properties.get(name).and_then(Value::as_object) {
                    normalise(value, property);
                }
            }
        }
        Value::Array(items) => {
            if let Some(item_schema) = schema.get("items").and_then(Value::as_object) {
                items.iter_mut().for_each(|it| normalise(it, item_schema));
            }
        }
        Value::Number(number) if schema.get("type") == Some(&"integer".into()) => {
            if let Some(float) = number.as_f64().filter(|it| it.fract() == 0.0 && it.abs() < 9e15)
                && number.is_f64()
            {
                #[expect(clippy::cast_possible_truncation, reason = "whole and small, as was just checked")]
                let whole = float as i64;
                *value = whole.into();
            }
        }
        _ => {}
    }
}

fn takes_anything(property: &Value) -> bool {
    property.get("type").is_none() && property.get("anyOf").is_none()
}

fn check_value(path: &str, value: &Value, schema: &Map<String, Value>) -> Result<(), Failure> {
    if let Some(Value::Array(choices)) = schema.get("anyOf") {
        return check_choices(path, value, schema, choices);
    }
    if let Some(wanted) = schema.get("type").and_then(Value::as_str)
        && !is_of_type(value, wanted)
    {
        return Err(wrong(path, value, schema, &describe(schema)));
    }
    if let Some(Value::Array(allowed)) = schema.get("enum")
        && !allowed.contains(value)
    {
        return Err(wrong(path, value, schema, &describe(schema)));
    }
    match value {
        Value::Number(number) => check_number(path, value, number.as_f64().unwrap_or(f64::NAN), schema),
        Value::String(text) => check_length(path, value, text.chars().count(), "Length", schema),
        Value::Array(items) => {
            check_length(path, value, items.len(), "Items", schema)?;
            let Some(Value::Object(item_schema)) = schema.get("items") else { return Ok(()) };
            items.iter().enumerate().try_for_each(|(at, item)| check_value(&format!("{path}[{at}]"), item, item_schema))
        }
        Value::Object(object) => check_object(path, object, schema),
        _ => Ok(()),
    }
}

fn check_object(path: &str, object: &Map<String, Value>, schema: &Map<String, Value>) -> Result<(), Failure> {
    if let Some(missing) = missing(path, object, schema).next() {
        return Err(missing);
    }
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    for (name, value) in object {
        match properties.get(name) {
            Some(Value::Object(property)) => check_value(&join(path, name), value, property)?,
            Some(_) => {}
            None if is_closed(schema) => return Err(unknown(path, name, properties)),
            None => {}
        }
    }
    Ok(())
}

fn is_closed(schema: &Map<String, Value>) -> bool {
    schema.get("additionalProperties") == Some(&Value::Bool(false))
}

/// The required fields that `object` has not.
fn missing(path: &str, object: &Map<String, Value>, schema: &Map<String, Value>) -> impl Iterator<Item = Failure> {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    required.filter(|name| !object.contains_key(*name)).map(move |name| {
        let described = schema.get("properties").and_then(|it| it.get(name)).and_then(Value::as_object);
        let allowed = described.map(describe).unwrap_or_default();
        Failure::new(
            "invalid_argument",
            format!("argument `{}` is missing; it must be {allowed}", join(path, name)),
            format!("for example {{\"{name}\": {}}}", described.map(example).unwrap_or_default()),
        )
    })
}

fn unknown(path: &str, name: &str, properties: &Map<String, Value>) -> Failure {
    let names: Vec<&str> = properties.keys().map(String::as_str).collect();
    let next = match config::nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? Allowed are: {}", names.join(", ")),
        None if names.is_empty() => "this tool takes no arguments".to_owned(),
        None => format!("allowed are: {}", names.join(", ")),
    };
    Failure::new("invalid_argument", format!("argument `{}` is unknown", join(path, name)), next)
}

/// A value that fits none of several shapes: what is wrong with it as the shape that it comes nearest to.
fn check_choices(path: &str, value: &Value, schema: &Map<String, Value>, choices: &[Value]) -> Result<(), Failure> {
    let mut near = None;
    for choice in choices.iter().filter_map(Value::as_object) {
        match check_value(path, value, choice) {
            Ok(()) => return Ok(()),
            Err(failure) => {
                let same_type = choice.get("type").and_then(Value::as_str).is_some_and(|it| is_of_type(value, it));
                if same_type && near.is_none() {
                    near = Some(failure);
                }
            }
        }
    }
    let shapes: Vec<String> = choices.iter().filter_map(Value::as_object).map(describe).collect();
    Err(near.unwrap_or_else(|| wrong(path, value, schema, &shapes.join(" or "))))
}

fn check_number(path: &str, value: &Value, number: f64, schema: &Map<String, Value>) -> Result<(), Failure> {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let low = bound("minimum").is_some_and(|it| number < it);
    let high = bound("maximum").is_some_and(|it| number > it);
    if low || high || number.is_nan() {
        return Err(wrong(path, value, schema, &describe(schema)));
    }
    Ok(())
}

fn check_length(
    path: &str,
    value: &Value,
    length: usize,
    of: &str,
    schema: &Map<String, Value>,
) -> Result<(), Failure> {
    let bound = |name: String| schema.get(&name).and_then(Value::as_u64).and_then(|it| usize::try_from(it).ok());
    let unit = if of == "Items" { "item" } else { "character" };
    if let Some(least) = bound(format!("min{of}")).filter(|it| length < *it) {
        return Err(wrong(path, value, schema, &format!("at least {} long", counted(&least, unit))));
    }
    if let Some(most) = bound(format!("max{of}")).filter(|it| length > *it) {
        return Err(Failure::new(
            "invalid_argument",
            format!("argument `{path}` has {}, but at most {most} are allowed", counted(&length, unit)),
            if of == "Items" { "split it over several calls" } else { "shorten it" },
        ));
    }
    Ok(())
}

fn wrong(path: &str, value: &Value, schema: &Map<String, Value>, allowed: &str) -> Failure {
    let path = if path.is_empty() { "arguments" } else { path };
    Failure::argument(path, value, allowed, &example(schema))
}

fn is_of_type(value: &Value, wanted: &str) -> bool {
    match wanted {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

/// What a schema allows, in words.
pub(super) fn describe(schema: &Map<String, Value>) -> String {
    if let Some(Value::Array(allowed)) = schema.get("enum") {
        let names: Vec<String> = allowed.iter().map(Value::to_string).collect();
        return format!("one of {}", names.join(", "));
    }
    let bound = |name: &str| schema.get(name).filter(|it| it.is_number());
    let range = match (bound("minimum"), bound("maximum")) {
        (Some(low), Some(high)) => format!(" from {low} to {high}"),
        (Some(low), None) => format!(" of at least {low}"),
        (None, Some(high)) => format!(" of at most {high}"),
        (None, None) => String::new(),
    };
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => "a string".to_owned(),
        Some("integer") => format!("a whole number{range}"),
        Some("number") => format!("a number{range}"),
        Some("boolean") => "true or false".to_owned(),
        Some("array") => match schema.get("items").and_then(Value::as_object) {
            Some(items) => format!("a list, each item {}", describe(items)),
            None => "a list".to_owned(),
        },
        Some("object") => "an object".to_owned(),
        _ => "any JSON value".to_owned(),
    }
}

/// A value that a schema allows.
fn example(schema: &Map<String, Value>) -> String {
    if let Some(example) = schema.get("examples").and_then(|it| it.get(0)).or(schema.get("default")) {
        return example.to_string();
    }
    if let Some(first) = schema.get("enum").and_then(|it| it.get(0)) {
        return first.to_string();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => "\"text\"".to_owned(),
        Some("integer" | "number") => schema.get("minimum").map_or_else(|| "1".to_owned(), Value::to_string),
        Some("boolean") => "true".to_owned(),
        Some("array") => {
            let item = schema.get("items").and_then(Value::as_object).map(example);
            format!("[{}]", item.unwrap_or_default())
        }
        Some("object") => {
            let required = schema.get("required").and_then(Value::as_array);
            let fields = required.into_iter().flatten().filter_map(|name| {
                let name = name.as_str()?;
                let property = schema.get("properties")?.get(name)?.as_object()?;
                Some(format!("\"{name}\": {}", example(property)))
            });
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        _ => "\"auto\"".to_owned(),
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Map<String, Value> {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["query"],
            "properties": {
                "query": {"type": "string", "examples": ["where do we deploy"]},
                "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10},
                "kinds": {"type": "array", "items": {"type": "string", "enum": ["fact", "note"]}},
                "context": {"anyOf": [
                    {"type": "string", "enum": ["auto", "none"]},
                    {"type": "object", "required": ["pack_id"], "properties": {"pack_id": {"type": "string"}}}]},
                "data": {"description": "anything"},
            }
        });
        schema.as_object().cloned().unwrap()
    }

    fn check_text(arguments: Value, expected: &str) {
        assert_eq!(check(&schema(), arguments).unwrap_err().text(), expected);
    }

    #[test]
    fn wrong_arguments_are_named_with_value_allowed_and_example() {
        check_text(
            json!({}),
            "Argument `query` is missing; it must be a string. For example {\"query\": \"where do we deploy\"}.",
        );
        check_text(
            json!({"query": 5}),
            "Argument `query` is 5, but must be a string. For example \"where do we deploy\".",
        );
        check_text(
            json!({"query": "x", "limit": 101}),
            "Argument `limit` is 101, but must be a whole number from 1 to 100. For example 10.",
        );
        check_text(
            json!({"query": "x", "kinds": ["fact", "fakt"]}),
            "Argument `kinds[1]` is \"fakt\", but must be one of \"fact\", \"note\". For example \"fact\".",
        );
        check_text(
            json!({"query": "x", "limt": 3}),
            "Argument `limt` is unknown. Did you mean `limit`? Allowed are: query, limit, kinds, context, data.",
        );
        check_text(
            json!({"query": "x", "context": {}}),
            "Argument `context.pack_id` is missing; it must be a string. For example {\"pack_id\": \"text\"}.",
        );
        check_text(
            json!({"query": "x", "context": 7}),
            "Argument `context` is 7, but must be one of \"auto\", \"none\" or an object. For example \"auto\".",
        );
        check_text(
            json!([1]),
            "Argument `arguments` is [1], but must be an object. For example {\"query\": \"where do we deploy\"}.",
        );
    }

    #[test]
    fn every_fault_is_told_with_its_path() {
        let failure = check(&schema(), json!({"limit": 0, "kinds": ["fakt", 5], "limt": 1})).unwrap_err();
        assert_eq!(
            failure.message,
            "argument `query` is missing; it must be a string; \
             argument `limit` is 0, but must be a whole number from 1 to 100; \
             argument `kinds[0]` is \"fakt\", but must be one of \"fact\", \"note\"; \
             argument `kinds[1]` is 5, but must be one of \"fact\", \"note\"; \
             argument `limt` is unknown"
        );
        assert_eq!(failure.details["faults"].as_array().map(Vec::len), Some(5));
        assert!(check(&schema(), json!({"query": 5})).unwrap_err().details.get("faults").is_none());
    }

    #[test]
    fn nulls_are_not_given_and_whole_floats_are_whole() {
        let checked = check(&schema(), json!({"query": "x", "limit": 10.0, "kinds": null, "data": null})).unwrap();
        assert_eq!(checked, json!({"query": "x", "limit": 10, "data": null}));
        let inner = json!({"type": "object", "additionalProperties": false, "properties": {
            "items": {"type": "array", "items": {"type": "object", "properties": {
                "tags": {"type": "array", "items": {"type": "string"}}, "n": {"type": "integer"}}}},
            "context": {"anyOf": [{"type": "string"}, {"type": "object", "properties": {"pack_id": {"type": "string"}}}]},
            "patch": {"type": "object"},
        }});
        let given = json!({"items": [{"tags": null, "n": 2.0}], "context": {"pack_id": null}, "patch": {"gone": null}});
        assert_eq!(
            check(inner.as_object().unwrap(), given).unwrap(),
            json!({"items": [{"n": 2}], "context": {}, "patch": {"gone": null}})
        );
        assert!(check(&schema(), json!({"query": "x", "nobody": null})).is_err());
    }
}
