//! The rows of scoped contexts and their earlier versions.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use serde_json::Value;

use super::db::Store;
use super::error::StoreError;
use super::records::RecordLimits;
use crate::clock::Millis;
use crate::ids;
use crate::scope::DEFAULT_NAMESPACE;

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
    /// Keeps separate worlds apart, such as work and home; never empty.
    pub namespace: String,
    pub scope: Scope,
    /// Empty for [`Scope::Global`].
    pub owner: String,
    pub key: String,
}

impl ContextKey {
    /// The address; the owner is `-` when there is none, and the namespace stands in it unless it is the usual one.
    pub fn address(&self) -> String {
        let owner = if self.owner.is_empty() { "-".to_owned() } else { ids::uri_part(&self.owner) };
        let place = format!("carryall://context/{}/{owner}/{}", self.scope.name(), ids::uri_part(&self.key));
        match self.namespace == DEFAULT_NAMESPACE {
            true => place,
            false => format!("{place}?namespace={}", ids::uri_part(&self.namespace)),
        }
    }
}

/// For whom a context is read or written, and by what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextBy {
    /// The tool or command, for the audit.
    pub actor: String,
    pub user_id: Option<String>,
    pub persona: Option<String>,
}

impl ContextBy {
    /// Whether what belongs to `user_id` and `persona` is theirs or everybody's.
    fn sees(&self, user_id: Option<&String>, persona: Option<&String>) -> bool {
        (user_id.is_none() || user_id == self.user_id.as_ref())
            && (persona.is_none() || persona == self.persona.as_ref())
    }
}

/// A context as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct ContextRow {
    pub key: ContextKey,
    /// Whose it is, when a session, a conversation or an artifact holds it for somebody.
    pub user_id: Option<String>,
    pub persona: Option<String>,
    pub data: Value,
    /// Counts writes, from 1.
    pub version: i64,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub expires_at: Option<Millis>,
}

/// What a write came to.
#[derive(Clone, Debug, PartialEq)]
pub struct ContextWritten {
    /// The context as it then is; `None` after [`ContextWrite::Clear`].
    pub row: Option<ContextRow>,
    /// The oldest version that is kept, when others before it had to make room.
    pub oldest: Option<i64>,
}

/// Which keys of an owner are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextKeys {
    One(String),
    /// Those after this one, at most so many.
    After(String, usize),
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

const SELECT: &str =
    "SELECT namespace, scope, owner, key, data, version, created_at, updated_at, expires_at, user_id, persona
    FROM contexts
    WHERE namespace = :namespace AND scope = :scope AND owner = :owner AND key = :key AND cleared = 0
      AND (expires_at IS NULL OR expires_at > :now)";

const LIST: &str =
    "SELECT namespace, scope, owner, key, data, version, created_at, updated_at, expires_at, user_id, persona
    FROM contexts
    WHERE namespace = :namespace AND scope = :scope AND owner = :owner AND key > :after AND cleared = 0
      AND (user_id IS NULL OR user_id = :user_id) AND (persona IS NULL OR persona = :persona)
      AND (expires_at IS NULL OR expires_at > :now)
    ORDER BY key LIMIT :limit";

const UPSERT: &str = "INSERT INTO contexts
        (namespace, scope, owner, key, version, data, user_id, persona, created_at, updated_at, expires_at, cleared)
    VALUES (:namespace, :scope, :owner, :key, :version, :data, :user_id, :persona, :now, :now, :expires_at, :cleared)
    ON CONFLICT (namespace, scope, owner, key) DO UPDATE SET version = :version, data = :data, updated_at = :now,
        expires_at = :expires_at, cleared = :cleared, user_id = :user_id, persona = :persona,
        created_at = CASE WHEN :fresh THEN :now ELSE created_at END";

impl Store {
    /// The context at `key`, or its earlier `version`; `None` when there is none or it has expired.
    ///
    /// # Errors
    ///
    /// [`StoreError::Denied`] when it belongs to another user or persona.
    pub async fn context(
        &self,
        key: ContextKey,
        version: Option<i64>,
        by: ContextBy,
        now: Millis,
    ) -> Result<Option<ContextRow>, StoreError> {
        let path = self.path().to_path_buf();
        self.read(move |conn| {
            let row = current(conn, &key, now).map_err(|err| StoreError::of(&path, &err))?;
            allowed(row.as_ref(), &by)?;
            let find = || -> rusqlite::Result<Option<ContextRow>> {
                let Some(mut row) = row else { return Ok(None) };
                let Some(wanted) = version.filter(|it| *it != row.version) else { return Ok(Some(row)) };
                let old = conn
                    .prepare_cached(
                        "SELECT data, updated_at FROM context_versions WHERE namespace = :namespace
                           AND scope = :scope AND owner = :owner AND key = :key AND version = :version",
                    )?
                    .query_row(
                        named_params! {
                            ":namespace": key.namespace, ":scope": key.scope.name(), ":owner": key.owner,
                            ":key": key.key, ":version": wanted,
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

    /// The contexts of each of these owners in the order of their keys, those after the key `after` or the one at `key`
    /// alone, at most `limit` of each. Those of other users and personas are left out.
    pub async fn contexts(
        &self,
        namespace: String,
        owners: Vec<(Scope, String)>,
        keys: ContextKeys,
        by: ContextBy,
        now: Millis,
    ) -> Result<Vec<ContextRow>, StoreError> {
        self.query(move |conn| {
            let mut found = Vec::new();
            for (scope, owner) in owners {
                match &keys {
                    ContextKeys::One(key) => {
                        let key = ContextKey { namespace: namespace.clone(), scope, owner, key: key.clone() };
                        let row = current(conn, &key, now)?;
                        found.extend(row.filter(|it| by.sees(it.user_id.as_ref(), it.persona.as_ref())));
                    }
                    ContextKeys::After(after, limit) => {
                        let mut statement = conn.prepare_cached(LIST)?;
                        let rows = statement.query_map(
                            named_params! {
                                ":namespace": namespace, ":scope": scope.name(), ":owner": owner, ":after": after,
                                ":user_id": by.user_id, ":persona": by.persona, ":now": now,
                                ":limit": i64::try_from(*limit).unwrap_or(i64::MAX),
                            },
                            from_row,
                        )?;
                        for row in rows {
                            found.push(row?);
                        }
                    }
                }
            }
            Ok(found)
        })
        .await
    }

    /// Changes the context at `key`. Earlier versions past the store's limits are dropped.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when `expected_version` is not the current one (0 means that there is none),
    /// [`StoreError::Denied`] when it belongs to another user or persona.
    pub async fn write_context(
        &self,
        key: ContextKey,
        change: ContextWrite,
        expires_at: Option<Millis>,
        expected_version: Option<i64>,
        by: ContextBy,
        now: Millis,
    ) -> Result<ContextWritten, StoreError> {
        let path = self.path().to_path_buf();
        let limits = self.limits();
        self.note_time(now);
        self.write(move |tx| {
            let failed = |err: rusqlite::Error| StoreError::of(&path, &err);
            let before = current(tx, &key, now).map_err(failed)?;
            allowed(before.as_ref(), &by)?;
            let version = before.as_ref().map_or(0, |it| it.version);
            if let Some(expected) = expected_version.filter(|it| *it != version) {
                return Err(StoreError::Conflict { expected, current: version });
            }
            let cleared = change == ContextWrite::Clear;
            if cleared && before.is_none() {
                return Ok(ContextWritten { row: None, oldest: None });
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
            let new = New { data: &data, expires_at, cleared, by: &by };
            put(tx, &key, &new, before.as_ref(), now).map_err(failed)?;
            let oldest = limits.map_or(Ok(None), |it| drop_versions(tx, &key, it)).map_err(failed)?;
            let written = ContextWritten { row: current(tx, &key, now).map_err(failed)?, oldest };
            super::audit::context_written(tx, &key, before.as_ref(), &written, &by, now).map_err(failed)?;
            Ok(written)
        })
        .await
    }
}

fn current(conn: &Connection, key: &ContextKey, now: Millis) -> rusqlite::Result<Option<ContextRow>> {
    conn.prepare_cached(SELECT)?
        .query_row(
            named_params! {
                ":namespace": key.namespace, ":scope": key.scope.name(), ":owner": key.owner, ":key": key.key,
                ":now": now,
            },
            from_row,
        )
        .optional()
}

/// A context is refused to a call that is made for another user or persona.
fn allowed(row: Option<&ContextRow>, by: &ContextBy) -> Result<(), StoreError> {
    match row {
        Some(row) if !by.sees(row.user_id.as_ref(), row.persona.as_ref()) => {
            Err(StoreError::Denied { what: format!("{} of this {}", row.key.key, row.key.scope.name()) })
        }
        _ => Ok(()),
    }
}

/// What a context becomes.
struct New<'a> {
    data: &'a Value,
    expires_at: Option<Millis>,
    cleared: bool,
    by: &'a ContextBy,
}

const OF_KEY: &str = "WHERE namespace = :namespace AND scope = :scope AND owner = :owner AND key = :key";

fn put(
    conn: &Connection,
    key: &ContextKey,
    new: &New<'_>,
    before: Option<&ContextRow>,
    now: Millis,
) -> rusqlite::Result<()> {
    let (namespace, scope, owner, name) = (&key.namespace, key.scope.name(), &key.owner, &key.key);
    let at = named_params! {":namespace": namespace, ":scope": scope, ":owner": owner, ":key": name};
    // A cleared or expired row is still there, so that a version number never comes twice.
    let last: Option<i64> = conn
        .prepare_cached(&format!("SELECT version FROM contexts {OF_KEY}"))?
        .query_row(at, |row| row.get(0))
        .optional()?;
    if before.is_none() || new.cleared {
        conn.prepare_cached(&format!("DELETE FROM context_versions {OF_KEY}"))?.execute(at)?;
    }
    if let Some(before) = before.filter(|_| !new.cleared) {
        conn.prepare_cached(
            "INSERT OR REPLACE INTO context_versions (namespace, scope, owner, key, version, data, updated_at)
             VALUES (:namespace, :scope, :owner, :key, :version, :data, :updated_at)",
        )?
        .execute(named_params! {
            ":namespace": namespace, ":scope": scope, ":owner": owner, ":key": name, ":version": before.version,
            ":data": before.data.to_string(), ":updated_at": before.updated_at,
        })?;
    }
    // Whose it is, the first one says; users and personas are owners of their own scopes already.
    let belongs = matches!(key.scope, Scope::Session | Scope::Conversation | Scope::Artifact) && !new.cleared;
    let (user_id, persona) = match before {
        Some(before) => (&before.user_id, &before.persona),
        None => (&new.by.user_id, &new.by.persona),
    };
    conn.prepare_cached(UPSERT)?.execute(named_params! {
        ":namespace": namespace, ":scope": scope, ":owner": owner, ":key": name,
        ":version": last.unwrap_or(0) + 1, ":data": new.data.to_string(), ":now": now,
        ":user_id": user_id.as_ref().filter(|_| belongs), ":persona": persona.as_ref().filter(|_| belongs),
        ":expires_at": new.expires_at, ":cleared": new.cleared, ":fresh": before.is_none(),
    })?;
    Ok(())
}

/// Drops the versions of `key` that are too many or, from the latest on, too large together; returns the oldest that is
/// left, when any was dropped. The latest always stays.
fn drop_versions(conn: &Connection, key: &ContextKey, limits: RecordLimits) -> rusqlite::Result<Option<i64>> {
    let (namespace, scope, owner, name) = (&key.namespace, key.scope.name(), &key.owner, &key.key);
    let at = named_params! {":namespace": namespace, ":scope": scope, ":owner": owner, ":key": name};
    // Lengths are read without the texts.
    let sql = format!("SELECT version, octet_length(data) FROM context_versions {OF_KEY} ORDER BY version DESC");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(at)?;
    let (mut count, mut bytes, mut oldest) = (0_usize, 0_i64, None::<i64>);
    while let Some(row) = rows.next()? {
        (count, bytes) = (count + 1, bytes.saturating_add(row.get(1)?));
        if count > 1 && (count > limits.versions || bytes > limits.version_bytes) {
            let dropped: i64 = row.get(0)?;
            let sql = format!("DELETE FROM context_versions {OF_KEY} AND version <= :dropped");
            conn.prepare_cached(&sql)?.execute(named_params! {
                ":namespace": namespace, ":scope": scope, ":owner": owner, ":key": name, ":dropped": dropped,
            })?;
            return Ok(oldest);
        }
        oldest = Some(row.get(0)?);
    }
    Ok(None)
}

/// Empties the context at `key`; its row stays for its version number.
pub(super) fn empty(conn: &Connection, key: &ContextKey, now: Millis) -> rusqlite::Result<()> {
    let before = current(conn, key, now)?;
    let by = ContextBy::default();
    let new = New { data: &Value::Null, expires_at: None, cleared: true, by: &by };
    put(conn, key, &new, before.as_ref(), now)?;
    super::audit::blank(conn, key)
}

/// Empties what has expired; the rows stay for their version numbers.
pub(super) fn sweep(conn: &Connection, now: Millis) -> rusqlite::Result<usize> {
    super::audit::contexts_expire(conn, now)?;
    conn.prepare_cached(
        "DELETE FROM context_versions WHERE (namespace, scope, owner, key) IN
            (SELECT namespace, scope, owner, key FROM contexts WHERE expires_at <= :now)",
    )?
    .execute(named_params! {":now": now})?;
    conn.prepare_cached(
        "UPDATE contexts SET data = 'null', cleared = 1, expires_at = NULL, user_id = NULL, persona = NULL
         WHERE expires_at <= :now",
    )?
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
    let scope: String = row.get(1)?;
    let scope = Scope::named(&scope).unwrap_or(Scope::Global);
    Ok(ContextRow {
        key: ContextKey { namespace: row.get(0)?, scope, owner: row.get(2)?, key: row.get(3)? },
        user_id: row.get(9)?,
        persona: row.get(10)?,
        data: json(&row.get::<_, String>(4)?),
        version: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
        expires_at: row.get(8)?,
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
