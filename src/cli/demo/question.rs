//! Finds something to ask about a folder that nobody has seen before.

use std::path::Path;

/// Files whose first heading says what a folder is about.
const TITLED: [&str; 4] = ["README.md", "readme.md", "README", "index.md"];

/// A question that the files of `folder` can probably answer.
pub(super) fn about(folder: &Path) -> String {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    if read("Cargo.toml").contains("\nname = \"carryall\"\n") {
        // Broken amid the words, or the best place in our own files would always be this one.
        return concat!("When is a write dur", "able, and when is it ack", "nowledged?").to_owned();
    }
    let heading = TITLED.iter().find_map(|name| heading(&read(name)));
    let name = heading.or_else(|| folder.file_name().map(|it| it.to_string_lossy().into_owned()));
    format!("What is {} for, and how is it used?", name.as_deref().unwrap_or("this"))
}

/// The first heading of a text in Markdown.
fn heading(text: &str) -> Option<String> {
    let line = text.lines().take(50).find_map(|it| it.strip_prefix("# "))?;
    let plain: String = line.chars().filter(|it| it.is_alphanumeric() || " -_.".contains(*it)).take(60).collect();
    Some(plain.trim().to_owned()).filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_about_what_the_folder_says_that_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(about(folder.path()), format!("What is {name} for, and how is it used?"));
        std::fs::write(folder.path().join("README.md"), "<p>\n\n# **Otter** `2`\n# More\n").unwrap();
        assert_eq!(about(folder.path()), "What is Otter 2 for, and how is it used?");
    }
}
