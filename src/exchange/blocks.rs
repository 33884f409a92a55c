//! Cuts Markdown into what can be remembered by itself: bullets with what belongs to them, paragraphs, each under its
//! headings; and reads the fields that stand before it.

/// A bullet or a paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// From the widest to the nearest.
    pub(super) headings: Vec<String>,
    pub(super) text: String,
    pub(super) is_bullet: bool,
    /// Of its first line, counted from 1.
    pub(super) line: usize,
}

/// The fields before a text, `name: value` between two lines `---`, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FrontMatter {
    fields: Vec<(String, String)>,
    /// The lines that it takes.
    pub(super) lines: usize,
}

impl FrontMatter {
    /// The value of a field, without quotes.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let value = self.fields.iter().find(|it| it.0 == name).map(|it| it.1.as_str())?;
        let bare = value.trim().trim_matches(['"', '\'']);
        (!bare.is_empty()).then_some(bare)
    }

    /// The values of a field that is a list: `[a, b]`, `a, b`, or lines `- a`.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let value = self.fields.iter().find(|it| it.0 == name).map(|it| it.1.as_str()).unwrap_or_default();
        let parts = value.trim_matches(['[', ']']).split([',', '\n']);
        let tidy = |it: &str| it.trim().trim_start_matches("- ").trim_matches(['"', '\'', ' ']).to_owned();
        parts.map(tidy).filter(|it| !it.is_empty()).collect()
    }
}

/// Reads the fields before a text. Only as much of YAML as such fields use.
pub(super) fn front_matter(text: &str) -> FrontMatter {
    let mut lines = text.lines();
    if lines.next().map(str::trim_end) != Some("---") {
        return FrontMatter::default();
    }
    let mut found = FrontMatter { fields: Vec::new(), lines: 1 };
    for line in lines {
        found.lines += 1;
        if line.trim_end() == "---" {
            return found;
        }
        let is_inner = line.starts_with([' ', '\t', '-']);
        match (line.split_once(':'), found.fields.last_mut()) {
            (Some((name, value)), _) if !is_inner => {
                found.fields.push((name.trim().to_owned(), value.trim().to_owned()));
            }
            (_, Some((_, value))) => {
                value.push('\n');
                value.push_str(line.trim());
            }
            _ => {}
        }
    }
    // It never ended, so it was none.
    FrontMatter::default()
}

/// The bullets and paragraphs of a text, in order. A bullet takes along what is indented under it and the code after
/// it; a paragraph takes along the code after it.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut cutter = Cutter::default();
    let skip = front_matter(text).lines;
    for (at, line) in text.lines().enumerate().skip(skip) {
        cutter.line(at + 1, line);
    }
    cutter.end();
    cutter.found
}

#[derive(Default)]
struct Cutter {
    found: Vec<Block>,
    headings: Vec<(usize, String)>,
    open: Option<Block>,
    fence: Option<String>,
    in_comment: bool,
    /// Whether an empty line stood before this one.
    gap: bool,
}

impl Cutter {
    fn line(&mut self, number: usize, line: &str) {
        let bare = line.trim_start();
        if let Some(fence) = self.fence.clone() {
            self.add(number, line);
            if bare.starts_with(&fence) && bare.trim_end().chars().all(|it| fence.starts_with(it)) {
                self.fence = None;
            }
            return;
        }
        if self.in_comment || bare.starts_with("<!--") {
            let left = bare.split_once("-->").map(|it| it.1.trim_start());
            self.in_comment = left.is_none();
            // What stands behind a comment is seen by whoever reads the file.
            if let Some(left) = left.filter(|it| !it.is_empty()) {
                self.line(number, left);
            }
            return;
        }
        if bare.starts_with("```") || bare.starts_with("~~~") {
            let mark = bare.chars().next().unwrap_or('`');
            self.fence = Some(bare.chars().take_while(|it| *it == mark).collect());
            self.add(number, line);
            return;
        }
        if bare.is_empty() {
            self.gap = true;
            return;
        }
        let indent = line.len() - bare.len();
        if let Some((level, title)) = heading(line) {
            self.end();
            self.headings.retain(|it| it.0 < level);
            self.headings.push((level, title));
        } else if is_rule(bare) {
            self.end();
        } else if let Some(item) = bullet(bare).filter(|_| indent < 2) {
            self.end();
            self.open = Some(self.block(number, item, true));
        } else {
            let belongs = match &self.open {
                Some(open) if open.is_bullet => indent >= 2 || !self.gap,
                Some(_) => !self.gap,
                None => false,
            };
            if !belongs {
                self.end();
            }
            self.add(number, line);
        }
        self.gap = false;
    }

    fn add(&mut self, number: usize, line: &str) {
        match &mut self.open {
            Some(open) => {
                open.text.push('\n');
                open.text.push_str(line);
            }
            None => self.open = Some(self.block(number, line, false)),
        }
    }

    fn block(&self, line: usize, text: &str, is_bullet: bool) -> Block {
        let headings = self.headings.iter().map(|it| it.1.clone()).collect();
        Block { headings, text: text.trim_end().to_owned(), is_bullet, line }
    }

    fn end(&mut self) {
        if let Some(mut open) = self.open.take() {
            open.text = open.text.trim().to_owned();
            if !open.text.is_empty() {
                self.found.push(open);
            }
        }
        self.gap = false;
    }
}

/// The level and the words of a heading.
fn heading(line: &str) -> Option<(usize, String)> {
    let level = line.bytes().take_while(|it| *it == b'#').count();
    let rest = line.get(level..)?;
    let is_one = (1..=6).contains(&level) && rest.starts_with([' ', '\t']);
    is_one.then(|| (level, rest.trim().trim_end_matches('#').trim().to_owned()))
}

fn is_rule(bare: &str) -> bool {
    let marks: Vec<char> = bare.chars().filter(|it| !it.is_whitespace()).collect();
    marks.len() >= 3 && matches!(marks[0], '-' | '*' | '_' | '=') && marks.iter().all(|it| *it == marks[0])
}

/// What a bullet or a numbered item says.
fn bullet(bare: &str) -> Option<&str> {
    let rest = bare.strip_prefix(['-', '*', '+']).or_else(|| {
        let digits = bare.bytes().take_while(u8::is_ascii_digit).count();
        bare.get(digits..)?.strip_prefix(['.', ')']).filter(|_| (1..=3).contains(&digits))
    })?;
    rest.starts_with([' ', '\t']).then(|| rest.trim())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bullets_and_paragraphs_keep_what_belongs_to_them() {
        let text = "---\ntitle: \"Tea\"\ntags:\n  - a\n  - b\n---\n# Build\nRun it:\n```sh\n# not a heading\n- nor a bullet\n```\n\n\
                    ## Test\n- always run the tests\n  - also the slow ones\n- never skip\none more line\n\n1. first\n---\n<!-- hidden\n- x\n-->\nlast words";
        let found = blocks(text);
        let told: Vec<(String, String)> = found.iter().map(|it| (it.headings.join(" > "), it.text.clone())).collect();
        let expected = [
            ("Build", "Run it:\n```sh\n# not a heading\n- nor a bullet\n```"),
            ("Build > Test", "always run the tests\n  - also the slow ones"),
            ("Build > Test", "never skip\none more line"),
            ("Build > Test", "first"),
            ("Build > Test", "last words"),
        ];
        assert_eq!(told, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert_eq!(found[1].line, 15);
        let front = front_matter(text);
        assert_eq!((front.value("title"), front.list("tags")), (Some("Tea"), vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn fields_that_never_end_are_text() {
        assert_eq!(front_matter("---\ntitle: x\n"), FrontMatter::default());
        assert_eq!(front_matter("title: x"), FrontMatter::default());
        assert_eq!(front_matter("---\ntags: [a, 'b']\n---\n").list("tags"), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn every_word_outside_of_headings_is_in_some_block(words in prop::collection::vec("(- |  |# |```\n|)[a-z]{1,6}", 0..20)) {
            let text = words.join("\n");
            let found = blocks(&text);
            for block in &found {
                prop_assert!(!block.text.trim().is_empty());
            }
            for line in text.lines().filter(|it| !it.starts_with('#')) {
                let word = line.trim_start_matches(['-', ' ', '`']);
                prop_assert!(word.is_empty() || found.iter().any(|it| it.text.contains(word)), "{word} of {text:?}");
            }
        }
    }
}
