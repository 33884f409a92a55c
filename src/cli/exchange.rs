//! `carryall import`, `export` and `backup`: everything that is kept, in and out.

use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::io::BufWriter;
use std::io::Cursor;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::commands::Import;
use super::failed::Exit;
use super::failed::Failed;
use super::output::Output;
use super::runtime;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::exchange;
use crate::exchange::Asked;
use crate::exchange::Format;
use crate::exchange::Importer;
use crate::exchange::Renderer;
use crate::exchange::Report;
use crate::exchange::Source;
use crate::memory::Memory;
use crate::plural::counted;
use crate::search;
use crate::store::Store;
use crate::store::StoreError;

/// The path that means standard input or output.
pub(super) const STANDARD: &str = "-";

/// Takes in what [`export`] or another program wrote.
pub(super) fn import(config: Config, asked: &Import, out: &Output) -> Result<Exit, Failed> {
    let format = asked.format.as_deref().and_then(Format::named);
    let failed = |err| Failed::file("read", &asked.file, &err);
    // Our own lines stream from a pipe; of everything else a first reading comes before the second.
    let is_standard = asked.file == Path::new(STANDARD);
    if is_standard && matches!(format, None | Some(Format::Carryall)) && !asked.dry_run {
        let mut input = BufReader::new(std::io::stdin());
        if input.fill_buf().map_err(failed)?.starts_with(b"\xef\xbb\xbf") {
            input.consume(3);
        }
        let begins = input.fill_buf().map_err(failed)?;
        if format.is_some() || begins.starts_with(b"{\"format\":\"carryall-export\"") {
            refuse_flags(asked, Format::Carryall)?;
            return import_rows(&config, Box::new(input), &asked.file, &[], out);
        }
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes).map_err(failed)?;
        return import_source(config, asked, Source::Bytes(Arc::new(bytes)), out);
    }
    let mut bytes = Vec::new();
    let source = if is_standard {
        std::io::stdin().read_to_end(&mut bytes).map_err(failed)?;
        Source::Bytes(Arc::new(bytes))
    } else if is_pipe(&std::fs::metadata(&asked.file).map_err(failed)?) {
        File::open(&asked.file).and_then(|mut it| it.read_to_end(&mut bytes)).map_err(failed)?;
        Source::Bytes(Arc::new(bytes))
    } else {
        Source::Path(asked.file.clone())
    };
    import_source(config, asked, source, out)
}

/// Refuses what does not go with rows that come in as they are, before anything of them does.
fn refuse_flags(asked: &Import, format: Format) -> Result<(), Failed> {
    let given = [
        ("--dry-run", asked.dry_run),
        ("--namespace", asked.namespace.is_some()),
        ("--user-id", asked.user_id.is_some()),
        ("--persona", asked.persona.is_some()),
        ("--unowned", asked.unowned),
        ("--remember-turns", asked.remember_turns),
    ];
    let Some((flag, _)) = given.iter().find(|it| it.1) else { return Ok(()) };
    Err(Failed::usage(
        format!("{flag} does not work with the format {}", format.name()),
        "leave it out: rows keep whose they are, those that are there stay, and a file with a fault is told by its line",
    ))
}

/// Whether the file can be read only once: a shell hands over `<(…)` like this.
fn is_pipe(file: &std::fs::Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::FileTypeExt::is_fifo(&file.file_type());
    #[cfg(not(unix))]
    return !file.is_file() && !file.is_dir();
}

fn import_source(config: Config, asked: &Import, source: Source, out: &Output) -> Result<Exit, Failed> {
    let wanted = Asked {
        source,
        format: asked.format.as_deref().and_then(Format::named),
        namespace: crate::scope::namespace_or_default(
            asked.namespace.clone().or_else(|| config.project.namespace.clone()),
        ),
        user_id: crate::scope::given(asked.user_id.clone()),
        persona: crate::scope::given(asked.persona.clone()),
        unowned: asked.unowned,
        remember_turns: asked.remember_turns,
        dry_run: asked.dry_run,
    };
    let format = Importer::format(&wanted)?;
    if format.is_own() {
        refuse_flags(asked, format)?;
    }
    if format == Format::CarryallMarkdown {
        let rendered = exchange::to_json_lines(&wanted.source)?;
        let lines = Box::new(Cursor::new(rendered.lines));
        return import_rows(&config, lines, &asked.file, &rendered.places, out);
    }
    if format == Format::Carryall {
        return import_rows(&config, wanted.source.open()?, &asked.file, &[], out);
    }
    let report = runtime::block_on(async {
        let app = App::new(config, Clock::system());
        let importer = Importer {
            store: app.store.clone(),
            memory: app.memory.clone(),
            sessions: app.sessions.clone(),
            clock: app.clock.clone(),
        };
        let report = importer.import(&wanted).await;
        app.store.close().await;
        Ok(report?)
    })?;
    tell(&report, asked.dry_run, out);
    Ok(Exit::Done)
}

/// Takes in rows as they are. `places` says where the lines come from, when they were made out of something else.
fn import_rows(
    config: &Config,
    lines: Box<dyn BufRead + Send>,
    file: &Path,
    places: &[(String, usize)],
    out: &Output,
) -> Result<Exit, Failed> {
    let counts = runtime::block_on(async {
        let store = Store::new(&config.db);
        let counts = store.import(lines, |text| search::index_text(text).into_owned()).await;
        if counts.is_ok() {
            // What came without its facts is to be contradicted from now on, also where no server runs.
            let memory = Memory::new(store.clone(), Clock::system());
            memory.read_facts(&CancellationToken::new()).await?;
        }
        store.close().await;
        counts.map_err(|err| match err {
            // The store knows the line; whose line it is, is known here.
            StoreError::Malformed { line, ref reason } => {
                let here = (file.display().to_string(), line);
                let (file, line) = line.checked_sub(1).and_then(|it| places.get(it)).unwrap_or(&here);
                Failed::usage(format!("cannot import {file}, line {line}: {reason}"), err.next_step())
            }
            other => other.into(),
        })
    })?;
    out.document(&json!({"rows": counts.rows, "skipped": counts.skipped, "db": config.db}));
    out.line(format_args!("{} imported, {} already there", counted(&counts.rows, "row"), counts.skipped));
    Ok(Exit::Done)
}

fn tell(report: &Report, dry_run: bool, out: &Output) {
    let skipped = report.skipped.iter().map(|it| json!({"reason": it.reason, "count": it.count, "first": it.first}));
    out.document(&json!({
        "format": report.format, "dry_run": dry_run, "memories": report.memories,
        "memories_known": report.memories_known, "turns": report.turns, "turns_known": report.turns_known,
        "sessions": report.sessions, "redacted": report.redacted, "users": report.users,
        "skipped": skipped.collect::<Vec<_>>(), "preview": report.preview,
    }));
    let came = if dry_run { "would come in" } else { "imported" };
    let Report { format, memories, memories_known, turns, turns_known, sessions, redacted, .. } = report;
    out.line(format_args!(
        "{format}: {} and {} of {} {came}; {} already there",
        counted(memories, "memory"),
        counted(turns, "turn"),
        counted(sessions, "session"),
        memories_known + turns_known
    ));
    if dry_run {
        report.preview.iter().for_each(|it| out.line(format_args!("  {it}")));
    }
    if *redacted > 0 {
        out.line(format_args!("{redacted} held a secret, which was taken out"));
    }
    if !report.users.is_empty() {
        let users = report.users.join(", ");
        out.line(format_args!("They belong to {users}: only `--user-id` shows them (`--unowned` shares them)"));
    }
    for it in &report.skipped {
        out.line(format_args!("left out: {} × {} (first: {})", it.count, it.reason, it.first));
    }
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
            out.line(format_args!("{} exported to {}", counted(&counts.rows, "row"), file.display()));
        }
        // Standard output holds the export; anything more would be in its way.
        None => out.remark(format_args!("{} exported", counted(&counts.rows, "row"))),
    }
    Ok(Exit::Done)
}

/// Writes memories, turns and contexts as Markdown: to a folder, to one file when its name ends in `.md`, or to standard
/// output.
pub(super) fn export_markdown(config: &Config, target: Option<&Path>, out: &Output) -> Result<Exit, Failed> {
    let target = target.filter(|it| *it != Path::new(STANDARD)).map(Path::to_path_buf);
    let one_file = target.as_ref().is_none_or(|it| it.extension().is_some_and(|it| it == "md"));
    if let Some(target) = target.as_ref().filter(|it| it.exists()) {
        return Err(exists(target));
    }
    let written = Arc::new(Mutex::new(0_usize));
    let count = Arc::clone(&written);
    let place = target.clone();
    let open = move |name: &str| -> std::io::Result<Box<dyn Write + Send>> {
        let Some(place) = &place else { return Ok(Box::new(BufWriter::new(std::io::stdout()))) };
        let path = if one_file { place.clone() } else { place.join(name) };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = std::fs::OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        *count.lock().unwrap_or_else(PoisonError::into_inner) += usize::from(!path.exists());
        Ok(Box::new(BufWriter::new(options.open(path)?)))
    };
    let renderer = Renderer::new(Box::new(open), one_file);
    runtime::block_on(async {
        let store = Store::new(&config.db);
        let counts = store.export(Box::new(renderer)).await;
        store.close().await;
        Ok(counts?)
    })?;
    let files = *written.lock().unwrap_or_else(PoisonError::into_inner);
    match target {
        Some(target) => {
            out.document(&json!({"files": files, "place": target}));
            out.line(format_args!("{} written: {}", counted(&files, "file"), target.display()));
        }
        None => out.remark("memories, turns and contexts written as Markdown"),
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
    Failed::usage(format!("{} exists already", file.display()), "name another file; existing ones are not overwritten")
}
