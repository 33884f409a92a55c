//! Joins what several scopes hold under one key: the nearer scope wins, objects are joined field by field.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value;

use crate::store::ContextRow;

/// What holds under a key for a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Inherited {
    pub data: Value,
    /// The rows that hold something under the key, the nearest first; never empty.
    pub from: Vec<ContextRow>,
    /// From which of `from` each value is, by its JSON pointer; one that is no object, or an empty object.
    pub origins: BTreeMap<String, usize>,
}

/// Joins `rows`, all of one key, the widest scope first. `None` for none.
pub(super) fn inherit(rows: Vec<ContextRow>) -> Option<Inherited> {
    let mut data: Option<Value> = None;
    let mut origins = BTreeMap::new();
    let count = rows.len();
    for (at, row) in rows.iter().enumerate() {
        let layer = count - 1 - at;
        match &mut data {
            Some(data) => join(data, &row.data, layer, &mut String::new(), &mut origins),
            None => {
                note(&row.data, layer, &mut String::new(), &mut origins);
                data = Some(row.data.clone());
            }
        }
    }
    Some(Inherited { data: data?, from: rows.into_iter().rev().collect(), origins })
}

fn join(held: &mut Value, nearer: &Value, layer: usize, at: &mut String, origins: &mut BTreeMap<String, usize>) {
    let (Value::Object(fields), Value::Object(new)) = (&mut *held, nearer) else {
        forget(at, origins);
        note(nearer, layer, at, origins);
        *held = nearer.clone();
        return;
    };
    if fields.is_empty() && !new.is_empty() {
        origins.remove(at.as_str());
    }
    for (name, value) in new {
        let length = at.len();
        step(at, name);
        match fields.get_mut(name) {
            Some(field) => join(field, value, layer, at, origins),
            None => {
                note(value, layer, at, origins);
                fields.insert(name.clone(), value.clone());
            }
        }
        at.truncate(length);
    }
}

/// Takes out what was noted of the value at `at` and of what is in it.
fn forget(at: &str, origins: &mut BTreeMap<String, usize>) {
    origins.retain(|it, _| it.strip_prefix(at).is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/')));
}

fn note(value: &Value, layer: usize, at: &mut String, origins: &mut BTreeMap<String, usize>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => note_fields(fields, layer, at, origins),
        _ => {
            origins.insert(at.clone(), layer);
        }
    }
}

fn note_fields(fields: &Map<String, Value>, layer: usize, at: &mut String, origins: &mut BTreeMap<String, usize>) {
    for (name, value) in fields {
        let length = at.len();
        step(at, name);
        note(value, layer, at, origins);
        at.truncate(length);
    }
}

/// A step of a JSON pointer (RFC 6901).
fn step(at: &mut String, name: &str) {
    at.push('/');
    at.push_str(&name.replace('~', "~0").replace('/', "~1"));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::store::ContextKey;
    use crate::store::Scope;

    fn row(scope: Scope, data: Value) -> ContextRow {
        let key = ContextKey { namespace: "n".to_owned(), scope, owner: "o".to_owned(), key: "k".to_owned() };
        ContextRow {
            key,
            user_id: None,
            persona: None,
            data,
            version: 1,
            created_at: 0,
            updated_at: 0,
            expires_at: None,
        }
    }

    fn rows(data: &[Value]) -> Vec<ContextRow> {
        Scope::ALL.into_iter().zip(data).map(|(scope, data)| row(scope, data.clone())).collect()
    }

    /// The joined data, and the scope that each value is from.
    fn check(data: &[Value], expected: &Value, origins: &[(&str, &str)]) {
        let found = inherit(rows(data)).unwrap();
        assert_eq!(&found.data, expected);
        let from = |layer: usize| found.from[layer].key.scope.name();
        let told: Vec<(&str, &str)> = found.origins.iter().map(|(at, layer)| (at.as_str(), from(*layer))).collect();
        assert_eq!(told, origins, "of {data:?}");
    }

    #[test]
    fn the_nearer_scope_wins_and_objects_are_joined() {
        check(&[json!(1), json!(2)], &json!(2), &[("", "user")]);
        check(
            &[json!({"tone": "dry", "limits": {"usd": 1, "calls": 9}}), json!({"limits": {"usd": 5}})],
            &json!({"tone": "dry", "limits": {"usd": 5, "calls": 9}}),
            &[("/limits/calls", "global"), ("/limits/usd", "user"), ("/tone", "global")],
        );
        // Lists are not joined, and a null is a value like any other.
        check(
            &[json!({"a": [1, 2], "b": 1}), json!({"a": [3]}), json!({"b": null})],
            &json!({"a": [3], "b": null}),
            &[("/a", "user"), ("/b", "persona")],
        );
        check(&[json!({"a": {"b": 1}}), json!({"a": 2})], &json!({"a": 2}), &[("/a", "user")]);
        check(&[json!({"a": 2}), json!({"a": {"b": 1}})], &json!({"a": {"b": 1}}), &[("/a/b", "user")]);
        check(&[json!({"a": {}}), json!({"a": {"b": 1}})], &json!({"a": {"b": 1}}), &[("/a/b", "user")]);
        check(&[json!({"a": {"b": 1}}), json!({"a": {}})], &json!({"a": {"b": 1}}), &[("/a/b", "global")]);
        // A name that begins like another is another; names are escaped.
        check(
            &[json!({"a": 1, "ab": 1}), json!({"a": 2})],
            &json!({"a": 2, "ab": 1}),
            &[("/a", "user"), ("/ab", "global")],
        );
        check(&[json!({"a/b": 1, "~": 2})], &json!({"a/b": 1, "~": 2}), &[("/a~1b", "global"), ("/~0", "global")]);
        assert_eq!(inherit(Vec::new()), None);
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), (0..4).prop_map(|it| json!(it)), Just(json!([1]))];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop::collection::btree_map("[a-c]", inner, 0..3).prop_map(|it| Value::Object(it.into_iter().collect()))
        })
    }

    proptest! {
        /// Every value of the result is told, and is what the layer that is told holds there.
        #[test]
        fn every_value_is_from_where_it_is_told(data in prop::collection::vec(json_value(), 1..6)) {
            let found = inherit(rows(&data)).unwrap();
            for (at, layer) in &found.origins {
                let there = found.data.pointer(at);
                prop_assert!(there.is_some(), "{at} is not in {}", found.data);
                prop_assert_eq!(there, found.from[*layer].data.pointer(at));
            }
            let mut leaves = BTreeMap::new();
            note(&found.data, 0, &mut String::new(), &mut leaves);
            prop_assert_eq!(leaves.keys().collect::<Vec<_>>(), found.origins.keys().collect::<Vec<_>>());
        }
    }
}
