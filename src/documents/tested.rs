//! Says by their names which sources a test is about: `server_test.go` is about `server.go`, `FooTest.java` about `Foo.java`.

use std::collections::HashMap;

use super::catalog::stem;
use super::class::Class;

/// A name that so many sources have says nothing.
const MOST: usize = 4;

/// Sources of one name that are noted: of a name that more have (`__init__`, `index`) no test says which it is about.
const NOTED: usize = 1_000;

/// What ends the name of a test in capitals and small letters, the longer first.
const ENDS: &[&str] = &["TestCase", "TestSuite", "Tests", "Test", "Specs", "Spec", "Suite", "Benchmark", "Bench", "IT"];

/// What begins or ends the name of one with its words apart.
const WORDS: &[&str] = &["test", "tests", "unittest", "unittests", "spec", "bench"];

/// The tests among `files` (path, language, class), each with the source that it is about: those of its name, in its
/// language when there are any, whose folders have most in common with its own. Both by their place in `files`.
pub(super) fn tested<'a>(files: impl Iterator<Item = (&'a str, &'a str, Class)> + Clone) -> Vec<(u32, u32)> {
    let is_source = |it: Class| !(it.test || it.prose || it.data || it.vendored);
    let mut sources: HashMap<String, Vec<(u32, &str, &str)>> = HashMap::new();
    for (path, _, _) in files.clone().filter(|it| it.2.test) {
        sources.extend(subject(path).map(|it| (it, Vec::new())));
    }
    for (at, (path, language, class)) in (0_u32..).zip(files.clone()) {
        if is_source(class)
            && let Some(found) = subject(path).and_then(|it| sources.get_mut(&it))
            && found.len() < NOTED
        {
            found.push((at, path, language));
        }
    }
    let mut pairs = Vec::new();
    for (at, (path, language, _)) in (0_u32..).zip(files).filter(|(_, it)| it.2.test) {
        let found = subject(path).and_then(|it| sources.get(&it)).map(Vec::as_slice).unwrap_or_default();
        let count = found.iter().filter(|it| it.2 == language).count();
        let meant = if count == 0 { found.len() } else { count };
        if found.len() == NOTED || meant > MOST {
            continue;
        }
        let of_language = |it: &&(u32, &str, &str)| count == 0 || it.2 == language;
        let found: Vec<(u32, usize)> =
            found.iter().filter(of_language).map(|it| (it.0, folders_in_common(path, it.1))).collect();
        let most = found.iter().map(|it| it.1).max().unwrap_or(0);
        pairs.extend(found.iter().filter(|it| it.1 == most).map(|it| (at, it.0)));
    }
    pairs
}

/// What a file is about by its own name: in lower case, without what says that it is a test.
fn subject(path: &str) -> Option<String> {
    let name = stem(path);
    let ended = ENDS.iter().find_map(|it| name.strip_suffix(it).filter(|before| before.ends_with(char::is_lowercase)));
    let name = ended.unwrap_or(name);
    let begun = ["Test", "Bench"].iter().find_map(|it| name.strip_prefix(it));
    let name = begun.filter(|it| it.starts_with(char::is_uppercase)).unwrap_or(name).to_lowercase();
    let mut words: Vec<&str> = name.split(['_', '-']).collect();
    if words.len() > 1 && WORDS.contains(&words[0]) {
        words.remove(0);
    }
    if words.len() > 1 && words.last().is_some_and(|it| WORDS.contains(it)) {
        words.pop();
    }
    let subject = words.concat();
    (subject.len() > 1).then_some(subject)
}

/// Different folders that are on both paths.
fn folders_in_common(one: &str, other: &str) -> usize {
    let folders = |it: &str| -> Vec<String> {
        let mut folders: Vec<String> =
            it.rsplit_once('/').map_or("", |it| it.0).split('/').map(str::to_owned).collect();
        folders.sort_unstable();
        folders.dedup();
        folders
    };
    let other = folders(other);
    folders(one).iter().filter(|it| other.contains(it)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(paths: &[&str], expected: &[(u32, u32)]) {
        let language = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
        let languages: Vec<String> = paths.iter().map(|it| language(it)).collect();
        let files = paths.iter().zip(&languages).map(|(path, it)| (*path, it.as_str(), Class::of(path, it)));
        assert_eq!(tested(files), expected, "{paths:?}");
    }

    #[test]
    fn a_name_that_very_many_have_is_no_name() {
        let tests = (0..3_000).map(|at| (format!("tests/t{at}/test_init.py"), true));
        let sources = (0..3_000).map(|at| (format!("src/s{at}/init.py"), false));
        let paths: Vec<(String, bool)> = tests.chain(sources).collect();
        let class = |test| Class { test, ..Class::default() };
        let files = paths.iter().map(|it| (it.0.as_str(), "python", class(it.1)));
        assert_eq!(tested(files), []);
    }

    #[test]
    fn a_test_is_about_the_source_of_its_name() {
        for (source, test) in [
            ("web/server.go", "web/server_test.go"),
            ("app/line_buffer.py", "tests/test_line_buffer.py"),
            ("src/LineBuffer.java", "src/test/LineBufferTest.java"),
            ("src/lineBuffer.ts", "src/line-buffer.spec.ts"),
            ("src/fs.c", "test/test-fs.c"),
            ("lib/line.rb", "spec/line_spec.rb"),
            ("src/Line.cs", "tests/TestLine.cs"),
            ("src/line.rs", "tests/line.rs"),
        ] {
            check(&[source, test], &[(1, 0)]);
        }
        check(&["src/latest.rs", "tests/line.rs"], &[]);
        check(&["src/Test.java", "src/test/FooTest.java"], &[]);
    }

    #[test]
    fn of_several_sources_it_is_the_nearest_of_its_language() {
        check(&["a/read.go", "b/read.go", "b/read_test.go"], &[(2, 1)]);
        check(&["a/read.go", "b/read.go", "read_test.go"], &[(2, 0), (2, 1)]);
        check(&["a/read.py", "b/read.go", "a/read_test.go"], &[(2, 1)]);
        check(&["a/read.c", "b/read.h", "a/read_test.cpp"], &[(2, 0)]);
        let many: Vec<String> = (0..5).map(|it| format!("{it}/index.js")).chain(["index.test.js".to_owned()]).collect();
        check(&many.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    }
}
