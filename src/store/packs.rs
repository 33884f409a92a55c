//! The rows of assembled packs. A pack is written once and never changed.

use rusqlite::OptionalExtension;
use rusqlite::named_params;

use super::db::Store;
use super::error::StoreError;
use crate::clock::Millis;

/// A pack as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct PackRow {
    pub id: String,
    pub created_at: Millis,
    pub query: String,
    /// The answer, as JSON.
    pub result: String,
}

const BY_ID: &str = "SELECT id, created_at, query, result FROM packs WHERE id = :id";

/// Only what was assembled for nobody in particular.
const LATEST: &str = "SELECT id, query FROM packs
    WHERE result ->> '$.view.user_id' IS NULL AND result ->> '$.view.persona' IS NULL
      AND coalesce(result ->> '$.view.namespace', :namespace) = :namespace
    ORDER BY created_at DESC, id LIMIT :limit OFFSET :offset";

impl Store {
    /// Keeps a pack. One with the same id is there already only when it holds the same: the id is made from it.
    pub async fn add_pack(&self, pack: PackRow) -> Result<(), StoreError> {
        let path = self.path().to_path_buf();
        self.write(move |tx| {
            let insert = || -> rusqlite::Result<()> {
                tx.prepare_cached(
                    "INSERT OR IGNORE INTO packs (id, created_at, query, result)
                     VALUES (:id, :created_at, :query, :result)",
                )?
                .execute(named_params! {
                    ":id": pack.id, ":created_at": pack.created_at, ":query": pack.query, ":result": pack.result,
                })?;
                Ok(())
            };
            insert().map_err(|err| StoreError::of(&path, &err))
        })
        .await
    }

    /// The pack with this id.
    pub async fn pack(&self, id: String) -> Result<Option<PackRow>, StoreError> {
        let path = self.path().to_path_buf();
        self.read(move |conn| {
            let find = || -> rusqlite::Result<Option<PackRow>> {
                conn.prepare_cached(BY_ID)?
                    .query_row(named_params! {":id": id}, |row| {
                        Ok(PackRow {
                            id: row.get(0)?,
                            created_at: row.get(1)?,
                            query: row.get(2)?,
                            result: row.get(3)?,
                        })
                    })
                    .optional()
            };
            find().map_err(|err| StoreError::of(&path, &err))
        })
        .await
    }

    /// Ids and questions of the packs that were assembled for nobody in particular in `namespace`, the latest first.
    pub async fn packs(
        &self,
        namespace: String,
        limit: usize,
        offset: usize,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let path = self.path().to_path_buf();
        self.read(move |conn| {
            let list = || -> rusqlite::Result<Vec<(String, String)>> {
                conn.prepare_cached(LATEST)?
                    .query_map(
                        named_params! {
                            ":namespace": namespace,
                            ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
                            ":offset": i64::try_from(offset).unwrap_or(0),
                        },
                        |row| Ok((row.get(0)?, row.get(1)?)),
                    )?
                    .collect()
            };
            list().map_err(|err| StoreError::of(&path, &err))
        })
        .await
    }
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    vec![("a pack by its id", BY_ID.to_owned()), ("the latest packs", LATEST.to_owned())]
}
