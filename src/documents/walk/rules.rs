//! The rules of `.gitignore`, `.ignore` and `.git/info/exclude`, folder by folder.

use std::path::Path;
use std::rc::Rc;

use ignore::Match;
use ignore::gitignore::Gitignore;
use ignore::gitignore::GitignoreBuilder;

use super::super::open::open_regular;
use super::super::open::read_capped;
use super::super::repository::shared;

/// An ignore file that is larger than this is a mistake or an attack.
const MAX_IGNORE_FILE_BYTES: u64 = 1024 * 1024;

/// The rules that hold in a folder: its own, and those of the folders above it within the same repository.
pub(super) struct Rules {
    pub(super) own: Vec<Gitignore>,
    pub(super) above: Option<Rc<Rules>>,
}

impl Rules {
    /// Whether they leave `path` out: the innermost rule that speaks of it decides.
    pub(super) fn ignores(&self, path: &Path, is_folder: bool) -> bool {
        let mut rules = Some(self);
        while let Some(here) = rules {
            for file in &here.own {
                match file.matched(path, is_folder) {
                    Match::Ignore(_) => return true,
                    Match::Whitelist(_) => return false,
                    Match::None => {}
                }
            }
            rules = here.above.as_deref();
        }
        false
    }
}

/// The rules of the folders above `root`, up to the one with `.git`; none outside of a repository.
pub(super) fn rules_above(root: &Path) -> Option<Rc<Rules>> {
    if root.join(".git").exists() {
        return None;
    }
    let above: Vec<&Path> = root.ancestors().skip(1).collect();
    let top = above.iter().position(|it| it.join(".git").exists())?;
    above[..=top].iter().rev().fold(None, |outer, folder| {
        Some(Rc::new(Rules { own: own_rules(folder, &|name| folder.join(name).exists()), above: outer }))
    })
}

/// The rules that `folder` itself brings, the strongest first; `has` says whether it holds an entry of a name.
pub(super) fn own_rules(folder: &Path, has: &dyn Fn(&str) -> bool) -> Vec<Gitignore> {
    let of_files = [".ignore", ".gitignore"].into_iter().filter(|it| has(it)).map(|it| folder.join(it));
    let of_repository = has(".git").then(|| Some(shared(folder)?.join("info/exclude"))).flatten();
    of_files.chain(of_repository).flat_map(|it| read_rules(folder, &it)).collect()
}

/// Rules of one file that are compiled together: with some ten thousand it cannot be done, and none of them counted.
const RULES_AT_ONCE: usize = 1_000;

/// Rules that cannot be read do not stop the walk; a line that is no glob is left out, as git does. The last part of a file
/// comes first, as the last rule that speaks of a path decides.
fn read_rules(folder: &Path, file: &Path) -> Vec<Gitignore> {
    let read = || read_capped(open_regular(file).ok()?.0, MAX_IGNORE_FILE_BYTES).ok();
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.trim_start_matches('\u{FEFF}').lines().collect();
    let compiled = |lines: &[&str]| {
        let mut builder = GitignoreBuilder::new(folder);
        for line in lines {
            let _ = builder.add_line(None, line);
        }
        builder.build().ok().filter(|it| !it.is_empty())
    };
    lines.chunks(RULES_AT_ONCE).rev().filter_map(compiled).collect()
}
