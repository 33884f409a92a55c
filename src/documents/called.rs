//! Finds the definitions of what a piece calls, as far as one definition is meant.

use std::collections::HashMap;
use std::collections::HashSet;
use std::path::PathBuf;

use super::Allowed;
use super::Documents;
use super::DocumentsError;
use super::catalog::Catalog;
use super::catalog::DEAD;
use super::chunk::Definition;
use super::chunk::DefinitionKind;
use super::find::Hit;
use super::find::Place;
use super::find::hit_of;
use super::index::under;
use super::postings;
use super::postings::definition_term;
use super::terms::raw_words;
use crate::store::ChunkRow;
use crate::trace::Call;

/// A definition that a piece uses.
#[derive(Clone, Debug, PartialEq)]
pub struct Called {
    /// Which of the places that were asked for uses it first.
    pub by: usize,
    pub definition: Definition,
    /// The piece in which it opens. Its score is nothing: it was not searched for.
    pub hit: Hit,
}

/// Names that are looked up at once: those of some twenty pieces.
const NAMES: usize = 256;

/// A name with more definitions means too much to be followed.
const DEFINITIONS_AT_MOST: usize = 8;

impl Documents {
    /// The definitions under `paths` of what the pieces at `places` call or name as types, in the order of the places and of
    /// the uses in each; every definition once, those in the pieces themselves left out.
    ///
    /// A name counts when one definition is meant, of those in the language of the piece: the only one, or else the only one
    /// in the file itself, in a file that is imported, or outside of tests. What cannot be told is left out. Places whose
    /// files have changed since have none. Costs a lookup for each name, some milliseconds for twenty pieces.
    ///
    /// # Errors
    ///
    /// As [`Documents::search`](Documents::search).
    pub async fn called(
        &self,
        places: &[Place],
        paths: &[PathBuf],
        allowed: &Allowed,
        call: &Call,
    ) -> Result<Vec<Called>, DocumentsError> {
        let workspaces = self.store.generations().await?;
        let seen = self.meant(paths, &workspaces, allowed, call).await?.unwrap_or_default();
        let mut found = Vec::new();
        for workspace in workspaces.iter().filter(|it| seen.iter().any(|(id, _)| *id == it.id)) {
            let asked: Vec<(usize, Place)> =
                places.iter().copied().enumerate().filter(|it| it.1.workspace == workspace.id).collect();
            if asked.is_empty() {
                continue;
            }
            let folders: Vec<&str> = seen.iter().filter(|it| it.0 == workspace.id).map(|it| it.1.as_str()).collect();
            let catalog = self.catalog(workspace, call).await?;
            found.extend(self.called_in(&catalog, &asked, &folders, call).await?);
        }
        found.sort_by_key(|it| it.by);
        Ok(found)
    }

    async fn called_in(
        &self,
        catalog: &Catalog,
        asked: &[(usize, Place)],
        folders: &[&str],
        call: &Call,
    ) -> Result<Vec<Called>, DocumentsError> {
        let rows = self.store.chunks(asked.iter().map(|it| (it.1.file, it.1.number)).collect()).await?;
        // Each name with the first place that uses it.
        let mut names: Vec<(String, usize, Place)> = Vec::new();
        for ((by, place), row) in asked.iter().zip(rows) {
            for name in row.iter().flat_map(|it| it.uses.lines()) {
                if names.len() < NAMES && !names.iter().any(|it| it.0 == name) {
                    names.push((name.to_owned(), *by, *place));
                }
            }
        }
        names.retain(|it| definition_term(&it.0).is_some());
        let mut files: Vec<i64> = names.iter().map(|it| it.2.file).collect();
        files.sort_unstable();
        files.dedup();
        let candidates = self.candidates(catalog, &names, (folders, &files), call).await?;
        let imports = self.store.imports(files.clone()).await?;
        let imported: HashMap<i64, HashSet<String>> =
            files.into_iter().zip(imports).map(|(file, text)| (file, words_of(&text))).collect();
        let own: HashSet<(i64, u32)> = asked.iter().map(|it| (it.1.file, it.1.number)).collect();
        let mut given: HashSet<(i64, usize)> = HashSet::new();
        let mut found = Vec::new();
        for ((name, by, place), candidates) in names.iter().zip(candidates) {
            let meant = meant(name, *place, &candidates, catalog, imported.get(&place.file));
            let Some((file, number, row, definition)) = meant else { continue };
            let id = catalog.files[file].row.id;
            if !own.contains(&(id, number)) && given.insert((id, definition.line)) {
                let why = format!("defines {name}, which is used");
                let hit = Hit { why, ..hit_of(catalog, file, number, row.clone()) };
                found.push(Called { by: *by, definition, hit });
            }
        }
        Ok(found)
    }

    /// For each name the pieces that may define it: file of the catalog, number, row. `files` are those that use them.
    async fn candidates(
        &self,
        catalog: &Catalog,
        names: &[(String, usize, Place)],
        (folders, files): (&[&str], &[i64]),
        call: &Call,
    ) -> Result<Vec<Vec<Candidate>>, DocumentsError> {
        let users = catalog.files.iter().filter(|it| files.binary_search(&it.row.id).is_ok());
        let families: HashMap<i64, &str> = users.map(|it| (it.row.id, family(&it.row.language))).collect();
        let words: Vec<String> = names.iter().filter_map(|it| definition_term(&it.0)).collect();
        let segments: Vec<i64> = catalog.segments.iter().map(|it| it.0).collect();
        let bases: HashMap<i64, u32> = catalog.segments.iter().copied().collect();
        let mut places: Vec<Vec<(usize, u32)>> = vec![Vec::new(); names.len()];
        for (segment, at, data) in self.store.postings(segments, words, call.cancelled()).await? {
            let (Some(base), Some(places)) = (bases.get(&segment), places.get_mut(at)) else { continue };
            let of_user = families.get(&names[at].2.file);
            for posting in postings::read(&data) {
                let Some(chunk) = base.checked_add(posting.chunk) else { continue };
                let Some(file) = catalog.file_of.get(chunk as usize).filter(|it| **it != DEAD) else { continue };
                let entry = &catalog.files[*file as usize];
                let is_read_alike = of_user == Some(&family(&entry.row.language));
                if is_read_alike && folders.iter().any(|it| under(&entry.row.path, it)) {
                    places.push((*file as usize, chunk - entry.first));
                }
            }
        }
        for places in &mut places {
            if places.len() > DEFINITIONS_AT_MOST {
                places.clear();
            }
        }
        let flat: Vec<(usize, u32)> = places.iter().flatten().copied().collect();
        let ids = flat.iter().map(|(file, number)| (catalog.files[*file].row.id, *number)).collect();
        let mut rows = flat.into_iter().zip(self.store.chunks(ids).await?);
        let candidates = places.iter().map(|it| {
            let rows = rows.by_ref().take(it.len());
            rows.filter_map(|((file, number), row)| Some((file, number, row?))).collect()
        });
        Ok(candidates.collect())
    }
}

/// What stands for the languages that call each other by the same names: one of them.
fn family(language: &str) -> &str {
    match language {
        "typescript" | "tsx" | "vue" | "svelte" | "astro" => "javascript",
        "cpp" | "cuda" | "objective-c" => "c",
        "kotlin" | "scala" | "groovy" => "java",
        _ => language,
    }
}

/// A piece that may define a name: file of the catalog, number, row.
type Candidate = (usize, u32, ChunkRow);

/// The words of what is imported, in lower case.
fn words_of(imports: &str) -> HashSet<String> {
    raw_words(imports).map(str::to_lowercase).collect()
}

/// The definition of `name` that is meant at `place`, if it can be told.
fn meant<'a>(
    name: &str,
    place: Place,
    candidates: &'a [Candidate],
    catalog: &Catalog,
    imported: Option<&HashSet<String>>,
) -> Option<(usize, u32, &'a ChunkRow, Definition)> {
    let mut all: Vec<(usize, u32, &ChunkRow, Definition)> = Vec::new();
    for (file, number, row) in candidates {
        let definitions = row.definitions.lines().map(Definition::read);
        all.extend(definitions.filter(|it| it.name == name && it.is_meant()).map(|it| (*file, *number, row, it)));
    }
    let own_file = |it: &(usize, u32, &ChunkRow, Definition)| catalog.files[it.0].row.id == place.file;
    let has_body = |it: &(usize, u32, &ChunkRow, Definition)| it.3.kind != DefinitionKind::Value;
    let is_imported = |it: &(usize, u32, &ChunkRow, Definition)| {
        let path = &catalog.files[it.0].row.path;
        let stem = path.rsplit('/').next().and_then(|it| it.split('.').next()).unwrap_or_default();
        imported.is_some_and(|words| words.contains(&stem.to_lowercase()))
    };
    let is_source = |it: &(usize, u32, &ChunkRow, Definition)| {
        let class = catalog.files[it.0].class;
        !class.test && !class.vendored && !class.example
    };
    // Each rule narrows only where it leaves something.
    for rule in [&has_body as &dyn Fn(&_) -> bool, &own_file, &is_source, &is_imported] {
        if all.len() > 1 && all.iter().any(rule) {
            all.retain(rule);
        }
    }
    if all.len() == 1 { all.pop() } else { None }
}
