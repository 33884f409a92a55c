//! Names the language of a file by its name, its extension or its first line.

use std::path::Path;

use Kind::Code;
use Kind::Doc;
use Syntax::Assembly;
use Syntax::Brace;
use Syntax::C;
use Syntax::Config;
use Syntax::Elixir;
use Syntax::Go;
use Syntax::Haskell;
use Syntax::JavaScript;
use Syntax::Keyword;
use Syntax::Lisp;
use Syntax::Markdown;
use Syntax::Prose;
use Syntax::Python;
use Syntax::Ruby;
use Syntax::Rust;
use Syntax::Shell;
use Syntax::Sql;
use Syntax::Style;

/// The language of a file. Compared by name.
#[derive(Clone, Copy)]
pub struct Language(&'static Entry);

/// Whether a file is read as a program or as a text for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Code,
    Doc,
}

/// How the lines of a language are to be read: what opens a definition, what is a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Markdown,
    Prose,
    Rust,
    Go,
    Python,
    Ruby,
    Elixir,
    Haskell,
    JavaScript,
    /// C and C++: a function has no keyword.
    C,
    /// Java, C#, Kotlin, Swift and their like: braces, modifiers, keywords and methods without one.
    Brace,
    Shell,
    Sql,
    Lisp,
    Style,
    /// Data and settings: a section or a key at the margin opens a part.
    Config,
    Assembly,
    /// Anything else that opens its parts with a word such as `function` or `module`.
    Keyword,
}

struct Entry {
    name: &'static str,
    kind: Kind,
    syntax: Syntax,
    /// Lower case, without the dot.
    extensions: &'static [&'static str],
    /// Whole names, lower case.
    file_names: &'static [&'static str],
    /// Programs that a `#!` line may name.
    interpreters: &'static [&'static str],
}

impl Language {
    /// Plain text, which is also what an unknown file is.
    pub const TEXT: Language = Language(&TEXT);

    /// The language of the file at `path`: its whole name counts first, then its extension, then a `#!` at the start
    /// of `text`. [`Language::TEXT`] when none of them is known.
    pub fn of(path: &Path, text: &str) -> Language {
        let name = path.file_name().map(|it| it.to_string_lossy().to_lowercase()).unwrap_or_default();
        by_file_name(&name)
            .or_else(|| by_extension(&name))
            .or_else(|| by_interpreter(text.lines().next().unwrap_or_default()))
            .unwrap_or(Language::TEXT)
    }

    /// The language called `name`, or that has `name` as an extension or as a program that runs it; any case.
    pub fn named(name: &str) -> Option<Language> {
        let name = name.trim().to_lowercase();
        let name = match name.as_str() {
            "c#" => "csharp",
            "f#" => "fsharp",
            "golang" => "go",
            name => name,
        };
        LANGUAGES.iter().find(|it| it.name == name).map(Language).or_else(|| by_suffix(name)).or_else(|| run_by(name))
    }

    /// Its name and those of what is written in it under another one, as TSX is TypeScript.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        [self.name()].into_iter().chain((self.name() == "typescript").then_some("tsx"))
    }

    /// The name: lower case, without spaces, never empty.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    pub fn kind(self) -> Kind {
        self.0.kind
    }

    pub(super) fn syntax(self) -> Syntax {
        self.0.syntax
    }

    /// Every language there is, in the order of the table.
    pub fn all() -> impl Iterator<Item = Language> {
        LANGUAGES.iter().map(Language)
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Language) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Language {}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Language({})", self.0.name)
    }
}

impl Kind {
    /// The name in arguments and rows.
    pub fn name(self) -> &'static str {
        match self {
            Code => "code",
            Doc => "doc",
        }
    }
}

fn by_file_name(name: &str) -> Option<Language> {
    let whole = LANGUAGES.iter().find(|it| it.file_names.contains(&name));
    // Dockerfile.dev, Makefile.am, and `.env.example` are their first part with something added.
    whole.map(Language).or_else(|| {
        let first = name.split('.').find(|it| !it.is_empty())?;
        ["dockerfile", "containerfile", "makefile", "jenkinsfile"]
            .contains(&first)
            .then(|| LANGUAGES.iter().find(|it| it.file_names.contains(&first)).map(Language))
            .flatten()
            .or_else(|| name.starts_with(".env.").then(|| Language::named("dotenv")).flatten())
    })
}

fn by_extension(name: &str) -> Option<Language> {
    let (stem, extension) = name.rsplit_once('.')?;
    // `config.toml.example` is TOML with a word behind it.
    if ["in", "example", "sample", "template", "tmpl", "tpl", "dist", "erb", "j2"].contains(&extension)
        && let Some((_, inner)) = stem.rsplit_once('.')
        && let Some(language) = by_suffix(inner)
    {
        return Some(language);
    }
    by_suffix(extension)
}

fn by_suffix(extension: &str) -> Option<Language> {
    LANGUAGES.iter().find(|it| it.extensions.contains(&extension)).map(Language)
}

/// Reads `#!/usr/bin/env -S python3 -u` as `python`.
fn by_interpreter(first_line: &str) -> Option<Language> {
    let command = first_line.strip_prefix("#!")?;
    let program = command
        .split_whitespace()
        .map(|it| it.rsplit('/').next().unwrap_or(it))
        .find(|it| *it != "env" && !it.starts_with('-') && !it.contains('='))?;
    run_by(program)
}

fn run_by(program: &str) -> Option<Language> {
    let program = program.trim_end_matches(|it: char| it.is_ascii_digit() || it == '.');
    LANGUAGES.iter().find(|it| it.interpreters.contains(&program)).map(Language)
}

const TEXT: Entry = entry("text", Doc, Prose, &["txt", "text", "log"], &["license", "copying", "authors", "notice"]);

const fn entry(
    name: &'static str,
    kind: Kind,
    syntax: Syntax,
    extensions: &'static [&'static str],
    file_names: &'static [&'static str],
) -> Entry {
    Entry { name, kind, syntax, extensions, file_names, interpreters: &[] }
}

const fn script(
    name: &'static str,
    syntax: Syntax,
    extensions: &'static [&'static str],
    file_names: &'static [&'static str],
    interpreters: &'static [&'static str],
) -> Entry {
    Entry { name, kind: Code, syntax, extensions, file_names, interpreters }
}

/// Every language that is told apart. Where two claim an extension, the earlier one has it.
static LANGUAGES: &[Entry] = &[
    entry("rust", Code, Rust, &["rs"], &[]),
    entry("go", Code, Go, &["go"], &[]),
    script(
        "python",
        Python,
        &["py", "pyi", "pyw", "pyx", "pxd"],
        &["sconstruct", "sconscript"],
        &["python", "pypy", "uv"],
    ),
    script("javascript", JavaScript, &["js", "mjs", "cjs", "jsx"], &["jakefile"], &["node", "bun"]),
    script("typescript", JavaScript, &["ts", "mts", "cts"], &[], &["deno", "ts-node", "tsx"]),
    entry("tsx", Code, JavaScript, &["tsx"], &[]),
    entry("vue", Code, JavaScript, &["vue"], &[]),
    entry("svelte", Code, JavaScript, &["svelte"], &[]),
    entry("astro", Code, JavaScript, &["astro"], &[]),
    entry("java", Code, Brace, &["java"], &[]),
    script("kotlin", Brace, &["kt", "kts"], &[], &["kotlin"]),
    script("scala", Brace, &["scala", "sc", "sbt"], &[], &["scala"]),
    script("groovy", Brace, &["groovy", "gradle"], &["jenkinsfile"], &["groovy"]),
    script("swift", Brace, &["swift"], &[], &["swift"]),
    entry("c", Code, C, &["c", "h"], &[]),
    entry("cpp", Code, C, &["cc", "cpp", "cxx", "c++", "hh", "hpp", "hxx", "h++", "inl", "ipp", "ino"], &[]),
    entry("cuda", Code, C, &["cu", "cuh"], &[]),
    entry("opencl", Code, C, &["cl"], &[]),
    entry("glsl", Code, C, &["glsl", "vert", "frag", "comp", "geom", "hlsl", "wgsl", "metal"], &[]),
    entry("objective-c", Code, C, &["m", "mm"], &[]),
    entry("csharp", Code, Brace, &["cs", "csx"], &[]),
    entry("fsharp", Code, Keyword, &["fs", "fsi", "fsx"], &[]),
    entry("visual-basic", Code, Keyword, &["vb", "bas", "vbs"], &[]),
    entry("d", Code, Brace, &["d"], &[]),
    entry("zig", Code, Rust, &["zig", "zon"], &[]),
    entry("v", Code, Go, &["vv", "vsh"], &[]),
    entry("odin", Code, Keyword, &["odin"], &[]),
    entry("nim", Code, Keyword, &["nim", "nims", "nimble"], &[]),
    script("crystal", Ruby, &["cr"], &[], &["crystal"]),
    entry("dart", Code, Brace, &["dart"], &[]),
    script("php", Brace, &["php", "phtml", "php3", "php4", "php5", "php7"], &[], &["php"]),
    script(
        "ruby",
        Ruby,
        &["rb", "rake", "gemspec", "ru"],
        &["rakefile", "gemfile", "vagrantfile", "podfile", "fastfile", "brewfile", "guardfile"],
        &["ruby", "jruby"],
    ),
    script("perl", Keyword, &["pl", "pm", "t", "pod"], &[], &["perl"]),
    script("raku", Keyword, &["raku", "rakumod", "p6"], &[], &["raku"]),
    script("lua", Keyword, &["lua", "rockspec"], &[], &["lua", "luajit"]),
    script("r", Keyword, &["r", "rmd"], &[".rprofile"], &["rscript"]),
    script("julia", Keyword, &["jl"], &[], &["julia"]),
    entry("matlab", Code, Keyword, &["mlx", "matlab"], &[]),
    script("elixir", Elixir, &["ex", "exs"], &[], &["elixir"]),
    entry("eex", Code, Style, &["eex", "heex", "leex"], &[]),
    script("erlang", Haskell, &["erl", "hrl"], &["rebar.config"], &["escript"]),
    script("haskell", Haskell, &["hs", "lhs"], &[], &["runhaskell", "runghc"]),
    entry("purescript", Code, Haskell, &["purs"], &[]),
    entry("elm", Code, Haskell, &["elm"], &[]),
    entry("ocaml", Code, Keyword, &["ml", "mli"], &[]),
    entry("lean", Code, Keyword, &["lean"], &[]),
    entry("coq", Code, Keyword, &["coq"], &[]),
    entry("agda", Code, Haskell, &["agda"], &[]),
    script("clojure", Lisp, &["clj", "cljs", "cljc", "edn"], &[], &["bb", "clojure"]),
    script("lisp", Lisp, &["lisp", "lsp", "asd"], &[], &["sbcl"]),
    entry("emacs-lisp", Code, Lisp, &["el"], &[".emacs"]),
    script("scheme", Lisp, &["scm", "ss", "rkt"], &[], &["guile", "racket"]),
    entry("fennel", Code, Lisp, &["fnl"], &[]),
    script(
        "shell",
        Shell,
        &["sh", "bash", "zsh", "ksh", "bats", "command"],
        &["pkgbuild", ".bashrc", ".zshrc", ".profile", ".bash_profile"],
        &["sh", "bash", "zsh", "ksh", "dash", "ash"],
    ),
    script("fish", Shell, &["fish"], &[], &["fish"]),
    script("nushell", Keyword, &["nu"], &[], &["nu"]),
    script("powershell", Keyword, &["ps1", "psm1", "psd1"], &[], &["pwsh", "powershell"]),
    entry("batch", Code, Assembly, &["bat", "cmd"], &[]),
    script("awk", Keyword, &["awk"], &[], &["awk", "gawk"]),
    script("tcl", Keyword, &["tcl"], &[], &["tclsh", "expect"]),
    entry("vim", Code, Keyword, &["vim"], &[".vimrc", "vimrc"]),
    entry("sql", Code, Sql, &["sql", "psql", "pgsql", "ddl", "dml"], &[]),
    entry("graphql", Code, Brace, &["graphql", "gql"], &[]),
    entry("protobuf", Code, Brace, &["proto"], &[]),
    entry("thrift", Code, Brace, &["thrift"], &[]),
    entry("prisma", Code, Brace, &["prisma"], &[]),
    entry("solidity", Code, Brace, &["sol"], &[]),
    entry("verilog", Code, Keyword, &["sv", "svh", "vh"], &[]),
    entry("vhdl", Code, Keyword, &["vhd", "vhdl"], &[]),
    entry("fortran", Code, Keyword, &["f", "f90", "f95", "f03", "f08", "for"], &[]),
    entry("pascal", Code, Keyword, &["pas", "pp", "dpr", "lpr"], &[]),
    entry("ada", Code, Keyword, &["adb", "ads"], &[]),
    entry("cobol", Code, Assembly, &["cob", "cbl", "cpy"], &[]),
    entry("assembly", Code, Assembly, &["s", "asm", "nasm"], &[]),
    entry("wat", Code, Lisp, &["wat", "wast"], &[]),
    entry("prolog", Code, Haskell, &["pro", "prolog"], &[]),
    entry("gdscript", Code, Python, &["gd"], &[]),
    entry("starlark", Code, Python, &["bzl", "star", "bazel"], &["build", "workspace", "buck", "tiltfile"]),
    entry("makefile", Code, Assembly, &["mk", "mak"], &["makefile", "gnumakefile"]),
    entry("just", Code, Assembly, &["just"], &["justfile", ".justfile"]),
    entry("cmake", Code, Keyword, &["cmake"], &["cmakelists.txt"]),
    entry("meson", Code, Config, &[], &["meson.build", "meson_options.txt"]),
    entry("dockerfile", Code, Config, &["dockerfile"], &["dockerfile", "containerfile"]),
    entry("terraform", Code, Config, &["tf", "tfvars", "hcl", "nomad"], &[]),
    entry("nix", Code, Config, &["nix"], &[]),
    entry("dhall", Code, Haskell, &["dhall"], &[]),
    entry("jsonnet", Code, Config, &["jsonnet", "libsonnet"], &[]),
    entry("cue", Code, Config, &["cue"], &[]),
    entry(
        "json",
        Code,
        Config,
        &["json", "jsonc", "json5", "jsonl", "ndjson", "geojson", "webmanifest", "ipynb"],
        &[".babelrc", ".eslintrc", ".prettierrc", ".swcrc"],
    ),
    entry("yaml", Code, Config, &["yml", "yaml"], &[".clang-format", ".clang-tidy", ".yamllint"]),
    entry("toml", Code, Config, &["toml"], &["pipfile"]),
    entry(
        "ini",
        Code,
        Config,
        &["ini", "cfg", "conf", "properties", "service", "desktop", "cnf"],
        &[".editorconfig", ".gitconfig", ".gitmodules"],
    ),
    entry("dotenv", Code, Config, &["env"], &[]),
    entry(
        "ignore",
        Code,
        Config,
        &[],
        &[".gitignore", ".dockerignore", ".npmignore", ".ignore", ".gitattributes", "codeowners"],
    ),
    entry(
        "xml",
        Code,
        Style,
        &["xml", "xsd", "xsl", "xslt", "svg", "plist", "csproj", "fsproj", "props", "targets"],
        &["pom.xml"],
    ),
    entry("css", Code, Style, &["css", "pcss"], &[]),
    entry("scss", Code, Style, &["scss", "sass"], &[]),
    entry("less", Code, Style, &["less", "styl"], &[]),
    entry(
        "template",
        Code,
        Style,
        &["hbs", "mustache", "ejs", "njk", "liquid", "erb", "j2", "jinja", "twig", "pug"],
        &[],
    ),
    entry("diff", Code, Keyword, &["diff", "patch"], &[]),
    entry("html", Doc, Prose, &["html", "htm", "xhtml"], &[]),
    // What documents/paper.rs made a text with headings of.
    entry("webpage", Doc, Markdown, &[], &[]),
    entry("pdf", Doc, Markdown, &["pdf"], &[]),
    entry("word", Doc, Markdown, &["docx", "docm"], &[]),
    entry("spreadsheet", Doc, Markdown, &["xlsx", "xlsm"], &[]),
    entry("slides", Doc, Markdown, &["pptx", "pptm"], &[]),
    entry("opendocument", Doc, Markdown, &["odt", "ods", "odp"], &[]),
    entry("markdown", Doc, Markdown, &["md", "markdown", "mdown", "mkd", "mdx", "qmd", "mdc"], &["readme"]),
    entry("restructuredtext", Doc, Prose, &["rst", "rest"], &[]),
    entry("asciidoc", Doc, Prose, &["adoc", "asciidoc", "asc"], &[]),
    entry("org", Doc, Prose, &["org"], &[]),
    entry("latex", Doc, Prose, &["tex", "sty", "cls", "bib"], &[]),
    entry("typst", Doc, Prose, &["typ"], &[]),
    entry("man", Doc, Prose, &["1", "2", "3", "5", "7", "8", "roff", "mdoc"], &[]),
    entry("subtitles", Doc, Prose, &["srt", "vtt"], &[]),
    entry("csv", Doc, Prose, &["csv", "tsv", "psv"], &[]),
    TEXT,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, expected: &str) {
        assert_eq!(Language::of(Path::new(path), text).name(), expected, "{path}");
    }

    #[test]
    fn the_name_counts_before_the_extension_and_that_before_the_first_line() {
        check("src/main.rs", "", "rust");
        check("a/B.PY", "", "python");
        check("x.tsx", "", "tsx");
        check("x.d.ts", "", "typescript");
        check("CMakeLists.txt", "", "cmake");
        check("Makefile", "", "makefile");
        check("Dockerfile.dev", "", "dockerfile");
        check("README", "", "markdown");
        check("notes.txt", "#!/bin/sh", "text");
        check("bin/run", "#!/usr/bin/env -S python3.12 -u\nprint(1)", "python");
        check("bin/run", "#!/bin/bash -e\r\n", "shell");
        check("bin/run", "#!", "text");
        check("bin/run", "", "text");
        check("config.toml.example", "", "toml");
        check("page.html.erb", "", "html");
        check("page.erb", "", "template");
        check(".env.example", "", "dotenv");
        check(".gitignore", "", "ignore");
        check("", "", "text");
        check("odd.", "", "text");
    }

    #[test]
    fn programs_are_code_and_texts_are_docs() {
        for (name, expected) in [("rust", Code), ("json", Code), ("css", Code), ("markdown", Doc), ("text", Doc)] {
            assert_eq!(Language::named(name).unwrap().kind(), expected, "{name}");
        }
    }

    #[test]
    fn a_language_is_found_by_name_or_extension_in_any_case() {
        assert_eq!(Language::named(" Rust "), Language::named("rs"));
        assert_eq!(Language::named("C++").map(Language::name), Some("cpp"));
        for (name, expected) in
            [("Bash", "shell"), ("c#", "csharp"), ("python3", "python"), ("golang", "go"), ("kt", "kotlin")]
        {
            assert_eq!(Language::named(name).map(Language::name), Some(expected));
        }
        assert_eq!(Language::named("ts").unwrap().names().collect::<Vec<_>>(), ["typescript", "tsx"]);
        assert_eq!(Language::named("klingon"), None);
    }

    #[test]
    fn no_name_extension_or_interpreter_is_listed_twice() {
        let mut seen = std::collections::HashSet::new();
        for entry in LANGUAGES {
            assert!(seen.insert(("name", entry.name)), "{}", entry.name);
            for (what, words) in
                [("extension", entry.extensions), ("file", entry.file_names), ("interpreter", entry.interpreters)]
            {
                for word in words {
                    assert_eq!(*word, word.to_lowercase());
                    assert!(seen.insert((what, word)), "{what} {word}");
                }
            }
        }
        assert!(Language::all().count() >= 80);
    }
}
