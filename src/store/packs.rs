//! The rows of assembled packs. A pack is written once and never changed, but for what is forgotten later.

use std::collections::BTreeSet;

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::named_params;
use serde_json::Value;

use super::db::Store;
use super::error::StoreError;
use super::forget::NOTICE;
use super::forget::needle;
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

/// Whether a pack quotes a memory that is not there: forgetting it later could not find the pack.
const QUOTES_GONE: &str = "SELECT EXISTS (SELECT 1 FROM json_each(:result, '$.items') AS it
    WHERE it.value ->> '$.uri' LIKE 'carryall://memory/%'
      AND NOT EXISTS (SELECT 1 FROM memories WHERE id = substr(it.value ->> '$.uri', 19)))";

impl Store {
    /// Keeps a pack, unless a memory that it quotes was forgotten while it was made. One with the same id is there already
    /// only when it holds the same: the id is made from it. It is as young as its last making then.
    pub async fn add_pack(&self, pack: PackRow) -> Result<(), StoreError> {
        let path = self.path().to_path_buf();
        self.write(move |tx| {
            let quotes_gone: bool = tx
                .prepare_cached(QUOTES_GONE)
                .and_then(|mut it| it.query_row(named_params! {":result": pack.result}, |row| row.get(0)))
                .map_err(|err| StoreError::of(&path, &err))?;
            if quotes_gone {
                return Err(StoreError::Internal {
                    reason: "a memory that it quotes was forgotten meanwhile".to_owned(),
                });
            }
            let insert = || -> rusqlite::Result<()> {
                tx.prepare_cached(
                    "INSERT INTO packs (id, created_at, query, result) VALUES (:id, :created_at, :query, :result)
                     ON CONFLICT (id) DO UPDATE SET created_at = max(created_at, excluded.created_at)",
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
        self.query(move |conn| {
            conn.prepare_cached(BY_ID)?
                .query_row(named_params! {":id": id}, |row| {
                    Ok(PackRow { id: row.get(0)?, created_at: row.get(1)?, query: row.get(2)?, result: row.get(3)? })
                })
                .optional()
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
        self.query(move |conn| {
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
        })
        .await
    }
}

/// Takes the text of a memory out of the packs that quote it; the rest of each stays. Says how many there were.
pub(super) fn withdraw(conn: &Connection, memory_id: &str, content: &str) -> rusqlite::Result<usize> {
    let quoting: Vec<(String, String)> = conn
        .prepare_cached(
            "SELECT packs.id, packs.result FROM pack_memories JOIN packs ON packs.id = pack_memories.pack_id
             WHERE pack_memories.memory_id = :id",
        )?
        .query_map(named_params! {":id": memory_id}, |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (id, result) in &quoting {
        let left = without(result, memory_id, content);
        conn.prepare_cached("UPDATE packs SET result = :result WHERE id = :id")?
            .execute(named_params! {":result": left, ":id": id})?;
    }
    conn.prepare_cached("DELETE FROM pack_memories WHERE memory_id = :id")?
        .execute(named_params! {":id": memory_id})?;
    Ok(quoting.len())
}

/// The packs that quote one of these turns, by id.
pub(super) fn quoting_turns<'a>(
    conn: &Connection,
    turns: impl Iterator<Item = &'a str>,
) -> rusqlite::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut find = conn.prepare_cached("SELECT id FROM packs WHERE instr(result, '#' || :turn) > 0")?;
    for turn in turns {
        for id in find.query_map(named_params! {":turn": turn}, |row| row.get(0))? {
            found.insert(id?);
        }
    }
    Ok(found)
}

/// Takes what a pack quotes of these turns out of it; says whether nothing else had been taken out before.
pub(super) fn withdraw_turns(conn: &Connection, pack: &str, turns: &[&str]) -> rusqlite::Result<bool> {
    let read = "SELECT result FROM packs WHERE id = :id";
    let result: Option<String> =
        conn.prepare_cached(read)?.query_row(named_params! {":id": pack}, |row| row.get(0)).optional()?;
    let Some(result) = result else { return Ok(false) };
    let was_whole = !result.contains("\"forgotten\":true");
    conn.prepare_cached("UPDATE packs SET result = :result WHERE id = :id")?
        .execute(named_params! {":result": without_turns(&result, turns), ":id": pack})?;
    Ok(was_whole)
}

/// `result`, the JSON of a pack, with a notice where it quotes one of these turns.
fn without_turns(result: &str, turns: &[&str]) -> String {
    let Ok(mut pack) = serde_json::from_str::<Value>(result) else { return "{}".to_owned() };
    let mut text = pack.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
    for item in pack.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
        let turn = item.get("uri").and_then(Value::as_str).and_then(|it| it.rsplit_once('#')).map(|it| it.1);
        if turn.is_none_or(|it| !turns.contains(&it)) {
            continue;
        }
        let Some(quoted) = item.get("text").and_then(Value::as_str) else { continue };
        text = replaced(&text, quoted).unwrap_or_else(|| {
            format!("{NOTICE} This pack quoted an answer that was forgotten since; its other items are kept.")
        });
        item["text"] = NOTICE.into();
        item["forgotten"] = true.into();
    }
    pack["text"] = text.into();
    pack.to_string()
}

/// `result`, the JSON of a pack, with a notice where it quotes the memory. When the quotation cannot be told from
/// what stands around it, the whole text goes.
fn without(result: &str, memory_id: &str, content: &str) -> String {
    let Ok(mut pack) = serde_json::from_str::<Value>(result) else { return "{}".to_owned() };
    let uri = super::audit::memory(memory_id);
    let needle = needle(content);
    let mut text = pack.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut told_apart = true;
    for item in pack.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(quoted) = item.get("text").and_then(Value::as_str).map(str::to_owned) else { continue };
        let is_it = item.get("uri").and_then(Value::as_str) == Some(uri.as_str());
        // A neighbour may quote it, too.
        let of_memory = item.get("source").and_then(Value::as_str) == Some("memory");
        let quotes_it = of_memory && needle.as_ref().is_some_and(|it| quoted.contains(it.as_str()));
        if !is_it && !quotes_it {
            continue;
        }
        match replaced(&text, &quoted) {
            Some(left) => text = left,
            None => told_apart = false,
        }
        item["text"] = NOTICE.into();
        if is_it {
            item["title"] = NOTICE.into();
            item["why"] = NOTICE.into();
            item["forgotten"] = true.into();
        }
    }
    if !told_apart || needle.as_ref().is_some_and(|it| forms(it).iter().any(|form| text.contains(form))) {
        text = format!("{NOTICE} This pack quoted a memory that was forgotten since; its other items are kept.");
    }
    pack["text"] = text.into();
    pack.to_string()
}

/// `text` without the piece that quotes `quoted`, in whichever format it is; `None` when there is none.
pub(super) fn replaced(text: &str, quoted: &str) -> Option<String> {
    let end = if quoted.ends_with('\n') { "" } else { "\n" };
    let [plain, xml, json] = forms(quoted);
    let framed = [
        (format!("text\n{plain}{end}```"), format!("text\n{NOTICE}\n```")),
        (format!(">\n{xml}\n</item>"), format!(">\n{NOTICE}\n</item>")),
        (format!("\"text\":\"{json}\""), format!("\"text\":\"{NOTICE}\"")),
    ];
    framed.iter().find(|(from, _)| text.contains(from.as_str())).map(|(from, to)| text.replace(from.as_str(), to))
}

/// A text as it stands in packs of the three formats: markdown, XML and JSON.
fn forms(text: &str) -> [String; 3] {
    let xml = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let json = Value::from(text).to_string();
    [text.to_owned(), xml, json[1..json.len() - 1].to_owned()]
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    vec![("a pack by its id", BY_ID.to_owned()), ("the latest packs", LATEST.to_owned())]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(text: &str, content: &str, expected: &str) {
        let pack = json!({"text": text, "items": [
            {"uri": "carryall://memory/m", "source": "memory", "text": content, "title": "note"},
            {"uri": "carryall://memory/n", "source": "memory", "text": "Bob drinks coffee", "title": "note"},
        ]});
        let left: Value = serde_json::from_str(&without(&pack.to_string(), "m", content)).unwrap();
        assert_eq!(left["text"], expected);
        assert_eq!((&left["items"][0]["text"], &left["items"][0]["forgotten"]), (&json!(NOTICE), &json!(true)));
        assert_eq!(left["items"][1]["text"], "Bob drinks coffee");
        assert!(!left.to_string().contains("\"tea & \\\"milk\\\"") && !left.to_string().contains("Ana drinks"));
    }

    #[test]
    fn a_quotation_goes_and_its_neighbours_stay() {
        check(
            "[1] memory\n```text\nAna drinks tea\n```\n[2] memory\n```text\nBob drinks coffee\n```\n",
            "Ana drinks tea",
            "[1] memory\n```text\n[forgotten]\n```\n[2] memory\n```text\nBob drinks coffee\n```\n",
        );
        check(
            "<item n=\"1\">\nAna drinks tea &amp; &quot;milk&quot;\n</item>\n",
            "Ana drinks tea & \"milk\"",
            "<item n=\"1\">\n[forgotten]\n</item>\n",
        );
        check(
            "{\"items\": [{\"n\":1,\"text\":\"tea & \\\"milk\\\"\"}]}",
            "tea & \"milk\"",
            "{\"items\": [{\"n\":1,\"text\":\"[forgotten]\"}]}",
        );
        // A short text is not taken for its frame.
        check("```text\ntext\n```", "text", "```text\n[forgotten]\n```");
    }

    #[test]
    fn a_quotation_that_cannot_be_told_apart_takes_the_text_along() {
        check(
            "something else that says Ana drinks tea",
            "Ana drinks tea",
            "[forgotten] This pack quoted a memory that was forgotten since; its other items are kept.",
        );
    }
}
