//! How fast texts become vectors, and how fast the near ones are found: `cargo bench --bench embed`.

mod text;

use carryall::embed::StaticEmbedder;
use carryall::vector;

fn main() {
    divan::main();
}

/// One text of so many words; a second of one core makes a thousand times a thousand by the shown microseconds.
#[divan::bench(args = [10, 30, 200])]
fn encode(bencher: divan::Bencher<'_, '_>, words: usize) {
    let mut text = text::Text::new(1);
    bencher.with_inputs(|| text.sentence(words)).bench_refs(|it| StaticEmbedder::encode(it));
}

/// The dot products with so many rows of 128 bytes.
#[divan::bench(args = [10_000, 100_000, 1_000_000])]
fn scan(bencher: divan::Bencher<'_, '_>, rows: usize) {
    #[expect(clippy::cast_possible_truncation, reason = "any bytes will do")]
    let bytes: Vec<i8> = (0..rows * 128).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as i8).collect();
    let mut out = vec![0; rows];
    bencher.bench_local(|| vector::dots(&bytes[..128], divan::black_box(&bytes), &mut out));
}
