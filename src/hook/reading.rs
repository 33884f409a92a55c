//! Reads a transcript from where it was left the last time, as long as there is time, and keeps the turns.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::path::Path;
use std::time::Instant;

use crate::clock::Clock;
use crate::exchange::Transcript;
use crate::exchange::Writer;
use crate::scope::Owner;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::TranscriptRow;
use crate::store::TurnRow;

/// Bytes by which a file is known again.
const HEAD: u64 = 512;

/// The longest line that is read. A picture that was pasted stands in the line of the words that it came with.
const LINE: u64 = 64 << 20;

/// Bytes that are read and turns that are kept before the place is noted: what a deadline takes away is less than that.
const PART: u64 = 8 << 20;
const TURNS: usize = 200;

/// A reading under way.
pub(super) struct Reading<'a> {
    pub(super) store: &'a Store,
    pub(super) clock: &'a Clock,
    pub(super) host: Writer,
    /// Whose the turns become.
    pub(super) owner: Owner,
    pub(super) until: Instant,
}

/// What a reading came to.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Turns that are new.
    pub(super) kept: usize,
    /// The sessions that the turns are of.
    pub(super) sessions: BTreeSet<String>,
    /// Whether there was no time for all of it.
    pub(super) has_more: bool,
}

/// What one part came to.
struct Part {
    turns: Vec<TurnRow>,
    position: u64,
    said: i64,
    session_id: Option<String>,
    is_last: bool,
}

impl Reading<'_> {
    /// Keeps what `path` says since the last time.
    pub(super) async fn read(&self, path: &Path, session_id: Option<String>) -> Result<Told, StoreError> {
        let mut told = Told::default();
        let Some((mut file, head)) = open(path) else {
            tracing::debug!(path = %path.display(), "there is no transcript to read");
            return Ok(told);
        };
        let key = key(self.host, &self.owner, path);
        let length = file.metadata().map_or(0, |it| it.len());
        let before = self.store.transcript(key.clone()).await?;
        // Another file, or one that was written anew, is read from its beginning; what was kept of it is known.
        let before = before.filter(|it| it.head == head && u64::try_from(it.position).is_ok_and(|it| it <= length));
        let mut at = before.unwrap_or(TranscriptRow { head: head.clone(), ..TranscriptRow::default() });
        // Cursor's transcripts do not name their session; what the others say of themselves is what an import reads.
        let named = at.session_id.clone().or_else(|| session_id.filter(|_| self.host == Writer::Cursor));
        let mut transcript = Transcript::new(self.host, named, at.said, self.owner.clone());
        loop {
            let position = u64::try_from(at.position).unwrap_or(0);
            let now = self.clock.now();
            // Blocking reads of at most some megabytes, in a process that does nothing else.
            let Some(part) = part(&mut file, position, &mut transcript, now, self.until) else { break };
            told.sessions.extend(part.turns.iter().map(|it| it.session_id.clone()));
            told.kept += self.store.import_turns(part.turns, now).await?;
            at.position = i64::try_from(part.position).unwrap_or(i64::MAX);
            at.said = part.said;
            at.session_id = part.session_id;
            self.store.keep_transcript(key.clone(), at.clone(), now).await?;
            told.has_more = !part.is_last && part.position < length;
            if !told.has_more || Instant::now() >= self.until {
                break;
            }
        }
        Ok(told)
    }
}

/// The file and its first bytes; `None` for what is no file that can be read.
fn open(path: &Path) -> Option<(File, Vec<u8>)> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        // A pipe of that name must not hold up the host.
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    let mut file = options.open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut head = Vec::new();
    (&mut file).take(HEAD).read_to_end(&mut head).ok()?;
    // A file that is shorter grows, and its first line tells it from others as well.
    head.truncate(head.iter().position(|it| *it == b'\n').unwrap_or(head.len()));
    (!head.is_empty()).then_some((file, blake3::hash(&head).as_bytes()[..16].to_vec()))
}

/// Reads whole lines from `position` on: a line without an end is still being written. `None` when it cannot be read.
fn part(file: &mut File, position: u64, transcript: &mut Transcript, now: i64, until: Instant) -> Option<Part> {
    file.seek(SeekFrom::Start(position)).ok()?;
    let mut reader = BufReader::with_capacity(1 << 16, &mut *file);
    let mut turns = Vec::new();
    let mut at = position;
    let mut line = Vec::new();
    let mut is_last = false;
    while at - position < PART && turns.len() < TURNS && Instant::now() < until {
        line.clear();
        let read = (&mut reader).take(LINE).read_until(b'\n', &mut line).ok()?;
        let ends = line.last() == Some(&b'\n');
        let mut length = u64::try_from(read).ok()?;
        if !ends && length == LINE {
            // Too long: passed over, when its end is there.
            match skip(&mut reader) {
                Some((more, true)) => length += more,
                _ => {
                    is_last = true;
                    break;
                }
            }
            at += length;
            continue;
        }
        if !ends {
            is_last = true;
            break;
        }
        at += length;
        if let Ok(text) = std::str::from_utf8(&line) {
            turns.extend(transcript.turn(text, now));
        }
    }
    let session_id = transcript.session_id().map(str::to_owned);
    Some(Part { turns, position: at, said: transcript.said(), session_id, is_last })
}

/// Goes on to the end of a line; its length, and whether it has an end.
fn skip(reader: &mut impl BufRead) -> Option<(u64, bool)> {
    let mut length = 0;
    loop {
        let buffer = reader.fill_buf().ok()?;
        if buffer.is_empty() {
            return Some((length, false));
        }
        let end = buffer.iter().position(|it| *it == b'\n');
        let used = end.map_or(buffer.len(), |it| it + 1);
        length += u64::try_from(used).ok()?;
        reader.consume(used);
        if end.is_some() {
            return Some((length, true));
        }
    }
}

/// Names a transcript of one owner.
fn key(host: Writer, owner: &Owner, path: &Path) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    let owner = [Some(owner.namespace.as_str()), owner.user_id.as_deref(), owner.persona.as_deref()];
    for field in [Some(host.name())].into_iter().chain(owner) {
        hasher.update(&[u8::from(field.is_some())]);
        hasher.update(&field.unwrap_or_default().len().to_le_bytes());
        hasher.update(field.unwrap_or_default().as_bytes());
    }
    hasher.update(path.as_os_str().as_encoded_bytes());
    hasher.finalize().as_bytes()[..16].to_vec()
}
