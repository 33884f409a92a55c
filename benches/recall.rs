//! Recall over 10,000 memories, and remembering, without a process around them: `cargo bench --bench recall`.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on ends")]

mod text;

use std::path::Path;
use std::sync::LazyLock;

use carryall::clock::Clock;
use carryall::memory::Item;
use carryall::memory::Memory;
use carryall::memory::Query;
use carryall::scope::Owner;
use carryall::scope::View;
use carryall::store::Store;
use carryall::trace::Call;
use divan::Bencher;
use text::Text;

/// Where the database is; what is static is never dropped, so `main` removes it.
const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/bench-recall");

fn main() {
    let _ = std::fs::remove_dir_all(FOLDER);
    divan::main();
    let _ = std::fs::remove_dir_all(FOLDER);
}

/// A store with 10,000 memories, made once.
struct Full {
    runtime: tokio::runtime::Runtime,
    memory: Memory,
}

static FULL: LazyLock<Full> = LazyLock::new(|| full(10_000));

fn item(content: String) -> Item {
    let owner = Owner { namespace: "default".to_owned(), ..Owner::default() };
    Item { content, kind: "note".to_owned(), owner, ..Item::default() }
}

fn full(memories: usize) -> Full {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = Store::new(&Path::new(FOLDER).join("bench.db"));
    let memory = Memory::new(store, Clock::system());
    let mut text = Text::new(7);
    for _ in 0..memories / 1000 {
        let items = (0..1000).map(|_| item(text.memory())).collect();
        runtime.block_on(memory.remember(items)).unwrap();
    }
    Full { runtime, memory }
}

fn recall(bencher: Bencher<'_, '_>, make: impl Fn(&mut Text) -> String) {
    let full = &*FULL;
    let mut text = Text::new(11);
    bencher
        .with_inputs(|| Query {
            query: make(&mut text),
            view: View::new(None, None, None, None),
            limit: 10,
            ..Query::default()
        })
        .bench_local_values(|query| full.runtime.block_on(full.memory.recall(&query, &Call::silent())).unwrap());
}

/// A question as it comes, with its frequent words.
#[divan::bench]
fn recall_a_question(bencher: Bencher<'_, '_>) {
    recall(bencher, Text::question);
}

/// Forty words, as when a whole paragraph is asked.
#[divan::bench]
fn recall_a_paragraph(bencher: Bencher<'_, '_>) {
    recall(bencher, |text| text.sentence(40));
}

/// No words: the newest.
#[divan::bench]
fn recall_the_newest(bencher: Bencher<'_, '_>) {
    recall(bencher, |_| String::new());
}

#[divan::bench(args = [1, 1000], sample_count = 30)]
fn remember(bencher: Bencher<'_, '_>, count: usize) {
    let full = &*FULL;
    let mut text = Text::new(13 + count as u64);
    bencher
        .with_inputs(|| (0..count).map(|_| item(text.memory())).collect::<Vec<Item>>())
        .bench_local_values(|items| full.runtime.block_on(full.memory.remember(items)).unwrap());
}
