//! The tool `recall`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::super::arguments;
use super::super::order::Domain;
use super::super::order::Touches;
use super::super::reply::ANSWER_CHARACTERS;
use super::super::reply::Answer;
use super::super::reply::Failure;
use super::super::reply::shorten;
use super::super::reply::size;
use super::super::schema;
use super::Context;
use super::Tool;
use super::remember::Kind;
use crate::clock;
use crate::config::Toolset;
use crate::context::label;
use crate::memory::Query;
use crate::memory::Recollection;
use crate::scope::View;

pub(super) const TOOL: Tool = Tool {
    name: "recall",
    title: "Recall",
    description: "Finds what was remembered, best first, across all sessions. Use it before answering anything that \
        may depend on what was said, decided or preferred earlier, and before asking the user again. Ask \
        in plain words, with names. An empty query lists the newest. What was superseded or has ended is \
        left out unless you ask with as_of or include_superseded. Nothing found is an empty list.\n\
        Example: {\"query\": \"which database did we choose and why\", \"limit\": 5}",
    toolset: Toolset::Memory,
    writes: false,
    destructive: false,
    idempotent: true,
    open_world: false,
    input: schema::input::<RecallArgs>,
    output: schema::output::<RecallResult>,
    touches: |_| Touches { reads: vec![Domain::Memory], writes: Vec::new() },
    run: |context, arguments| Box::pin(recall(context, arguments)),
};

/// Characters of what is put in the place of a cut end; and what a cut memory shows at least.
const MARK: usize = 80;

/// Characters of a tag, a speaker or a source in the text; the data has the whole.
const LABEL: usize = 200;

#[derive(Deserialize, JsonSchema)]
struct RecallArgs {
    /// A question or key words, in any language.
    #[schemars(example = "which database did we choose")]
    query: String,
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 100))]
    limit: u32,
    namespace: Option<String>,
    /// Also see what belongs to this user.
    user_id: Option<String>,
    /// Only what was said in this session.
    session_id: Option<String>,
    /// Also see what belongs to this persona.
    persona: Option<String>,
    /// Only these kinds.
    kinds: Option<Vec<Kind>>,
    /// Only with all of these tags.
    tags: Option<Vec<String>>,
    /// Happened (or was learned) at or after this time, RFC 3339.
    since: Option<String>,
    /// Before this time.
    until: Option<String>,
    /// What held at this time, instead of now.
    as_of: Option<String>,
    #[serde(default)]
    include_superseded: bool,
    /// Say more on why.
    #[serde(default)]
    explain: bool,
    /// next_cursor of the answer before.
    cursor: Option<String>,
}

fn ten() -> u32 {
    10
}

#[derive(Serialize, JsonSchema)]
struct RecallResult {
    memories: Vec<Recalled>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Recalled {
    id: String,
    content: String,
    kind: String,
    /// 0..1, higher is better.
    score: f64,
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    speaker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    occurred_at: Option<String>,
    created_at: String,
    valid_from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    why: String,
}

impl Recalled {
    fn of(found: Recollection, explain: bool) -> Recalled {
        let why = if explain {
            format!("{}; score {:.3} from full text (BM25) alone", found.why(), found.score)
        } else {
            found.why()
        };
        let row = found.row;
        Recalled {
            id: row.id,
            content: row.content,
            kind: row.kind,
            score: (found.score * 1e4).round() / 1e4,
            tags: row.tags,
            speaker: row.speaker,
            occurred_at: row.occurred_at.map(clock::format),
            created_at: clock::format(row.created_at),
            valid_from: clock::format(row.valid_from),
            valid_to: row.valid_to.map(clock::format),
            source: row.source,
            session_id: row.owner.session_id,
            why,
        }
    }
}

async fn recall(context: Context, arguments: Value) -> Result<Answer, Failure> {
    let args: RecallArgs = arguments::read(arguments)?;
    let offset = cursor_offset(args.cursor.as_deref())?;
    let query = Query {
        query: args.query,
        view: View::new(
            args.namespace.or_else(|| context.app.config.project.namespace.clone()),
            args.user_id,
            args.persona,
            args.session_id,
        ),
        kinds: kind_names(args.kinds),
        tags: args.tags.unwrap_or_default(),
        since: arguments::time("since", args.since.as_ref())?,
        until: arguments::time("until", args.until.as_ref())?,
        as_of: arguments::time("as_of", args.as_of.as_ref())?,
        include_superseded: args.include_superseded,
        limit: usize::try_from(args.limit).unwrap_or(10),
        offset,
    };
    let found = context.app.memory.recall(&query, &context.call).await?;
    let next_cursor = found.next_offset.map(|it| it.to_string());
    let mut memories: Vec<Recalled> = found.memories.into_iter().map(|it| Recalled::of(it, args.explain)).collect();
    cut_long(&mut memories);
    let text = describe(&memories, &query.query, next_cursor.as_deref(), args.explain);
    Answer::of(&RecallResult { memories, next_cursor }, text)
}

/// Reads a cursor that counts results.
pub(super) fn cursor_offset(cursor: Option<&str>) -> Result<usize, Failure> {
    let Some(cursor) = cursor else { return Ok(0) };
    // No list is that long; what a sum with it would overflow is no cursor.
    cursor
        .parse::<u32>()
        .ok()
        .and_then(|it| usize::try_from(it).ok())
        .ok_or_else(|| Failure::argument("cursor", &cursor.into(), "the next_cursor of an earlier answer", "\"10\""))
}

pub(super) fn kind_names(kinds: Option<Vec<Kind>>) -> Vec<String> {
    kinds.unwrap_or_default().into_iter().map(|it| it.name().to_owned()).collect()
}

/// Shortens the longest contents until all of them fit into one answer; says where the whole can be read.
fn cut_long(memories: &mut [Recalled]) {
    let mut lengths: Vec<usize> = memories.iter().map(|it| size(&it.content)).collect();
    let total: usize = memories.iter().map(size).sum();
    if total <= ANSWER_CHARACTERS {
        return;
    }
    // Short contents stay whole; what they leave is shared by the long ones.
    let room = ANSWER_CHARACTERS.saturating_sub(total - lengths.iter().sum::<usize>());
    lengths.sort_unstable();
    let (mut left, mut remaining) = (room, lengths.len());
    let mut share = room / remaining.max(1);
    for length in lengths {
        share = left / remaining.max(1);
        if length > share {
            break;
        }
        left -= length;
        remaining -= 1;
    }
    for memory in memories {
        let length = size(&memory.content);
        if length > share {
            // A line break or a quotation mark counts twice in the data.
            let characters = memory.content.chars().count();
            let cut = shorten(&memory.content, share.saturating_sub(MARK).max(MARK) * characters / length);
            memory.content = format!("{cut} [cut; whole at carryall://memory/{}]", memory.id);
        }
    }
}

fn describe(memories: &[Recalled], query: &str, next_cursor: Option<&str>, explain: bool) -> String {
    if memories.is_empty() {
        return if query.trim().is_empty() {
            "Nothing is remembered here yet.".to_owned()
        } else {
            format!("Nothing that is remembered matches “{}”.", shorten(query, 200))
        };
    }
    let lines = memories.iter().enumerate().map(|(at, it)| {
        let mut notes = vec![it.kind.clone()];
        notes.extend(it.speaker.as_ref().map(|it| format!("said by {it}")));
        notes.push(match &it.occurred_at {
            Some(at) => format!("happened {at}"),
            None => format!("learned {}", it.created_at),
        });
        if it.occurred_at.is_none() && it.valid_from != it.created_at {
            notes.push(format!("holds from {}", it.valid_from));
        }
        notes.extend(it.valid_to.as_ref().map(|it| format!("held until {it}")));
        notes.extend((!it.tags.is_empty()).then(|| format!("tags {}", it.tags.join(", "))));
        notes.extend(it.source.as_ref().map(|it| format!("source {it}")));
        notes.extend(it.session_id.as_ref().map(|it| format!("session {it}")));
        notes.push(format!("score {:.2}", it.score));
        if explain {
            notes.push(it.why.clone());
        }
        // What is remembered must not look like another memory: its lines are set in, its notes stay on theirs.
        let notes: Vec<String> = notes.iter().map(|it| label(it, LABEL)).collect();
        format!("{}. {}\n   [{}; id {}]", at + 1, it.content.replace('\n', "\n   "), notes.join("; "), it.id)
    });
    let mut text = lines.collect::<Vec<_>>().join("\n");
    if let Some(cursor) = next_cursor {
        text.push_str(&format!("\nThere is more: call again with cursor \"{cursor}\"."));
    }
    text
}
