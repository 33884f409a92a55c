//! Chooses the files of an unknown folder that are read first, because a question waits for them.
//!
//! A run reads folder by folder, by name, so what a question finds meanwhile is whatever begins with `a`. Listing a folder
//! and looking for a few words in the bytes of its files costs little beside cutting and indexing them, so that is done before,
//! for as long as a question can wait.

use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use aho_corasick::AhoCorasick;
use tokio_util::sync::CancellationToken;

use super::Found;
use super::WalkOptions;
use super::class::Class;
use super::language::Language;
use super::open::open_regular;
use super::paper::Paper;
use super::question::Question;
use super::rank::prior;
use super::walk::walk;
use super::weights;

/// How long choosing may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For listing folders.
    pub(super) list: Duration,
    /// For looking into files after that.
    pub(super) look: Duration,
    /// A question that has waited longer for its turn was answered without.
    pub(super) turn: Duration,
}

/// What a question has time for that is to be answered within a second: set by that and not measured one by one. What comes of
/// it is in docs/benchmarks.md.
const PATIENCE: Patience =
    Patience { list: Duration::from_millis(150), look: Duration::from_millis(200), turn: Duration::from_secs(1) };

/// Files that are listed.
const LISTED: usize = 50_000;

/// How much of a file is looked into.
const LOOKED_INTO: u64 = 256 * 1024;

/// How much is chosen: indexing 25 MB takes 3.1 to 3.7 s of the processor, so this some 150 ms.
const FILES: usize = 100;
const BYTES: u64 = 1 << 20;

/// Words of the question that are looked for, at least so long: a shorter one is part of too many.
const WORDS: usize = 24;
const WORD_BYTES: usize = 3;

/// The questions that wait for a run. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// How long choosing may take for each.
    pub(super) patience: Patience,
    asked: Arc<Mutex<Asked>>,
}

impl Default for Waiting {
    fn default() -> Waiting {
        Waiting { patience: PATIENCE, asked: Arc::default() }
    }
}

#[derive(Debug, Default)]
struct Asked {
    all: Vec<First>,
    /// Those that the run has taken.
    taken: usize,
}

/// A question that a run reads files for before all others.
#[derive(Clone, Debug)]
pub(super) struct First {
    pub(super) question: Question,
    /// Told when the chosen files are durable.
    pub(super) is_read: CancellationToken,
    asked: Instant,
}

impl Waiting {
    /// Has the run read for `question`, which is asked at `now`, unless it has before; what is given back is told when that is
    /// durable.
    pub(super) fn ask(&self, question: &Question, now: Instant) -> CancellationToken {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = asked.all.iter_mut().find(|it| it.question == *question) {
            before.asked = now;
            return before.is_read.clone();
        }
        let is_read = CancellationToken::new();
        asked.all.push(First { question: question.clone(), is_read: is_read.clone(), asked: now });
        is_read
    }

    /// The next one for which somebody still waits at `now`; the others are forgotten, and read for when they are asked again.
    pub(super) fn take(&self, now: Instant) -> Option<First> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let at = asked.taken;
            let next = asked.all.get(at)?;
            if now.saturating_duration_since(next.asked) <= self.patience.turn {
                asked.taken += 1;
                return asked.all.get(at).cloned();
            }
            asked.all.remove(at);
        }
    }
}

/// A file that is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) path: PathBuf,
    /// From the walked folder.
    pub(super) name: String,
    pub(super) size_bytes: u64,
    pub(super) mtime_ns: i64,
}

/// A file, and which words its path and its text have, a bit each.
struct Candidate {
    file: Chosen,
    class: Class,
    in_path: u32,
    in_text: u32,
}

/// The files under `root` that have most of the question's words, best first. None where it has no words to look for.
pub(super) fn choose(
    root: &Path,
    options: &WalkOptions,
    question: &Question,
    patience: Patience,
    stop: &CancellationToken,
) -> Vec<Chosen> {
    let words = words(question);
    let Ok(search) = AhoCorasick::builder().ascii_case_insensitive(true).build(&words) else { return Vec::new() };
    if words.is_empty() {
        return Vec::new();
    }
    let mut candidates = list(root, options, &search, patience.list, stop);
    // What its path speaks for is looked into before time runs out, then what was changed last.
    candidates.sort_by_key(|it| std::cmp::Reverse((it.in_path.count_ones(), !it.class.test, it.file.mtime_ns)));
    let until = Instant::now() + patience.look;
    let mut looked = 0;
    for it in &mut candidates {
        if Instant::now() >= until || stop.is_cancelled() {
            break;
        }
        it.in_text = look_into(&it.file.path, &search);
        looked += 1;
    }
    best(candidates, looked, &words, question)
}

/// What the question's words begin with, each once: the index has stems, and those stand in the text, too.
fn words(question: &Question) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for it in question.terms.iter().filter(|it| !it.joined && it.term.len() >= WORD_BYTES) {
        // Terms have no accents, texts do.
        let word = if it.term.is_ascii() && !it.word.is_ascii() { &it.word } else { &it.term };
        if words.len() < WORDS && !words.contains(word) {
            words.push(word.clone());
        }
    }
    words
}

fn list(
    root: &Path,
    options: &WalkOptions,
    search: &AhoCorasick,
    patience: Duration,
    stop: &CancellationToken,
) -> Vec<Candidate> {
    let until = Instant::now() + patience;
    let mut candidates = Vec::new();
    // A glob that cannot be read is told by the run itself.
    let _ = walk(root, options, &mut |found| {
        // A document takes long to read, and its bytes do not show its words.
        if let Found::File { path, relative, size_bytes, mtime_ns } = found
            && Paper::of(&path).is_none()
        {
            let class = Class::of(&relative, Language::of(&path, "").name());
            let in_path = bits(search, relative.as_bytes());
            let file = Chosen { path, name: relative, size_bytes, mtime_ns };
            candidates.push(Candidate { file, class, in_path, in_text: 0 });
        }
        match candidates.len() >= LISTED || Instant::now() >= until || stop.is_cancelled() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    candidates
}

/// The words in the beginning of the file at `path`; none where it cannot be read, which the run itself will say.
fn look_into(path: &Path, search: &AhoCorasick) -> u32 {
    let Ok((file, _)) = open_regular(path) else { return 0 };
    let mut bytes = Vec::new();
    match file.take(LOOKED_INTO).read_to_end(&mut bytes) {
        Ok(_) => bits(search, &bytes),
        Err(_) => 0,
    }
}

fn bits(search: &AhoCorasick, bytes: &[u8]) -> u32 {
    search.find_overlapping_iter(bytes).fold(0, |bits, found| bits | 1 << found.pattern().as_usize())
}

/// The best of the candidates, of which the first `looked` were looked into, by the rarity of the words that they have.
fn best(candidates: Vec<Candidate>, looked: usize, words: &[String], question: &Question) -> Vec<Chosen> {
    #[expect(clippy::cast_precision_loss, reason = "counts of files")]
    let rarity = |holders: usize, of: usize| (1.0 + of as f32 / (holders as f32 + 1.0)).ln();
    let all = candidates.len();
    let rarities: Vec<(f32, f32)> = (0..words.len())
        .map(|at| {
            let holds = |bits: u32| bits >> at & 1 == 1;
            let in_text = candidates.iter().filter(|it| holds(it.in_text)).count();
            let in_path = candidates.iter().filter(|it| holds(it.in_path)).count();
            (rarity(in_text, looked), rarity(in_path, all))
        })
        .collect();
    let score = |it: &Candidate| {
        let sum = |bits: u32, pick: fn(&(f32, f32)) -> f32| -> f32 {
            rarities.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|it| pick(it.1)).sum()
        };
        (sum(it.in_text, |it| it.0) + weights::PATH * sum(it.in_path, |it| it.1)) * prior(it.class, question.asks_for)
    };
    let mut scored: Vec<(f32, Chosen)> =
        candidates.into_iter().map(|it| (score(&it), it.file)).filter(|it| it.0 > 0.0).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut room = BYTES;
    let fits = |it: &Chosen| {
        let fits = it.size_bytes <= room;
        room -= if fits { it.size_bytes } else { 0 };
        fits
    };
    scored.into_iter().map(|it| it.1).filter(fits).take(FILES).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::Allowed;
    use super::super::Documents;
    use super::super::IndexRequest;
    use super::*;
    use crate::clock::Clock;
    use crate::store::Store;
    use crate::trace::Call;

    const HOUR: Duration = Duration::from_secs(3_600);
    const ENDLESS: Patience = Patience { list: HOUR, look: HOUR, turn: HOUR };

    /// A folder with twenty files of no interest before the given ones.
    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let others = (0..20).map(|at| (format!("a/part{at}.rs"), "fn part() { wait(); }\n".to_owned()));
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        for (path, text) in others.chain(files) {
            let path = dir.path().join("w").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    fn chosen(dir: &tempfile::TempDir, question: &str, patience: Patience) -> Vec<String> {
        let root = dunce::canonicalize(dir.path()).unwrap().join("w");
        let question = Question::of(question);
        let chosen = choose(&root, &WalkOptions::default(), &question, patience, &CancellationToken::new());
        chosen.into_iter().map(|it| it.name).collect()
    }

    #[test]
    fn the_files_with_most_of_the_words_come_first() {
        let dir = tree(&[
            ("z/limits.rs", "/// Waits, and RETRIES when a lease has expired.\nfn renew(lease: Lease) {}\n"),
            ("z/lease.rs", "struct Lease;\n"),
            ("z/expiry_test.rs", "/// Waits, and retries when a lease has expired.\nfn renews() {}\n"),
            ("z/straße.md", "# Die Straße\n"),
            // Nobody waits for a document.
            ("z/lease.pdf", "retry when the lease expires"),
        ]);
        let question = "Retry when the lease expires";
        assert_eq!(chosen(&dir, question, ENDLESS), ["z/limits.rs", "z/lease.rs", "z/expiry_test.rs"]);
        assert_eq!(chosen(&dir, "was in der Straße steht", ENDLESS), ["z/straße.md"]);
        assert!(chosen(&dir, "is it so?", ENDLESS).is_empty(), "no words");
        assert!(chosen(&dir, "zebra", ENDLESS).is_empty(), "no file has it");
    }

    #[test]
    fn without_time_nothing_or_what_the_paths_say_is_chosen() {
        let dir = tree(&[("a/lease.rs", "struct Other;\n"), ("z/other.rs", "struct Lease;\n")]);
        let no_look = Patience { look: Duration::ZERO, ..ENDLESS };
        assert_eq!(chosen(&dir, "renew the lease", no_look), ["a/lease.rs"]);
        let none = Patience { list: Duration::ZERO, look: Duration::ZERO, ..ENDLESS };
        assert!(chosen(&dir, "renew the lease", none).len() <= 1);
    }

    #[test]
    fn no_more_is_chosen_than_a_moment_is_enough_for() {
        let large = format!("// lease {}\n", "of many words ".repeat(20_000));
        let dir = tree(&[
            ("z/1.rs", &large),
            ("z/2.rs", &large),
            ("z/3.rs", &large),
            ("z/4.rs", &large),
            ("z/5.rs", "lease"),
        ]);
        assert_eq!(chosen(&dir, "lease", ENDLESS).len(), 4, "three large ones and the small one");
    }

    #[test]
    fn a_question_waits_once() {
        let waiting = Waiting { patience: ENDLESS, ..Waiting::default() };
        let tokens = ["the lease", "a zebra", "the lease"].map(|it| waiting.ask(&Question::of(it), Instant::now()));
        let taken: Vec<First> = std::iter::from_fn(|| waiting.take(Instant::now())).collect();
        assert_eq!(taken.iter().map(|it| it.question.title.as_str()).collect::<Vec<_>>(), ["the lease", "a zebra"]);
        taken[0].is_read.cancel();
        assert_eq!(tokens.map(|it| it.is_cancelled()), [true, false, true]);
        assert!(waiting.ask(&Question::of("the lease"), Instant::now()).is_cancelled(), "it has been read for");
        assert!(waiting.take(Instant::now()).is_none());
    }

    #[test]
    fn who_has_waited_too_long_is_passed_over_until_it_asks_again() {
        let waiting = Waiting { patience: ENDLESS, ..Waiting::default() };
        let (lease, now) = (Question::of("the lease"), Instant::now());
        let later = now + waiting.patience.turn * 2;
        waiting.ask(&lease, now);
        assert!(waiting.take(later).is_none());
        let is_read = waiting.ask(&lease, now);
        waiting.ask(&lease, later);
        waiting.take(later).unwrap().is_read.cancel();
        assert!(is_read.is_cancelled(), "who asks again waits again, from then on");
    }

    #[tokio::test]
    async fn a_run_writes_what_its_questions_wait_for_before_the_rest() {
        let dir = tree(&[
            ("z/limits.rs", "/// When a lease has expired.\nfn renew() {}\n"),
            ("y/animals.rs", "struct Zebra;\n"),
            ("y/broken.rs", "zebra \0 lease"),
        ]);
        let root = dunce::canonicalize(dir.path()).unwrap().join("w");
        let documents = Documents::new(&Store::new(&dir.path().join("a.db")), Clock::system(), root.clone());
        let allowed = Allowed::new(&root, None, &[], &[]);
        let waiting = Waiting { patience: ENDLESS, ..Waiting::default() };
        let tokens = ["the lease expires", "a zebra"].map(|it| waiting.ask(&Question::of(it), Instant::now()));
        let request = IndexRequest::default();
        let done = documents.index_now(&request, Some(&waiting), &allowed, &Call::silent()).await.unwrap();
        assert!(tokens.iter().all(CancellationToken::is_cancelled));
        assert_eq!((done.files_indexed, done.skipped.len()), (22, 1), "each file once");
        let (_, mut files) = documents.store.files(done.workspaces[0].id).await.unwrap();
        files.sort_by_key(|it| it.id);
        assert_eq!([files[0].path.as_str(), files[1].path.as_str()], ["z/limits.rs", "y/animals.rs"]);
        waiting.ask(&Question::of("limits of animals"), Instant::now());
        let again = documents.index_now(&request, Some(&waiting), &allowed, &Call::silent()).await.unwrap();
        assert_eq!((again.files_indexed, again.files_unchanged, again.files_removed), (0, 22, 0));
    }
}
