//! A definition: what it is called, what it is, and where its signature and its end are.

/// A definition in a file. Lines are counted from 1 in a [`Chunk`](super::Chunk).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its own name: `open`.
    pub name: String,
    /// Behind the names of what it lies within, modules left out: `Store.open`.
    pub path: String,
    pub kind: DefinitionKind,
    /// Where the comments and attributes above it begin, or itself.
    pub first_line: usize,
    /// Where its name stands.
    pub line: usize,
    /// The last line before its body; with `first_line` all that a caller must know.
    pub signature_end: usize,
    /// Its last line, be it in a later piece.
    pub end_line: usize,
    /// How many definitions it lies within.
    pub depth: u8,
}

/// What a definition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DefinitionKind {
    /// A function, a method, a macro, a property with code of its own.
    Function,
    /// A class, a structure, an interface, an alias.
    Type,
    /// Adds to a type that is defined elsewhere: `impl`, `extension`.
    Extension,
    Module,
    /// A constant, a field, a variable outside of functions, a declaration without a body.
    Value,
    /// A part of settings, data or a style sheet.
    Section,
    /// Read from a line, without a grammar: where it ends is not known.
    Other,
}

const KINDS: [(DefinitionKind, &str); 7] = [
    (DefinitionKind::Function, "function"),
    (DefinitionKind::Type, "type"),
    (DefinitionKind::Extension, "extension"),
    (DefinitionKind::Module, "module"),
    (DefinitionKind::Value, "value"),
    (DefinitionKind::Section, "section"),
    (DefinitionKind::Other, "other"),
];

impl DefinitionKind {
    /// The name in rows.
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|it| it.0 == self).map_or("other", |it| it.1)
    }

    /// The kind called `name`; [`DefinitionKind::Other`] for one that is not known.
    pub fn named(name: &str) -> DefinitionKind {
        KINDS.iter().find(|it| it.1 == name).map_or(DefinitionKind::Other, |it| it.0)
    }
}

impl Definition {
    /// One of which only the line is known, counted from 0.
    pub(super) fn at(name: String, line: usize) -> Definition {
        let line = line + 1;
        let (path, kind) = (name.clone(), DefinitionKind::Other);
        Definition { name, path, kind, first_line: line, line, signature_end: line, end_line: line, depth: 0 }
    }

    /// The same with lines that are counted from 1.
    pub(super) fn counted_from_one(&self) -> Definition {
        Definition {
            first_line: self.first_line + 1,
            line: self.line + 1,
            signature_end: self.signature_end + 1,
            end_line: self.end_line + 1,
            ..self.clone()
        }
    }

    /// Whether somebody who uses its name means it, and not only something that belongs to it.
    pub fn is_meant(&self) -> bool {
        !matches!(self.kind, DefinitionKind::Extension | DefinitionKind::Module | DefinitionKind::Section)
    }

    /// One line of a row; [`Definition::read`] reads it.
    pub(crate) fn write(&self) -> String {
        let Definition { name, path, kind, first_line, line, signature_end, end_line, depth } = self;
        let kind = kind.name();
        format!("{name}\t{path}\t{kind}\t{first_line}\t{line}\t{signature_end}\t{end_line}\t{depth}")
    }

    /// Reads a line of a row; what is missing or damaged is nothing.
    pub(crate) fn read(row: &str) -> Definition {
        let mut fields = row.split('\t');
        let mut text = || fields.next().unwrap_or_default();
        let (name, path, kind) = (text().to_owned(), text().to_owned(), DefinitionKind::named(text()));
        let mut number = || text().parse::<usize>().unwrap_or(0);
        let (first_line, line, signature_end, end_line) = (number(), number(), number(), number());
        let depth = u8::try_from(number()).unwrap_or(u8::MAX);
        Definition { name, path, kind, first_line, line, signature_end, end_line, depth }
    }
}
