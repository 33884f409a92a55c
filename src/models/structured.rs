//! Answers in JSON: whether one follows its schema, how to ask for a better one, and what a schema must look like for
//! those who take only a part of the language.

use jsonschema::Validator;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Message;
use super::ModelRequest;
use super::Role;

/// Faults that are told; more would not help to mend them.
const FAULTS: usize = 8;
/// Brackets at which JSON is looked for in an answer with words around it.
const MOST_STARTS: usize = 64;
/// Longest fault, in characters: it quotes the value.
const FAULT_CHARS: usize = 300;

/// A schema that answers are held against.
#[derive(Debug)]
pub struct Structured {
    schema: Value,
    validator: Validator,
    /// The error of one of several branches holds those of all, and by references each of those as well: their number is
    /// that of the branches to the power of the depth, past all memory.
    multiplies: bool,
}

impl Structured {
    /// Reads a schema of any draft from 4 on; without `$schema` it is 2020-12. Opens no file and no socket.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a sentence without a full stop.
    pub fn new(schema: &Value) -> Result<Structured, String> {
        match jsonschema::validator_for(schema) {
            Ok(validator) => {
                let multiplies =
                    has_key(schema, &["$ref", "$dynamicRef", "$recursiveRef"]) && has_key(schema, &["anyOf", "oneOf"]);
                Ok(Structured { schema: schema.clone(), validator, multiplies })
            }
            Err(err) => Err(format!("at `{}`: {}", err.instance_path(), shortened(&err.to_string()))),
        }
    }

    /// The JSON in `text`, when it follows the schema. A fence around it and words before and after are passed over:
    /// models without native support write them.
    ///
    /// # Errors
    ///
    /// What is wrong, each fault with its place; never empty.
    pub fn read(&self, text: &str) -> Result<Value, Vec<String>> {
        let value = self.json_in(text).map_err(|err| vec![format!("it is not JSON: {err}")])?;
        // This looks at each part once.
        if self.validator.is_valid(&value) {
            return Ok(value);
        }
        if self.multiplies {
            return Err(vec!["it does not follow the schema".to_owned()]);
        }
        let faults: Vec<String> = self
            .validator
            .iter_errors(&value)
            .take(FAULTS)
            .map(|it| match it.instance_path().to_string() {
                place if place.is_empty() => shortened(&it.to_string()),
                place => format!("at `{place}`: {}", shortened(&it.to_string())),
            })
            .collect();
        if faults.is_empty() { Ok(value) } else { Err(faults) }
    }

    /// The JSON in `text`: all of it, else what begins with a bracket and ends by itself, the first that follows the schema.
    /// Others stand beside it in citations (`[1]`) and thoughts.
    fn json_in(&self, text: &str) -> serde_json::Result<Value> {
        // The first complaint is about the text as it came.
        let first = match serde_json::from_str(text.trim()) {
            Ok(value) => return Ok(value),
            Err(err) => err,
        };
        let starts = text.match_indices(['{', '[']).take(MOST_STARTS);
        let found: Vec<Value> = starts
            .filter_map(|(at, _)| serde_json::Deserializer::from_str(&text[at..]).into_iter().next()?.ok())
            .collect();
        let fitting = found.iter().position(|it| self.validator.is_valid(it));
        let largest = || (0..found.len()).max_by_key(|at| found[*at].to_string().len());
        fitting.or_else(largest).map(|at| found[at].clone()).ok_or(first)
    }

    /// The request that asks once more after `answer`, which has `faults`. It begins with the same bytes, so a prompt
    /// cache holds.
    pub fn repair(&self, request: &ModelRequest, answer: &str, faults: &[String]) -> ModelRequest {
        let faults = faults.join("\n- ");
        let ask = format!(
            "That does not follow the schema:\n- {faults}\n\nAnswer again with nothing but JSON that follows this \
             schema:\n{}",
            self.schema
        );
        let mut repair = request.clone();
        repair.messages.push(Message::new(Role::Assistant, answer));
        repair.messages.push(Message::new(Role::User, ask));
        repair
    }
}

/// Whether an object anywhere in `schema` has one of `keys`.
fn has_key(schema: &Value, keys: &[&str]) -> bool {
    match schema {
        Value::Object(fields) => fields.iter().any(|(name, it)| keys.contains(&name.as_str()) || has_key(it, keys)),
        Value::Array(items) => items.iter().any(|it| has_key(it, keys)),
        _ => false,
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(FAULT_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What Anthropic's `output_config.format` refuses. Source: its page on structured outputs, 2026-11.
const NOT_FOR_ANTHROPIC: [&str; 16] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "minContains",
    "maxContains",
    "minProperties",
    "maxProperties",
    "propertyNames",
];

/// `schema` as Anthropic takes it: every object closed, and the rules that it refuses told in words. Whatever follows the
/// result and the words follows `schema`. `None` when an object may have any keys, which cannot be said there.
pub(super) fn for_anthropic(schema: &Value) -> Option<Value> {
    let Value::Object(fields) = schema else { return Some(schema.clone()) };
    let mut out = Map::new();
    let mut rules = Vec::new();
    for (name, value) in fields {
        match (name.as_str(), value) {
            ("properties" | "$defs" | "definitions", Value::Object(schemas)) => {
                let closed: Option<Map<String, Value>> =
                    schemas.iter().map(|(name, it)| Some((name.clone(), for_anthropic(it)?))).collect();
                out.insert(name.clone(), Value::Object(closed?));
            }
            ("anyOf" | "allOf" | "oneOf" | "prefixItems", Value::Array(schemas)) => {
                let closed: Option<Vec<Value>> = schemas.iter().map(for_anthropic).collect();
                // Exactly one of several is checked by us; the format knows only that one of them must hold.
                let name = if name == "oneOf" { "anyOf" } else { name };
                out.insert(name.to_owned(), Value::Array(closed?));
            }
            ("items", Value::Object(_)) => {
                out.insert(name.clone(), for_anthropic(value)?);
            }
            ("additionalProperties", _) => {}
            (refused, _) if NOT_FOR_ANTHROPIC.contains(&refused) => rules.push(format!("{name}: {value}")),
            _ => {
                out.insert(name.clone(), value.clone());
            }
        }
    }
    if fields.get("type") == Some(&json!("object")) || fields.contains_key("properties") {
        let is_open = fields.get("additionalProperties") != Some(&Value::Bool(false));
        let is_bare = fields.get("properties").and_then(Value::as_object).is_none_or(Map::is_empty);
        if is_open && is_bare {
            return None;
        }
        out.insert("additionalProperties".into(), Value::Bool(false));
    }
    if !rules.is_empty() {
        let said = fields.get("description").and_then(Value::as_str).unwrap_or_default();
        out.insert("description".into(), json!(format!("{said} ({})", rules.join(", ")).trim()));
    }
    Some(Value::Object(out))
}

/// A schema in words, for those who cannot be told it otherwise.
pub(super) fn in_words(schema: &Value) -> String {
    format!("Answer with nothing but JSON that follows this schema:\n{schema}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
            "required": ["name", "age"],
        })
    }

    /// Of this the errors of all branches at all depths were past all memory.
    #[test]
    fn a_deep_answer_with_one_fault_is_refused_at_once() {
        let kinds = ["a", "b", "c", "d", "e", "f"];
        let node = |kind: &str| {
            json!({"type": "object", "required": ["kind", "text"], "properties": {
                "kind": {"const": kind}, "text": {"type": "string"},
                "children": {"type": "array", "items": {"oneOf": kinds.map(|it| json!({"$ref": format!("#/$defs/{it}")}))}}}})
        };
        let defs: Map<String, Value> = kinds.iter().map(|it| ((*it).to_owned(), node(it))).collect();
        let structured = Structured::new(&json!({"$defs": defs, "$ref": "#/$defs/a"})).unwrap();
        let nest = |leaf: Value| {
            (0..12).fold(leaf, |inner, at| json!({"kind": kinds[(11 - at) % 6], "text": "x", "children": [inner]}))
        };
        let wrong = nest(json!({"kind": "a", "txt": "x"})).to_string();
        assert_eq!(structured.read(&wrong), Err(vec!["it does not follow the schema".to_owned()]));
        let right = nest(json!({"kind": "a", "text": "x"}));
        assert_eq!(structured.read(&right.to_string()), Ok(right));
    }

    #[test]
    fn an_answer_is_json_that_follows_the_schema() {
        let structured = Structured::new(&schema()).unwrap();
        let ana = json!({"name": "Ana", "age": 41});
        for text in [
            r#"{"name":"Ana","age":41}"#,
            "```json\n{\"name\": \"Ana\", \"age\": 41}\n```",
            "Here it is: {\"name\": \"Ana\", \"age\": 41} I hope it helps.",
            "As [1] says: {\"name\": \"Ana\", \"age\": 41}",
            "{\"name\": \"Ana\", \"age\": 41}\n\nSource: [deploy notes].",
            "<think>The user wants {name}, [7, 8].</think>\n{\"name\": \"Ana\", \"age\": 41}",
        ] {
            assert_eq!(structured.read(text), Ok(ana.clone()), "{text}");
        }
        for (text, faults) in [
            ("I do not know.", vec!["it is not JSON: expected value at line 1 column 1"]),
            (r#"{"name":"Ana"}"#, vec!["\"age\" is a required property"]),
            (
                r#"{"name":7,"age":-1}"#,
                vec!["at `/name`: 7 is not of type \"string\"", "at `/age`: -1 is less than the minimum of 0"],
            ),
        ] {
            let found = structured.read(text).unwrap_err();
            assert_eq!(found.len(), faults.len(), "{found:?}");
            assert!(faults.iter().all(|it| found.iter().any(|found| found == it)), "{found:?}");
        }
    }

    #[test]
    fn a_schema_that_is_none_is_told_and_none_is_fetched() {
        assert!(Structured::new(&json!({"type": "strin"})).unwrap_err().contains("strin"));
        assert!(Structured::new(&json!({"$ref": "http://127.0.0.1:1/schema.json"})).is_err());
        assert!(Structured::new(&json!({"$ref": "file:///etc/passwd"})).is_err());
    }

    #[test]
    fn a_repair_begins_with_the_request_and_names_the_faults() {
        let request = ModelRequest { messages: vec![Message::new(Role::User, "who?")], ..ModelRequest::default() };
        let structured = Structured::new(&schema()).unwrap();
        let repair = structured.repair(&request, "Ana", &["it is not JSON".to_owned()]);
        assert_eq!(repair.messages[..2], [Message::new(Role::User, "who?"), Message::new(Role::Assistant, "Ana")]);
        let asked = &repair.messages[2].content;
        assert!(asked.contains("- it is not JSON") && asked.contains("\"required\""), "{asked}");
    }

    #[test]
    fn for_anthropic_objects_are_closed_and_rules_are_words() {
        assert_eq!(
            for_anthropic(&json!({
                "type": "object",
                "properties": {
                    "minimum": {"type": "integer", "minimum": 1, "description": "Least."},
                    "tags": {"type": "array", "items": {"type": "object", "properties": {"a": {}}}, "maxItems": 3},
                },
            })),
            Some(json!({
                "type": "object",
                "properties": {
                    "minimum": {"type": "integer", "description": "Least. (minimum: 1)"},
                    "tags": {
                        "type": "array",
                        "items": {"type": "object", "properties": {"a": {}}, "additionalProperties": false},
                        "description": "(maxItems: 3)",
                    },
                },
                "additionalProperties": false,
            }))
        );
        assert_eq!(for_anthropic(&json!({"type": "object"})), None);
        assert_eq!(for_anthropic(&json!({"type": "array", "items": {"type": "object"}})), None);
        assert_eq!(for_anthropic(&json!({"type": "string"})), Some(json!({"type": "string"})));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_told(text in "[{}\\[\\]\",:a1 é`\n]{0,40}") {
            let structured = Structured::new(&schema()).unwrap();
            if let Err(faults) = structured.read(&text) {
                prop_assert!(!faults.is_empty());
            }
        }
    }
}
