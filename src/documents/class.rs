//! Says from its path what a file is in its project: source, test, documentation, data, example, somebody else's.
//!
//! A task rarely means the test, the fixture or the changelog that has all its words, unless it says so.

use super::Kind;
use super::Language;

/// What a file is besides source; a file may be several of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Class {
    pub(super) test: bool,
    pub(super) vendored: bool,
    pub(super) prose: bool,
    pub(super) data: bool,
    pub(super) example: bool,
}

const TEST_FOLDERS: &[&str] = &[
    "test",
    "tests",
    "testing",
    "testdata",
    "test-data",
    "testsuite",
    "__tests__",
    "__snapshots__",
    "spec",
    "specs",
    "e2e",
    "fixtures",
    "fixture",
    "bench",
    "benches",
    "benchmark",
    "benchmarks",
    "microbench",
    "integration",
    "fuzz",
    "fuzzers",
    "mock",
    "mocks",
    "__mocks__",
    "playground",
];

const VENDORED_FOLDERS: &[&str] = &[
    "vendor",
    "vendored",
    "third_party",
    "third-party",
    "thirdparty",
    "node_modules",
    "deps",
    "external",
    "dist",
    "generated",
    "goldens",
    "typeshed",
    "single_include",
];

const EXAMPLE_FOLDERS: &[&str] = &[
    "example",
    "examples",
    "sample",
    "samples",
    "demo",
    "demos",
    "doc",
    "docs",
    "documentation",
    "website",
    "contrib",
];

/// Languages that hold settings and data, not programs.
const DATA: &[&str] = &[
    "json", "yaml", "toml", "ini", "xml", "css", "scss", "less", "sql", "ignore", "dotenv", "csv", "diff", "template",
];

impl Class {
    /// The class of the file at `path` (from the root, with forward slashes).
    pub(super) fn of(path: &str, language: &str) -> Class {
        let lower = path.to_lowercase();
        let (folders, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
        let in_folder = |list: &[&str]| folders.split('/').any(|it| list.contains(&it));
        let stem = name.split('.').next().unwrap_or(name);
        Class {
            test: in_folder(TEST_FOLDERS) || is_test_name(name, path),
            // All sources of a project in one file: made of what is found in its place.
            vendored: name.contains("amalgamat")
                || in_folder(VENDORED_FOLDERS)
                || stem.ends_with("_generated")
                || name.contains(".min."),
            prose: Language::named(language).is_some_and(|it| it.kind() == Kind::Doc),
            data: DATA.contains(&language),
            example: in_folder(EXAMPLE_FOLDERS),
        }
    }
}

/// What a file is for, as far as a request may be about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nature {
    pub test: bool,
    /// Settings, manifests, container and pipeline files.
    pub configuration: bool,
    pub prose: bool,
}

/// Languages in which programs are configured.
const CONFIGURATION: &[&str] = &["yaml", "toml", "ini", "dotenv", "dockerfile", "hcl", "nginx"];

/// Beginnings of the names of files that configure, whatever they are written in.
const CONFIGURATION_NAMES: &[&str] = &[
    "dockerfile",
    "containerfile",
    "docker-compose",
    "makefile",
    "jenkinsfile",
    "settings",
    "config",
    "package.json",
    "nginx",
    "caddyfile",
    "vagrantfile",
    "procfile",
    ".env",
];

impl Nature {
    /// The nature of the file at `path` (from the root, with forward slashes).
    pub fn of(path: &str, language: &str) -> Nature {
        let class = Class::of(path, language);
        let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
        // A page about settings is none; what is only told to be text may be some.
        let is_page = class.prose && language != "text";
        let is_named = CONFIGURATION_NAMES.iter().any(|it| name.starts_with(it));
        let configuration = !is_page && (CONFIGURATION.contains(&language) || is_named);
        Nature { test: class.test, configuration, prose: class.prose && !configuration }
    }
}

/// Whether a piece with this title lies within tests that stand in the file of what they test.
pub fn is_among_tests(title: &str) -> bool {
    let is_test = |it: &str| {
        let it = ["pub ", "async ", "export "].iter().fold(it.trim(), |it, word| it.strip_prefix(word).unwrap_or(it));
        let name = |keyword: &str| {
            it.strip_prefix(keyword).map(|it| it.split(|c: char| !(c.is_alphanumeric() || c == '_')).next())
        };
        matches!(name("mod "), Some(Some("test" | "tests")))
            || ["describe(", "it(\"", "it('", "test(\"", "test('", "test \"", "def test_", "func Test", "class Test"]
                .iter()
                .any(|start| it.starts_with(start))
    };
    title.split(super::chunk::WITHIN).any(is_test)
}

/// `foo_test.go`, `test_foo.py`, `foo.spec.ts`, `FooTest.java`.
fn is_test_name(lower: &str, path: &str) -> bool {
    let words: Vec<&str> = lower.split(['.', '_', '-']).collect();
    let before_extension = words.len().saturating_sub(1).max(1);
    if words.iter().take(before_extension).any(|it| matches!(*it, "test" | "tests" | "spec" | "e2e" | "conftest")) {
        return true;
    }
    let stem = path.rsplit('/').next().and_then(|it| it.split('.').next()).unwrap_or_default();
    ["Test", "Tests", "TestCase", "IT", "Spec", "Benchmark"]
        .iter()
        .any(|it| stem.strip_suffix(it).is_some_and(|before| before.ends_with(char::is_lowercase)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, language: &str, expected: &str) {
        let class = Class::of(path, language);
        let names = [
            ("test", class.test),
            ("vendored", class.vendored),
            ("prose", class.prose),
            ("data", class.data),
            ("example", class.example),
        ];
        let found: Vec<&str> = names.iter().filter(|it| it.1).map(|it| it.0).collect();
        assert_eq!(found.join(" "), expected, "{path}");
    }

    #[test]
    fn a_path_says_what_a_file_is() {
        check("src/store/open.rs", "rust", "");
        check("src/latest/contest.rs", "rust", "");
        check("crates/core/tests/util.rs", "rust", "test");
        check("modules/caddyhttp/server_test.go", "go", "test");
        check("src/test/java/a/FooTest.java", "java", "test");
        check("a/FooTest.java", "java", "test");
        check("a/Audit.java", "java", "");
        check("web/app.spec.ts", "typescript", "test");
        check("a/test_x.py", "python", "test");
        check("vendor/x/a.go", "go", "vendored");
        check("extras/catch_amalgamated.hpp", "cpp", "vendored");
        check("CHANGELOG.md", "markdown", "prose");
        check("src/history.rs", "rust", "");
        check("changelog/123.bugfix.rst", "restructuredtext", "prose");
        check("package.json", "json", "data");
        check("examples/a.rs", "rust", "example");
        check("docs/guide.md", "markdown", "prose example");
    }

    #[test]
    fn tests_beside_the_code_are_told_by_what_is_around_them() {
        for title in [
            "mod tests",
            "mod tests › fn reads_a_line()",
            "describe('parser', () =>",
            "class TestRead › def one(self)",
            "pub mod test",
        ] {
            assert!(is_among_tests(title), "{title}");
        }
        for title in [
            "fn test_mode()",
            "impl Tests › fn run(&self)",
            "mod testing",
            "class Contest",
            "fn describe(it: &str)",
            "Tests › Run them",
        ] {
            assert!(!is_among_tests(title), "{title}");
        }
    }

    #[test]
    fn a_path_says_what_configures() {
        let configures = |path, language| Nature::of(path, language).configuration;
        assert!(configures(".github/workflows/ci.yml", "yaml") && configures("Dockerfile", "dockerfile"));
        assert!(configures("app/settings.py", "python") && configures("deploy/nginx.conf", "text"));
        assert!(!configures("src/main.rs", "rust") && !configures("docs/configuration.md", "markdown"));
    }
}
