//! Takes a memory out of everything that holds its text: its row, the text index, packs, summaries, traces, questions
//! and notes. What stays is a line of the audit.

use std::collections::HashMap;
use std::collections::HashSet;
use std::rc::Rc;

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use serde_json::Value;
use serde_json::json;

use super::audit;
use super::audit::AuditRow;
use super::db::Store;
use super::error::StoreError;
use super::packs;
use crate::clock::Millis;

/// What stands where a forgotten text stood.
pub(super) const NOTICE: &str = "[forgotten]";

/// Who deletes, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    pub at: Millis,
    /// The tool or command, or `expiry` and `retention`.
    pub actor: String,
    /// In words, without the content.
    pub why: String,
}

#[cfg(test)]
impl Deletion {
    pub(super) fn of_a_test() -> Deletion {
        Deletion { at: 0, actor: "test".to_owned(), why: String::new() }
    }
}

/// What a deletion took away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// The memories that were there.
    pub ids: Vec<String>,
    /// Those of them that were not named: consolidation had hidden them behind one that says the same.
    pub equal: usize,
    /// Packs that quoted one of them, and hold a notice in its place now.
    pub packs: usize,
    /// Summaries that were made from one of them, and are gone.
    pub summaries: usize,
    /// Traces that held the text of one of them.
    pub traces: usize,
    /// Memories that hold again, for one of them had ended them.
    pub reopened: Vec<String>,
}

/// A shorter text is in too many others to be the memory's; only a trace that holds exactly it is meant then.
const TELLING_BYTES: usize = 12;

/// So much of a text tells it from others.
const NEEDLE_BYTES: usize = 120;

/// These memories, and behind them those that consolidation hid behind one of them, for they say the same.
const WITH_EQUAL: &str = "WITH RECURSIVE meant(id) AS (
        SELECT value FROM json_each(:ids)
        UNION
        SELECT m.id FROM meant JOIN memories AS m ON m.superseded_by = meant.id
        WHERE EXISTS (SELECT 1 FROM audit WHERE subject = 'carryall://memory/' || m.id
            AND actor = 'consolidate' AND action = 'superseded'))
    SELECT id FROM meant";

impl Store {
    /// These ids, and behind them those of the memories that consolidation hid behind one of them: whoever forgets what is
    /// shown means what nobody sees beside it, too.
    pub async fn with_equal(&self, ids: Vec<String>) -> Result<Vec<String>, StoreError> {
        self.query(move |conn| {
            conn.prepare_cached(WITH_EQUAL)?
                .query_map(named_params! {":ids": json!(ids).to_string()}, |row| row.get(0))?
                .collect()
        })
        .await
    }

    /// Deletes the memories with these ids and their equals, wherever their text is, and says what went.
    pub async fn forget(&self, ids: Vec<String>, deletion: Deletion) -> Result<Erased, StoreError> {
        // The traces of the calls just ended are in the queue.
        self.flush().await?;
        let named: HashSet<String> = ids.iter().cloned().collect();
        let ids = self.with_equal(ids).await?;
        let wanted = ids.clone();
        // Outside the transaction, which other processes wait for: traces may be many.
        let (traces, texts, answers, packs) = self
            .query(move |conn| {
                let answers = answers_with(conn, &wanted)?;
                let packs = packs::quoting_turns(conn, answers.iter().map(|it| it.0.as_str()))?;
                Ok((traces_with(conn, &wanted)?, texts_with(conn, &wanted)?, answers, packs))
            })
            .await?;
        self.change(move |tx| {
            let mut erased = Erased { traces: traces.len(), ..Erased::default() };
            for id in ids {
                if let Some(quoted) = erase(tx, &id, &deletion)? {
                    erased.packs += quoted.packs;
                    erased.summaries += quoted.summaries;
                    erased.reopened.extend(quoted.reopened);
                    erased.equal += usize::from(!named.contains(&id));
                    erased.ids.push(id);
                }
            }
            // What was opened again and then forgotten, too, is gone.
            let gone: HashSet<&String> = erased.ids.iter().collect();
            erased.reopened.retain(|it| !gone.contains(it));
            for (id, trace) in traces {
                tx.prepare_cached("UPDATE traces SET error = :error, spans = :spans WHERE id = :id")?
                    .execute(named_params! {":error": trace.error, ":spans": trace.spans, ":id": id})?;
            }
            for (change, id) in texts {
                tx.prepare_cached(change)?.execute(named_params! {":notice": NOTICE, ":id": id})?;
                forget_words(tx, &id)?;
            }
            let turns: Vec<&str> = answers.iter().map(|it| it.0.as_str()).collect();
            for pack in packs {
                erased.packs += usize::from(packs::withdraw_turns(tx, &pack, &turns)?);
            }
            for (id, content) in &answers {
                tx.prepare_cached("UPDATE turns SET content = :content WHERE id = :id")?
                    .execute(named_params! {":content": content, ":id": id})?;
                erased.summaries += summaries_of(tx, id)?;
            }
            Ok(erased)
        })
        .await
    }
}

/// Where a deleted memory was quoted, and what it had ended.
pub(super) struct Quoted {
    packs: usize,
    summaries: usize,
    /// What holds again.
    reopened: Vec<String>,
}

/// Deletes one memory from its row, the indexes, packs and summaries, and notes that; `None` when it is not there.
pub(super) fn erase(conn: &Connection, id: &str, deletion: &Deletion) -> rusqlite::Result<Option<Quoted>> {
    let line = conn
        .prepare_cached("SELECT namespace, user_id, persona, kind, created_at, content FROM memories WHERE id = :id")?
        .query_row(named_params! {":id": id}, |row| {
            let (kind, created_at): (String, Millis) = (row.get(3)?, row.get(4)?);
            let line = AuditRow {
                at: deletion.at,
                actor: deletion.actor.clone(),
                action: "forgotten".to_owned(),
                subject: audit::memory(id),
                namespace: row.get(0)?,
                user_id: row.get(1)?,
                persona: row.get(2)?,
                details: json!({"kind": kind, "created_at": crate::clock::format(created_at), "why": deletion.why}),
            };
            Ok((line, row.get::<_, String>(5)?))
        })
        .optional()?;
    let Some((line, content)) = line else { return Ok(None) };
    // What nobody meant to keep cannot have ended anything; what only grew old has.
    let reopened = match deletion.actor.as_str() {
        "forget" => super::facts::reopen(conn, id, deletion.at)?,
        _ => Vec::new(),
    };
    super::memories::delete_one(conn, id)?;
    let packs = packs::withdraw(conn, id, &content)?;
    let summaries = summaries_of(conn, id)?;
    conn.prepare_cached("DELETE FROM memory_links WHERE from_id = :id OR to_id = :id")?
        .execute(named_params! {":id": id})?;
    conn.prepare_cached("DELETE FROM imported WHERE memory_id = :id")?.execute(named_params! {":id": id})?;
    audit::note(conn, &line)?;
    Ok(Some(Quoted { packs, summaries, reopened }))
}

/// Deletes the summaries that were made of the memory or turn `id`; how many there were.
fn summaries_of(conn: &Connection, id: &str) -> rusqlite::Result<usize> {
    conn.prepare_cached(
        "DELETE FROM summaries WHERE id IN (SELECT summary_id FROM summary_sources WHERE source_id = :id)",
    )?
    .execute(named_params! {":id": id})
}

/// Who sees something, and since when.
struct Place {
    namespace: String,
    user_id: Option<String>,
    persona: Option<String>,
    since: Millis,
}

impl Place {
    /// Whether an answer of `seen` can quote it: it was given where the memory is seen, after that was learned. Otherwise
    /// whoever remembers and forgets a text could take it out of the conversations of others.
    fn may_stand_in(&self, seen: &Place) -> bool {
        self.since <= seen.since && self.is_seen_in(seen)
    }

    /// Whether whoever wrote something at `seen` sees the memory.
    fn is_seen_in(&self, seen: &Place) -> bool {
        self.namespace == seen.namespace
            && (self.user_id.is_none() || self.user_id == seen.user_id)
            && (self.persona.is_none() || self.persona == seen.persona)
    }

    fn of(row: &Row<'_>) -> rusqlite::Result<Place> {
        Ok(Place { namespace: row.get(1)?, user_id: row.get(2)?, persona: row.get(3)?, since: row.get(4)? })
    }
}

/// The answers in conversations that quote one of these memories, by id, without the lines that do. What people said
/// themselves is theirs and goes with its session.
fn answers_with(conn: &Connection, ids: &[String]) -> rusqlite::Result<Vec<(String, String)>> {
    let (mut needles, mut lines) = (Vec::new(), Vec::new());
    let mut find =
        conn.prepare_cached("SELECT content, namespace, user_id, persona, created_at FROM memories WHERE id = :id")?;
    for id in ids {
        let known = find.query_row(named_params! {":id": id}, |row| Ok((row.get::<_, String>(0)?, Place::of(row)?)));
        let Some((content, line)) = known.optional()? else { continue };
        let line = Rc::new(line);
        // Every line of a memory: an answer quotes it line by line.
        for needle in content.lines().filter_map(needle) {
            needles.push(needle);
            lines.push(Rc::clone(&line));
        }
    }
    let mut found = Vec::new();
    let Ok(search) = aho_corasick::AhoCorasick::new(&needles) else { return Ok(found) };
    if needles.is_empty() {
        return Ok(found);
    }
    let mut statement = conn.prepare_cached(
        "SELECT content, namespace, user_id, persona, created_at, id FROM turns WHERE role = 'assistant'",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let content = row.get_ref(0)?.as_str()?;
        if !search.is_match(content) {
            continue;
        }
        let seen = Place::of(row)?;
        let quotes = |it: &str| search.find_overlapping_iter(it).any(|at| lines[at.pattern()].may_stand_in(&seen));
        let left: Vec<&str> = content.lines().map(|it| if quotes(it) { NOTICE } else { it }).collect();
        if left.contains(&NOTICE) {
            found.push((row.get(5)?, left.join("\n")));
        }
    }
    Ok(found)
}

/// A trace as it is to be kept.
struct Cleaned {
    error: Option<String>,
    spans: String,
}

/// The traces that hold the text of one of these memories, by id, without it.
fn traces_with(conn: &Connection, ids: &[String]) -> rusqlite::Result<HashMap<String, Cleaned>> {
    let (mut contents, mut places) = (Vec::new(), Vec::new());
    let mut find =
        conn.prepare_cached("SELECT content, namespace, user_id, persona, created_at FROM memories WHERE id = :id")?;
    for id in ids {
        let known = find.query_row(named_params! {":id": id}, |row| Ok((row.get::<_, String>(0)?, Place::of(row)?)));
        if let Some((content, place)) = known.optional()? {
            contents.push(content);
            places.push(place);
        }
    }
    let mut cleaned = HashMap::new();
    let needles: Vec<String> = contents.iter().filter_map(|it| needle(it)).collect();
    let escaped: Vec<String> = needles.iter().map(|it| escape(it)).collect();
    let whole: Vec<&str> = contents.iter().map(|it| it.trim()).filter(|it| !it.is_empty()).collect();
    let quoted = whole.iter().map(|it| Value::from(*it).to_string());
    let Ok(search) = aho_corasick::AhoCorasick::new(escaped.into_iter().chain(quoted)) else { return Ok(cleaned) };
    let Ok(in_errors) = aho_corasick::AhoCorasick::new(&needles) else { return Ok(cleaned) };
    if whole.is_empty() {
        return Ok(cleaned);
    }
    let mut statement = conn.prepare_cached(
        "SELECT id, coalesce(namespace, 'default'), user_id, persona, started_at, error, spans FROM traces",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // A call that names nobody may have named the owner of a single item.
        let seen = Place::of(row)?;
        let is_nobodys = seen.user_id.is_none() && seen.persona.is_none();
        if !places.iter().any(|it| it.is_seen_in(&seen) || is_nobodys && it.namespace == seen.namespace) {
            continue;
        }
        let error = row.get_ref(5)?.as_str_or_null()?.unwrap_or_default();
        let spans = row.get_ref(6)?.as_str()?;
        let told = in_errors.is_match(error);
        if !told && !search.is_match(spans) {
            continue;
        }
        let mut value: Value = serde_json::from_str(spans).unwrap_or_default();
        blank(&mut value, &in_errors, &whole);
        let error = if told { Some(NOTICE.to_owned()) } else { row.get(5)? };
        cleaned.insert(row.get(0)?, Cleaned { error, spans: value.to_string() });
    }
    Ok(cleaned)
}

/// Where people's own words are kept beside a call: how they are read (a text, whose it is, since when, an id), and how one
/// is replaced.
const TEXTS: [(&str, &str); 3] = [
    (
        "SELECT question, coalesce(namespace, 'default'), user_id, persona, started_at, id FROM calls
         WHERE question IS NOT NULL",
        "UPDATE calls SET question = :notice WHERE id = :id",
    ),
    (
        "SELECT query, coalesce(view ->> '$.namespace', 'default'), view ->> '$.user_id', view ->> '$.persona', created_at, id
         FROM (SELECT query, created_at, id, CASE WHEN json_valid(result) THEN result -> '$.view' END AS view FROM packs)",
        "UPDATE packs SET query = :notice WHERE id = :id",
    ),
    (
        "SELECT feedback.note, coalesce(calls.namespace, 'default'), calls.user_id, calls.persona, feedback.at,
             CAST(feedback.seq AS TEXT)
         FROM feedback LEFT JOIN calls ON calls.id = feedback.trace_id WHERE feedback.note IS NOT NULL",
        "UPDATE feedback SET note = :notice WHERE seq = CAST(:id AS INTEGER)",
    ),
];

/// What of [`TEXTS`] holds the text of one of these memories, or ends amid it, and was written where that is seen: the
/// statement that replaces it, and its id. Otherwise whoever remembers and forgets a text could take it out of what
/// others asked.
fn texts_with(conn: &Connection, ids: &[String]) -> rusqlite::Result<Vec<(&'static str, String)>> {
    let mut memories = Vec::new();
    let mut find =
        conn.prepare_cached("SELECT content, namespace, user_id, persona, created_at FROM memories WHERE id = :id")?;
    for id in ids {
        let known = find.query_row(named_params! {":id": id}, |row| Ok((row.get::<_, String>(0)?, Place::of(row)?)));
        memories.extend(known.optional()?);
    }
    memories.retain(|it| !it.0.trim().is_empty());
    let (needles, places): (Vec<String>, Vec<&Place>) =
        memories.iter().filter_map(|(content, place)| Some((needle(content)?, place))).unzip();
    let mut found = Vec::new();
    let Ok(search) = aho_corasick::AhoCorasick::new(&needles) else { return Ok(found) };
    if memories.is_empty() {
        return Ok(found);
    }
    for (read, change) in TEXTS {
        let mut statement = conn.prepare_cached(read)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let text = row.get_ref(0)?.as_str()?;
            let seen = Place::of(row)?;
            let holds = search.find_overlapping_iter(text).any(|at| places[at.pattern()].is_seen_in(&seen))
                || memories.iter().any(|it| it.0.trim() == text.trim() && it.1.is_seen_in(&seen))
                || needles.iter().zip(&places).any(|(it, place)| ends_amid(text, it) && place.is_seen_in(&seen));
            if holds {
                found.push((change, row.get(5)?));
            }
        }
    }
    Ok(found)
}

/// Takes the words of a question, one by one, out of the trace of its call, if there is one.
fn forget_words(conn: &Connection, id: &str) -> rusqlite::Result<()> {
    let spans: Option<String> = conn
        .prepare_cached("SELECT spans FROM traces WHERE id = :id")?
        .query_row(named_params! {":id": id}, |row| row.get(0))
        .optional()?;
    let Some(mut spans) = spans.and_then(|it| serde_json::from_str::<Value>(&it).ok()) else { return Ok(()) };
    without_words(&mut spans);
    conn.prepare_cached("UPDATE traces SET spans = :spans WHERE id = :id")?
        .execute(named_params! {":spans": spans.to_string(), ":id": id})?;
    Ok(())
}

fn without_words(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(without_words),
        Value::Object(map) => {
            if let Some(words) = map.get_mut("words").filter(|it| it.is_array()) {
                *words = json!([NOTICE]);
            }
            map.values_mut().for_each(without_words);
        }
        _ => {}
    }
}

/// Whether `text` ends with a telling beginning of `needle`: what is kept of a question is cut.
fn ends_amid(text: &str, needle: &str) -> bool {
    let beginnings = needle.char_indices().map(|it| it.0).filter(|at| *at >= TELLING_BYTES);
    beginnings.into_iter().any(|at| text.ends_with(&needle[..at]))
}

/// The piece of a text by which it is found in others: the beginning of its longest line.
pub(super) fn needle(content: &str) -> Option<String> {
    let line = content.lines().map(str::trim).max_by_key(|it| it.len())?;
    let end = line.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|it| *it <= NEEDLE_BYTES).last()?;
    (end >= TELLING_BYTES).then(|| line[..end].to_owned())
}

/// As it stands inside a JSON string.
fn escape(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Puts the notice in the place of every string that holds one of the needles or is one of the whole texts.
fn blank(value: &mut Value, needles: &aho_corasick::AhoCorasick, whole: &[&str]) {
    match value {
        Value::String(text) if needles.is_match(text.as_str()) || whole.contains(&text.trim()) => {
            NOTICE.clone_into(text);
        }
        Value::Array(list) => list.iter_mut().for_each(|it| blank(it, needles, whole)),
        Value::Object(map) => map.values_mut().for_each(|it| blank(it, needles, whole)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_by_its_longest_line() {
        assert_eq!(needle("tea"), None);
        assert_eq!(needle(""), None);
        assert_eq!(needle("a\n  Ana drinks green tea \nb"), Some("Ana drinks green tea".to_owned()));
        let long = "ü".repeat(400);
        assert_eq!(needle(&long).unwrap().len(), NEEDLE_BYTES);
        assert!(ends_amid("who said Ana drinks gr", "Ana drinks green tea"));
        assert!(!ends_amid("who said Ana", "Ana drinks green tea"));
        assert_eq!(escape("say \"no\"\n"), "say \\\"no\\\"\\n");
    }

    #[tokio::test]
    async fn what_consolidation_hid_behind_a_memory_goes_with_it_and_what_it_replaced_does_not() {
        let (_folder, store) = super::super::tests::temporary();
        let named = |it: &str| super::super::tests::note(it);
        let stored = store.remember(vec![named("older"), named("twin"), named("twin's twin")], 1).await.unwrap();
        let [older, twin, third] = [0, 1, 2].map(|at| stored[at].id.clone());
        let heir = super::super::NewMemory { supersedes: Some(older.clone()), ..named("heir") };
        let heir = store.remember(vec![heir], 2).await.unwrap()[0].id.clone();
        assert!(store.merge_memories(twin.clone(), third.clone(), 3).await.unwrap());
        assert!(store.merge_memories(heir.clone(), twin.clone(), 4).await.unwrap());
        let ids = vec![heir, twin, third];
        assert_eq!(store.with_equal(ids[..1].to_vec()).await.unwrap(), ids);
        let erased = store.forget(ids[..1].to_vec(), Deletion::of_a_test()).await.unwrap();
        assert_eq!((erased.ids, erased.equal), (ids, 2));
        assert_eq!(store.memories_by_id(vec![older], 5).await.unwrap().len(), 1);
    }
}
