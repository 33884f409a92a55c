//! What a session, a user, a persona or everybody knows: turns of conversations and versioned contexts.

use crate::clock::Clock;
use crate::clock::Millis;
use crate::ids;
use crate::scope::Owner;
use crate::store::ContextKey;
use crate::store::ContextRow;
use crate::store::ContextWrite;
use crate::store::NewTurn;
use crate::store::Scope;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::TurnRow;

/// Reads and writes turns and contexts.
#[derive(Clone, Debug)]
pub struct Sessions {
    store: Store,
    clock: Clock,
}

/// A page of contexts.
#[derive(Clone, Debug, PartialEq)]
pub struct ContextPage {
    pub contexts: Vec<ContextRow>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

impl Sessions {
    pub fn new(store: Store, clock: Clock) -> Sessions {
        Sessions { store, clock }
    }

    /// The context at `key`, or an earlier version of it.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; a missing context is `None`.
    pub async fn read(&self, key: ContextKey, version: Option<i64>) -> Result<Option<ContextRow>, StoreError> {
        self.store.context(key, version, self.clock.now()).await
    }

    /// The contexts of an owner in the order of their keys, at most `limit`, after the key `cursor`.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn list(
        &self,
        scope: Scope,
        owner: String,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<ContextPage, StoreError> {
        let after = cursor.unwrap_or_default();
        let mut contexts = self.store.contexts(scope, owner, after, limit + 1, self.clock.now()).await?;
        let more = contexts.len() > limit;
        contexts.truncate(limit);
        let next = if more { contexts.last().map(|it| it.key.key.clone()) } else { None };
        Ok(ContextPage { contexts, next })
    }

    /// Changes a context; `ttl_ms` counts from now, `None` keeps it until it is cleared.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when `expected_version` is not the current one (0: must not exist yet).
    pub async fn write(
        &self,
        key: ContextKey,
        change: ContextWrite,
        ttl_ms: Option<Millis>,
        expected_version: Option<i64>,
    ) -> Result<Option<ContextRow>, StoreError> {
        let now = self.clock.now();
        let expires_at = ttl_ms.map(|ttl| now.saturating_add(ttl));
        self.store.write_context(key, change, expires_at, expected_version, now).await
    }

    /// The last `limit` turns of a session, oldest first.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn turns(&self, session_id: &str, owner: &Owner, limit: usize) -> Result<Vec<TurnRow>, StoreError> {
        self.store.turns(session_id.to_owned(), owner.clone(), limit).await
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

/// The address of a context; its owner is `-` when it has none.
pub fn context_uri(key: &ContextKey) -> String {
    let owner = if key.owner.is_empty() { "-".to_owned() } else { ids::uri_part(&key.owner) };
    format!("carryall://context/{}/{owner}/{}", key.scope.name(), ids::uri_part(&key.key))
}

/// The address of a session.
pub fn session_uri(session_id: &str) -> String {
    format!("carryall://session/{}", ids::uri_part(session_id))
}
