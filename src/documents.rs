//! Turns files and code into pieces that can be found.
//!
//! Four steps, each usable alone: [`Allowed`] says whether a folder may be read at all, [`walk()`] offers its files,
//! [`read()`] turns one into text, [`chunk()`] cuts that into pieces. [`Documents`] puts them together over the store.

mod beside;
mod called;
mod catalog;
mod chunk;
mod class;
mod compact;
mod definition;
mod expand;
mod find;
mod first;
mod history;
mod holder;
mod imported;
mod index;
mod language;
mod nearness;
mod open;
mod paper;
mod part;
mod passage;
mod postings;
mod question;
mod rank;
mod read;
mod refresh;
mod remove;
mod repository;
mod reread;
mod roots;
mod served;
mod sight;
mod signatures;
mod skip;
mod talk;
mod terms;
mod tested;
mod track;
mod walk;
mod warm;
mod watch;
mod weights;
mod whole_file;

#[cfg(test)]
mod refresh_tests;

use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;

use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;

use crate::clock::Clock;
use crate::store::Store;
use crate::store::StoreError;

pub use called::Called;
pub use chunk::Chunk;
pub use chunk::Definition;
pub use chunk::DefinitionKind;
pub use chunk::WITHIN;
pub use chunk::chunk;
pub use class::Nature;
pub use class::is_among_tests;
pub use find::FilesState;
pub use find::Hit;
pub use find::Hits;
pub use find::Place;
pub use find::Query;
pub use find::Seen;
pub use imported::Imported;
pub use index::IndexRequest;
pub use index::Indexed;
pub use language::Kind;
pub use language::Language;
pub use paper::apart::COMMAND as READER_COMMAND;
pub use paper::apart::read_apart;
pub use paper::apart::serve as serve_reader;
pub use passage::Words;
pub use passage::passages;
pub use passage::whole;
pub use read::DEFAULT_MAX_FILE_BYTES;
pub use read::Text;
pub use read::read;
pub use remove::Removed;
pub use roots::Allowed;
pub use roots::Refusal;
pub use roots::Refused;
pub use roots::is_private;
pub use signatures::Extract;
pub use signatures::of_definition;
pub use signatures::signatures;
pub use skip::SkipReason;
pub use track::noticing;
pub use walk::BadGlob;
pub use walk::Found;
pub use walk::WalkOptions;
pub use walk::WalkSummary;
pub use walk::walk;

/// Indexes folders and finds pieces of files.
#[derive(Clone, Debug)]
pub struct Documents {
    /// The index file.
    store: Store,
    /// Where feedback on files is.
    judged: Store,
    clock: Clock,
    /// From which relative paths are taken.
    working_folder: PathBuf,
    /// By workspace, as searches last saw it; each is replaced when its generation has changed.
    catalogs: Arc<Mutex<HashMap<i64, Arc<catalog::Catalog>>>>,
    /// What past commits say.
    books: history::Books,
    /// By workspace, what is known of its changes.
    tracks: Arc<Mutex<HashMap<i64, Arc<track::Track>>>>,
    /// Whether what changed is brought in before an answer.
    refreshes: bool,
    /// This process among those that may index the same workspace.
    holder: String,
    /// The runs that questions began; `None` when they begin none.
    warming: Option<warm::Warming>,
}

impl Documents {
    /// Keeps its index in a file beside that of `store`.
    pub fn new(store: &Store, clock: Clock, working_folder: PathBuf) -> Documents {
        Documents {
            store: store.index(),
            judged: store.clone(),
            clock,
            working_folder,
            catalogs: Arc::default(),
            books: history::Books::default(),
            tracks: Arc::default(),
            refreshes: true,
            holder: holder::name(),
            warming: None,
        }
    }

    /// The same, changing nothing by itself: what a search finds changed is only marked.
    pub fn read_only(mut self, is_read_only: bool) -> Documents {
        self.refreshes = !is_read_only;
        self.warming = self.warming.filter(|_| !is_read_only);
        self
    }

    /// The same, indexing by these globs (included, excluded) what a [`Query`] that begins wants and nobody has indexed
    /// yet.
    pub fn beginning(mut self, include: Vec<String>, exclude: Vec<String>) -> Documents {
        self.warming = self.refreshes.then(|| warm::Warming::new((include, exclude)));
        self
    }

    /// Waits until what goes on behind the answers has come to its end; nothing more is begun.
    pub async fn finish(&self) {
        if let Some(warming) = &self.warming {
            warming.finish().await;
        }
    }

    /// Writes what is left and closes the index file.
    pub async fn close(&self) {
        if let Some(warming) = &self.warming {
            warming.close().await;
        }
        self.store.close().await;
    }
}

impl Chunk {
    /// First and last line, as rows and citations have them.
    pub fn lines(&self) -> (u32, u32) {
        let line = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        (line(self.start_line), line(self.end_line))
    }
}

/// Why files could not be indexed or searched.
#[derive(Debug, thiserror::Error)]
pub enum DocumentsError {
    /// Name another path, or allow this one.
    #[error("{0}")]
    Refused(Refused),
    #[error("{0}")]
    Store(#[from] StoreError),
    /// Correct the glob.
    #[error("{0}")]
    Glob(#[from] BadGlob),
    /// Call again if it is still wanted; what was written stays.
    #[error("cancelled")]
    Cancelled,
    /// A fault of this program.
    #[error("{0}")]
    Fault(String),
}

/// The address of a file.
fn file_uri(path: &Path) -> String {
    let parts = path.components().filter_map(|it| match it {
        std::path::Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
        std::path::Component::Prefix(prefix) => Some(prefix.as_os_str().to_string_lossy().into_owned()),
        _ => None,
    });
    let escaped = parts.map(|it| utf8_percent_encode(&it, PATH).to_string());
    format!("file:///{}", escaped.collect::<Vec<_>>().join("/"))
}

/// What is written as it is in a path's address.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'+').remove(b'@').remove(b':');
