//! What was said on the command line, before anything is checked.

use std::ffi::OsStr;
use std::path::PathBuf;

use super::Environment;
use super::check;
use super::settings;
use super::sources::Raw;

/// The flags that set something, raw; `None` or empty where one was not given. The table of settings names each.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub config: Option<PathBuf>,
    pub env_file: Option<PathBuf>,
    pub db: Option<PathBuf>,
    /// Every `--root`.
    pub roots: Vec<PathBuf>,
    /// Names joined by commas.
    pub toolsets: Option<String>,
    pub read_only: Option<bool>,
    /// Names joined by commas.
    pub exclude_tools: Option<String>,
    pub text_only: Option<bool>,
    pub offline: Option<bool>,
    pub provider: Option<String>,
    pub log_format: Option<String>,
}

impl Flags {
    /// These flags, and those that say what variables of our own say where no flag does; and which variables those are. An
    /// entry in a host's file needs them: a host that a desktop starts has no variables of a shell.
    pub fn with_variables(mut self, environment: &Environment) -> (Flags, Vec<&'static str>) {
        let mut taken = Vec::new();
        let mut take = |name: &'static str, is_open: bool| {
            let value = environment.variable(name).filter(|_| is_open).map(Raw::Text)?;
            taken.push(name);
            Some(value)
        };
        let path = |raw: Raw<'_>| check::path(&raw, environment).ok();
        let text = |raw: Raw<'_>| check::text(&raw).ok().map(|it| it.into_owned());
        let switch = |name: &'static str| environment.variable(name).map(Raw::Text).map(|it| check::boolean(&it));
        self.config = take("CARRYALL_CONFIG", self.config.is_none()).and_then(path).or(self.config);
        self.db = take("CARRYALL_DB", self.db.is_none()).and_then(path).or(self.db);
        if let Some(roots) = take("CARRYALL_ROOTS", self.roots.is_empty()) {
            self.roots = check::paths(&roots, environment).unwrap_or_default();
        }
        self.toolsets = take("CARRYALL_TOOLSETS", self.toolsets.is_none()).and_then(text).or(self.toolsets);
        self.exclude_tools =
            take("CARRYALL_EXCLUDE_TOOLS", self.exclude_tools.is_none()).and_then(text).or(self.exclude_tools);
        let switches = [
            ("CARRYALL_READ_ONLY", &mut self.read_only),
            ("CARRYALL_TEXT_ONLY", &mut self.text_only),
            ("CARRYALL_OFFLINE", &mut self.offline),
        ];
        for (name, flag) in switches {
            if matches!(switch(name), Some(Ok(true))) && take(name, flag.is_none()).is_some() {
                *flag = Some(true);
            }
        }
        (self, taken)
    }

    /// What the flag of the setting called `name` says.
    pub(super) fn raw(&self, name: &str) -> Option<Raw<'_>> {
        match name {
            "config" => path(&self.config),
            "env_file" => path(&self.env_file),
            "db" => path(&self.db),
            "roots" => Some(Raw::Paths(&self.roots)).filter(|_| !self.roots.is_empty()),
            "toolsets" => text(&self.toolsets),
            "read_only" => self.read_only.map(Raw::Switch),
            "exclude_tools" => text(&self.exclude_tools),
            "text_only" => self.text_only.map(Raw::Switch),
            "offline" => self.offline.map(Raw::Switch),
            "provider" => text(&self.provider),
            "log_format" => text(&self.log_format),
            _ => None,
        }
    }
}

/// The variables of our own that are set and that no flag stands for: a host does not see them, whatever its entry says.
pub fn variables_without_flag(environment: &Environment) -> Vec<&'static str> {
    let own = settings().into_iter().filter(|it| it.flag.is_none()).flat_map(|it| it.variables);
    own.copied().filter(|it| it.starts_with("CARRYALL_") && environment.variable(it).is_some()).collect()
}

fn path(flag: &Option<PathBuf>) -> Option<Raw<'_>> {
    flag.as_deref().map(|it| Raw::Text(it.as_os_str()))
}

fn text(flag: &Option<String>) -> Option<Raw<'_>> {
    flag.as_deref().map(|it| Raw::Text(OsStr::new(it)))
}
