//! `carryall import`, `export` and `backup`: everything that is kept, in and out.

use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;

use serde_json::json;

use super::failed::Exit;
use super::failed::Failed;
use super::output::Output;
use super::runtime;
use crate::config::Config;
use crate::search;
use crate::store::Store;
use crate::store::StoreError;

/// The path that means standard input or output.
pub(super) const STANDARD: &str = "-";

/// Takes in what [`export`] wrote.
pub(super) fn import(config: &Config, file: &Path, out: &Output) -> Result<Exit, Failed> {
    let input: Box<dyn BufRead + Send> = if file == Path::new(STANDARD) {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        Box::new(BufReader::new(File::open(file).map_err(|err| Failed::file("read", file, &err))?))
    };
    let counts = runtime::block_on(async {
        let store = Store::new(&config.db);
        let counts = store.import(input, |text| search::index_text(text).into_owned()).await;
        store.close().await;
        counts.map_err(|err| match err {
            // The store knows the line; whose line it is, is known here.
            StoreError::Malformed { line, ref reason } => {
                Failed::usage(format!("cannot import {}, line {line}: {reason}", file.display()), err.next_step())
            }
            other => other.into(),
        })
    })?;
    out.document(&json!({"rows": counts.rows, "skipped": counts.skipped, "db": config.db}));
    out.line(format_args!("{} rows imported, {} were there already", counts.rows, counts.skipped));
    Ok(Exit::Done)
}

/// Writes every row as a line of JSON, to standard output unless a file is named.
pub(super) fn export(config: &Config, file: Option<&Path>, out: &Output) -> Result<Exit, Failed> {
    let file = file.filter(|it| *it != Path::new(STANDARD));
    let target: Box<dyn Write + Send> = match file {
        Some(file) => Box::new(BufWriter::new(create(file)?)),
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    let counts = runtime::block_on(async {
        let store = Store::new(&config.db);
        let counts = store.export(target).await;
        store.close().await;
        Ok(counts?)
    })?;
    match file {
        Some(file) => {
            out.document(&json!({"rows": counts.rows, "file": file}));
            out.line(format_args!("{} rows exported to {}", counts.rows, file.display()));
        }
        // Standard output holds the export; anything more would be in its way.
        None => out.remark(format_args!("{} rows exported", counts.rows)),
    }
    Ok(Exit::Done)
}

/// Copies the database to a new file while others use it.
pub(super) fn backup(config: &Config, file: &Path, out: &Output) -> Result<Exit, Failed> {
    let target = std::path::absolute(file).map_err(|err| Failed::file("write", file, &err))?;
    if target.exists() {
        return Err(exists(&target));
    }
    runtime::block_on(async {
        let store = Store::new(&config.db);
        let copied = store.backup(target.clone()).await;
        store.close().await;
        Ok(copied?)
    })?;
    let size_bytes = std::fs::metadata(&target).map(|it| it.len()).unwrap_or_default();
    out.document(&json!({"file": target, "size_bytes": size_bytes}));
    out.line(format_args!("{} copied to {} ({size_bytes} bytes)", config.db.display(), target.display()));
    Ok(Exit::Done)
}

/// A new file that only the user may read. What is there is never written over.
fn create(file: &Path) -> Result<File, Failed> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map_err(|err| match err.kind() {
        std::io::ErrorKind::AlreadyExists => exists(file),
        _ => Failed::file("write", file, &err),
    })
}

fn exists(file: &Path) -> Failed {
    Failed::usage(format!("{} exists already", file.display()), "name another file; none is written over")
}
