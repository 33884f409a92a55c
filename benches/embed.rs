//! How fast texts become vectors, and how fast the near ones are found: `cargo bench --bench embed`.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on ends")]

mod text;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;

use carryall::clock::Clock;
use carryall::embed::Embedding;
use carryall::embed::StaticEmbedder;
use carryall::memory::Item;
use carryall::memory::Memory;
use carryall::scope::Owner;
use carryall::scope::View;
use carryall::store::MemoryFilter;
use carryall::store::Store;
use carryall::store::Validity;
use carryall::vector;
use divan::Bencher;
use text::Text;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// Where the databases are.
const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/bench-embed");

fn main() {
    let _ = std::fs::remove_dir_all(FOLDER);
    divan::main();
    let _ = std::fs::remove_dir_all(FOLDER);
}

/// One text of so many words; a second of one core makes a thousand times a thousand by the shown microseconds.
#[divan::bench(args = [10, 30, 200])]
fn encode(bencher: Bencher<'_, '_>, words: usize) {
    let mut text = Text::new(1);
    bencher.with_inputs(|| text.sentence(words)).bench_local_refs(|it| StaticEmbedder::encode(it));
}

/// The dot products with so many rows of 128 bytes.
#[divan::bench(args = [10_000, 100_000, 1_000_000])]
fn scan(bencher: Bencher<'_, '_>, rows: usize) {
    #[expect(clippy::cast_possible_truncation, reason = "any bytes will do")]
    let bytes: Vec<i8> = (0..rows * 128).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as i8).collect();
    let mut out = vec![0; rows];
    bencher.bench_local(|| vector::dots(&bytes[..128], divan::black_box(&bytes), &mut out));
}

/// The database with so many memories, made once.
fn file(memories: usize) -> PathBuf {
    static MADE: Mutex<BTreeMap<usize, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap();
    let make = || {
        let path = Path::new(FOLDER).join(format!("{memories}.db"));
        let runtime = Runtime::new().unwrap();
        let store = Store::new(&path);
        let memory = Memory::new(store.clone(), Clock::system());
        let owner = Owner { namespace: "default".to_owned(), ..Owner::default() };
        let mut text = Text::new(7);
        for _ in 0..memories / 1000 {
            let item = |content| Item { content, kind: "note".to_owned(), owner: owner.clone(), ..Item::default() };
            let items = (0..1000).map(|_| item(text.memory())).collect();
            runtime.block_on(memory.remember(items)).unwrap();
        }
        runtime.block_on(store.close());
        path
    };
    made.entry(memories).or_insert_with(make).clone()
}

fn nearest(runtime: &Runtime, store: &Store, question: &str) -> usize {
    let filter = MemoryFilter {
        own_only: false,
        view: View::new(None, None, None, None),
        kinds: Vec::new(),
        tags: Vec::new(),
        since: None,
        until: None,
        validity: Validity::Current(i64::MAX),
        now: 0,
    };
    let query = Embedding::default().now(question).unwrap();
    runtime.block_on(store.nearest(query, filter, 100, &CancellationToken::new())).unwrap().len()
}

/// The hundred nearest, the vectors being in memory.
#[divan::bench(args = [10_000, 100_000])]
fn search(bencher: Bencher<'_, '_>, memories: usize) {
    let (runtime, store, mut text) = (Runtime::new().unwrap(), Store::new(&file(memories)), Text::new(11));
    bencher.with_inputs(|| text.question()).bench_local_values(|it| nearest(&runtime, &store, &it));
}

/// The same in a process that has just begun.
#[divan::bench(args = [10_000, 100_000], sample_count = 20)]
fn first_search(bencher: Bencher<'_, '_>, memories: usize) {
    let (runtime, path, mut text) = (Runtime::new().unwrap(), file(memories), Text::new(13));
    bencher.with_inputs(|| (Store::new(&path), text.question())).bench_local_values(|(store, question)| {
        nearest(&runtime, &store, &question);
        store
    });
}
