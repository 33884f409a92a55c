//! A small project of our own to show things with, where the person is in no project.

use std::path::Path;
use std::path::PathBuf;

use super::super::failed::Failed;

const FILES: [(&str, &str); 3] = [
    ("README.md", include_str!("sample/README.md")),
    ("operations.md", include_str!("sample/operations.md")),
    ("import.py", include_str!("sample/import.py")),
];

/// What its files answer.
pub(super) const QUESTION: &str = "What happens when the import of a port fails?";

/// Whether `folder` has nothing to show: it is empty, or too much for a first look, as the home folder and the root of the
/// file system are.
pub(super) fn is_wanted(folder: &Path, home: Option<&Path>) -> bool {
    let is_home = home.is_some_and(|it| dunce::canonicalize(it).is_ok_and(|it| it == folder));
    let is_hidden = |it: &std::fs::DirEntry| it.file_name().as_encoded_bytes().starts_with(b".");
    let is_empty = || std::fs::read_dir(folder).is_ok_and(|it| it.flatten().all(|it| is_hidden(&it)));
    folder.parent().is_none() || is_home || is_empty()
}

/// Writes the project into `place`, and returns its folder.
pub(super) fn write(place: &Path) -> Result<PathBuf, Failed> {
    let place = dunce::canonicalize(place).map_err(|err| Failed::file("open", place, &err))?;
    let folder = place.join("archive");
    std::fs::create_dir(&folder).map_err(|err| Failed::file("create", &folder, &err))?;
    for (name, text) in FILES {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|err| Failed::file("write", &path, &err))?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_folder_home_and_root_are_no_projects() {
        let dir = tempfile::tempdir().unwrap();
        let home = dunce::canonicalize(dir.path()).unwrap();
        let project = home.join("project");
        std::fs::create_dir(&project).unwrap();
        assert!(is_wanted(&project, Some(&home)), "empty");
        std::fs::create_dir(project.join(".git")).unwrap();
        assert!(is_wanted(&project, Some(&home)), "as good as empty");
        std::fs::write(project.join("main.rs"), "fn main() {}\n").unwrap();
        assert!(!is_wanted(&project, Some(&home)));
        assert!(is_wanted(&home, Some(&home)) && !is_wanted(&home, None));
        assert!(is_wanted(home.ancestors().last().unwrap(), None));
    }
}
