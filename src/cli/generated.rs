//! What is made from the definitions of commands, tools and settings: completions, the man page, the documents.

use std::path::Path;

use clap_complete::Shell;

use super::commands;
use super::failed::Exit;
use super::failed::Failed;
use super::output::Output;
use crate::config;
use crate::server;

pub(super) fn completions(shell: Shell, out: &Output) -> Result<Exit, Failed> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut commands::definition(), commands::PROGRAM, &mut script);
    out.text(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}

pub(super) fn man(out: &Output) -> Result<Exit, Failed> {
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(commands::definition()).render(&mut page);
    rendered.map_err(|err| Failed::work("internal", format!("cannot write the man page: {err}"), ""))?;
    out.text(&String::from_utf8_lossy(&page));
    Ok(Exit::Done)
}

/// The generated documents, each with its path in the repository.
pub(super) fn documents() -> [(&'static str, String); 4] {
    [
        ("docs/tools.md", server::markdown()),
        ("docs/config.md", config::markdown()),
        (".env.example", config::env_example()),
        ("docs/schema/context.json", server::context_schema_text()),
    ]
}

/// Writes the generated documents of the repository in `folder`.
pub(super) fn docs(folder: &Path, out: &Output) -> Result<Exit, Failed> {
    for (name, text) in documents() {
        let path = folder.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|err| Failed::file("make", folder, &err))?;
        }
        std::fs::write(&path, text).map_err(|err| Failed::file("write", &path, &err))?;
        out.line(format_args!("{} written", path.display()));
    }
    Ok(Exit::Done)
}
