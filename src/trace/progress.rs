//! How far long work has come, told to whoever asked for it.

use std::sync::Arc;

/// One message of progress.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// How much is done, in the units of `total`; never less than in the update before.
    pub done: f64,
    /// How much there is in all; `None` when nobody knows yet.
    pub total: Option<f64>,
    /// What is being done now, or the piece of an answer that just came.
    pub message: String,
    /// Whether the message is a piece of the answer; all of them together are the answer.
    pub is_piece: bool,
}

type Listener = dyn Fn(Update) + Send + Sync;

/// Where progress goes; by default nowhere. The listener must not block: it is called from the middle of the work.
#[derive(Clone, Default)]
pub struct Progress {
    listener: Option<Arc<Listener>>,
}

impl Progress {
    /// Progress that is handed to `listener`.
    pub fn to(listener: impl Fn(Update) + Send + Sync + 'static) -> Progress {
        Progress { listener: Some(Arc::new(listener)) }
    }

    /// Whether anybody listens; lets callers save the work of wording a message.
    pub fn is_wanted(&self) -> bool {
        self.listener.is_some()
    }

    /// Tells the listener, if there is one.
    pub fn tell(&self, done: f64, total: Option<f64>, message: impl Into<String>) {
        if let Some(listener) = &self.listener {
            listener(Update { done, total, message: message.into(), is_piece: false });
        }
    }

    /// Hands the listener the next piece of an answer.
    pub fn piece(&self, done: f64, piece: impl Into<String>) {
        if let Some(listener) = &self.listener {
            listener(Update { done, total: None, message: piece.into(), is_piece: true });
        }
    }
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Progress").field("is_wanted", &self.is_wanted()).finish()
    }
}
