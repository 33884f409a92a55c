//! Reads files of settings: bounded, and every key in them known.

use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeString;
use toml::de::DeTable;
use toml::de::DeValue;

use super::ConfigError;
use super::error::quoted;
use super::nearest::nearest;
use super::routing::LIMIT_KEYS;
use super::routing::MODEL_KEYS;
use super::settings::Group;
use super::settings::settings;
use super::sources::Found;
use super::sources::Origin;
use super::sources::Raw;

const WHAT: &str = "the user file";

/// A file of settings that a person wrote is a thousandth of this.
const MAX_BYTES: u64 = 1 << 20;

/// The keys below `[providers.NAME]`.
const PROVIDER_KEYS: &[&str] = &[
    "kind",
    "base_url",
    "api_key_env",
    "model",
    "api_version",
    "api",
    "stream",
    "allow_http",
    "key_header",
    "headers",
];

/// The keys below `[prices."provider/model"]`.
const PRICE_KEYS: &[&str] = &["input", "output", "cache_read", "cache_write"];

/// Reads a file that a person named. It may be a pipe, as a shell makes it from the output of a password manager.
///
/// # Errors
/// [`ConfigError::File`] when it cannot be read, is over 1 MiB or not UTF-8.
pub(super) fn read_named(what: &'static str, path: &Path) -> Result<String, ConfigError> {
    File::open(path).and_then(|file| read_bounded(file, MAX_BYTES)).map_err(|err| ConfigError::File {
        what,
        path: path.to_owned(),
        line: None,
        reason: err.to_string(),
    })
}

/// The whole text of `file`, which may have up to `max_bytes`.
pub(super) fn read_bounded(file: File, max_bytes: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.take(max_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it has more than {max_bytes} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// Reads the user file. `None` when it does not exist and nobody asked for it.
pub(super) fn read_user_file(path: &Path, named: bool) -> Result<Option<String>, ConfigError> {
    // The parent may be a file, too.
    let missing = |it: &io::Error| matches!(it.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    match std::fs::metadata(path) {
        Err(err) if !named && missing(&err) => Ok(None),
        _ => read_named(WHAT, path).map(Some),
    }
}

/// What is wrong with a TOML text, and on which line. The message never quotes the text, which may hold a key.
pub(super) fn parse(text: &str) -> Result<DeTable<'_>, (Option<usize>, String)> {
    match DeTable::parse(text) {
        Ok(table) => Ok(table.into_inner()),
        Err(err) => Err((err.span().map(|it| line_at(text, it.start)), err.message().to_owned())),
    }
}

fn line_at(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|it| *it == b'\n').count() + 1
}

/// The user file, parsed; every key in it is known.
pub(super) struct UserFile<'a> {
    pub(super) path: PathBuf,
    text: &'a str,
    table: DeTable<'a>,
}

impl<'a> UserFile<'a> {
    /// Parses `text`, the content of the file at `path`.
    ///
    /// # Errors
    /// [`ConfigError::File`] when it is not TOML, [`ConfigError::UnknownKey`] when it has a key that means nothing,
    /// [`ConfigError::Value`] when a value stands where a table is expected.
    pub(super) fn parse(path: PathBuf, text: &'a str) -> Result<UserFile<'a>, ConfigError> {
        let table = match parse(text) {
            Ok(table) => table,
            Err((line, reason)) => return Err(ConfigError::File { what: WHAT, path, line, reason }),
        };
        let file = UserFile { path, text, table };
        file.check_keys()?;
        Ok(file)
    }

    /// The value at a key of the form `a` or `a.b` or `a.b.c`.
    pub(super) fn find(&self, key: &str) -> Option<Found<'_>> {
        let (tables, last) = key.rsplit_once('.').unwrap_or(("", key));
        let mut table = &self.table;
        for name in tables.split('.').filter(|it| !it.is_empty()) {
            table = table.get(name)?.get_ref().as_table()?;
        }
        table.get(last).map(|it| self.found(it))
    }

    /// The tables inside the table `key`, such as `providers`, by name.
    pub(super) fn tables(&self, key: &str) -> impl Iterator<Item = (&str, &DeTable<'a>)> {
        self.table
            .get(key)
            .and_then(|it| it.get_ref().as_table())
            .into_iter()
            .flat_map(|it| it.iter())
            .filter_map(|(name, value)| Some((name.get_ref().as_ref(), value.get_ref().as_table()?)))
    }

    /// A value of this file, to be checked.
    pub(super) fn found<'f>(&'f self, value: &'f Spanned<DeValue<'a>>) -> Found<'f> {
        Found {
            raw: Raw::Toml(value.get_ref()),
            origin: Origin::UserFile(self.path.clone()),
            variable: None,
            line: Some(line_at(self.text, value.span().start)),
        }
    }

    fn check_keys(&self) -> Result<(), ConfigError> {
        let known: Vec<&str> =
            settings().iter().filter(|it| it.group != Group::Project).filter_map(|it| it.key).collect();
        for (key, value) in &self.table {
            let name = key.get_ref().as_ref();
            match name {
                "providers" => self.check_tables(name, value, PROVIDER_KEYS)?,
                "prices" => self.check_tables(name, value, PRICE_KEYS)?,
                "retention" => self.check_tables(name, value, super::retention::KEYS)?,
                "limits" => self.check_tables(name, value, LIMIT_KEYS)?,
                "models" => self.check_tables(name, value, MODEL_KEYS)?,
                _ if known.contains(&name) => {}
                _ => {
                    let below: Vec<&str> =
                        known.iter().filter_map(|it| it.strip_prefix(name)?.strip_prefix('.')).collect();
                    if below.is_empty() {
                        // The names of tables may be misspelt as well.
                        let tables = known.iter().filter_map(|it| it.split_once('.')).map(|it| it.0);
                        let known: Vec<&str> = known
                            .iter()
                            .copied()
                            .chain(tables)
                            .chain(["prices", "limits", "models", "retention"])
                            .collect();
                        return Err(self.unknown(key, "", &known));
                    }
                    self.check_table(name, value, &below)?;
                }
            }
        }
        Ok(())
    }

    /// Checks a table whose keys are names that the user chose, with a table below each.
    fn check_tables(&self, name: &str, value: &Spanned<DeValue<'a>>, known: &[&str]) -> Result<(), ConfigError> {
        for (key, value) in self.as_table(name, value)? {
            let key = key.get_ref();
            let bare = key.bytes().all(|it| it.is_ascii_alphanumeric() || b"_-".contains(&it)) && !key.is_empty();
            let below = if bare { format!("{name}.{key}") } else { format!("{name}.\"{}\"", key.escape_debug()) };
            self.check_table(&below, value, known)?;
        }
        Ok(())
    }

    fn check_table(&self, name: &str, value: &Spanned<DeValue<'a>>, known: &[&str]) -> Result<(), ConfigError> {
        match self.as_table(name, value)?.keys().find(|it| !known.contains(&it.get_ref().as_ref())) {
            Some(key) => Err(self.unknown(key, name, known)),
            None => Ok(()),
        }
    }

    fn as_table<'f>(&'f self, name: &str, value: &'f Spanned<DeValue<'a>>) -> Result<&'f DeTable<'a>, ConfigError> {
        value.get_ref().as_table().ok_or_else(|| {
            let found = self.found(value);
            ConfigError::Value {
                setting: name.to_owned(),
                origin: found.origin,
                line: found.line,
                value: found.raw.quoted(),
                allowed: format!("a table, written as [{name}]"),
            }
        })
    }

    /// `table` is empty for a key at the top. `known` are the keys that could stand beside it.
    fn unknown(&self, key: &Spanned<DeString<'a>>, table: &str, known: &[&str]) -> ConfigError {
        let line = line_at(self.text, key.span().start);
        let name = key.get_ref().as_ref();
        let hint = if name == "api_key" {
            Some("a key does not belong in a file: name the variable that holds it by api_key_env".to_owned())
        } else if table.is_empty() && settings().iter().any(|it| it.group == Group::Project && it.key == Some(name)) {
            Some("it belongs in the project file, carryall.toml in the working folder".to_owned())
        } else {
            let meant = nearest(name, known.iter().copied())
                // A key that forgot its table is found by its last part.
                .or_else(|| known.iter().copied().find(|it| it.rsplit('.').next() == Some(name)))
                .map(|it| if table.is_empty() { it.to_owned() } else { format!("{table}.{it}") })
                .map(|it| format!("did you mean {}?", toml_form(&it)));
            meant.or_else(|| Some(format!("it may have {}", known.join(", "))).filter(|_| !table.is_empty()))
        };
        let key = if table.is_empty() { quoted(name) } else { format!("{} in [{table}]", quoted(name)) };
        ConfigError::UnknownKey { path: self.path.clone(), line, key, hint }
    }
}

/// A key as it is written in the file: `[budget] daily_usd`.
pub(super) fn toml_form(key: &str) -> String {
    // A dot before the last quote is part of a name.
    let names_end = key.rfind('"').unwrap_or_default();
    match key.rsplit_once('.').filter(|it| it.0.len() >= names_end) {
        Some((table, last)) => format!("[{table}] {last}"),
        None => key.to_owned(),
    }
}
