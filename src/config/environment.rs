//! What the process was started with: its variables and the folders that the platform gives it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::path::PathBuf;

use super::ConfigError;

/// The world as [`resolve`](super::resolve()) sees it, so that a test can pass another one.
#[derive(Clone, Default)]
pub struct Environment {
    /// Every variable whose name is UTF-8; no other could be one of ours.
    pub variables: BTreeMap<String, OsString>,
    /// The folder the program was started in. Absolute.
    pub working_folder: PathBuf,
    pub home: Option<PathBuf>,
    /// Where the platform keeps a user's configuration, without a folder of our own: `~/.config` on Linux.
    pub config_folder: Option<PathBuf>,
    /// Where the platform keeps a user's data, without a folder of our own: `~/.local/share` on Linux.
    pub data_folder: Option<PathBuf>,
}

impl Environment {
    /// Reads the real environment. Nothing else in the program does.
    ///
    /// # Errors
    /// [`ConfigError::WorkingFolder`] when the working folder is gone or may not be read.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub fn of_process() -> Result<Environment, ConfigError> {
        let working_folder =
            std::env::current_dir().map_err(|err| ConfigError::WorkingFolder { reason: err.to_string() })?;
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| name.into_string().ok().map(|name| (name, value)))
            // Windows does not tell `Openai_Api_Key` from `OPENAI_API_KEY`.
            .map(|(name, value)| (if cfg!(windows) { name.to_ascii_uppercase() } else { name }, value))
            .collect();
        let base = directories::BaseDirs::new();
        Ok(Environment {
            variables,
            working_folder,
            home: base.as_ref().map(|it| it.home_dir().to_owned()),
            config_folder: base.as_ref().map(|it| it.config_dir().to_owned()),
            // The local one: Windows copies the other between machines, which SQLite would not survive.
            data_folder: base.as_ref().map(|it| it.data_local_dir().to_owned()),
        })
    }

    /// Where the program `name` is in the folders of `PATH`: never in the working folder, whose files nobody vouches for.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        // Some hosts start servers at the root of the file system, which holds every folder.
        let is_root = self.working_folder.parent().is_none();
        let folders = std::env::split_paths(self.variable("PATH")?);
        let folders = folders.filter(|it| it.is_absolute() && (is_root || !it.starts_with(&self.working_folder)));
        folders.map(|it| it.join(&name)).find(|it| it.is_file())
    }

    /// The value of `name`; an empty one, or one of blanks, counts as not set.
    pub(super) fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(name).map(OsString::as_os_str).filter(|value| is_said(value))
    }
}

pub(super) fn is_said(value: &OsStr) -> bool {
    !value.as_encoded_bytes().trim_ascii().is_empty()
}

/// Names the variables only: their values hold keys.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment")
            .field("variables", &self.variables.keys())
            .field("working_folder", &self.working_folder)
            .field("home", &self.home)
            .field("config_folder", &self.config_folder)
            .field("data_folder", &self.data_folder)
            .finish()
    }
}
