//! The flags of the mirrors. A field is named as the tool's argument; what is not given is not sent, so the tool's own
//! defaults and checks hold.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde::Serializer;
use serde_json::Value;
use serde_json::json;

use super::super::exchange::STANDARD;
use super::super::failed::Failed;
use super::stdin;

/// Whose memories, sessions and contexts are meant.
#[derive(Args, Debug, Serialize)]
#[command(next_help_heading = "Whose")]
pub(in crate::cli) struct Whose {
    /// Keeps worlds apart, such as work and home.
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    #[arg(long, value_name = "ID", help = "The user it belongs to")]
    user_id: Option<String>,
    #[arg(long, value_name = "ID", help = "The session it belongs to")]
    session_id: Option<String>,
    #[arg(long, value_name = "NAME", help = "The persona it belongs to")]
    persona: Option<String>,
}

/// Whose state holds beside that of user, persona and session.
#[derive(Args, Debug, Serialize)]
#[command(next_help_heading = "Whose")]
pub(in crate::cli) struct Around {
    #[arg(long, value_name = "ID", help = "The conversation whose state holds")]
    conversation: Option<String>,
    #[arg(long, value_name = "ID", help = "The artifact whose state holds")]
    artifact: Option<String>,
}

#[derive(Args, Debug, Serialize)]
pub(in crate::cli) struct Ask {
    /// The question; `-` reads it from standard input.
    #[arg(required_unless_present = "list_models")]
    message: Option<String>,
    /// Show what each configured provider has, and ask nothing.
    #[arg(long, conflicts_with = "message")]
    #[serde(skip)]
    pub(in crate::cli) list_models: bool,
    /// `auto`, `none`, or the id of a pack.
    #[arg(long, value_name = "CONTEXT", value_parser = context)]
    context: Option<Value>,
    /// The most tokens of context.
    #[arg(long, value_name = "TOKENS")]
    budget_tokens: Option<u32>,
    /// The provider's name for the model.
    #[arg(long)]
    model: Option<String>,
    /// quality, speed or cost.
    #[arg(long, value_name = "WHAT")]
    prefer: Option<String>,
    /// One of several to ask side by side, NAME or NAME/MODEL; given several times.
    #[arg(long = "beside", value_name = "PROVIDER")]
    providers: Vec<String>,
    /// A provider to fall back to; may be given several times.
    #[arg(long = "fallback", value_name = "PROVIDER")]
    fallbacks: Vec<String>,
    /// The most that the answer may cost, in USD.
    #[arg(long, value_name = "USD")]
    max_cost_usd: Option<f64>,
    /// The longest answer.
    #[arg(long, value_name = "TOKENS")]
    max_output_tokens: Option<u32>,
    /// How freely the model chooses its words, 0 to 2.
    #[arg(long)]
    temperature: Option<f64>,
    /// How much a reasoning model may think: none, low, medium or high.
    #[arg(long, value_name = "HOW_MUCH")]
    reasoning: Option<String>,
    /// A JSON schema that the answer must follow.
    #[arg(long, value_name = "JSON", value_parser = json_value)]
    response_schema: Option<Value>,
    /// How long it may take, in seconds.
    #[arg(long, value_name = "SECONDS")]
    timeout_s: Option<f64>,
    /// Ask again even if the same was asked before.
    #[arg(long)]
    no_cache: bool,
    #[command(flatten)]
    #[serde(flatten)]
    whose: Whose,
    #[command(flatten)]
    #[serde(flatten)]
    around: Around,
}

impl Ask {
    pub(super) fn read_stdin(mut self: Box<Self>) -> Result<Box<Ask>, Failed> {
        if self.message.as_deref() == Some(STANDARD) {
            self.message = Some(stdin()?.trim_end().to_owned());
        }
        Ok(self)
    }
}

fn context(text: &str) -> Result<Value, String> {
    Ok(match text {
        "auto" | "none" => text.into(),
        pack => json!({ "pack_id": pack }),
    })
}

fn json_value(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|err| format!("not valid JSON: {err}"))
}

#[derive(Args, Debug, Serialize)]
pub(in crate::cli) struct Remember {
    /// What to remember, in a sentence that is clear on its own; `-` reads it from standard input.
    content: String,
    /// fact, preference, decision, pattern, event, note or turn.
    #[arg(long)]
    kind: Option<String>,
    /// Who said it.
    #[arg(long, value_name = "NAME")]
    speaker: Option<String>,
    /// A tag; may be given several times.
    #[arg(long = "tag")]
    tags: Vec<String>,
    /// 0 to 1.
    #[arg(long)]
    importance: Option<f64>,
    /// When it happened (2026-11-20 or 2026-11-20T09:30:00Z).
    #[arg(long, value_name = "TIME")]
    occurred_at: Option<String>,
    /// Since when it holds.
    #[arg(long, value_name = "TIME")]
    valid_from: Option<String>,
    /// From when on it does not hold any more.
    #[arg(long, value_name = "TIME")]
    valid_to: Option<String>,
    /// When it is to be deleted.
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
    /// Where it is from.
    #[arg(long)]
    source: Option<String>,
    /// The memory that this one replaces.
    #[arg(long, value_name = "ID")]
    supersedes: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    whose: Whose,
}

impl Remember {
    pub(super) fn read_stdin(mut self: Box<Self>) -> Result<Box<Remember>, Failed> {
        if self.content == STANDARD {
            self.content = stdin()?.trim_end().to_owned();
        }
        Ok(self)
    }
}

/// Which memories are meant.
#[derive(Args, Debug, Serialize)]
#[command(next_help_heading = "Filters")]
pub(in crate::cli) struct Filters {
    /// Only this kind; may be given several times.
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,
    /// Only with this tag; may be given several times.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Happened or was learned at or after this time.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// What held at this time, instead of now.
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// Also what was replaced or has ended.
    #[arg(long)]
    include_superseded: bool,
}

#[derive(Args, Debug, Serialize)]
pub(in crate::cli) struct Recall {
    /// A question or key words; the newest memories when empty.
    #[arg(default_value = "")]
    query: String,
    /// How many, 1 to 100.
    #[arg(long)]
    limit: Option<u32>,
    /// Say how each result was ranked.
    #[arg(long)]
    explain: bool,
    /// Go on where an earlier answer was cut.
    #[arg(long)]
    cursor: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    filters: Filters,
    #[command(flatten)]
    #[serde(flatten)]
    whose: Whose,
}

#[derive(Args, Debug, Serialize)]
pub(in crate::cli) struct Forget {
    /// Ids from `recall` or `remember`.
    ids: Vec<String>,
    /// Only show what would go.
    #[arg(long)]
    dry_run: bool,
    /// Needed to delete more than one by filter.
    #[arg(long)]
    confirm: bool,
    /// Write the file anew, so that nothing of what was ever deleted is left in its bytes.
    ///
    /// Without ids and filters only that: what was forgotten before, by whatever host, goes for good.
    #[arg(long, conflicts_with = "dry_run")]
    #[serde(skip)]
    pub(super) purge: bool,
    #[command(flatten)]
    #[serde(flatten)]
    filters: Filters,
    #[command(flatten)]
    #[serde(flatten)]
    whose: Whose,
}

#[derive(Args, Debug, Serialize)]
pub(in crate::cli) struct Index {
    /// Folders or files; the working folder when none is named.
    paths: Vec<String>,
    /// Only files of this pattern, as in `.gitignore`; may be given several times.
    #[arg(long, value_name = "PATTERN")]
    include: Vec<String>,
    /// Not files of this pattern; may be given several times.
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Read again what did not change.
    #[arg(long)]
    force: bool,
    /// Remove these folders from the index in place of reading them, and give the room back.
    #[arg(long, conflicts_with_all = ["include", "exclude", "force"])]
    #[serde(skip)]
    pub(super) remove: bool,
}

impl Index {
    /// The folders that are meant, as they are named.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        let named = self.paths.iter().map(PathBuf::from);
        if self.paths.is_empty() { vec![PathBuf::from(".")] } else { named.collect() }
    }

    pub(super) fn absolute(mut self) -> Result<Index, Failed> {
        if self.paths.is_empty() {
            self.paths.push(".".to_owned());
        }
        self.paths = absolute(self.paths)?;
        Ok(self)
    }
}

#[derive(Args, Debug, Serialize)]
pub(in crate::cli) struct Search {
    /// Key words, names or a question.
    query: String,
    /// How many, 1 to 100.
    #[arg(long)]
    limit: Option<u32>,
    /// Only under this path; may be given several times.
    #[arg(long = "path", value_name = "PATH")]
    paths: Vec<String>,
    /// Only this language; may be given several times.
    #[arg(long = "language", value_name = "NAME")]
    languages: Vec<String>,
    /// any, code or doc.
    #[arg(long)]
    kind: Option<String>,
    /// Say how each result was ranked.
    #[arg(long)]
    explain: bool,
}

impl Search {
    pub(super) fn absolute(mut self) -> Result<Search, Failed> {
        self.paths = absolute(self.paths)?;
        Ok(self)
    }
}

#[derive(Args, Debug, Serialize)]
pub(in crate::cli) struct Context {
    /// What the context is for.
    query: String,
    /// The most tokens, 256 to 200000.
    #[arg(long, value_name = "TOKENS")]
    budget_tokens: Option<u32>,
    /// memory, workspace, history, scopes, inline or servers; may be given several times.
    #[arg(long = "source", value_name = "NAME")]
    sources: Vec<String>,
    /// Only files under this path; may be given several times.
    #[arg(long = "path", value_name = "PATH")]
    paths: Vec<String>,
    /// What the model is, put before everything else.
    #[arg(long)]
    identity: Option<String>,
    /// What held at this time, instead of now.
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// The model whose tokens are counted.
    #[arg(long)]
    model: Option<String>,
    /// markdown, xml or json.
    #[arg(long)]
    format: Option<String>,
    /// Say how each piece was chosen.
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    #[serde(flatten)]
    whose: Whose,
    #[command(flatten)]
    #[serde(flatten)]
    around: Around,
}

impl Context {
    pub(super) fn absolute(mut self: Box<Self>) -> Result<Box<Context>, Failed> {
        self.paths = absolute(std::mem::take(&mut self.paths))?;
        Ok(self)
    }
}

#[derive(Args, Debug, Serialize)]
pub(in crate::cli) struct Trace {
    /// From the answer of any call, or of the trace that a caller named; without it, the latest calls are listed.
    pub(in crate::cli) trace_id: Option<String>,
    /// Say for each tool which step costs most, with medians and what to do.
    #[arg(long, conflicts_with_all = ["trace_id", "errors"])]
    #[serde(skip)]
    pub(in crate::cli) slow: bool,
    /// Group the errors by kind and message, with counts and what to do.
    #[arg(long, conflicts_with = "trace_id")]
    #[serde(skip)]
    pub(in crate::cli) errors: bool,
    /// Only calls of this tool.
    #[arg(long)]
    pub(in crate::cli) tool: Option<String>,
    /// ok, failed or cancelled.
    #[arg(long, value_parser = ["ok", "failed", "cancelled"])]
    pub(in crate::cli) outcome: Option<String>,
    #[arg(long, value_name = "ID", help = "Only calls of this session")]
    pub(in crate::cli) session_id: Option<String>,
    /// Begun at or after this time.
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) since: Option<String>,
    /// Before this time.
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) until: Option<String>,
    /// How many: 20 when listed, 5000 for the reports.
    #[arg(long)]
    pub(in crate::cli) limit: Option<u32>,
    /// Go on where an earlier answer was cut.
    #[arg(long)]
    pub(in crate::cli) cursor: Option<String>,
}

#[derive(Args, Debug, Serialize)]
pub(in crate::cli) struct Insights {
    /// In plain words, with the time: “what did we spend last week?”
    #[arg(required_unless_present = "kind")]
    question: Option<String>,
    /// history, personas, frameworks, performance, engagement or insights.
    #[arg(long = "type", value_name = "TYPE")]
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Begun at or after this time.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Through this user's eyes: only its calls and nobody's.
    #[arg(long = "user", alias = "user-id", value_name = "USER")]
    user_id: Option<String>,
    /// Only what this is true of, such as `model=gpt-5`; may be given several times.
    #[arg(long = "filter", value_name = "NAME=VALUE", value_parser = pair)]
    #[serde(serialize_with = "as_map")]
    filters: Vec<(String, String)>,
    #[command(flatten)]
    #[serde(rename = "drill_down", skip_serializing_if = "Drill::is_empty")]
    drill: Drill,
    /// Go on where an earlier answer was cut.
    #[arg(long)]
    cursor: Option<String>,
    /// Write the chart to this file, as its name ends: .svg or .png.
    #[arg(long, value_name = "FILE")]
    #[serde(rename = "chart", serialize_with = "as_format", skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) chart: Option<PathBuf>,
    /// light or dark.
    #[arg(long)]
    theme: Option<String>,
}

/// What an answer looks into.
#[derive(Args, Debug, Default, PartialEq, Serialize)]
struct Drill {
    /// Group by this: day, month, model, provider, tool, user, persona, session, …
    #[arg(long, value_name = "WHAT")]
    by: Option<String>,
    /// Which table, as the commands below an answer name it.
    #[arg(long)]
    view: Option<String>,
    /// The column that orders the rows.
    #[arg(long, value_name = "COLUMN")]
    measure: Option<String>,
    /// Where the later of two periods begins.
    #[arg(long, value_name = "TIME")]
    middle: Option<String>,
}

impl Drill {
    fn is_empty(&self) -> bool {
        *self == Drill::default()
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a filter is NAME=VALUE, such as model=gpt-5")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn as_map<S: Serializer>(pairs: &[(String, String)], to: S) -> Result<S::Ok, S::Error> {
    if pairs.is_empty() {
        return to.serialize_none();
    }
    to.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

#[expect(clippy::ref_option, reason = "the form that serde asks for")]
fn as_format<S: Serializer>(file: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
    let is_png = file.as_ref().and_then(|it| it.extension()).is_some_and(|it| it.eq_ignore_ascii_case("png"));
    to.serialize_str(if is_png { "png" } else { "svg" })
}

#[derive(Args, Debug, Serialize)]
pub(in crate::cli) struct Feedback {
    /// From the answer that is judged.
    trace_id: String,
    /// -1 (useless) to 1 (just right).
    #[arg(long, allow_hyphen_values = true)]
    rating: Option<f64>,
    /// In words.
    #[arg(long)]
    note: Option<String>,
    /// The id of a memory or piece that helped; may be given several times.
    #[arg(long = "used", value_name = "ID")]
    used: Vec<String>,
}

/// Paths as they are meant in the working folder.
fn absolute(paths: Vec<String>) -> Result<Vec<String>, Failed> {
    let absolute = |it: String| {
        let path = std::path::absolute(Path::new(&it)).map_err(|err| Failed::file("find", Path::new(&it), &err))?;
        // Taken from text, put onto a working folder that may not be text; what is lost then cannot be named to a tool.
        Ok(path.to_string_lossy().into_owned())
    };
    paths.into_iter().map(absolute).collect()
}
