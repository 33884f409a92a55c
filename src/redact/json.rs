//! Takes secrets out of JSON: out of every string, every name of a field, and what a name makes a secret, such as the
//! value of `password`.

use std::collections::HashMap;

use serde_json::Map;
use serde_json::Value;

use super::Redaction;
use super::redact;

/// The value without its secrets, and what they were. Nothing else of it changes: a number that is a secret becomes a
/// text that says so, and two names that become alike are told apart by a number.
pub fn redact_json(value: &Value) -> (Value, Vec<Redaction>) {
    let mut found = Vec::new();
    let clean = cleaned(None, value, &mut found);
    (clean, found)
}

/// `text` as JSON without its secrets; as a text, when it is none.
pub fn redact_json_text(text: &str) -> String {
    match serde_json::from_str(text) {
        Ok(value) => redact_json(&value).0.to_string(),
        Err(_) => redact(text).0,
    }
}

fn cleaned(name: Option<&str>, value: &Value, found: &mut Vec<Redaction>) -> Value {
    match value {
        Value::String(text) => clean_text(name, text, found).map_or_else(|| value.clone(), Value::String),
        // A card's number, or a PIN.
        Value::Number(number) => {
            clean_text(name, &number.to_string(), found).map_or_else(|| value.clone(), Value::String)
        }
        Value::Array(list) => list.iter().map(|it| cleaned(name, it, found)).collect(),
        Value::Object(fields) => {
            let mut kept = Map::with_capacity(fields.len());
            // Where counting goes on for each name, so that thousands that become alike are counted once.
            let mut last: HashMap<String, usize> = HashMap::new();
            for (name, value) in fields {
                let (clean, secrets) = redact(name);
                found.extend(secrets);
                let value = cleaned(Some(name), value, found);
                let mut unique = clean.clone();
                while kept.contains_key(&unique) {
                    let number = last.entry(clean.clone()).or_insert(1);
                    *number += 1;
                    unique = format!("{clean} {number}");
                }
                kept.insert(unique, value);
            }
            Value::Object(kept)
        }
        Value::Null | Value::Bool(_) => value.clone(),
    }
}

/// The text without its secrets, when it has some. One that is none by itself may be one behind its name.
fn clean_text(name: Option<&str>, text: &str, found: &mut Vec<Redaction>) -> Option<String> {
    let (clean, secrets) = redact(text);
    if !secrets.is_empty() {
        found.extend(secrets);
        return Some(clean);
    }
    let before = format!("{}: ", name.filter(|it| it.len() <= LONGEST_NAME)?);
    if !redact(&before).1.is_empty() {
        return None;
    }
    let (clean, secrets) = redact(&format!("{before}{text}"));
    let clean = clean.strip_prefix(&before)?;
    found.extend(secrets);
    (clean != text).then(|| clean.to_owned())
}

/// Bytes of a name that makes its value a secret: past this it is a text.
const LONGEST_NAME: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Put together, so that no scanner takes this file for a leak.
    fn key() -> String {
        ["sk-ant-", "api03-", "Zk3vQ9xT7mB2nW8rL5pY1dF6"].concat()
    }

    #[test]
    fn secrets_go_out_of_strings_names_and_numbers() {
        let key = key();
        let card = ["4111", "1111", "1111", "1111"].concat();
        let value = json!({
            "note": format!("the key is {key}"), key.clone(): 1, "list": [[key], "fine"], "card": card.parse::<u64>().unwrap(),
            "db": {"password": "tr0ub4dor-and-3", "user": "ana", "port": 5432, "pin": 4821}, "on": true, "none": null,
        });
        let (clean, found) = redact_json(&value);
        assert_eq!(
            clean,
            json!({
                "note": "the key is [redacted: Anthropic key]", "[redacted: Anthropic key]": 1,
                "list": [["[redacted: Anthropic key]"], "fine"], "card": "[redacted: card number]",
                "db": {"password": "[redacted: password]", "user": "ana", "port": 5432, "pin": "[redacted: password]"},
                "on": true, "none": null,
            })
        );
        assert_eq!(found.len(), 6, "{found:?}");
        assert!(!redact_json_text(&value.to_string()).contains("tr0ub4dor"));
    }

    #[test]
    fn names_that_become_alike_keep_their_values() {
        let other = key().replace('Z', "Y");
        let (clean, _) = redact_json(&json!({key(): 1, other: 2}));
        assert_eq!(clean, json!({"[redacted: Anthropic key]": 1, "[redacted: Anthropic key] 2": 2}));
        // So many that comparing each with all others takes minutes.
        let many: Map<String, Value> = (0..20_000).map(|it| (format!("{}{it:05}", key()), json!(it))).collect();
        let (clean, found) = redact_json(&Value::Object(many));
        assert_eq!((clean.as_object().map(Map::len), found.len()), (Some(20_000), 20_000));
        assert_eq!(clean["[redacted: Anthropic key] 20000"], 19_999);
    }

    proptest! {
        /// What holds no secret stays as it is, and what was cleaned once is clean.
        #[test]
        fn it_is_done_once(texts in prop::collection::vec("[a-z ]{0,12}|\\PC{0,12}", 1..6), number in any::<i32>()) {
            let (name, last) = (texts[0].clone(), texts[texts.len() - 1].clone());
            let value = json!({"a": texts, name: {"b": number, "c": last}});
            let (clean, found) = redact_json(&value);
            if found.is_empty() {
                prop_assert_eq!(&clean, &value);
            }
            prop_assert_eq!(redact_json(&clean).0, clean);
        }
    }
}
