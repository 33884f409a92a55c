//! Prompts: the usual ways to begin, offered by the host's menu.

use rmcp::ErrorData;
use rmcp::model::GetPromptResult;
use rmcp::model::Prompt;
use rmcp::model::PromptArgument;
use rmcp::model::PromptMessage;
use rmcp::model::Role;
use serde_json::Map;
use serde_json::Value;

use super::tools;
use crate::app::App;
use crate::config::Config;
use crate::store::SessionFilter;

/// Tokens of what `resume_session` quotes: a person asked for it, so it may be longer than what comes unasked.
const TOKENS: u32 = 4_000;

struct Template {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    /// Name, description, whether it is needed.
    arguments: &'static [(&'static str, &'static str, bool)],
    /// The tools that it builds on.
    needs: &'static [&'static str],
}

const TEMPLATES: [Template; 4] = [
    Template {
        name: "brief_me",
        title: "Brief me on a task",
        description: "Gathers what is known about a task, from memory and files, before work on it begins",
        arguments: &[("task", "What you are about to do", true)],
        needs: &["assemble_context"],
    },
    Template {
        name: "decide",
        title: "Decide between options",
        description: "Weighs options against earlier decisions and keeps the outcome",
        arguments: &[
            ("question", "What is to be decided", true),
            ("options", "The options, separated by commas", false),
        ],
        needs: &["recall", "remember"],
    },
    Template {
        name: "resume_session",
        title: "Resume a session",
        description: "Picks up an earlier conversation where it was left",
        arguments: &[("session_id", "The session to go on with", true)],
        needs: &["recall"],
    },
    Template {
        name: "review_change",
        title: "Review a change",
        description: "Reviews a change with the project's decisions and conventions at hand",
        arguments: &[("change", "A description of the change, or the diff itself", true)],
        needs: &["assemble_context"],
    },
];

fn enabled(config: &Config) -> impl Iterator<Item = &'static Template> {
    TEMPLATES.iter().filter(|it| it.needs.iter().all(|name| tools::find(config, name).is_some()))
}

/// The prompts whose tools are enabled.
pub(super) fn list(config: &Config) -> Vec<Prompt> {
    let prompt = |it: &Template| {
        let arguments = it.arguments.iter().map(|(name, description, required)| {
            PromptArgument::new(*name).with_description(*description).with_required(*required)
        });
        Prompt::new(it.name, Some(it.description), Some(arguments.collect())).with_title(it.title)
    };
    enabled(config).map(prompt).collect()
}

/// The messages of a prompt.
pub(super) async fn get(app: &App, name: &str, arguments: &Map<String, Value>) -> Result<GetPromptResult, ErrorData> {
    let Some(template) = enabled(&app.config).find(|it| it.name == name) else {
        let names: Vec<&str> = enabled(&app.config).map(|it| it.name).collect();
        let message = format!("unknown prompt `{}`; there are {}", super::reply::shorten(name, 64), names.join(", "));
        return Err(ErrorData::invalid_params(message, None));
    };
    let value = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    for (name, description, required) in template.arguments {
        if *required && value(name).is_empty() {
            let message = format!("argument `{name}` of prompt `{}` is missing: {description}", template.name);
            return Err(ErrorData::invalid_params(message, None));
        }
    }
    let text = match template.name {
        "brief_me" => format!(
            "I am about to work on this:\n\n{}\n\nCall assemble_context with this as the query, and recall for earlier \
             decisions about it. Then brief me in at most ten lines: what is known, what was decided and why, which \
             files matter (cite path and lines), what is open. Say what you could not find.",
            value("task")
        ),
        "review_change" => format!(
            "Review this change:\n\n{}\n\nFirst call assemble_context with what the change is about, so that you know \
             the project's conventions and the code around it, and recall for decisions that it touches. Then list \
             the findings, the gravest first, each with path and line, what goes wrong, and a remedy.",
            value("change")
        ),
        "decide" => {
            let options = value("options");
            let options = if options.is_empty() {
                "Name the sensible options yourself.".to_owned()
            } else {
                format!("Options: {options}.")
            };
            format!(
                "Help me decide: {}\n{options}\n\nCall recall for earlier decisions and preferences that bear on it. \
                 Compare the options by what matters here, recommend one, and say what would change your mind. When I \
                 have decided, call remember with kind \"decision\": what was decided, why, and what was rejected.",
                value("question")
            )
        }
        _ => resume(app, &value("session_id")).await?,
    };
    let mut result = GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]);
    result.description = Some(template.description.to_owned());
    Ok(result)
}

async fn resume(app: &App, session_id: &str) -> Result<String, ErrorData> {
    let namespace = crate::scope::namespace_or_default(app.config.project.namespace.clone());
    let filter = SessionFilter {
        namespace: Some(namespace),
        session_id: Some(session_id.to_owned()),
        ..SessionFilter::default()
    };
    let briefs = app.briefs();
    let rows = briefs.sessions(filter, 1).await.map_err(super::resources::protocol_error)?;
    let left = match rows.into_iter().next() {
        Some(row) => briefs.of(row).await.map_err(super::resources::protocol_error)?.text(TOKENS),
        None => "No turns are kept of it.".to_owned(),
    };
    Ok(format!(
        "Let us go on with session {session_id:?}. {left}\n\nCall recall with session_id {session_id:?} and an empty \
         query for what was remembered in it. Then tell me in a few lines where we were, what was decided and what is \
         open, and go on using the same session_id."
    ))
}
