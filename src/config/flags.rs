//! What was said on the command line, before anything is checked.

use std::ffi::OsStr;
use std::path::PathBuf;

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

fn path(flag: &Option<PathBuf>) -> Option<Raw<'_>> {
    flag.as_deref().map(|it| Raw::Text(it.as_os_str()))
}

fn text(flag: &Option<String>) -> Option<Raw<'_>> {
    flag.as_deref().map(|it| Raw::Text(OsStr::new(it)))
}
