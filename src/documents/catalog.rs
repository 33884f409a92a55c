//! What is known of a workspace's files without reading the index: kept in memory, made anew when its generation changes.

use std::collections::HashMap;
use std::sync::Arc;

use super::class::Class;
use super::postings;
use super::terms::terms;
use super::tested::tested;
use crate::store::FileRow;
use crate::store::PostingRow;
use crate::store::SegmentRow;

/// A file, as searches see it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) row: Arc<FileRow>,
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
    pub(super) names: Arc<Names>,
}

/// What the paths of the files say. Catalogs of the same paths share it: when the text of a file has changed, nothing of
/// it has.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// The files whose path holds a word.
    pub(super) paths: HashMap<Box<str>, Vec<u32>>,
    /// For each file the words of its path.
    pub(super) lengths: Vec<u16>,
    /// The files whose own name, without folders and endings, holds a word, each once.
    pub(super) stems: HashMap<Box<str>, Vec<u32>>,
    /// For each file how rare the words of its own name are, in all.
    pub(super) stem_rarity: Vec<f32>,
    pub(super) mean_length: f32,
    /// Tests and the sources that they are about.
    pub(super) tested: Vec<(u32, u32)>,
    classes: Vec<Class>,
}

/// Stands for the file of a piece that is no more.
pub(super) const DEAD: u32 = u32::MAX;

impl Catalog {
    /// Makes the catalog of `files`, whose pieces are counted in `segments`. `before` is the one that was made last.
    pub(super) fn new(
        workspace: i64,
        root: String,
        (generation, mut files): (i64, Vec<Arc<FileRow>>),
        segments: &[SegmentRow],
        imports: &[PostingRow],
        before: Option<&Catalog>,
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
        // A file that is read again gets another id; by its path it keeps its place.
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut all_words = 0_u64;
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
            catalog.files.push(Entry { row, class: Class::default(), length, first, imports: 0 });
        }
        let shared = before.filter(|it| it.has_paths_of(&catalog)).map(|it| Arc::clone(&it.names));
        catalog.names = shared.unwrap_or_else(|| Arc::new(Names::of(&catalog.files)));
        for (file, class) in catalog.files.iter_mut().zip(&catalog.names.classes) {
            file.class = *class;
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
        catalog.mean_chunk = mean(all_words, u64::from(catalog.living_chunks));
        catalog.mean_file = mean(all_words, catalog.files.len() as u64);
        catalog
    }

    /// The rows of its files, by their ids.
    pub(super) fn rows(&self) -> Vec<Arc<FileRow>> {
        let mut rows: Vec<Arc<FileRow>> = self.files.iter().map(|it| Arc::clone(&it.row)).collect();
        rows.sort_unstable_by_key(|it| it.id);
        rows
    }

    /// Whether the files of `other` have the same paths and languages, in the same order.
    fn has_paths_of(&self, other: &Catalog) -> bool {
        let same = |(a, b): (&Entry, &Entry)| {
            Arc::ptr_eq(&a.row, &b.row) || (&a.row.path, &a.row.language) == (&b.row.path, &b.row.language)
        };
        self.files.len() == other.files.len() && self.files.iter().zip(&other.files).all(same)
    }
}

impl Names {
    fn of(files: &[Entry]) -> Names {
        let mut names = Names::default();
        let mut all_words = 0_u64;
        for (file, Entry { row, .. }) in (0_u32..).zip(files) {
            let mut length = 0_u16;
            let paths = &mut names.paths;
            terms(&row.path, |term| {
                length = length.saturating_add(1);
                match paths.get_mut(term) {
                    Some(holders) if holders.last() == Some(&file) => {}
                    Some(holders) => holders.push(file),
                    None => drop(paths.insert(term.into(), vec![file])),
                }
            });
            all_words += u64::from(length);
            names.lengths.push(length);
            names.classes.push(Class::of(&row.path, &row.language));
            terms(stem(&row.path), |term| {
                let holders = names.stems.entry(term.into()).or_default();
                if holders.last() != Some(&file) {
                    holders.push(file);
                }
            });
        }
        names.stem_rarity = vec![0.0; files.len()];
        for (term, holders) in &names.stems {
            let rarity = rarity(files.len(), names.paths.get(term).map_or(0, Vec::len));
            for file in holders {
                names.stem_rarity[*file as usize] += rarity;
            }
        }
        names.mean_length = mean(all_words, files.len() as u64);
        let classes = files.iter().zip(&names.classes);
        names.tested = tested(classes.map(|(it, class)| (it.row.path.as_str(), it.row.language.as_str(), *class)));
        names
    }
}

/// How much a word says that stands in `holders` of `all`.
#[expect(clippy::cast_precision_loss, reason = "counts of files and pieces")]
pub(super) fn rarity(all: usize, holders: usize) -> f32 {
    let (all, holders) = (all as f32, holders as f32);
    (1.0 + (all - holders + 0.5).max(0.5) / (holders + 0.5)).ln()
}

/// The name of a file without folders and endings: `src/a/line_buffer.test.rs` → `line_buffer`.
pub(super) fn stem(path: &str) -> &str {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, path: &str, segment_id: i64) -> Arc<FileRow> {
        Arc::new(FileRow {
            id,
            path: path.to_owned(),
            size_bytes: 1,
            mtime_ns: 1,
            hash: vec![1],
            language: "rust".to_owned(),
            kind: "code".to_owned(),
            segment_id,
            first_chunk: if segment_id == 1 { u32::try_from(id).unwrap() - 1 } else { 0 },
            chunks: 1,
        })
    }

    fn catalog(files: Vec<Arc<FileRow>>, before: Option<&Catalog>) -> Catalog {
        let segments = [SegmentRow { id: 1, lengths: vec![10, 20] }, SegmentRow { id: 2, lengths: vec![30] }];
        Catalog::new(1, "/w".to_owned(), (1, files), &segments, &[], before)
    }

    #[test]
    fn when_a_file_is_read_again_all_keep_their_places_and_paths_are_not_read_again() {
        let before = catalog(vec![row(1, "src/a.rs", 1), row(2, "tests/b.rs", 1)], None);
        let after = catalog(vec![row(2, "tests/b.rs", 1), row(3, "src/a.rs", 2)], Some(&before));
        assert!(Arc::ptr_eq(&before.names, &after.names));
        let told = |it: &Catalog| -> Vec<(String, u32, bool)> {
            it.files.iter().map(|it| (it.row.path.clone(), it.length, it.class.test)).collect()
        };
        assert_eq!(told(&before), [("src/a.rs".to_owned(), 10, false), ("tests/b.rs".to_owned(), 20, true)]);
        assert_eq!(told(&after), [("src/a.rs".to_owned(), 30, false), ("tests/b.rs".to_owned(), 20, true)]);
        assert_eq!(after.file_of, [DEAD, 1, 0]);
    }

    #[test]
    fn another_path_has_all_paths_read_again() {
        let before = catalog(vec![row(1, "src/a.rs", 1), row(2, "tests/b.rs", 1)], None);
        let after = catalog(vec![row(1, "src/a.rs", 1), row(2, "src/c.rs", 1)], Some(&before));
        assert!(!after.names.paths.contains_key("b") && after.names.paths["c"] == [1]);
        assert!(!after.files[1].class.test);
    }
}
