//! Says whether what a pack was made of is as it was: a stamp for each thing, which every write to it makes anew.

use rusqlite::OptionalExtension;
use rusqlite::named_params;

use super::contexts::Scope;
use super::db::Store;
use super::error::StoreError;
use crate::clock::Millis;

/// Something whose changes are noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stamped {
    /// All memories and their vectors: how rare a word is counts over all of them.
    Memories,
    /// What feedback said of files.
    Files,
    /// The turns of a session.
    Turns(String),
    /// The contexts of an owner in a namespace.
    Contexts(String, Scope, String),
    /// What was changed in recorded calls, or taken out of them; new ones are told by their number.
    Calls,
}

impl Stamped {
    /// As the triggers of the schema write it.
    pub(super) fn name(&self) -> String {
        match self {
            Stamped::Calls => "calls".to_owned(),
            Stamped::Memories => "memories".to_owned(),
            Stamped::Files => "files".to_owned(),
            Stamped::Turns(session) => format!("turns/{session}"),
            Stamped::Contexts(namespace, scope, owner) => format!("contexts/{namespace}/{}/{owner}", scope.name()),
        }
    }
}

/// The stamps of some things, of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamps {
    /// In the order asked; `None` for what was never written. Equal ones mean that nothing was written meanwhile.
    pub stamps: Vec<Option<i64>>,
    /// The next moment at which something ends to hold or expires although nobody writes.
    pub until: Option<Millis>,
    /// Whether the pack that was asked for is kept.
    pub has_pack: bool,
}

pub(super) const STAMP: &str = "SELECT stamp FROM stamps WHERE what = :what";

pub(super) const UNTIL: &str = "SELECT min(at) FROM (
        SELECT min(valid_to) AS at FROM memories WHERE valid_to > :now
        UNION ALL SELECT min(expires_at) FROM memories WHERE expires_at > :now
        UNION ALL SELECT min(expires_at) FROM contexts WHERE expires_at > :now)";

const HAS_PACK: &str = "SELECT EXISTS (SELECT 1 FROM packs WHERE id = :id)";

impl Store {
    /// The stamps of `things`, and whether the pack with the id `pack` is kept.
    pub async fn stamps(&self, things: &[Stamped], pack: String, now: Millis) -> Result<Stamps, StoreError> {
        let names: Vec<String> = things.iter().map(Stamped::name).collect();
        self.query(move |conn| {
            let mut one = conn.prepare_cached(STAMP)?;
            let stamps = names
                .iter()
                .map(|it| one.query_row(named_params! {":what": it}, |row| row.get(0)).optional())
                .collect::<rusqlite::Result<_>>()?;
            let until = conn.prepare_cached(UNTIL)?.query_row(named_params! {":now": now}, |row| row.get(0))?;
            let has_pack = conn.prepare_cached(HAS_PACK)?.query_row(named_params! {":id": pack}, |row| row.get(0))?;
            Ok(Stamps { stamps, until, has_pack })
        })
        .await
    }
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    vec![
        ("a stamp", STAMP.to_owned()),
        ("when something ends by itself", UNTIL.to_owned()),
        ("whether a pack is kept", HAS_PACK.to_owned()),
    ]
}
