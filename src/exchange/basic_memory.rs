//! Notes of basic-memory: Markdown with `title`, `type` and `permalink` before it; observations
//! (`- [category] text #tag (context)`), relations (`- type [[Target]]`) and prose.
//!
//! Source: PyPI `basic-memory` 0.24, `markdown/plugins.py` and `markdown/schemas.py`.

use super::Piece;
use super::blocks;
use super::blocks::Block;
use super::input;
use super::input::Problem;
use super::input::Sink;
use super::input::Source;
use super::rules;
use crate::clock::Millis;
use crate::memory::Item;

/// Whether a file of a folder is a note.
pub(super) fn is_note(name: &str) -> bool {
    name.ends_with(".md") && !name.split('/').any(|it| it.starts_with('.'))
}

/// Whether a text has what notes of basic-memory have.
pub(super) fn is_basic_memory(text: &str) -> bool {
    let front = blocks::front_matter(text);
    front.value("permalink").is_some()
        || (front.value("title").is_some() && blocks::blocks(text).iter().any(|it| observation(&it.text).is_some()))
}

pub(super) fn read(source: &Source, sink: Sink<'_>) -> Result<(), Problem> {
    for (name, file) in source.files(&is_note)? {
        let text = file.text()?;
        let front = blocks::front_matter(&text);
        let stem = name.rsplit('/').next().unwrap_or(&name).trim_end_matches(".md");
        let title = front.value("title").unwrap_or(stem).to_owned();
        let tags = front.list("tags").into_iter().map(|it| it.trim_start_matches('#').to_owned()).collect();
        let at = ["created", "date", "created_at"].into_iter().find_map(|it| input::written(front.value(it)?));
        let note = Note { name, title, tags, at };
        for block in blocks::blocks(&text) {
            sink(Piece::Memory(Box::new(note.item(&block))))?;
        }
    }
    Ok(())
}

struct Note {
    name: String,
    title: String,
    tags: Vec<String>,
    at: Option<Millis>,
}

impl Note {
    fn item(&self, block: &Block) -> Item {
        let (kind, content, mut tags) = if let Some((relation, target)) = relation(block) {
            ("fact", format!("{} {relation} {target}", self.title), vec!["relation".to_owned()])
        } else if let Some((category, said)) = observation(&block.text) {
            let kind = input::kind(&category).unwrap_or("fact");
            (kind, format!("{}: {said}", self.title), vec![category])
        } else {
            // A heading that repeats the title adds nothing.
            let under = block.headings.iter().filter(|it| **it != self.title).map(String::as_str);
            let under: Vec<&str> = std::iter::once(self.title.as_str()).chain(under).collect();
            ("note", format!("{}: {}", under.join(" > "), block.text), Vec::new())
        };
        tags.extend(hashtags(&block.text));
        tags.extend(self.tags.iter().cloned());
        Item {
            content,
            kind: kind.to_owned(),
            tags: input::unique(tags),
            occurred_at: self.at,
            source: Some(rules::place(&self.name, &block.headings)),
            ..Item::default()
        }
    }
}

/// The category and the words of an observation. Boxes to tick, times and links are none.
fn observation(text: &str) -> Option<(String, String)> {
    let (category, said) = text.strip_prefix('[')?.split_once(']')?;
    let category = category.trim();
    let is_one = category.chars().any(char::is_alphabetic)
        && !category.contains(['[', '(', ')', ':'])
        && !["x", "X"].contains(&category)
        && said.starts_with(' ');
    let said = said.trim();
    (is_one && !said.is_empty()).then(|| (category.to_owned(), said.to_owned()))
}

/// The type and the target of a relation, and what stands in brackets after it.
fn relation(block: &Block) -> Option<(String, String)> {
    let (kind, rest) = block.text.split_once("[[")?;
    let (target, after) = rest.split_once("]]")?;
    let kind = kind.trim();
    let after = after.trim();
    let is_one = block.is_bullet && !kind.contains(['[', '\n', '.']) && !after.contains('\n');
    if !is_one || !(after.is_empty() || after.starts_with('(')) {
        return None;
    }
    let kind = if kind.is_empty() { "relates to".to_owned() } else { kind.replace('_', " ") };
    let target = target.split('|').next().unwrap_or(target).trim();
    Some((kind, format!("{target} {after}").trim_end().to_owned()))
}

fn hashtags(text: &str) -> Vec<String> {
    let words = text.split_whitespace().filter_map(|it| it.strip_prefix('#'));
    let tidy = words.map(|it| it.trim_end_matches(|c: char| !c.is_alphanumeric()).to_owned());
    tidy.filter(|it| it.chars().next().is_some_and(char::is_alphanumeric)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observations_and_relations_are_told_from_other_bullets() {
        let block = |text: &str| Block { headings: Vec::new(), text: text.to_owned(), is_bullet: true, line: 1 };
        assert_eq!(
            observation("[method] Pour slowly #tea"),
            Some(("method".to_owned(), "Pour slowly #tea".to_owned()))
        );
        for none in ["[ ] buy tea", "[x] bought", "[00:11] said", "[link](https://x)", "[[Target]]", "plain", "[a]b"] {
            assert_eq!(observation(none), None, "{none}");
        }
        assert_eq!(relation(&block("part_of [[Tea]]")), Some(("part of".to_owned(), "Tea".to_owned())));
        assert_eq!(
            relation(&block("[[Tea|the tea]] (since May)")),
            Some(("relates to".to_owned(), "Tea (since May)".to_owned()))
        );
        assert_eq!(relation(&block("we like [[Tea]] a lot")), None);
        assert_eq!(hashtags("a #b #c, d#e # #1"), ["b", "c", "1"]);
    }
}
