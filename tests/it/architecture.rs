//! Keeps the arrows between the rooms, and what must be absent from them (docs/architecture.md).

use std::path::Path;
use std::path::PathBuf;

/// Every room, lowest first. A room may use only the rooms before it.
const ROOMS: [&str; 31] = [
    "ids",
    "scope",
    "clock",
    "dates",
    "vector",
    "classify",
    "tokens",
    "plural",
    "redact",
    "meaning",
    "config",
    "http",
    "store",
    "trace",
    "telemetry",
    "models",
    "embed",
    "search",
    "session",
    "memory",
    "exchange",
    "documents",
    "downstream",
    "context",
    "brief",
    "hook",
    "ask",
    "insights",
    "app",
    "server",
    "cli",
];

/// The Rust files under `folder`, as (path from the root of the crate, text).
fn rust_files(folder: &str) -> anyhow::Result<Vec<(String, String)>> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                walk(&path, files)?;
            } else if path.extension().is_some_and(|it| it == "rs") {
                files.push(path);
            }
        }
        Ok(())
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    walk(&root.join(folder), &mut files)?;
    files.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
        Ok((name, std::fs::read_to_string(&path)?))
    };
    files.into_iter().map(read).collect()
}

/// The room that a file of `src` belongs to.
fn room(name: &str) -> &str {
    let rest = name.strip_prefix("src/").unwrap_or(name);
    rest.split(['/', '.']).next().unwrap_or(rest)
}

/// The code of a file without its tests and comments: what the program itself does.
fn code(text: &str) -> String {
    let own = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    own.lines().filter(|it| !it.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The files of the rooms that hold any of `words`, in code that is not among `allowed`.
fn holders(words: &[&str], allowed: impl Fn(&str) -> bool) -> anyhow::Result<Vec<String>> {
    let files = rust_files("src")?;
    let wrong = files.iter().filter(|(name, text)| {
        !allowed(room(name)) && !name.ends_with("/tests.rs") && words.iter().any(|it| code(text).contains(it))
    });
    Ok(wrong.map(|(name, _)| name.clone()).collect())
}

#[test]
fn arrows_point_down() -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    for (name, text) in rust_files("src")? {
        // One room per `use` line, or the scan below would miss some.
        assert!(!text.contains("crate::{"), "{name}: name one room per use line");
        let Some(height) = ROOMS.iter().position(|it| *it == room(&name)) else { continue };
        for used in text.split("crate::").skip(1) {
            let used = used.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            if ROOMS.iter().position(|it| *it == used).is_some_and(|it| it > height) {
                wrong.push(format!("{name} uses {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that point up:\n{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn every_file_belongs_to_a_room_of_the_list() -> anyhow::Result<()> {
    for (name, _) in rust_files("src")? {
        let room = room(&name);
        assert!(["lib", "main"].contains(&room) || ROOMS.contains(&room), "{name}: not in the list of rooms");
    }
    Ok(())
}

#[test]
fn every_file_says_what_it_is_for() -> anyhow::Result<()> {
    for folder in ["src", "tests", "benches"] {
        if Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).is_dir() {
            for (name, text) in rust_files(folder)? {
                assert!(text.starts_with("//! "), "{name} does not open with `//! `");
            }
        }
    }
    Ok(())
}

#[test]
fn only_the_store_knows_sql() -> anyhow::Result<()> {
    let sql = ["SELECT ", "INSERT ", "DELETE FROM", "rusqlite"];
    assert_eq!(holders(&sql, |room| room == "store")?, Vec::<String>::new());
    Ok(())
}

#[test]
fn only_config_reads_the_environment() -> anyhow::Result<()> {
    let reads = ["env::var", "env::vars", "env::current_dir", "env::home_dir", "directories::"];
    assert_eq!(holders(&reads, |room| room == "config")?, Vec::<String>::new());
    Ok(())
}

#[test]
fn only_the_command_line_prints() -> anyhow::Result<()> {
    let prints = ["println!", "print!", "eprintln!", "eprint!", "io::stdout", "io::stderr"];
    assert_eq!(holders(&prints, |room| room == "cli")?, Vec::<String>::new());
    Ok(())
}

#[test]
fn only_server_and_downstream_know_the_protocol() -> anyhow::Result<()> {
    let allowed = |room: &str| ["server", "downstream", "main"].contains(&room);
    assert_eq!(holders(&["rmcp"], allowed)?, Vec::<String>::new());
    Ok(())
}

#[test]
fn only_http_opens_sockets_and_only_models_and_telemetry_use_it() -> anyhow::Result<()> {
    let sockets = ["TcpStream", "TcpListener", "UdpSocket", "lookup_host"];
    // The provider of the tests listens.
    assert_eq!(holders(&sockets, |room| ["http", "models"].contains(&room))?, Vec::<String>::new());
    let users = |room: &str| ["http", "models", "telemetry"].contains(&room);
    assert_eq!(holders(&["crate::http"], users)?, Vec::<String>::new());
    Ok(())
}

#[test]
fn only_downstream_starts_processes() -> anyhow::Result<()> {
    let starts = ["process::Command", "Command::new("];
    // clap's commands are no processes, and only the command line has those. Documents are read by this program itself,
    // past commits by git (docs/decisions).
    let others = holders(&starts, |room| ["downstream", "cli"].contains(&room))?;
    assert_eq!(others, ["src/documents/history/git.rs", "src/documents/paper/apart.rs"]);
    Ok(())
}

#[test]
fn only_the_clock_knows_the_time_of_day() -> anyhow::Result<()> {
    let now = ["SystemTime::now", "Timestamp::now", "Zoned::now"];
    assert_eq!(holders(&now, |room| room == "clock")?, Vec::<String>::new());
    Ok(())
}
