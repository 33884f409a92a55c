//! Finds where the repository around a folder is kept: in `.git`, or where a file of that name says, as in a second working
//! tree or a submodule.

use std::path::Path;
use std::path::PathBuf;

/// A file that says where the repository is is not longer.
const LINK_BYTES: u64 = 4_096;

/// The nearest folder around `root` that is a repository, `root` itself or above it, and where that is kept.
pub(super) fn repository(root: &Path) -> Option<(&Path, PathBuf)> {
    let nearest = root.ancestors().find(|it| std::fs::symlink_metadata(it.join(".git")).is_ok())?;
    Some((nearest, own(nearest)?))
}

/// Where what all working trees of the repository of `root` share is kept, without links; `None` when `root` is none of
/// them.
pub(super) fn shared(root: &Path) -> Option<PathBuf> {
    let own = own(root)?;
    let shared = link(&own.join("commondir")).map_or_else(|| own.clone(), |it| own.join(it.trim_end()));
    dunce::canonicalize(shared).ok()
}

fn own(root: &Path) -> Option<PathBuf> {
    let place = root.join(".git");
    if std::fs::metadata(&place).ok()?.is_dir() {
        return Some(place);
    }
    Some(root.join(link(&place)?.trim_end().strip_prefix("gitdir: ")?))
}

fn link(file: &Path) -> Option<String> {
    let metadata = std::fs::metadata(file).ok()?;
    let is_link = metadata.is_file() && metadata.len() <= LINK_BYTES;
    is_link.then(|| std::fs::read_to_string(file).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a file in each of `files`, below it.
    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for it in files {
            let path = folder.path().join(it);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        folder
    }

    #[test]
    fn the_nearest_repository_around_a_folder_is_its_own() {
        let folder = tree(&["out/.git/HEAD", "out/in/src/a.rs", "out/module/src/a.rs", "kept/HEAD", "alone/a.rs"]);
        let root = folder.path();
        let of = |path: &str| {
            let path = root.join(path);
            let (nearest, kept) = repository(&path)?;
            Some((nearest.strip_prefix(root).unwrap().to_owned(), kept.strip_prefix(root).unwrap().to_owned()))
        };
        let place = |nearest: &str, kept: &str| Some((PathBuf::from(nearest), PathBuf::from(kept)));
        assert_eq!(of("out"), place("out", "out/.git"));
        assert_eq!(of("out/in/src"), place("out", "out/.git"));
        assert_eq!(of("alone"), None);
        // A submodule has a past of its own, and none where that is not there.
        std::fs::write(root.join("out/module/.git"), "gitdir: ../../kept\n").unwrap();
        assert_eq!(of("out/module/src"), place("out/module", "out/module/../../kept"));
        std::fs::write(root.join("out/module/.git"), "nothing").unwrap();
        assert_eq!(of("out/module/src"), None);
        // What all working trees share is where the one that they were made from has it.
        let of_all = |path: &str| {
            Some(shared(&root.join(path))?.strip_prefix(dunce::canonicalize(root).unwrap()).unwrap().to_owned())
        };
        std::fs::write(root.join("out/module/.git"), "gitdir: ../../kept\n").unwrap();
        assert_eq!(of_all("out/module"), Some(PathBuf::from("kept")));
        std::fs::write(root.join("kept/commondir"), "../out/.git\n").unwrap();
        assert_eq!(
            (of_all("out/module"), of_all("out")),
            (Some(PathBuf::from("out/.git")), Some(PathBuf::from("out/.git")))
        );
        assert_eq!(of_all("out/in"), None);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../kept", root.join("alone/.git")).unwrap();
            assert_eq!(of("alone"), place("alone", "alone/.git"));
        }
    }
}
