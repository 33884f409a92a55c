//! Tells from one line of a program whether it opens a definition, and of what name.
//!
//! Line by line and without a parser: it misses what is laid out unusually and now and then takes a call for a
//! definition. It serves to choose where a piece starts and what it is called, where a miss costs little.

use super::language::Syntax;

/// The name that `line` defines in a language of `syntax`, if it opens a definition.
pub(super) fn definition(line: &str, syntax: Syntax) -> Option<&str> {
    let inner = line.trim();
    // Minified code and data would be searched in vain.
    if inner.is_empty() || inner.len() > 400 || is_lead(inner, syntax) {
        return None;
    }
    let at_margin = !line.starts_with([' ', '\t']);
    match syntax {
        Syntax::Markdown | Syntax::Prose => None,
        Syntax::Rust => rust(inner),
        Syntax::Go => go(inner, at_margin),
        Syntax::Python => by_keyword(inner, &["async", "cdef", "cpdef", "static"], &["def", "class", "func"]),
        Syntax::Ruby => by_keyword(inner, &["private", "protected", "public"], &["def", "class", "module"])
            .map(|name| name.strip_prefix("self.").unwrap_or(name)),
        Syntax::Elixir => by_keyword(
            inner,
            &[],
            &["def", "defp", "defmodule", "defmacro", "defmacrop", "defprotocol", "defimpl", "defguard", "defdelegate"],
        ),
        Syntax::Haskell => haskell(inner, at_margin),
        Syntax::JavaScript => javascript(inner, at_margin),
        Syntax::C => c(inner),
        Syntax::Brace => by_keyword(inner, BRACE_MODIFIERS, BRACE_KEYWORDS).or_else(|| function_without_keyword(inner)),
        Syntax::Shell => by_keyword(inner, &[], &["function"]).or_else(|| {
            let (name, rest) = inner.split_once("()")?;
            let name = name.trim_end();
            (is_name(name) && rest.trim_start().starts_with(['{', '('])).then_some(name)
        }),
        Syntax::Sql => sql(inner),
        Syntax::Lisp => lisp(inner),
        Syntax::Style => {
            let selector = inner.strip_suffix('{')?.trim_end();
            (at_margin && !selector.is_empty()).then_some(selector)
        }
        Syntax::Config => config(inner, line.len() - line.trim_start().len()),
        Syntax::Assembly => {
            let (label, rest) = inner.split_once(':')?;
            let name = label.split_whitespace().next()?;
            (at_margin && !rest.starts_with('=') && !label.contains('=')).then_some(name)
        }
        Syntax::Keyword => any_keyword(inner, at_margin),
    }
}

/// Whether `inner`, a trimmed line, belongs to what follows it: a comment, an attribute, a decorator.
pub(super) fn is_lead(inner: &str, syntax: Syntax) -> bool {
    let hash_is_comment = !matches!(
        syntax,
        Syntax::C | Syntax::JavaScript | Syntax::Go | Syntax::Style | Syntax::Lisp | Syntax::Haskell | Syntax::Markdown
    );
    inner.starts_with("//")
        || inner.starts_with("/*")
        || inner.starts_with("--")
        || inner.starts_with("<!--")
        || (inner.starts_with('#') && hash_is_comment)
        || match syntax {
            Syntax::Rust | Syntax::Go | Syntax::JavaScript | Syntax::C | Syntax::Brace => {
                inner == "*"
                    || inner.starts_with("* ")
                    || inner.starts_with("*/")
                    || inner.starts_with('@') && !inner.ends_with('{')
                    || inner.starts_with("template")
                    || (syntax == Syntax::Brace && inner.starts_with('[') && inner.ends_with(']'))
            }
            Syntax::Python | Syntax::Elixir => inner.starts_with('@'),
            Syntax::Lisp | Syntax::Assembly => inner.starts_with(';'),
            Syntax::Haskell => inner.starts_with('%') || inner.starts_with("{-"),
            _ => false,
        }
}

const BRACE_MODIFIERS: &[&str] = &[
    "public",
    "private",
    "protected",
    "internal",
    "static",
    "final",
    "abstract",
    "override",
    "open",
    "sealed",
    "data",
    "inline",
    "suspend",
    "partial",
    "readonly",
    "async",
    "unsafe",
    "fileprivate",
    "mutating",
    "case",
    "implicit",
    "operator",
    "companion",
    "inner",
    "export",
    "external",
    "virtual",
    "extern",
    "input",
];

const BRACE_KEYWORDS: &[&str] = &[
    "class",
    "interface",
    "enum",
    "struct",
    "record",
    "trait",
    "object",
    "fun",
    "func",
    "def",
    "protocol",
    "extension",
    "typealias",
    "namespace",
    "function",
    "message",
    "service",
    "rpc",
    "actor",
    "mixin",
    "contract",
    "library",
    "modifier",
    "event",
    "type",
    "union",
    "model",
    "scalar",
];

/// Words that are followed by a parenthesis without defining anything.
const CONTROL: &[&str] = &[
    "if",
    "for",
    "while",
    "switch",
    "return",
    "else",
    "catch",
    "new",
    "throw",
    "do",
    "case",
    "sizeof",
    "typeof",
    "await",
    "yield",
    "delete",
    "goto",
    "using",
    "lock",
    "foreach",
    "elseif",
    "echo",
    "print",
    "assert",
    "require",
    "import",
    "super",
    "this",
    "function",
    "when",
    "guard",
    "match",
    "select",
    "defer",
    "go",
    "synchronized",
    "try",
    "with",
];

/// Strips `modifiers` and expects one of `keywords` and a name.
fn by_keyword<'a>(inner: &'a str, modifiers: &[&str], keywords: &[&str]) -> Option<&'a str> {
    let mut rest = inner;
    loop {
        let (word, after) = split_word(rest);
        if keywords.contains(&word) {
            return name_at(after);
        }
        if !modifiers.contains(&word) {
            return None;
        }
        rest = after;
    }
}

/// The first run of letters, digits and underscores of `text`, and what stands behind it without leading space.
fn split_word(text: &str) -> (&str, &str) {
    let end = text.find(|it: char| !is_name_char(it)).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

/// The name that `text` begins with; `Foo.bar`, `a::b`, `save!` and `$x` are whole names.
fn name_at(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(['*', '&', '$', '"', '\'', '`', '@']);
    let end =
        text.find(|it: char| !is_name_char(it) && !matches!(it, '.' | ':' | '-' | '?' | '!')).unwrap_or(text.len());
    let name = text[..end].trim_end_matches(['.', ':', '-']);
    name.starts_with(|it: char| it.is_alphabetic() || it == '_').then_some(name)
}

fn is_name_char(it: char) -> bool {
    it.is_alphanumeric() || it == '_'
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|it| is_name_char(it) || matches!(it, '-' | '.' | ':' | '$' | '#'))
}

fn rust(inner: &str) -> Option<&str> {
    let mut rest = inner;
    loop {
        let (word, after) = split_word(rest);
        rest = after;
        match word {
            "pub" | "extern" => {
                // `pub(crate)`, `extern "C"`.
                if let Some(behind) = after.strip_prefix('(').and_then(|it| it.split_once(')')) {
                    rest = behind.1.trim_start();
                } else if let Some(behind) = after.strip_prefix('"').and_then(|it| it.split_once('"')) {
                    rest = behind.1.trim_start();
                }
            }
            "async" | "unsafe" | "default" | "inline" | "export" => {}
            "const" if matches!(split_word(after).0, "fn" | "unsafe" | "async" | "extern") => {}
            "impl" => return rust_impl(after),
            "macro_rules" => return name_at(after.trim_start_matches(['!', ' '])),
            "mod" if inner.ends_with(';') => return None,
            "fn" | "struct" | "enum" | "trait" | "union" | "mod" | "type" | "const" | "static" | "test" => {
                return name_at(after.strip_prefix("mut ").unwrap_or(after)).filter(|it| *it != "_");
            }
            _ => return None,
        }
    }
}

/// Reads `<T: Clone> Trait<T> for Type<T>` as `Type`.
fn rust_impl(after: &str) -> Option<&str> {
    let mut rest = after;
    if rest.starts_with('<') {
        let mut depth = 0_i32;
        let close = rest.char_indices().find(|(at, it)| {
            // The arrow of `Fn() -> T` closes nothing.
            depth += match it {
                '<' => 1,
                '>' if !rest[..*at].ends_with('-') => -1,
                _ => 0,
            };
            depth == 0
        })?;
        rest = rest[close.0 + 1..].trim_start();
    }
    let target = rest.split_once(" for ").map_or(rest, |(_, target)| target);
    let target = target.trim_start_matches('&').trim_start_matches("dyn ");
    let path_end = target.find(['<', ' ', '{']).unwrap_or(target.len());
    name_at(target[..path_end].rsplit("::").next()?)
}

fn go(inner: &str, at_margin: bool) -> Option<&str> {
    let (word, after) = split_word(inner);
    match word {
        "func" => match after.strip_prefix('(') {
            Some(receiver) => name_at(receiver.split_once(')')?.1.trim_start()),
            None => name_at(after),
        },
        "type" => name_at(after),
        "var" | "const" | "fn" | "struct" if at_margin => name_at(after),
        _ => None,
    }
}

fn haskell(inner: &str, at_margin: bool) -> Option<&str> {
    if let Some(name) = by_keyword(inner, &[], &["data", "newtype", "class", "instance", "module"]) {
        return Some(name);
    }
    if let Some(module) = inner.strip_prefix("-module(") {
        return name_at(module);
    }
    let (name, after) = split_word(inner);
    let signature =
        after.starts_with("::") || after.starts_with(": ") || (after.starts_with('(') && after.contains("->"));
    (at_margin && signature && !name.is_empty()).then_some(name)
}

fn javascript(inner: &str, at_margin: bool) -> Option<&str> {
    const MODIFIERS: &[&str] = &[
        "export",
        "default",
        "async",
        "declare",
        "abstract",
        "public",
        "private",
        "protected",
        "static",
        "readonly",
        "override",
        "get",
        "set",
    ];
    const KEYWORDS: &[&str] = &["function", "class", "interface", "enum", "namespace", "type"];
    if let Some(name) = by_keyword(inner, MODIFIERS, KEYWORDS) {
        return Some(name);
    }
    let mut rest = inner;
    loop {
        let (word, after) = split_word(rest);
        if matches!(word, "const" | "let" | "var") {
            let holds_function = after.contains("=>") || after.contains("function");
            return (at_margin || holds_function).then(|| name_at(after)).flatten();
        }
        // A method: `async load(path) {`.
        if !at_margin && after.starts_with('(') && inner.ends_with('{') && !CONTROL.contains(&word) {
            return name_at(word);
        }
        if !MODIFIERS.contains(&word) {
            return None;
        }
        rest = after;
    }
}

fn c(inner: &str) -> Option<&str> {
    if let Some(macro_name) = inner.strip_prefix('#') {
        return by_keyword(macro_name.trim_start(), &[], &["define"]);
    }
    const MODIFIERS: &[&str] = &["typedef", "static", "extern", "const", "inline", "export"];
    const KEYWORDS: &[&str] = &["struct", "class", "enum", "union", "namespace", "concept"];
    let is_body = !inner.ends_with(';') && !inner.contains('(');
    if is_body && let Some(name) = by_keyword(inner, MODIFIERS, KEYWORDS) {
        return Some(if matches!(name, "class" | "struct") {
            name_at(inner.rsplit(name).next()?.trim_start())?
        } else {
            name
        });
    }
    // Objective-C: `- (void)load:(id)sender {`.
    if inner.starts_with(['-', '+']) && inner[1..].trim_start().starts_with('(') {
        return name_at(inner.split_once(')')?.1.trim_start());
    }
    if let Some(name) = inner.strip_prefix("@interface ").or_else(|| inner.strip_prefix("@implementation ")) {
        return name_at(name);
    }
    function_without_keyword(inner)
}

/// Finds `main` in `static int main(int argc) {`: a type, a name, a parenthesis, and no statement.
fn function_without_keyword(inner: &str) -> Option<&str> {
    let (before, after) = inner.split_once('(')?;
    if inner.ends_with(';') || after.contains(';') || before.contains(['=', '"', '\'', '{', '}']) {
        return None;
    }
    let before = before.trim_end();
    let start = before.rfind(|it: char| !is_name_char(it) && !matches!(it, ':' | '~' | '.')).map(|at| at + 1)?;
    // `start` may lie inside a wider character than one byte: `get` refuses where indexing would panic.
    let name = before.get(start..)?;
    let is_type = before.get(..start)?.trim_end().ends_with(|it: char| is_name_char(it) || "*&>]?".contains(it));
    let first = split_word(inner).0;
    (is_type && !CONTROL.contains(&first) && !CONTROL.contains(&name)).then(|| name_at(name)).flatten()
}

fn sql(inner: &str) -> Option<&str> {
    const SKIPPED: &[&str] = &[
        "or",
        "alter",
        "replace",
        "temp",
        "temporary",
        "unique",
        "materialized",
        "global",
        "local",
        "unlogged",
        "virtual",
        "recursive",
        "external",
        "concurrently",
        "constraint",
    ];
    const OBJECTS: &[&str] = &[
        "table",
        "view",
        "function",
        "procedure",
        "index",
        "trigger",
        "type",
        "schema",
        "sequence",
        "domain",
        "role",
        "database",
        "extension",
        "policy",
    ];
    let (first, mut rest) = split_word(inner);
    if !["create", "alter"].iter().any(|it| first.eq_ignore_ascii_case(it)) {
        return None;
    }
    loop {
        let (word, after) = split_word(rest);
        let lower = word.to_ascii_lowercase();
        if OBJECTS.contains(&lower.as_str()) {
            let mut named = after;
            while ["if", "not", "exists", "concurrently"].contains(&split_word(named).0.to_ascii_lowercase().as_str()) {
                named = split_word(named).1;
            }
            return named_in_sql(named);
        }
        if !SKIPPED.contains(&lower.as_str()) {
            return None;
        }
        rest = after;
    }
}

/// The name that `text` begins with: `app.jobs` as it is, and `jobs` of `[app].[jobs]`, `"app"."jobs"`, `:app.jobs`,
/// `${app}.jobs` and `{{ app }}.jobs`.
fn named_in_sql(text: &str) -> Option<&str> {
    let text = text.strip_prefix("{{").map_or(Some(text), |it| Some(it.split_once("}}")?.1))?;
    let written = text.split(|it: char| it.is_whitespace() || matches!(it, '(' | ';')).next()?;
    let is_plain = written.chars().all(|it| is_name_char(it) || it == '.');
    let last = if is_plain { written } else { written.rsplit('.').next()? };
    // An index needs no name.
    name_at(last.trim_start_matches(['[', '.'])).filter(|it| !it.eq_ignore_ascii_case("on"))
}

fn lisp(inner: &str) -> Option<&str> {
    let (word, after) = inner.strip_prefix('(')?.split_once(char::is_whitespace)?;
    let defines = word.starts_with("def") || matches!(word, "ns" | "module" | "func" | "fn" | "lambda" | "class");
    let name = after.trim_start().trim_start_matches(['(', '^', '$', '\'']);
    let end = name.find(|it: char| it.is_whitespace() || matches!(it, '(' | ')' | '[' | ']')).unwrap_or(name.len());
    (defines && end > 0).then(|| &name[..end])
}

fn config(inner: &str, indent: usize) -> Option<&str> {
    if let Some(section) = inner.strip_prefix('[') {
        let name = section.trim_start_matches('[').split(']').next()?.trim();
        return (indent == 0 && is_name(name)).then_some(name);
    }
    if indent == 0
        && let Some(block) = inner.strip_suffix('{')
    {
        let name = block.trim_end().trim_end_matches('=').trim_end();
        return (!name.is_empty()).then_some(name);
    }
    // JSON keys one level in, YAML keys at the margin, when they open something.
    let (key, value) = inner.split_once(':')?;
    let opens = value.trim().is_empty() || value.trim_end().ends_with(['{', '[', '|', '>']);
    let name = key.trim_matches('"');
    (opens && indent <= if key.starts_with('"') { 4 } else { 0 } && is_name(name)).then_some(name)
}

fn any_keyword(inner: &str, at_margin: bool) -> Option<&str> {
    const MODIFIERS: &[&str] = &[
        "local",
        "pub",
        "public",
        "private",
        "export",
        "async",
        "static",
        "rec",
        "member",
        "override",
        "abstract",
        "pure",
        "recursive",
        "noncomputable",
        "protected",
        "global",
    ];
    const KEYWORDS: &[&str] = &[
        "function",
        "func",
        "fn",
        "def",
        "sub",
        "proc",
        "procedure",
        "method",
        "module",
        "package",
        "class",
        "struct",
        "enum",
        "namespace",
        "interface",
        "entity",
        "architecture",
        "program",
        "subroutine",
        "task",
        "theorem",
        "lemma",
        "macro",
        "template",
        "filter",
        "workflow",
        "inductive",
        "structure",
        "instance",
        "type",
        "typedef",
    ];
    let mut rest = inner;
    loop {
        let (word, after) = split_word(rest.trim_start_matches('!'));
        let lower = word.to_ascii_lowercase();
        if KEYWORDS.contains(&lower.as_str()) {
            return name_at(after.trim_start_matches(['!', '(']));
        }
        if lower == "let" && at_margin {
            return name_at(after.strip_prefix("rec ").unwrap_or(after));
        }
        if !MODIFIERS.contains(&lower.as_str()) {
            break;
        }
        rest = after;
    }
    // R, Lua and Odin: `name <- function(`, `name = function(`, `name :: proc(`.
    let (name, value) = ["<-", "::", "="].iter().find_map(|it| inner.split_once(it))?;
    let value = value.trim_start();
    let opens = ["function", "proc", "struct", "enum"].iter().any(|it| value.starts_with(it));
    (opens && is_name(name.trim_end())).then(|| name.trim_end())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::language::Language;
    use super::*;

    #[track_caller]
    fn check(extension: &str, expected: &[(&str, Option<&str>)]) {
        let syntax = Language::of(Path::new(&format!("x.{extension}")), "").syntax();
        for (line, name) in expected {
            assert_eq!(definition(line, syntax), *name, "{extension}: {line}");
        }
    }

    #[test]
    fn names_what_a_rust_line_defines() {
        check(
            "rs",
            &[
                ("pub(crate) async fn load<T>(x: T) {", Some("load")),
                ("    pub const unsafe extern \"C\" fn raw() {}", Some("raw")),
                ("pub const LIMIT: usize = 3;", Some("LIMIT")),
                ("static mut COUNT: u8 = 0;", Some("COUNT")),
                ("impl<T: Fn() -> u8> fmt::Display for super::Shown<T> {", Some("Shown")),
                ("impl Plain {", Some("Plain")),
                ("macro_rules! check {", Some("check")),
                ("mod inner {", Some("inner")),
                ("mod elsewhere;", None),
                ("const _: () = ();", None),
                ("let fn_name = 3;", None),
                ("// fn commented() {", None),
                ("fnord();", None),
                ("impl<", None),
            ],
        );
    }

    #[test]
    fn names_what_lines_of_other_languages_define() {
        check(
            "go",
            &[
                ("func (s *Server) Serve(l net.Listener) error {", Some("Serve")),
                ("func main() {", Some("main")),
                ("type Config struct {", Some("Config")),
                ("var ErrGone = errors.New(\"gone\")", Some("ErrGone")),
                ("\tvar x int", None),
                ("\tgo func() {", None),
            ],
        );
        check(
            "py",
            &[
                ("    async def fetch(self):", Some("fetch")),
                ("class Store(Base):", Some("Store")),
                ("definitely = 1", None),
            ],
        );
        check(
            "ts",
            &[
                ("export default class App {", Some("App")),
                ("export const load = async (path: string) => {", Some("load")),
                ("  private async save(x: number): Promise<void> {", Some("save")),
                ("  if (x) {", None),
                ("  const y = 3;", None),
                ("export type Id = string;", Some("Id")),
            ],
        );
        check(
            "c",
            &[
                ("static int main(int argc, char **argv) {", Some("main")),
                ("struct list *list_new(void)", Some("list_new")),
                ("struct list {", Some("list")),
                ("#define MAX 3", Some("MAX")),
                ("    return f(x);", None),
                ("    else if (x) {", None),
                ("int proto(void);", None),
            ],
        );
        check(
            "cpp",
            &[("void Parser::read(Source &in) {", Some("Parser::read")), ("enum class Color {", Some("Color"))],
        );
        check(
            "java",
            &[
                ("public final class Main {", Some("Main")),
                ("    public static void main(String[] args) {", Some("main")),
                ("        return new Foo(1) {", None),
                ("        call(x);", None),
            ],
        );
        check("kt", &[("    override suspend fun load() {", Some("load"))]);
        check("php", &[("    public function index() {", Some("index"))]);
        check("rb", &[("  def self.find!(id)", Some("find!")), ("module Store", Some("Store"))]);
        check("sh", &[("build() {", Some("build")), ("function clean {", Some("clean")), ("echo () {", Some("echo"))]);
        check(
            "sql",
            &[
                ("CREATE TABLE IF NOT EXISTS memories (", Some("memories")),
                ("create or replace function touch()", Some("touch")),
                ("CREATE OR REPLACE FUNCTION public.one(a int) RETURNS int AS $$", Some("public.one")),
                ("create function :SCHEMA.two(a int)", Some("two")),
                ("create type :\"SCHEMA\".three as enum ('a');", Some("three")),
                ("CREATE TABLE IF NOT EXISTS \"app\".\"four\" (id int);", Some("four")),
                ("CREATE TABLE [dbo].[five](", Some("five")),
                ("CREATE TABLE `six` (id int);", Some("six")),
                ("CREATE OR ALTER VIEW seven AS SELECT 1;", Some("seven")),
                ("CREATE TABLE {{ schema }}.eight (id int);", Some("eight")),
                ("CREATE TABLE ${schema}.nine (id int);", Some("nine")),
                ("CREATE UNIQUE INDEX CONCURRENTLY ten ON jobs(a);", Some("ten")),
                ("CREATE INDEX ON jobs (a);", None),
                ("SELECT * FROM table", None),
            ],
        );
        check("clj", &[("(defn load-file [path]", Some("load-file")), ("(define (square x)", Some("square"))]);
        check("lua", &[("local function go(x)", Some("go")), ("M.run = function(x)", Some("M.run"))]);
        check("toml", &[("[dependencies]", Some("dependencies")), ("name = \"x\"", None)]);
        check("yaml", &[("jobs:", Some("jobs")), ("  build:", None), ("name: x", None)]);
        check("json", &[("  \"scripts\": {", Some("scripts")), ("  \"name\": \"x\",", None)]);
        check("css", &[(".button:hover {", Some(".button:hover"))]);
        check("mk", &[("build: deps", Some("build")), ("X := 3", None)]);
        check("hs", &[("load :: Path -> IO ()", Some("load"))]);
        check("ex", &[("  defp save(x) do", Some("save"))]);
    }

    #[test]
    fn odd_lines_define_nothing_and_break_nothing() {
        for line in [
            "",
            "é(",
            "日本(語) {",
            "(",
            "((",
            ")",
            "fn",
            "impl<é",
            "#",
            "@",
            "-",
            "+é",
            "-é(",
            "[",
            "[]",
            ":",
            "“f(x) {",
        ] {
            for language in Language::all() {
                let _ = definition(line, language.syntax());
            }
        }
        assert_eq!(definition(&format!("fn {}", "x".repeat(500)), Syntax::Rust), None);
    }
}
