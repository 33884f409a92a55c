//! Reads the syntax tree of a program: what it defines where, what it uses and imports, how deep each line stands.

use std::cell::RefCell;
use std::ops::ControlFlow;

use tree_sitter::Node;
use tree_sitter::ParseOptions;
use tree_sitter::Parser;
use tree_sitter::Tree;

use super::super::language::Language;
use super::Definition;
use super::DefinitionKind;
use super::grammar::Grammar;
use super::grammar::Name;
use super::grammar::Role;
use super::is_blank;
use super::scanner;
use super::shortened;

/// What a tree says of a text. Lines are counted from 0.
pub(super) struct Outline {
    /// In the order of their lines, those around before those inside.
    pub(super) definitions: Vec<Definition>,
    /// For each line how many constructs of several lines go on over its beginning.
    pub(super) depths: Vec<u8>,
    /// Names that are called or named as types, by line.
    pub(super) uses: Vec<(usize, String)>,
    /// What is imported, as it is written, by line.
    pub(super) imports: Vec<(usize, String)>,
}

/// A larger text is a table or an amalgamation; its tree takes some fifty times its bytes.
const MAX_BYTES: usize = 512 << 10;

/// The parser asks once every hundred of its steps whether to go on. None of 13,000 files of fifteen repositories needed
/// one such round for 40 bytes (2026-11-27); hostile text, which it follows in many readings at once, takes many more, 20 s and 2 GB for
/// a megabyte of `%w(` in Java, Rust or C++ with twice as many. A count and no clock, so that the same text is always read the same way.
const BYTES_A_ROUND: usize = 32;
const ROUNDS_AT_LEAST: usize = 1_000;

/// The parser frees what it kept of a deep text by recursion, some hundred bytes of stack for each level (tree-sitter
/// 0.27, `stack_node_release`). A text of so many bytes fits on any stack however deep it is; a larger one is read on a
/// thread with a stack that cannot be too small, of which only what is needed is ever touched. Such a thread costs
/// some 30 µs, a third of the time that the text itself takes.
const SHALLOW_BYTES: usize = 4 << 10;
const STACK_BYTES: usize = 1 << 20;
const STACK_A_BYTE: usize = 512;

/// Where more of a text than this share was no program, lines are the better guide.
const BROKEN_SHARE: usize = 2;

/// A name is cut here.
const NAME_BYTES: usize = 120;

/// What is imported is cut here.
const IMPORT_BYTES: usize = 200;

/// Definitions within each other; what is deeper is made to be slow to read.
const OPEN_AT_MOST: usize = 255;

/// How many names lead to one that is defined inside of others.
const PATH_NAMES: usize = 3;

/// Reads `text`, whose lines are `lines`; `None` where there is no grammar, or it does not get on with the text.
pub(super) fn read(text: &str, lines: &[&str], language: Language) -> Option<Outline> {
    if text.len() > MAX_BYTES || scanner::cannot_bear(text, language) {
        return None;
    }
    let grammar = Grammar::of(language)?;
    let ended;
    let text = if language.name() == "kotlin" && !text.ends_with('\n') {
        // Its scanner looks for the end of the line behind an annotation, and never for that of the text
        // (tree-sitter-kotlin-ng 1.1).
        ended = format!("{text}\n");
        ended.as_str()
    } else {
        text
    };
    if text.len() <= SHALLOW_BYTES {
        return outline(text, lines, grammar);
    }
    std::thread::scope(|scope| {
        let stack = STACK_BYTES + text.len() * STACK_A_BYTE;
        let reading = std::thread::Builder::new().stack_size(stack);
        let reading = reading.spawn_scoped(scope, || outline(text, lines, grammar)).ok()?;
        reading.join().ok().flatten()
    })
}

fn outline(text: &str, lines: &[&str], grammar: &'static Grammar) -> Option<Outline> {
    let tree = parse(text, grammar)?;
    let mut walk = Walk {
        grammar,
        text,
        lines,
        outline: Outline { definitions: Vec::new(), depths: Vec::new(), uses: Vec::new(), imports: Vec::new() },
        changes: vec![0; lines.len() + 2],
        open: Vec::new(),
        lead: None,
        broken: 0,
        broken_until: 0,
        named_at: usize::MAX,
    };
    walk.run(&tree);
    // A type that is defined amid a declaration stands before the name of what is declared.
    walk.outline.definitions.sort_by_key(|it| it.line);
    if walk.broken * BROKEN_SHARE > text.len() {
        return None;
    }
    let mut depth = 0;
    walk.outline.depths = walk.changes[..lines.len()]
        .iter()
        .map(|change| {
            depth += change;
            u8::try_from(depth.clamp(0, 255)).unwrap_or(0)
        })
        .collect();
    Some(walk.outline)
}

fn parse(text: &str, grammar: &Grammar) -> Option<Tree> {
    thread_local! {
        /// A parser keeps its memory from text to text.
        static PARSER: RefCell<Parser> = RefCell::new(Parser::new());
    }
    PARSER.with_borrow_mut(|parser| {
        parser.set_language(&grammar.language).ok()?;
        let most = ROUNDS_AT_LEAST + text.len() / BYTES_A_ROUND;
        let mut rounds = 0_usize;
        let mut go_on = |_: &tree_sitter::ParseState| {
            rounds += 1;
            if rounds > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let bytes = text.as_bytes();
        let options = ParseOptions::new().progress_callback(&mut go_on);
        let tree = parser.parse_with_options(&mut |at, _| &bytes[at.min(bytes.len())..], None, Some(options));
        if tree.is_none() {
            parser.reset();
        }
        tree
    })
}

/// A definition that the walk is inside of.
struct Open {
    end_byte: usize,
    name: String,
    kind: DefinitionKind,
}

struct Walk<'a> {
    grammar: &'a Grammar,
    text: &'a str,
    lines: &'a [&'a str],
    outline: Outline,
    /// How the depth changes at each line.
    changes: Vec<i32>,
    open: Vec<Open>,
    /// First and last line of the comments and attributes that may belong to what comes next.
    lead: Option<(usize, usize)>,
    /// Bytes that are no program.
    broken: usize,
    broken_until: usize,
    /// Where the name of the last definition starts.
    named_at: usize,
}

impl Walk<'_> {
    /// Goes over all nodes, without recursion: a tree may be as deep as its text is long.
    fn run(&mut self, tree: &Tree) {
        let mut cursor = tree.walk();
        // The lines of the innermost node around that counts as a level.
        let mut above: Vec<Option<(usize, usize)>> = Vec::new();
        loop {
            let node = cursor.node();
            let level = self.level(&node, above.last().copied());
            if node.is_named() {
                self.visit(&node);
            }
            if cursor.goto_first_child() {
                above.push(level);
                continue;
            }
            while !cursor.goto_next_sibling() {
                above.pop();
                if !cursor.goto_parent() {
                    return;
                }
            }
        }
    }

    /// Counts the lines of a node as deeper, if it is no mere body of the one `above` it; returns its lines then.
    fn level(&mut self, node: &Node<'_>, above: Option<Option<(usize, usize)>>) -> Option<(usize, usize)> {
        // The root is no level.
        let above = above?;
        let span = rows(node);
        let is_body = || {
            let kind = node.kind();
            ["block", "body", "list", "statement", "statements"].iter().any(|it| kind.ends_with(it))
                && !matches!(kind, "if_statement" | "for_statement" | "while_statement" | "switch_statement")
        };
        if span.1 == span.0 || above == Some(span) || !node.is_named() || is_body() {
            return above;
        }
        self.changes[(span.0 + 1).min(self.lines.len())] += 1;
        self.changes[(span.1 + 1).min(self.lines.len())] -= 1;
        Some(span)
    }

    /// Takes in one named node.
    fn visit(&mut self, node: &Node<'_>) {
        let span = rows(node);
        let (first, _) = span;
        if node.is_error() && node.start_byte() >= self.broken_until {
            self.broken += node.end_byte() - node.start_byte();
            self.broken_until = node.end_byte();
        }
        while self.open.last().is_some_and(|it| it.end_byte <= node.start_byte()) {
            self.open.pop();
        }
        match self.grammar.role(node) {
            Role::Nothing => {}
            Role::Lead | Role::Wrapper => self.lead(node, span),
            Role::Defines(kind, name) => self.define(node, span, kind, name),
            Role::Uses(field) => {
                let target = if field.is_empty() { node.named_child(0) } else { node.child_by_field_name(field) };
                if let Some(name) = target.and_then(|it| last_name(self.of(&it))) {
                    self.outline.uses.push((first, name.to_owned()));
                }
            }
            Role::TypeName => {
                // A type of one letter is a parameter.
                if node.start_byte() != self.named_at && node.end_byte() - node.start_byte() > 1 {
                    self.outline.uses.push((first, self.of(node).to_owned()));
                }
            }
            Role::Imports => {
                let text: Vec<&str> = self.of(node).split_whitespace().collect();
                self.outline.imports.push((first, shortened(&text.join(" "), IMPORT_BYTES)));
            }
        }
    }

    fn of(&self, node: &Node<'_>) -> &str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// Notes what may belong to the next definition.
    fn lead(&mut self, node: &Node<'_>, (first, last): (usize, usize)) {
        if !self.is_first_of_line(node) {
            return;
        }
        let last = if self.grammar.role(node) == Role::Wrapper { first } else { last };
        self.lead = match self.lead {
            Some((start, end)) if first <= end + 1 => Some((start, last.max(end))),
            _ => Some((first, last)),
        };
    }

    fn is_first_of_line(&self, node: &Node<'_>) -> bool {
        let start = node.start_byte();
        let line = start.saturating_sub(node.start_position().column);
        self.text.as_bytes().get(line..start).is_some_and(|it| it.iter().all(u8::is_ascii_whitespace))
    }

    fn define(&mut self, node: &Node<'_>, (first, last): (usize, usize), kind: DefinitionKind, how: Name) {
        if self.open.len() >= OPEN_AT_MOST {
            return;
        }
        // Some grammars let a part go on to the next one.
        let last = (first..=last).rfind(|it| self.lines.get(*it).is_some_and(|it| !is_blank(it))).unwrap_or(first);
        let is_inside_function = self.open.iter().any(|it| it.kind == DefinitionKind::Function);
        let Some((named, kind)) = name_of(node, kind, how, self.text) else { return };
        if kind == DefinitionKind::Value && is_inside_function || kind == DefinitionKind::Section && self.open.len() > 1
        {
            return;
        }
        let kind = match node.child_by_field_name("declaration_kind") {
            Some(word) if self.of(&word) == "extension" => DefinitionKind::Extension,
            _ => kind,
        };
        let text = self.of(&named);
        let (around, name) = plain_name(text, kind);
        if name.is_empty() {
            return;
        }
        let name = shortened(name, NAME_BYTES);
        let around = match node.child_by_field_name("receiver") {
            Some(receiver) => receiver_type(self.of(&receiver)),
            None => around,
        };
        let is_container = |it: &&Open| !matches!(it.kind, DefinitionKind::Module);
        let mut names: Vec<&str> = self.open.iter().filter(is_container).map(|it| it.name.as_str()).collect();
        names.extend(around);
        names.push(&name);
        let path = names[names.len().saturating_sub(PATH_NAMES)..].join(".");
        let line = rows(&named).0;
        let from = match self.lead {
            Some((start, end)) if (start..=end + 1).contains(&first) => start,
            _ => first,
        };
        self.lead = None;
        let signature_end = self.signature_end(node, kind, line, last);
        self.named_at = named.start_byte();
        self.outline.definitions.push(Definition {
            name: name.clone(),
            path,
            kind,
            first_line: from,
            line,
            signature_end,
            end_line: last,
            depth: u8::try_from(self.open.len()).unwrap_or(u8::MAX),
        });
        self.open.push(Open { end_byte: node.end_byte(), name, kind });
    }

    /// The last line before the body of a definition.
    fn signature_end(&self, node: &Node<'_>, kind: DefinitionKind, line: usize, last: usize) -> usize {
        const BODIES: &[&str] = &[
            "class_body",
            "enum_class_body",
            "function_body",
            "block",
            "body_statement",
            "declaration_list",
            "field_declaration_list",
            "accessor_list",
        ];
        let value = || node.child_by_field_name("value").or_else(|| node.child_by_field_name("right"));
        let by_kind = || {
            let mut cursor = node.walk();
            node.named_children(&mut cursor).find(|it| BODIES.contains(&it.kind()))
        };
        // The body, and what it is a child of when that is not the definition itself.
        let of_value = || value().and_then(|it| Some((it.child_by_field_name("body")?, Some(it))));
        let own = node.child_by_field_name("body").map(|it| (it, None));
        let (body, owner) = match own.or_else(of_value).or_else(|| by_kind().map(|it| (it, None))) {
            Some((body, owner)) => (Some(body), owner),
            None => (None, None),
        };
        match body {
            Some(body) if self.is_first_of_line(&body) => {
                // Not by `prev_sibling`, which begins at the root of the tree each time.
                let owner = owner.unwrap_or(*node);
                let mut cursor = owner.walk();
                let before = owner
                    .children(&mut cursor)
                    .take_while(|it| it.id() != body.id())
                    .filter(|it| self.grammar.role(it) != Role::Lead)
                    .last();
                before.map_or(line, |it| rows(&it).1).clamp(line, last.max(line))
            }
            Some(body) => rows(&body).0.clamp(line, last.max(line)),
            None if kind == DefinitionKind::Function => last.max(line),
            None => line,
        }
    }
}

/// First and last line of a node; a line break at its end is not a line more.
fn rows(node: &Node<'_>) -> (usize, usize) {
    let (start, end) = (node.start_position(), node.end_position());
    let last = if end.column == 0 { end.row.saturating_sub(1).max(start.row) } else { end.row };
    (start.row, last)
}

/// The node that names what `node` defines, and as what it counts.
fn name_of<'a>(node: &Node<'a>, kind: DefinitionKind, how: Name, text: &str) -> Option<(Node<'a>, DefinitionKind)> {
    let named = match how {
        Name::Field(field) => node.child_by_field_name(field)?,
        Name::WithBody => {
            node.child_by_field_name("body")?;
            node.child_by_field_name("name")?
        }
        Name::Child("") => node.named_child(0)?,
        Name::Child(child) => {
            let mut cursor = node.walk();
            let found = node.named_children(&mut cursor).find(|it| it.kind() == child)?;
            if child == "variable_declaration" { found.named_child(0)? } else { found }
        }
        Name::OfFunction(field) => {
            let value = node.child_by_field_name("value").or_else(|| node.child_by_field_name("right"));
            let is_function = value.is_some_and(|it| {
                matches!(
                    it.kind(),
                    "arrow_function" | "function_expression" | "generator_function" | "class" | "function"
                )
            });
            let named = node.child_by_field_name(field)?;
            return match (is_function, kind) {
                (true, _) => Some((named, DefinitionKind::Function)),
                (false, DefinitionKind::Value) => Some((named, DefinitionKind::Value)),
                (false, _) => None,
            };
        }
        Name::Declarator => declared(node.child_by_field_name("declarator")?),
    };
    // An assignment to what is no plain name (`a, b = …`, `x[1] = …`, `self.x = …`) defines nothing.
    let is_assigned = matches!(how, Name::Field("left" | "pattern"));
    let is_plain =
        || text.get(named.byte_range()).is_some_and(|it| it.chars().all(|it| it.is_alphanumeric() || it == '_'));
    (!is_assigned || is_plain()).then_some((named, kind))
}

/// The name inside the declarators of C.
fn declared(node: Node<'_>) -> Node<'_> {
    let mut node = node;
    while let Some(inner) = node.child_by_field_name("declarator") {
        node = inner;
    }
    // `(name)` and `&name` have it as a plain child.
    while matches!(node.kind(), "parenthesized_declarator" | "reference_declarator") {
        let Some(inner) = node.named_child(0) else { break };
        node = inner;
        while let Some(inner) = node.child_by_field_name("declarator") {
            node = inner;
        }
    }
    node
}

/// Parts what a definition is called into what it belongs to and its name: `Foo::bar` → `Foo`, `bar`.
fn plain_name(text: &str, kind: DefinitionKind) -> (Option<&str>, &str) {
    let text = text.lines().next().unwrap_or_default().trim();
    if kind == DefinitionKind::Section {
        return (None, text.trim_matches(|it| matches!(it, '"' | '\'' | '[' | ']')));
    }
    // `Box<int>::open`.
    if let Some((before, name)) = text.rsplit_once("::").filter(|it| !it.1.contains('>')) {
        return (Some(plain_name(before, kind).1).filter(|it| !it.is_empty()), plain_name(name, kind).1);
    }
    // `Type<T>`, `&dyn Type`.
    let text = text.find(['<', '(', '[']).filter(|it| *it > 0).map_or(text, |it| &text[..it]).trim();
    let text = text.rsplit([' ', '&', '*']).next().unwrap_or(text);
    let text = text.trim_matches(|it| matches!(it, '"' | '\'' | '`' | '$' | '#'));
    let is_operator = !text.chars().any(|it| it.is_alphanumeric() || it == '_');
    if is_operator {
        return (None, text);
    }
    let name_start = text.rfind(['.', ':', '\\']).map_or(0, |it| it + 1);
    let before = text[..name_start].trim_end_matches(['.', ':', '\\']).trim_end_matches(".prototype");
    let around = before.rsplit(['.', ':', '\\']).next().filter(|it| !matches!(*it, "" | "this" | "self"));
    (around, &text[name_start..])
}

/// `(s *Server[T])` → `Server`.
fn receiver_type(text: &str) -> Option<&str> {
    let inner = text.trim_matches(['(', ')']);
    let inner = inner.split('[').next().unwrap_or(inner);
    inner.split_whitespace().last().map(|it| it.trim_start_matches('*')).filter(|it| !it.is_empty())
}

/// The name that the text of a call's target ends with: `a.b().c` → `c`, `new::<T>` → `new`.
fn last_name(text: &str) -> Option<&str> {
    let text = text.trim_end();
    let text = match text.strip_suffix('>') {
        Some(_) => text[..text.find('<')?].trim_end_matches([':', ' ']),
        None => text,
    };
    let is_part = |it: char| it.is_alphanumeric() || it == '_';
    let start = text.char_indices().rev().take_while(|it| is_part(it.1)).last()?.0;
    Some(&text[start..]).filter(|it| it.len() > 1 && !it.starts_with(|it: char| it.is_ascii_digit()))
}
