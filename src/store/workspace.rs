//! The rows of workspaces: where they are, who indexes them, what was left out. They live in the index file.

use std::path::PathBuf;

use rusqlite::OptionalExtension;
use rusqlite::named_params;

use super::db::Store;
use super::error::StoreError;
use super::files::remove_file;
use crate::clock::Millis;

/// A workspace as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceRow {
    pub id: i64,
    /// Absolute.
    pub root: String,
    pub indexed_at: Millis,
    pub files: i64,
    pub chunks: i64,
    pub size_bytes: i64,
    /// Grows with every change of its files.
    pub generation: i64,
    /// Whether a run over all of it has come to its end.
    pub is_complete: bool,
    /// Paths that the last whole run passed over, each with the reason.
    pub skipped: i64,
    /// Past commits that are known.
    pub commits: i64,
}

/// A workspace, and how new what is known of it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationRow {
    pub id: i64,
    /// Absolute.
    pub root: String,
    /// Grows with every change of its files.
    pub generation: i64,
    /// When the last run over it began.
    pub indexed_at: Millis,
    /// Whether a run over all of it has come to its end.
    pub is_complete: bool,
}

/// What is behind the name of the database in the name of the index file.
const INDEX_SUFFIX: &str = "-index";

impl Store {
    /// The store of what can be built again from the files of the workspaces: a file beside this one.
    pub fn index(&self) -> Store {
        let mut name = self.path().as_os_str().to_owned();
        name.push(INDEX_SUFFIX);
        Store::of_what_can_be_made_again(&PathBuf::from(name))
    }

    /// The workspaces, in the order of their roots.
    pub async fn workspaces(&self) -> Result<Vec<WorkspaceRow>, StoreError> {
        self.query(move |conn| {
            conn.prepare_cached(
                "SELECT w.id, w.root, w.indexed_at, w.generation, w.is_complete, json_array_length(w.skipped),
                            count(f.id), coalesce(sum(f.size_bytes), 0), coalesce(sum(f.chunks), 0),
                            (SELECT count(*) FROM commits AS c WHERE c.workspace_id = w.id)
                     FROM workspaces AS w LEFT JOIN files AS f ON f.workspace_id = w.id
                     GROUP BY w.id ORDER BY w.root",
            )?
            .query_map([], |row| {
                Ok(WorkspaceRow {
                    id: row.get(0)?,
                    root: row.get(1)?,
                    indexed_at: row.get(2)?,
                    generation: row.get(3)?,
                    is_complete: row.get(4)?,
                    skipped: row.get(5)?,
                    files: row.get(6)?,
                    size_bytes: row.get(7)?,
                    chunks: row.get(8)?,
                    commits: row.get(9)?,
                })
            })?
            .collect()
        })
        .await
    }

    /// The workspaces without their counts: what every search asks first.
    pub async fn generations(&self) -> Result<Vec<GenerationRow>, StoreError> {
        self.query(move |conn| {
            conn.prepare_cached("SELECT id, root, generation, indexed_at, is_complete FROM workspaces ORDER BY root")?
                .query_map([], |row| {
                    Ok(GenerationRow {
                        id: row.get(0)?,
                        root: row.get(1)?,
                        generation: row.get(2)?,
                        indexed_at: row.get(3)?,
                        is_complete: row.get(4)?,
                    })
                })?
                .collect()
        })
        .await
    }

    /// The id of the workspace at `root`, made when it is new; notes that it was looked through at `now`. Generations
    /// begin anywhere, so that an index that was deleted and built again is not taken for the one before.
    pub async fn open_workspace(&self, root: String, now: Millis) -> Result<i64, StoreError> {
        self.change(move |tx| {
            tx.prepare_cached(
                "INSERT INTO workspaces (root, indexed_at, generation, is_complete, skipped, globs)
                 VALUES (:root, :now, random() >> 20, 0, '[]', '[[],[]]')
                 ON CONFLICT (root) DO UPDATE SET indexed_at = :now RETURNING id",
            )
            .and_then(|mut statement| statement.query_row(named_params! {":root": root, ":now": now}, |row| row.get(0)))
        })
        .await
    }

    /// Notes that a run over the whole workspace has come to its end, what it passed over and what is to be looked at beside
    /// its files (JSON both), and the globs that it went by: included, excluded.
    pub async fn complete_workspace(
        &self,
        workspace_id: i64,
        (skipped, beside): (String, String),
        globs: (Vec<String>, Vec<String>),
    ) -> Result<(), StoreError> {
        self.change(move |tx| {
            let globs = serde_json::to_string(&globs).unwrap_or_else(|_| "[[],[]]".to_owned());
            tx.prepare_cached(
                "UPDATE workspaces SET is_complete = 1, skipped = :skipped, beside = :beside, globs = :globs
                 WHERE id = :id",
            )
            .and_then(|mut it| {
                it.execute(named_params! {
                    ":id": workspace_id, ":skipped": skipped, ":beside": beside, ":globs": globs,
                })
            })
            .map(|_| ())
        })
        .await
    }

    /// Notes what is passed over now, and what is to be looked at beside the files (JSON both).
    pub async fn note_skipped(&self, workspace_id: i64, skipped: String, beside: String) -> Result<(), StoreError> {
        self.change(move |tx| {
            tx.prepare_cached("UPDATE workspaces SET skipped = :skipped, beside = :beside WHERE id = :id")
                .and_then(|mut it| {
                    it.execute(named_params! {":id": workspace_id, ":skipped": skipped, ":beside": beside})
                })
                .map(|_| ())
        })
        .await
    }

    /// What is to be looked at beside the files, as it was noted; empty when nothing was.
    pub async fn beside(&self, workspace_id: i64) -> Result<String, StoreError> {
        self.query(move |conn| {
            conn.prepare_cached("SELECT beside FROM workspaces WHERE id = :id")
                .and_then(|mut it| it.query_row(named_params! {":id": workspace_id}, |row| row.get(0)).optional())
                .map(Option::unwrap_or_default)
        })
        .await
    }

    /// What the last whole run passed over: path and reason.
    pub async fn skipped(&self, workspace_id: i64) -> Result<Vec<(String, String)>, StoreError> {
        self.query(move |conn| {
            let skipped: Option<String> = conn
                .prepare_cached("SELECT skipped FROM workspaces WHERE id = :id")?
                .query_row(named_params! {":id": workspace_id}, |row| row.get(0))
                .optional()?;
            Ok(skipped.and_then(|it| serde_json::from_str(&it).ok()).unwrap_or_default())
        })
        .await
    }

    /// The globs that the last whole run went by: included, excluded.
    pub async fn globs(&self, workspace_id: i64) -> Result<(Vec<String>, Vec<String>), StoreError> {
        self.query(move |conn| {
            let globs: Option<String> = conn
                .prepare_cached("SELECT globs FROM workspaces WHERE id = :id")?
                .query_row(named_params! {":id": workspace_id}, |row| row.get(0))
                .optional()?;
            Ok(globs.and_then(|it| serde_json::from_str(&it).ok()).unwrap_or_default())
        })
        .await
    }

    /// Gives the workspace to `holder` until `until`, unless another one has it at `now`; returns whether it did.
    pub async fn lease(
        &self,
        workspace_id: i64,
        holder: String,
        now: Millis,
        until: Millis,
    ) -> Result<bool, StoreError> {
        self.change(move |tx| {
            tx.prepare_cached(
                "UPDATE workspaces SET leased_to = :holder, leased_until = :until
                 WHERE id = :id AND (leased_to IS NULL OR leased_to = :holder OR leased_until <= :now)",
            )
            .and_then(|mut it| {
                it.execute(named_params! {":id": workspace_id, ":holder": holder, ":now": now, ":until": until})
            })
            .map(|changed| changed > 0)
        })
        .await
    }

    /// Who has the workspace by [`Store::lease`], or had it last without giving it back.
    pub async fn leased_to(&self, workspace_id: i64) -> Result<Option<String>, StoreError> {
        self.query(move |conn| {
            conn.prepare_cached("SELECT leased_to FROM workspaces WHERE id = :id")
                .and_then(|mut it| it.query_row(named_params! {":id": workspace_id}, |row| row.get(0)).optional())
                .map(Option::flatten)
        })
        .await
    }

    /// Gives back what [`Store::lease`] gave to `holder`.
    pub async fn release(&self, workspace_id: i64, holder: String) -> Result<(), StoreError> {
        self.change(move |tx| {
            tx.prepare_cached(
                "UPDATE workspaces SET leased_to = NULL, leased_until = NULL WHERE id = :id AND leased_to = :holder",
            )
            .and_then(|mut it| it.execute(named_params! {":id": workspace_id, ":holder": holder}))
            .map(|_| ())
        })
        .await
    }

    /// Removes a workspace with all that was indexed of it.
    pub async fn remove_workspace(&self, workspace_id: i64) -> Result<(), StoreError> {
        self.change(move |tx| {
            let ids: Vec<i64> = tx
                .prepare_cached("SELECT id FROM files WHERE workspace_id = :id")?
                .query_map(named_params! {":id": workspace_id}, |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for id in ids {
                remove_file(tx, id)?;
            }
            // Segments and posting lists go with it (ON DELETE CASCADE).
            tx.prepare_cached("DELETE FROM workspaces WHERE id = :id")?
                .execute(named_params! {":id": workspace_id})
                .map(|_| ())
        })
        .await
    }
}
