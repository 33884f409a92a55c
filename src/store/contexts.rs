//! The rows of scoped contexts and their earlier versions.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use serde_json::Value;

use super::db::Store;
use super::error::StoreError;
use crate::clock::Millis;

/// Whose context it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Global,
    User,
    Persona,
    Session,
    Conversation,
    Artifact,
}

impl Scope {
    /// From the widest to the narrowest.
    pub const ALL: [Scope; 6] =
        [Scope::Global, Scope::User, Scope::Persona, Scope::Session, Scope::Conversation, Scope::Artifact];

    pub fn name(self) -> &'static str {
        match self {
            Scope::Global => "global",
            Scope::User => "user",
            Scope::Persona => "persona",
            Scope::Session => "session",
            Scope::Conversation => "conversation",
            Scope::Artifact => "artifact",
        }
    }

    /// The scope of that name.
    pub fn named(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// Where a context lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextKey {
    pub scope: Scope,
    /// Empty for [`Scope::Global`].
    pub owner: String,
    pub key: String,
}

/// A context as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct ContextRow {
    pub key: ContextKey,
    pub data: Value,
    /// Counts writes, from 1.
    pub version: i64,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub expires_at: Option<Millis>,
}

/// What to do to a context.
#[derive(Clone, Debug, PartialEq)]
pub enum ContextWrite {
    /// Put this in its place.
    Data(Value),
    /// Apply a JSON merge patch (RFC 7396); a missing context is patched as `{}`.
    Patch(Value),
    /// Remove it and its earlier versions.
    Clear,
}

/// Earlier versions that are kept of one context; older ones are dropped at the next write.
const VERSIONS: i64 = 100;

const SELECT: &str = "SELECT scope, owner, key, data, version, created_at, updated_at, expires_at FROM contexts
    WHERE scope = :scope AND owner = :owner AND key = :key AND cleared = 0
      AND (expires_at IS NULL OR expires_at > :now)";

const LIST: &str = "SELECT scope, owner, key, data, version, created_at, updated_at, expires_at FROM contexts
    WHERE scope = :scope AND owner = :owner AND key > :after AND cleared = 0
      AND (expires_at IS NULL OR expires_at > :now)
    ORDER BY key LIMIT :limit";

const UPSERT: &str =
    "INSERT INTO contexts (scope, owner, key, version, data, created_at, updated_at, expires_at, cleared)
    VALUES (:scope, :owner, :key, :version, :data, :now, :now, :expires_at, :cleared)
    ON CONFLICT (scope, owner, key) DO UPDATE SET version = :version, data = :data, updated_at = :now,
        expires_at = :expires_at, cleared = :cleared,
        created_at = CASE WHEN :fresh THEN :now ELSE created_at END";

impl Store {
    /// The context at `key`, or its earlier `version`; `None` when there is none or it has expired.
    pub async fn context(
        &self,
        key: ContextKey,
        version: Option<i64>,
        now: Millis,
    ) -> Result<Option<ContextRow>, StoreError> {
        let path = self.path().to_path_buf();
        self.read(move |conn| {
            let find = || -> rusqlite::Result<Option<ContextRow>> {
                let Some(mut row) = current(conn, &key, now)? else { return Ok(None) };
                let Some(wanted) = version.filter(|it| *it != row.version) else { return Ok(Some(row)) };
                let old = conn
                    .prepare_cached(
                        "SELECT data, updated_at FROM context_versions
                         WHERE scope = :scope AND owner = :owner AND key = :key AND version = :version",
                    )?
                    .query_row(
                        named_params! {
                            ":scope": key.scope.name(), ":owner": key.owner, ":key": key.key, ":version": wanted,
                        },
                        |row| Ok((json(&row.get::<_, String>(0)?), row.get(1)?)),
                    )
                    .optional()?;
                Ok(old.map(|(data, updated_at)| {
                    (row.data, row.updated_at, row.version) = (data, updated_at, wanted);
                    row
                }))
            };
            find().map_err(|err| StoreError::of(&path, &err))
        })
        .await
    }

    /// The contexts of one owner in the order of their keys, those after the key `after`, at most `limit`.
    pub async fn contexts(
        &self,
        scope: Scope,
        owner: String,
        after: String,
        limit: usize,
        now: Millis,
    ) -> Result<Vec<ContextRow>, StoreError> {
        let path = self.path().to_path_buf();
        self.read(move |conn| {
            let list = || -> rusqlite::Result<Vec<ContextRow>> {
                conn.prepare_cached(LIST)?
                    .query_map(
                        named_params! {
                            ":scope": scope.name(), ":owner": owner, ":after": after, ":now": now,
                            ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
                        },
                        from_row,
                    )?
                    .collect()
            };
            list().map_err(|err| StoreError::of(&path, &err))
        })
        .await
    }

    /// Changes the context at `key` and returns it as it then is; `None` after [`ContextWrite::Clear`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when `expected_version` is not the current one (0 means that there is none).
    pub async fn write_context(
        &self,
        key: ContextKey,
        change: ContextWrite,
        expires_at: Option<Millis>,
        expected_version: Option<i64>,
        now: Millis,
    ) -> Result<Option<ContextRow>, StoreError> {
        let path = self.path().to_path_buf();
        self.note_time(now);
        self.write(move |tx| {
            let failed = |err: rusqlite::Error| StoreError::of(&path, &err);
            let before = current(tx, &key, now).map_err(failed)?;
            let version = before.as_ref().map_or(0, |it| it.version);
            if let Some(expected) = expected_version.filter(|it| *it != version) {
                return Err(StoreError::Conflict { expected, current: version });
            }
            let cleared = change == ContextWrite::Clear;
            if cleared && before.is_none() {
                return Ok(None);
            }
            let data = match change {
                ContextWrite::Data(data) => data,
                ContextWrite::Patch(patch) => {
                    let mut data =
                        before.as_ref().map_or_else(|| Value::Object(serde_json::Map::new()), |it| it.data.clone());
                    merge(&mut data, patch);
                    data
                }
                ContextWrite::Clear => Value::Null,
            };
            put(tx, &key, &data, expires_at, before.as_ref(), cleared, now).map_err(failed)?;
            let after = current(tx, &key, now).map_err(failed)?;
            super::audit::context_written(tx, &key, before.as_ref(), after.as_ref(), now).map_err(failed)?;
            Ok(after)
        })
        .await
    }
}

fn current(conn: &Connection, key: &ContextKey, now: Millis) -> rusqlite::Result<Option<ContextRow>> {
    conn.prepare_cached(SELECT)?
        .query_row(
            named_params! {":scope": key.scope.name(), ":owner": key.owner, ":key": key.key, ":now": now},
            from_row,
        )
        .optional()
}

fn put(
    conn: &Connection,
    key: &ContextKey,
    data: &Value,
    expires_at: Option<Millis>,
    before: Option<&ContextRow>,
    cleared: bool,
    now: Millis,
) -> rusqlite::Result<()> {
    let at = named_params! {":scope": key.scope.name(), ":owner": key.owner, ":key": key.key};
    // A cleared or expired row is still there, so that a version number never comes twice.
    let last: Option<i64> = conn
        .prepare_cached("SELECT version FROM contexts WHERE scope = :scope AND owner = :owner AND key = :key")?
        .query_row(at, |row| row.get(0))
        .optional()?;
    if before.is_none() || cleared {
        conn.prepare_cached("DELETE FROM context_versions WHERE scope = :scope AND owner = :owner AND key = :key")?
            .execute(at)?;
    }
    if let Some(before) = before.filter(|_| !cleared) {
        conn.prepare_cached(
            "INSERT OR REPLACE INTO context_versions (scope, owner, key, version, data, updated_at)
             VALUES (:scope, :owner, :key, :version, :data, :updated_at)",
        )?
        .execute(named_params! {
            ":scope": key.scope.name(), ":owner": key.owner, ":key": key.key, ":version": before.version,
            ":data": before.data.to_string(), ":updated_at": before.updated_at,
        })?;
        conn.prepare_cached(
            "DELETE FROM context_versions
             WHERE scope = :scope AND owner = :owner AND key = :key AND version <= :oldest",
        )?
        .execute(named_params! {
            ":scope": key.scope.name(), ":owner": key.owner, ":key": key.key,
            ":oldest": before.version - VERSIONS,
        })?;
    }
    conn.prepare_cached(UPSERT)?.execute(named_params! {
        ":scope": key.scope.name(), ":owner": key.owner, ":key": key.key,
        ":version": last.unwrap_or(0) + 1, ":data": data.to_string(), ":now": now,
        ":expires_at": expires_at, ":cleared": cleared, ":fresh": before.is_none(),
    })?;
    Ok(())
}

/// Empties what has expired; the rows stay for their version numbers.
pub(super) fn sweep(conn: &Connection, now: Millis) -> rusqlite::Result<usize> {
    super::audit::contexts_expire(conn, now)?;
    conn.prepare_cached(
        "DELETE FROM context_versions WHERE (scope, owner, key) IN
            (SELECT scope, owner, key FROM contexts WHERE expires_at <= :now)",
    )?
    .execute(named_params! {":now": now})?;
    conn.prepare_cached("UPDATE contexts SET data = 'null', cleared = 1, expires_at = NULL WHERE expires_at <= :now")?
        .execute(named_params! {":now": now})
}

/// Applies a JSON merge patch as RFC 7396 describes it.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(target) = target {
        for (name, value) in patch {
            if value.is_null() {
                target.shift_remove(&name);
            } else {
                merge(target.entry(name).or_insert(Value::Null), value);
            }
        }
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<ContextRow> {
    let scope: String = row.get(0)?;
    Ok(ContextRow {
        key: ContextKey { scope: Scope::named(&scope).unwrap_or(Scope::Global), owner: row.get(1)?, key: row.get(2)? },
        data: json(&row.get::<_, String>(3)?),
        version: row.get(4)?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
        expires_at: row.get(7)?,
    })
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    vec![("a context", SELECT.to_owned()), ("the contexts of an owner", LIST.to_owned())]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merge_patches_follow_the_examples_of_rfc_7396() {
        let examples = [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a"]), json!({"a": 1}), json!({"a": 1})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
        ];
        for (mut target, patch, expected) in examples {
            merge(&mut target, patch);
            assert_eq!(target, expected);
        }
    }
}
