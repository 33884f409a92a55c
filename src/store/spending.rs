//! The rows of spending: what each attempt cost, for the caps that all processes on the file share.

use rusqlite::named_params;

use super::db::Store;
use super::error::StoreError;
use crate::clock::Millis;

impl Store {
    /// Notes what attempts cost: provider, model, USD.
    pub async fn add_spending(&self, spent: Vec<(String, Option<String>, f64)>, now: Millis) -> Result<(), StoreError> {
        let path = self.path().to_path_buf();
        self.write(move |tx| {
            let insert = || -> rusqlite::Result<()> {
                for (provider, model, cost_usd) in &spent {
                    tx.prepare_cached(
                        "INSERT INTO spending (id, at, provider, model, cost_usd)
                         VALUES (:id, :at, :provider, :model, :cost_usd)",
                    )?
                    .execute(named_params! {
                        ":id": crate::ids::fresh(), ":at": now, ":provider": provider, ":model": model, ":cost_usd": cost_usd,
                    })?;
                }
                Ok(())
            };
            insert().map_err(|err| StoreError::of(&path, &err))
        })
        .await
    }

    /// What was spent at or after `since`, in USD.
    pub async fn spent_since(&self, since: Millis) -> Result<f64, StoreError> {
        let path = self.path().to_path_buf();
        self.read(move |conn| {
            conn.prepare_cached("SELECT coalesce(sum(cost_usd), 0.0) FROM spending WHERE at >= :since")
                .and_then(|mut statement| statement.query_row(named_params! {":since": since}, |row| row.get(0)))
                .map_err(|err| StoreError::of(&path, &err))
        })
        .await
    }
}
