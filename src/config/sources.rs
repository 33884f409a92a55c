//! Looks a setting up where it may be set, highest rank first, and remembers where it was found.

use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;

use toml::de::DeValue;

use super::ConfigError;
use super::Environment;
use super::Flags;
use super::Secret;
use super::Setting;
use super::check::Wrong;
use super::check::word;
use super::env_file::EnvFile;
use super::error::quoted;
use super::file::UserFile;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag,
    /// A variable of the real environment.
    Variable(String),
    /// A variable in the file named by `--env-file`.
    EnvFile(PathBuf),
    UserFile(PathBuf),
    ProjectFile(PathBuf),
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag => f.write_str("a flag"),
            Origin::Variable(name) => write!(f, "the variable {name}"),
            Origin::EnvFile(path) => write!(f, "the env file {}", path.display()),
            Origin::UserFile(path) => write!(f, "the user file {}", path.display()),
            Origin::ProjectFile(path) => write!(f, "the project file {}", path.display()),
            Origin::Default => f.write_str("the default"),
        }
    }
}

/// One line of `config show`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub name: String,
    /// The checked value as text; of a key only whether it is set.
    pub value: String,
    pub origin: Origin,
}

/// A value before it is checked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Raw<'a> {
    /// From a flag or a variable.
    Text(&'a OsStr),
    /// From a flag that may be given several times.
    Paths(&'a [PathBuf]),
    /// From a flag without a value.
    Switch(bool),
    Toml(&'a DeValue<'a>),
}

impl Raw<'_> {
    /// The value for a message.
    pub(super) fn quoted(&self) -> String {
        match self {
            Raw::Text(text) => quoted(&text.to_string_lossy()),
            Raw::Paths(paths) => quoted(&paths.iter().map(|it| it.to_string_lossy()).collect::<Vec<_>>().join(", ")),
            Raw::Switch(on) => on.to_string(),
            Raw::Toml(DeValue::String(text)) => quoted(text),
            Raw::Toml(DeValue::Integer(number)) => number.to_string(),
            Raw::Toml(DeValue::Float(number)) => number.to_string(),
            Raw::Toml(DeValue::Boolean(on)) => on.to_string(),
            Raw::Toml(DeValue::Datetime(time)) => time.to_string(),
            Raw::Toml(DeValue::Array(_)) => "a list".to_owned(),
            Raw::Toml(DeValue::Table(_)) => "a table".to_owned(),
        }
    }
}

/// A raw value and where it was found.
pub(super) struct Found<'a> {
    pub(super) raw: Raw<'a>,
    pub(super) origin: Origin,
    /// The variable that held it, in the environment or the env file.
    pub(super) variable: Option<String>,
    pub(super) line: Option<usize>,
}

impl Found<'_> {
    /// Checks the value of `setting` by `check`.
    pub(super) fn check<T>(
        &self,
        setting: &str,
        check: impl FnOnce(&Raw<'_>) -> Result<T, Wrong>,
    ) -> Result<T, ConfigError> {
        check(&self.raw).map_err(|wrong| ConfigError::Value {
            setting: setting.to_owned(),
            origin: self.origin.clone(),
            line: self.line,
            value: wrong.value.unwrap_or_else(|| self.raw.quoted()),
            allowed: wrong.allowed,
        })
    }
}

/// Everywhere a value may come from, and what has been read so far.
pub(super) struct Sources<'a> {
    pub(super) flags: &'a Flags,
    pub(super) environment: &'a Environment,
    pub(super) env_file: Option<&'a EnvFile>,
    pub(super) user_file: Option<&'a UserFile<'a>>,
    /// One line for every value that was read, in that order.
    pub(super) shown: Vec<Shown>,
}

impl<'a> Sources<'a> {
    /// The value of a setting that always has one: found, or its default.
    pub(super) fn read<T>(
        &mut self,
        setting: &Setting,
        check: impl Fn(&Raw<'_>) -> Result<T, Wrong>,
        show: impl Fn(&T) -> String,
    ) -> Result<T, ConfigError> {
        let found = self.find(setting).unwrap_or_else(|| Found {
            raw: Raw::Text(OsStr::new(setting.default)),
            origin: Origin::Default,
            variable: None,
            line: None,
        });
        let value = found.check(setting.name, check)?;
        self.show(setting.name, show(&value), found.origin);
        Ok(value)
    }

    /// The value of a setting that may have none; then its default is only described.
    pub(super) fn read_optional<T>(
        &mut self,
        setting: &Setting,
        check: impl Fn(&Raw<'_>) -> Result<T, Wrong>,
        show: impl Fn(&T) -> String,
    ) -> Result<Option<T>, ConfigError> {
        let Some(found) = self.find(setting) else {
            self.show(setting.name, setting.default.to_owned(), Origin::Default);
            return Ok(None);
        };
        let value = found.check(setting.name, check)?;
        self.show(setting.name, show(&value), found.origin);
        Ok(Some(value))
    }

    /// The key in `variable`, which is shown as `name` without its value.
    pub(super) fn read_key(&mut self, name: &str, variable: &str) -> Option<Secret> {
        let Some(found) = self.variable(variable) else {
            self.show(name, format!("not set, looked for in {variable}"), Origin::Default);
            return None;
        };
        // Whatever else a key may be, it is sent as a header. What cannot be is no reason to do without a memory.
        let key = word(&found.raw).ok().filter(|it| it.bytes().all(|it| it.is_ascii_graphic()));
        let said = match &key {
            Some(_) => format!("set, from {variable}"),
            None => format!("not used: {variable} is no key, which has ASCII characters without blanks"),
        };
        self.show(name, said, found.origin);
        key.map(Secret::new)
    }

    pub(super) fn show(&mut self, name: &str, value: String, origin: Origin) {
        self.shown.push(Shown { name: name.to_owned(), value, origin });
    }

    /// Flag, then variable, then user file.
    pub(super) fn find(&self, setting: &Setting) -> Option<Found<'a>> {
        if let Some(raw) = self.flags.raw(setting.name) {
            return Some(Found { raw, origin: Origin::Flag, variable: None, line: None });
        }
        if let Some(found) = setting.variables.iter().find_map(|name| self.variable(name)) {
            return Some(found);
        }
        self.user_file?.find(setting.key?)
    }

    /// The variable `name`: from the environment, else from the env file.
    pub(super) fn variable(&self, name: &str) -> Option<Found<'a>> {
        let environment = self.environment.variable(name).map(|value| (value, Origin::Variable(name.to_owned())));
        let (value, origin) = environment.or_else(|| {
            let file = self.env_file?;
            Some((file.variable(name)?, Origin::EnvFile(file.path.clone())))
        })?;
        Some(Found { raw: Raw::Text(value), origin, variable: Some(name.to_owned()), line: None })
    }
}
