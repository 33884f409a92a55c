//! What is known of a workspace's files without reading the index: kept in memory, made anew when its generation changes.

use std::collections::HashMap;

use super::class::Class;
use super::postings;
use super::terms::terms;
use crate::store::FileRow;
use crate::store::PostingRow;
use crate::store::SegmentRow;

/// A file, as searches see it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) row: FileRow,
    pub(super) class: Class,
    /// Words in all of its pieces.
    pub(super) length: u32,
    /// Its first piece, counted through the catalog.
    pub(super) first: u32,
    /// Words that its imports have.
    pub(super) imports: u32,
}

/// The files and pieces of one workspace at one generation.
#[derive(Clone, Debug, Default)]
pub(super) struct Catalog {
    pub(super) workspace: i64,
    /// Absolute.
    pub(super) root: String,
    pub(super) generation: i64,
    pub(super) files: Vec<Entry>,
    /// Segments that hold living pieces: id and the place of its first piece in the catalog.
    pub(super) segments: Vec<(i64, u32)>,
    /// For each piece its file; [`DEAD`] for one of a file that was changed or removed since.
    pub(super) file_of: Vec<u32>,
    /// For each piece its words.
    pub(super) lengths: Vec<u16>,
    pub(super) living_chunks: u32,
    pub(super) mean_chunk: f32,
    pub(super) mean_file: f32,
    /// The files whose path holds a word.
    pub(super) paths: HashMap<Box<str>, Vec<u32>>,
    /// For each file the words of its path.
    pub(super) path_lengths: Vec<u16>,
    /// The files whose own name, without folders and endings, holds a word, each once.
    pub(super) stems: HashMap<Box<str>, Vec<u32>>,
    /// For each file how rare the words of its own name are, in all.
    pub(super) stem_rarity: Vec<f32>,
    pub(super) mean_path: f32,
}

/// Stands for the file of a piece that is no more.
pub(super) const DEAD: u32 = u32::MAX;

impl Catalog {
    /// Makes the catalog of `files`, whose pieces are counted in `segments`.
    pub(super) fn new(
        workspace: i64,
        root: String,
        generation: i64,
        files: Vec<FileRow>,
        segments: &[SegmentRow],
        imports: &[PostingRow],
    ) -> Catalog {
        let mut catalog = Catalog { workspace, root, generation, ..Catalog::default() };
        let mut bases: HashMap<i64, u32> = HashMap::new();
        for segment in segments {
            let base = to_u32(catalog.lengths.len());
            bases.insert(segment.id, base);
            catalog.segments.push((segment.id, base));
            catalog.lengths.extend_from_slice(&segment.lengths);
        }
        catalog.file_of = vec![DEAD; catalog.lengths.len()];
        let (mut all_words, mut all_path_words) = (0_u64, 0_u64);
        for row in files {
            // A segment that went between two reads: its files are in a newer generation.
            let Some(base) = bases.get(&row.segment_id) else { continue };
            let file = to_u32(catalog.files.len());
            let first = base.saturating_add(row.first_chunk);
            let range = first as usize..(first.saturating_add(row.chunks) as usize).min(catalog.lengths.len());
            if range.start > range.end {
                continue;
            }
            let length: u32 = catalog.lengths[range.clone()].iter().map(|it| u32::from(*it)).sum();
            catalog.living_chunks += to_u32(range.len());
            catalog.file_of[range].fill(file);
            all_words += u64::from(length);
            let mut path_length = 0_u16;
            let paths = &mut catalog.paths;
            terms(&row.path, |term| {
                path_length = path_length.saturating_add(1);
                match paths.get_mut(term) {
                    Some(holders) if holders.last() == Some(&file) => {}
                    Some(holders) => holders.push(file),
                    None => drop(paths.insert(term.into(), vec![file])),
                }
            });
            all_path_words += u64::from(path_length);
            catalog.path_lengths.push(path_length);
            let class = Class::of(&row.path, &row.language);
            terms(stem(&row.path), |term| {
                let holders = catalog.stems.entry(term.into()).or_default();
                if holders.last() != Some(&file) {
                    holders.push(file);
                }
            });
            catalog.files.push(Entry { row, class, length, first, imports: 0 });
        }
        for (segment, _, data) in imports {
            let Some(base) = bases.get(segment) else { continue };
            for posting in postings::read(data) {
                let piece = base.saturating_add(posting.chunk) as usize;
                let file = catalog.file_of.get(piece).and_then(|it| catalog.files.get_mut(*it as usize));
                if let Some(file) = file {
                    file.imports = file.imports.saturating_add(posting.count);
                }
            }
        }
        catalog.stem_rarity = vec![0.0; catalog.files.len()];
        for (term, holders) in &catalog.stems {
            let rarity = rarity(catalog.files.len(), catalog.paths.get(term).map_or(0, Vec::len));
            for file in holders {
                catalog.stem_rarity[*file as usize] += rarity;
            }
        }
        catalog.mean_chunk = mean(all_words, u64::from(catalog.living_chunks));
        catalog.mean_file = mean(all_words, catalog.files.len() as u64);
        catalog.mean_path = mean(all_path_words, catalog.files.len() as u64);
        catalog
    }
}

/// How much a word says that stands in `holders` of `all`.
#[expect(clippy::cast_precision_loss, reason = "counts of files and pieces")]
pub(super) fn rarity(all: usize, holders: usize) -> f32 {
    let (all, holders) = (all as f32, holders as f32);
    (1.0 + (all - holders + 0.5).max(0.5) / (holders + 0.5)).ln()
}

/// The name of a file without folders and endings: `src/a/line_buffer.test.rs` → `line_buffer`.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().filter(|it| !it.is_empty()).unwrap_or(name)
}

fn to_u32(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "a mean of words")]
fn mean(sum: u64, count: u64) -> f32 {
    (sum as f32 / count.max(1) as f32).max(1.0)
}
