//! How a command ends: exit codes, and what is said when it could not do its work.

use serde_json::Value;
use serde_json::json;

use super::hosts::HostError;
use crate::config::ConfigError;
use crate::exchange::ImportError;
use crate::exchange::Problem;
use crate::server::Failure;
use crate::store::StoreError;

/// The exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
    Done = 0,
    /// The command worked and found nothing.
    Nothing = 1,
    /// Wrong use or configuration: the command line or a file must be corrected.
    Usage = 2,
    Failed = 3,
}

/// Why a command stopped.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failed {
    pub(super) exit: Exit,
    /// A kind of the contract (docs/tools.md).
    pub(super) kind: &'static str,
    /// Without a full stop.
    pub(super) message: String,
    /// What to do next; may be empty or have several lines.
    pub(super) hint: String,
    /// More for programs; an object, or null.
    pub(super) details: Box<Value>,
}

impl Failed {
    /// The command line or a file must be corrected.
    pub(super) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Failed {
        Failed {
            exit: Exit::Usage,
            kind: "invalid_argument",
            message: message.into(),
            hint: hint.into(),
            details: Box::default(),
        }
    }

    /// The work failed.
    pub(super) fn work(kind: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Failed {
        Failed { exit: Exit::Failed, kind, message: message.into(), hint: hint.into(), details: Box::default() }
    }

    /// A file that could not be read or written.
    pub(super) fn file(action: &str, path: &std::path::Path, err: &std::io::Error) -> Failed {
        let message = format!("cannot {action} {}: {err}", path.display());
        Failed::usage(message, "check the path and its permissions")
    }

    /// What `--json` prints.
    pub(super) fn to_json(&self) -> Value {
        let mut error = json!({"kind": self.kind, "message": self.message, "next_step": self.hint});
        if let (Value::Object(error), Value::Object(details)) = (&mut error, self.details.as_ref()) {
            error.extend(details.clone());
        }
        json!({ "error": error })
    }
}

impl From<ConfigError> for Failed {
    fn from(err: ConfigError) -> Failed {
        // The message says where to look and what is allowed.
        Failed::usage(err.to_string(), "correct it there; a flag wins over a variable, and that over the user file")
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Failed {
        let exit = if failure.kind == "invalid_argument" { Exit::Usage } else { Exit::Failed };
        let mut details = *failure.details;
        if let Some(seconds) = failure.retry_after_s {
            details.insert("retry_after_s".to_owned(), seconds.into());
        }
        if !failure.attempts.is_empty() {
            details.insert("attempts".to_owned(), failure.attempts.into());
        }
        Failed {
            exit,
            kind: failure.kind,
            message: failure.message,
            hint: failure.next_step,
            details: Box::new(Value::Object(details)),
        }
    }
}

impl From<StoreError> for Failed {
    fn from(err: StoreError) -> Failed {
        Failed::from(Failure::from(err))
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Failed {
        Failed::usage(format!("cannot import {problem}"), "correct it there and import again; nothing was imported")
    }
}

impl From<ImportError> for Failed {
    fn from(err: ImportError) -> Failed {
        match err {
            ImportError::Input(problem) => problem.into(),
            ImportError::Store(err) => err.into(),
            ImportError::Rows(_) => Failed::work("internal", err.to_string(), "report it"),
        }
    }
}

impl From<HostError> for Failed {
    fn from(err: HostError) -> Failed {
        let (message, hint) = (err.to_string(), err.next_step());
        match err {
            HostError::Changed { .. } => Failed::work("busy", message, hint),
            HostError::Access { .. } => Failed::work("permission", message, hint),
            _ => Failed::usage(message, hint),
        }
    }
}

impl From<anyhow::Error> for Failed {
    fn from(err: anyhow::Error) -> Failed {
        Failed::work("internal", format!("{err:#}"), "run `carryall doctor`")
    }
}
