//! The commands that mirror tools. Each takes the tool's arguments as flags, named as the contract names them, and
//! calls the tool by the same path as a host.

mod arguments;
mod further;
mod past;
mod purge;
mod unindex;
mod watch;

use std::io::Read;
use std::path::Path;

use base64::Engine;
use owo_colors::OwoColorize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::commands::Command;
use super::exchange::STANDARD;
use super::failed::Exit;
use super::failed::Failed;
use super::hosts::Os;
use super::output::Output;
use super::runtime;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::server;
use crate::server::Answer;
use watch::Watch;

pub(super) use arguments::Ask;
pub(super) use arguments::Context;
pub(super) use arguments::Feedback;
pub(super) use arguments::Forget;
pub(super) use arguments::Index;
pub(super) use arguments::Insights;
pub(super) use arguments::Recall;
pub(super) use arguments::Remember;
pub(super) use arguments::Search;
pub(super) use arguments::Trace;

/// A tool and the arguments to call it with.
#[derive(Debug, PartialEq)]
pub(super) struct Call {
    tool: String,
    arguments: Map<String, Value>,
}

impl Call {
    fn of(tool: &str, arguments: &impl Serialize) -> Result<Call, Failed> {
        match serde_json::to_value(arguments) {
            Ok(Value::Object(arguments)) => {
                let arguments = arguments.into_iter().filter(|(_, value)| is_given(value)).collect();
                Ok(Call { tool: tool.to_owned(), arguments })
            }
            other => Err(Failed::work("internal", format!("arguments of {tool}: {other:?}"), "report it")),
        }
    }
}

/// Calls the tool that `command` mirrors, and shows its answer.
pub(super) fn run(command: Command, config: Config, out: &Output) -> Result<Exit, Failed> {
    if let Command::Index(it) = &command
        && it.remove
    {
        return unindex::run(&it.folders(), config, out);
    }
    let purges = matches!(&command, Command::Forget(it) if it.purge);
    let picture = if let Command::Insights(it) = &command { it.chart.clone() } else { None };
    let call = call(command)?;
    if purges {
        return purge::run(call, config, out);
    }
    let watch = Watch::new(&call.tool, out);
    let answer = runtime::block_on(async {
        let app = App::new(config, Clock::system());
        let arguments = Value::Object(call.arguments.clone());
        let outcome =
            server::call_locally(&app, &call.tool, arguments, watch.progress(), CancellationToken::new()).await;
        let streamed = watch.finish();
        let answer = outcome.map_err(|failure| failed(failure, &call.tool));
        if let Ok(answer) = &answer {
            // Before the answer is seen, so that whoever sees it can end the waiting.
            let stop = runtime::signal()?;
            show(answer, streamed, out);
            // Who indexes by hand asks later, in another process.
            if call.tool == "index_workspace" {
                past::wait(&app, stop, out).await;
            }
        }
        // The trace of the call is written by now, or is on its way.
        app.close().await;
        answer
    })?;
    if let Some(file) = picture {
        keep_picture(&answer, &file, out)?;
    }
    Ok(if found_nothing(&call.tool, &answer) { Exit::Nothing } else { Exit::Done })
}

fn call(command: Command) -> Result<Call, Failed> {
    match command {
        Command::Ask(it) => Call::of("ask", &it.read_stdin()?),
        Command::Remember(it) => Call::of("remember", &it.read_stdin()?),
        Command::Recall(it) => Call::of("recall", &it),
        Command::Forget(it) => Call::of("forget", &it),
        Command::Index(it) => Call::of("index_workspace", &it.absolute()?),
        Command::Search(it) => Call::of("search_workspace", &it.absolute()?),
        Command::Context(it) => Call::of("assemble_context", &it.absolute()?),
        Command::Trace(it) => Call::of("get_trace", &it),
        Command::Insights(it) => Call::of("query_insights", &it),
        Command::Feedback(it) => Call::of("give_feedback", &it),
        Command::Call { tool, arguments } => {
            let text = if arguments == STANDARD { stdin()? } else { arguments };
            let example = "for example carryall call recall '{\"query\": \"deadline\"}'";
            let wrong = |what: String| Failed::usage(format!("the arguments of {tool} are {what}"), example);
            match serde_json::from_str(&text) {
                Ok(Value::Object(arguments)) => Ok(Call { tool, arguments }),
                Ok(_) => Err(wrong("not a JSON object".to_owned())),
                Err(err) => Err(wrong(format!("not valid JSON: {err}"))),
            }
        }
        other => Err(Failed::work("internal", format!("{other:?} is no tool"), "report it")),
    }
}

fn failed(failure: server::Failure, tool: &str) -> Failed {
    let mut failed = Failed::from(failure);
    if failed.kind == "not_found" && !server::tool_names().contains(&tool) {
        failed.exit = Exit::Usage;
    }
    failed
}

/// Everything on standard input, as text.
fn stdin() -> Result<String, Failed> {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map_err(|err| Failed::usage(format!("cannot read standard input: {err}"), "it must be text in UTF-8"))?;
    Ok(text)
}

/// A flag that was not given leaves the tool its default.
fn is_given(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(list) => !list.is_empty(),
        _ => true,
    }
}

fn show(answer: &Answer, streamed: bool, out: &Output) {
    out.document(&Value::Object(answer.structured.clone()));
    if out.is_json() {
        return;
    }
    // What was streamed is the answer alone; who gave it, from what and for how much stands behind it.
    let said = answer.structured.get("answer").and_then(Value::as_str).unwrap_or_default();
    match answer.text.strip_prefix(said).filter(|_| streamed) {
        Some(rest) => out.line(rest.trim().dimmed()),
        None => {
            out.line(format_args!("{}{}", answer.text.trim_end(), further::commands(&answer.structured, Os::current())))
        }
    }
}

/// Writes the answer's chart to a file.
fn keep_picture(answer: &Answer, file: &Path, out: &Output) -> Result<(), Failed> {
    let Some(image) = &answer.image else {
        out.remark("there is nothing to draw");
        return Ok(());
    };
    let bytes = base64::engine::general_purpose::STANDARD.decode(&image.data);
    let bytes = bytes.map_err(|err| Failed::work("internal", format!("the chart is damaged: {err}"), "report it"))?;
    std::fs::write(file, bytes).map_err(|err| Failed::file("write", file, &err))?;
    out.remark(format_args!("chart written to {}", file.display()));
    Ok(())
}

/// Whether the call worked and there is nothing in its answer.
fn found_nothing(tool: &str, answer: &Answer) -> bool {
    let list = match tool {
        "give_feedback" => return answer.structured.get("recorded") == Some(&Value::Bool(false)),
        "recall" => "memories",
        "search_workspace" => "hits",
        "get_trace" => "spans",
        "read_context" => "contexts",
        "assemble_context" => "items",
        "forget" => "ids",
        _ => return false,
    };
    answer.structured.get(list).and_then(Value::as_array).is_some_and(Vec::is_empty)
}

#[cfg(test)]
mod tests;
