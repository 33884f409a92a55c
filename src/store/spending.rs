//! The rows of spending and of what is promised to questions under way, for the caps that all processes on the file
//! share.
//!
//! A reservation is made in one transaction with the look at what is spent and promised already, so that questions that
//! begin at the same moment cannot pass a cap together.

use rusqlite::Transaction;
use rusqlite::named_params;

use super::db::Store;
use super::error::StoreError;
use crate::clock::Millis;

/// The most that may be spent since a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpendingCap {
    /// The beginning of the day or of the month.
    pub since: Millis,
    pub usd: f64,
}

/// What an attempt may cost, before it is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Reservation {
    pub id: String,
    pub at: Millis,
    /// From when on it counts no more: nobody can be waiting for that attempt any longer.
    pub expires_at: Millis,
    pub provider: String,
    pub model: String,
    /// What is wished for, and what would do.
    pub usd: f64,
    pub least_usd: f64,
}

/// What came of a reservation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Granted {
    /// This much is promised: `usd`, or what was left of it.
    Usd(f64),
    /// Not even the least is left of the cap at this position.
    Over { cap: usize, left_usd: f64 },
}

/// What an attempt cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Spent {
    pub provider: String,
    pub model: Option<String>,
    pub usd: f64,
    /// Whether it is the most that it can have been.
    pub is_estimate: bool,
}

/// A billionth of a dollar: sums of fractions differ by less, and no price is that small.
const ROUNDING_USD: f64 = 1e-9;

const SPENT: &str = "SELECT coalesce(sum(cost_usd), 0.0) FROM spending WHERE at >= :since";
const PROMISED: &str = "SELECT coalesce(sum(usd), 0.0) FROM reservations WHERE expires_at > :now";

impl Store {
    /// Promises money to an attempt, as far as `caps` allow it. Whatever is promised counts for every cap until it is
    /// settled, so that a day's end does not lose it.
    pub async fn reserve(&self, wanted: Reservation, caps: Vec<SpendingCap>) -> Result<Granted, StoreError> {
        self.change(move |tx| reserve(tx, &wanted, &caps)).await
    }

    /// Notes what attempts cost, and takes back what was promised to them.
    pub async fn settle(&self, promised: Vec<String>, spent: Vec<Spent>, now: Millis) -> Result<(), StoreError> {
        self.change(move |tx| settle(tx, &promised, &spent, now)).await
    }

    /// The same for an attempt that nobody waits for any more.
    pub fn settle_later(&self, promised: Vec<String>, spent: Vec<Spent>, now: Millis) {
        self.change_later(move |tx| settle(tx, &promised, &spent, now));
    }

    /// What was spent at or after `since`, and what is promised to questions under way, in USD.
    #[cfg(test)]
    pub(crate) async fn spent_since(&self, since: Millis, now: Millis) -> Result<(f64, f64), StoreError> {
        self.query(move |conn| {
            let spent = conn.prepare_cached(SPENT)?.query_row(named_params! {":since": since}, |row| row.get(0))?;
            let promised = conn.prepare_cached(PROMISED)?.query_row(named_params! {":now": now}, |row| row.get(0))?;
            Ok((spent, promised))
        })
        .await
    }
}

fn reserve(tx: &Transaction<'_>, wanted: &Reservation, caps: &[SpendingCap]) -> rusqlite::Result<Granted> {
    let now = wanted.at;
    tx.prepare_cached("DELETE FROM reservations WHERE expires_at <= :now")?.execute(named_params! {":now": now})?;
    let promised: f64 = tx.prepare_cached(PROMISED)?.query_row(named_params! {":now": now}, |row| row.get(0))?;
    let mut usd = wanted.usd;
    for (cap, it) in caps.iter().enumerate() {
        let spent: f64 = tx.prepare_cached(SPENT)?.query_row(named_params! {":since": it.since}, |row| row.get(0))?;
        let left_usd = (it.usd - spent - promised).max(0.0);
        if wanted.least_usd > left_usd + ROUNDING_USD {
            return Ok(Granted::Over { cap, left_usd });
        }
        usd = usd.min(left_usd.max(wanted.least_usd));
    }
    tx.prepare_cached(
        "INSERT INTO reservations (id, at, expires_at, provider, model, usd)
         VALUES (:id, :at, :expires_at, :provider, :model, :usd)",
    )?
    .execute(named_params! {
        ":id": wanted.id, ":at": now, ":expires_at": wanted.expires_at, ":provider": wanted.provider,
        ":model": wanted.model, ":usd": usd,
    })?;
    Ok(Granted::Usd(usd))
}

fn settle(tx: &Transaction<'_>, promised: &[String], spent: &[Spent], now: Millis) -> rusqlite::Result<()> {
    for id in promised {
        tx.prepare_cached("DELETE FROM reservations WHERE id = :id")?.execute(named_params! {":id": id})?;
    }
    for it in spent {
        tx.prepare_cached(
            "INSERT INTO spending (id, at, provider, model, cost_usd, is_estimate)
             VALUES (:id, :at, :provider, :model, :cost_usd, :is_estimate)",
        )?
        .execute(named_params! {
            ":id": crate::ids::fresh(), ":at": now, ":provider": it.provider, ":model": it.model,
            ":cost_usd": it.usd, ":is_estimate": it.is_estimate,
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(id: &str, at: Millis, usd: f64, least_usd: f64) -> Reservation {
        let (provider, model) = ("p".to_owned(), "m".to_owned());
        Reservation { id: id.to_owned(), at, expires_at: at + 100, provider, model, usd, least_usd }
    }

    fn spent(usd: f64) -> Spent {
        Spent { provider: "p".to_owned(), model: Some("m".to_owned()), usd, is_estimate: false }
    }

    #[tokio::test]
    async fn what_is_promised_counts_until_it_is_settled_or_expires() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(&folder.path().join("a.db"));
        let caps = vec![SpendingCap { since: 0, usd: 1.0 }];
        let reserve = |wanted| store.reserve(wanted, caps.clone());
        assert_eq!(reserve(wanted("a", 10, 0.6, 0.6)).await, Ok(Granted::Usd(0.6)));
        assert_eq!(reserve(wanted("b", 11, 0.6, 0.6)).await, Ok(Granted::Over { cap: 0, left_usd: 0.4 }));
        assert_eq!(reserve(wanted("b", 12, 0.6, 0.1)).await, Ok(Granted::Usd(0.4)));
        store.settle(vec!["a".into()], vec![spent(0.1)], 13).await.unwrap();
        assert_eq!(store.spent_since(0, 13).await, Ok((0.1, 0.4)));
        assert_eq!(reserve(wanted("c", 14, 0.5, 0.5)).await, Ok(Granted::Usd(0.5)));
        // The processes of b and c ended in the middle; the day went on.
        assert_eq!(reserve(wanted("d", 114, 0.9, 0.9)).await, Ok(Granted::Usd(0.9)));
        let day = vec![SpendingCap { since: 50, usd: 1.0 }, SpendingCap { since: 0, usd: 1.05 }];
        let over = store.reserve(wanted("e", 115, 0.1, 0.1), day).await.unwrap();
        assert!(matches!(over, Granted::Over { cap: 1, left_usd } if (left_usd - 0.05).abs() < 1e-9), "{over:?}");
    }

    #[tokio::test]
    async fn many_at_once_never_pass_a_cap_together() {
        let folder = tempfile::tempdir().unwrap();
        // Two handles stand for two processes.
        let stores = [(); 2].map(|()| Store::new(&folder.path().join("a.db")));
        let asks = (0..100).map(|at| {
            let caps = vec![SpendingCap { since: 0, usd: 1.0 }];
            stores[at % 2].reserve(wanted(&at.to_string(), 1, 0.03, 0.03), caps)
        });
        let granted = futures_util::future::join_all(asks).await;
        let some = granted.into_iter().filter(|it| matches!(it, Ok(Granted::Usd(_)))).count();
        assert_eq!(some, 33);
    }
}
