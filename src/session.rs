//! What a session, a user, a persona or everybody knows: turns of conversations and versioned contexts.

mod inherit;

use std::collections::BTreeMap;

use crate::clock::Clock;
use crate::clock::Millis;
use crate::ids;
use crate::scope::Owner;
use crate::scope::View;
use crate::store::ContextBy;
use crate::store::ContextKey;
use crate::store::ContextKeys;
use crate::store::ContextRow;
use crate::store::ContextWrite;
use crate::store::ContextWritten;
use crate::store::NewTurn;
use crate::store::Scope;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::TurnRow;

pub use inherit::Inherited;

/// Reads and writes turns and contexts.
#[derive(Clone, Debug)]
pub struct Sessions {
    store: Store,
    clock: Clock,
}

/// A page of contexts.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    pub contexts: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

/// For whom contexts are read together: what holds for a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    pub view: View,
    pub conversation: Option<String>,
    pub artifact: Option<String>,
}

impl Around {
    /// The owners whose contexts hold here, the widest scope first.
    pub fn owners(&self) -> Vec<(Scope, String)> {
        let named = [
            (Scope::Global, Some(String::new())),
            (Scope::User, self.view.user_id.clone()),
            (Scope::Persona, self.view.persona.clone()),
            (Scope::Session, self.view.session_id.clone()),
            (Scope::Conversation, self.conversation.clone()),
            (Scope::Artifact, self.artifact.clone()),
        ];
        named.into_iter().filter_map(|(scope, owner)| Some((scope, owner?))).collect()
    }
}

/// For whom `view` reads or writes, by the tool or command `actor`.
pub fn by(view: &View, actor: &str) -> ContextBy {
    ContextBy { actor: actor.to_owned(), user_id: view.user_id.clone(), persona: view.persona.clone() }
}

/// Whether a call for `by` may touch what `owner` owns in `scope`: not what another user or persona owns.
fn permitted(scope: Scope, owner: &str, by: &ContextBy) -> Result<(), StoreError> {
    let theirs = match scope {
        Scope::User => &by.user_id,
        Scope::Persona => &by.persona,
        _ => return Ok(()),
    };
    match theirs {
        Some(id) if id != owner => Err(StoreError::Denied { what: format!("the context of {} {owner}", scope.name()) }),
        _ => Ok(()),
    }
}

impl Sessions {
    /// Sessions and contexts in `store`.
    pub fn new(store: Store, clock: Clock) -> Sessions {
        Sessions { store, clock }
    }

    /// The context at `key`, or an earlier version of it.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; a missing context is `None`, one of another user or persona [`StoreError::Denied`].
    pub async fn read(
        &self,
        key: ContextKey,
        version: Option<i64>,
        by: ContextBy,
    ) -> Result<Option<ContextRow>, StoreError> {
        permitted(key.scope, &key.owner, &by)?;
        self.store.context(key, version, by, self.clock.now()).await
    }

    /// The contexts of an owner in the order of their keys, at most `limit`, after the key `cursor`.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; [`StoreError::Denied`] for another user or persona.
    pub async fn list(
        &self,
        namespace: String,
        (scope, owner): (Scope, String),
        cursor: Option<String>,
        limit: usize,
        by: ContextBy,
    ) -> Result<Page<ContextRow>, StoreError> {
        permitted(scope, &owner, &by)?;
        let keys = ContextKeys::After(cursor.unwrap_or_default(), limit + 1);
        let rows = self.store.contexts(namespace, vec![(scope, owner)], keys, by, self.clock.now()).await?;
        Ok(page(rows, limit, |it| &it.key.key))
    }

    /// What holds for a call, all scopes joined, in the order of the keys: at most `limit` after the key `cursor`, or
    /// the one `key`.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn inherited(
        &self,
        around: &Around,
        key: Option<String>,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<Inherited>, StoreError> {
        let keys = key.map_or(ContextKeys::After(cursor.unwrap_or_default(), limit + 1), ContextKeys::One);
        let (namespace, by) = (around.view.namespace.clone(), by(&around.view, ""));
        let rows = self.store.contexts(namespace, around.owners(), keys, by, self.clock.now()).await?;
        // The owners came widest first, and so do the rows of one key.
        let mut by_key: BTreeMap<String, Vec<ContextRow>> = BTreeMap::new();
        for row in rows {
            by_key.entry(row.key.key.clone()).or_default().push(row);
        }
        let joined = by_key.into_values().filter_map(inherit::inherit).collect();
        Ok(page(joined, limit, |it: &Inherited| it.from.first().map_or("", |it| &it.key.key)))
    }

    /// Changes a context; `ttl_ms` counts from now, `None` keeps it until it is cleared.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when `expected_version` is not the current one (0: must not exist yet),
    /// [`StoreError::Denied`] when it belongs to another user or persona.
    pub async fn write(
        &self,
        key: ContextKey,
        change: ContextWrite,
        ttl_ms: Option<Millis>,
        expected_version: Option<i64>,
        by: ContextBy,
    ) -> Result<ContextWritten, StoreError> {
        permitted(key.scope, &key.owner, &by)?;
        let now = self.clock.now();
        let expires_at = ttl_ms.map(|ttl| now.saturating_add(ttl));
        self.store.write_context(key, change, expires_at, expected_version, by, now).await
    }

    /// The last `limit` turns of a session, oldest first.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn turns(&self, session_id: &str, owner: &Owner, limit: usize) -> Result<Vec<TurnRow>, StoreError> {
        self.store.turns(session_id.to_owned(), owner.clone(), limit).await
    }

    /// How many turns a session has.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn turn_count(&self, session_id: &str, owner: &Owner) -> Result<usize, StoreError> {
        self.store.turn_count(session_id.to_owned(), owner.clone()).await
    }

    /// Keeps turns, in order.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; nothing is kept then.
    pub async fn add_turns(&self, turns: Vec<NewTurn>) -> Result<(), StoreError> {
        self.store.add_turns(turns, self.clock.now()).await
    }
}

/// The first `limit` of `found`, and the key of the last one when there are more.
fn page<T>(mut found: Vec<T>, limit: usize, key: impl Fn(&T) -> &str) -> Page<T> {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = if more { found.last().map(|it| key(it).to_owned()) } else { None };
    Page { contexts: found, next }
}

/// The address of a session.
pub fn session_uri(session_id: &str) -> String {
    format!("carryall://session/{}", ids::uri_part(session_id))
}
