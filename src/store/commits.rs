//! The rows of past commits: words of their messages and what they changed. They live in the index file.

use rusqlite::OptionalExtension;
use rusqlite::named_params;

use super::db::Store;
use super::error::StoreError;

/// A commit as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitRow {
    /// As git writes it.
    pub hash: String,
    /// Each with how often it counts, between spaces.
    pub words: String,
    /// One a line, relative to the workspace's root; none where it says nothing of files.
    pub files: String,
    /// For each file how many lines it gained, then their hashes: four bytes each, little-endian.
    pub lines: Vec<u8>,
}

impl Store {
    /// The commits of a workspace in the order of their hashes, and of which state of the repository they are: empty when none
    /// was read.
    pub async fn commits(&self, workspace_id: i64) -> Result<(String, Vec<CommitRow>), StoreError> {
        self.query(move |conn| {
            let state: Option<String> = conn
                .prepare_cached("SELECT history FROM workspaces WHERE id = :id")?
                .query_row(named_params! {":id": workspace_id}, |row| row.get(0))
                .optional()?;
            let rows = conn
                .prepare_cached("SELECT hash, words, files, lines FROM commits WHERE workspace_id = :id ORDER BY hash")?
                .query_map(named_params! {":id": workspace_id}, |row| {
                    Ok(CommitRow { hash: row.get(0)?, words: row.get(1)?, files: row.get(2)?, lines: row.get(3)? })
                })?
                .collect::<rusqlite::Result<_>>()?;
            Ok((state.unwrap_or_default(), rows))
        })
        .await
    }

    /// The hashes of the commits of a workspace.
    pub async fn commit_hashes(&self, workspace_id: i64) -> Result<Vec<String>, StoreError> {
        self.query(move |conn| {
            conn.prepare_cached("SELECT hash FROM commits WHERE workspace_id = :id")?
                .query_map(named_params! {":id": workspace_id}, |row| row.get(0))?
                .collect()
        })
        .await
    }

    /// Keeps commits of a workspace, unless it was removed meanwhile; those that are kept already stay as they are.
    pub async fn keep_commits(&self, workspace_id: i64, commits: Vec<CommitRow>) -> Result<(), StoreError> {
        self.change(move |tx| {
            let mut statement = tx.prepare_cached(
                "INSERT OR IGNORE INTO commits (workspace_id, hash, words, files, lines)
                     SELECT id, :hash, :words, :files, :lines FROM workspaces WHERE id = :id",
            )?;
            for CommitRow { hash, words, files, lines } in &commits {
                statement.execute(named_params! {
                    ":id": workspace_id, ":hash": hash, ":words": words, ":files": files, ":lines": lines,
                })?;
            }
            Ok(())
        })
        .await
    }

    /// Notes of which state of the repository the commits are, and drops `gone` of them.
    pub async fn complete_commits(
        &self,
        workspace_id: i64,
        state: String,
        gone: Vec<String>,
    ) -> Result<(), StoreError> {
        self.change(move |tx| {
            let mut statement = tx.prepare_cached("DELETE FROM commits WHERE workspace_id = :id AND hash = :hash")?;
            for hash in &gone {
                statement.execute(named_params! {":id": workspace_id, ":hash": hash})?;
            }
            tx.prepare_cached("UPDATE workspaces SET history = :state WHERE id = :id")?
                .execute(named_params! {":id": workspace_id, ":state": state})
                .map(|_| ())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::temporary;

    fn commit(hash: &str) -> CommitRow {
        CommitRow { hash: hash.to_owned(), words: "a 1".to_owned(), files: "x".to_owned(), lines: vec![0; 4] }
    }

    #[tokio::test]
    async fn commits_go_with_their_workspace_and_one_that_is_gone_gets_none() {
        let (_folder, store) = temporary();
        let id = store.open_workspace("/w".to_owned(), 1).await.unwrap();
        store.keep_commits(id, vec![commit("b"), commit("a"), commit("b")]).await.unwrap();
        store.complete_commits(id, "now".to_owned(), vec!["a".to_owned()]).await.unwrap();
        assert_eq!(store.commits(id).await.unwrap(), ("now".to_owned(), vec![commit("b")]));
        assert_eq!(store.workspaces().await.unwrap()[0].commits, 1);
        store.remove_workspace(id).await.unwrap();
        store.keep_commits(id, vec![commit("c")]).await.unwrap();
        assert_eq!(store.commits(id).await.unwrap(), (String::new(), Vec::new()));
    }
}
