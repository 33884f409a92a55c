//! The text of a web page, line by line as in its source, so that a citation's lines are those of the file.

/// A page has at least this share of its bytes in words; templates and applications have less.
const SHARE: f64 = 0.2;

/// A source whose lines are longer than this has no lines to keep; then its blocks make them.
const LONG_LINE: usize = 2_000;

/// Characters back in which a line that is not blank shows something; layouts are not indented further.
const BLANK: usize = 400;

/// A tag is shorter, or its quotes were never closed; in bytes.
const TAG: usize = 2_000;

/// What stands in these is not read.
const UNREAD: &[&str] = &["script", "style", "noscript", "svg", "template", "head"];

/// What begins a line of its own.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "br",
    "li",
    "tr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "section",
    "article",
    "pre",
    "table",
    "ul",
    "ol",
    "dt",
    "dd",
    "blockquote",
    "header",
    "footer",
    "main",
    "nav",
    "aside",
    "hr",
    "figure",
];

/// The text of `source`; `None` when it is no page that somebody reads.
pub(super) fn text(source: &str) -> Option<String> {
    let beginning: String = source.chars().take(2_000).collect::<String>().to_lowercase();
    if !beginning.contains("<html") && !beginning.contains("<!doctype html") {
        return None;
    }
    let by_blocks = source.lines().any(|it| it.len() > LONG_LINE);
    let mut page = Page { by_blocks, ..Page::default() };
    page.read(source);
    let text = page.lines();
    let words = text.bytes().filter(|it| !it.is_ascii_whitespace()).count();
    #[expect(clippy::cast_precision_loss, reason = "a share of bytes")]
    let share = words as f64 / source.len().max(1) as f64;
    (share >= SHARE && words > 0).then_some(text)
}

#[derive(Default)]
struct Page {
    out: String,
    /// The name of the element that is not read, and how deep it nests in itself.
    unread: Option<(String, usize)>,
    by_blocks: bool,
}

impl Page {
    fn read(&mut self, source: &str) {
        let mut rest = source;
        while let Some(at) = rest.find(['<', '&']) {
            self.text(&rest[..at]);
            rest = &rest[at..];
            rest = match rest.as_bytes()[0] {
                b'&' => self.entity(rest),
                _ => self.markup(rest),
            };
        }
        self.text(rest);
    }

    fn text(&mut self, text: &str) {
        if self.unread.is_none() {
            self.out.push_str(text);
        } else {
            self.skip(text);
        }
    }

    /// Keeps the lines of what is not read.
    fn skip(&mut self, text: &str) {
        if !self.by_blocks {
            self.out.extend(text.matches('\n'));
        }
    }

    /// Reads what begins with `&`; returns what is behind it.
    fn entity<'a>(&mut self, rest: &'a str) -> &'a str {
        let end = rest.char_indices().take(12).find(|it| it.1 == ';').map(|it| it.0);
        let found = end.and_then(|end| Some((decode(&rest[1..end])?, &rest[end + 1..])));
        let (c, behind) = found.unwrap_or(('&', &rest[1..]));
        if self.unread.is_none() {
            self.out.push(c);
        }
        behind
    }

    /// Reads what begins with `<`; returns what is behind it.
    fn markup<'a>(&mut self, rest: &'a str) -> &'a str {
        if let Some(comment) = rest.strip_prefix("<!--") {
            let end = comment.find("-->").map_or(comment.len(), |it| it + 3);
            self.skip(&comment[..end]);
            return &comment[end..];
        }
        let is_tag = rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        if !is_tag {
            self.text("<");
            return &rest[1..];
        }
        let Some(end) = tag_end(rest) else {
            // No tag ends any more; looking again at each `<` takes time with the square of the text.
            self.text(rest);
            return "";
        };
        let (tag, behind) = rest.split_at(end);
        self.tag(tag);
        // The lines that the tag itself takes.
        self.skip(tag);
        behind
    }

    fn tag(&mut self, tag: &str) {
        let closes = tag.starts_with("</");
        let name: String =
            tag.trim_start_matches(['<', '/']).chars().take_while(char::is_ascii_alphanumeric).collect::<String>();
        let name = name.to_ascii_lowercase();
        if let Some((of, depth)) = &mut self.unread {
            if *of == name && !tag.ends_with("/>") {
                *depth = if closes { depth.saturating_sub(1) } else { *depth + 1 };
            }
            if *depth == 0 {
                self.unread = None;
            }
            return;
        }
        if UNREAD.contains(&name.as_str()) && !closes && !tag.ends_with("/>") {
            self.unread = Some((name, 1));
            return;
        }
        if self.by_blocks && BLOCKS.contains(&name.as_str()) {
            self.out.push('\n');
        }
        let level = name.strip_prefix('h').and_then(|it| it.parse::<usize>().ok()).filter(|it| (1..=6).contains(it));
        if level.is_none() && !matches!(name.as_str(), "td" | "th") {
            return;
        }
        // As far as is looked back, so that long lines with many tags do not take time with their square.
        let mut back = self.out.chars().rev().take(BLANK).take_while(|it| *it != '\n');
        let line_is_blank = back.all(char::is_whitespace);
        match level {
            Some(level) if !closes && line_is_blank => {
                self.out.push_str(&"#".repeat(level));
                self.out.push(' ');
            }
            _ if matches!(name.as_str(), "td" | "th") && !line_is_blank && !closes => self.out.push_str(" | "),
            _ => {}
        }
    }

    /// The lines, each without the spaces of its layout.
    fn lines(&self) -> String {
        let mut lines = String::with_capacity(self.out.len());
        for line in self.out.lines() {
            let mut words = line.split_whitespace();
            if let Some(first) = words.next() {
                lines.push_str(first);
                for word in words {
                    lines.push(' ');
                    lines.push_str(word);
                }
            }
            lines.push('\n');
        }
        lines
    }
}

/// Where the tag at the beginning of `text` ends; a `>` inside of quotes does not end it.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            (None, '>') => return Some(at + 1),
            _ => {}
        }
        // A quote that nobody closed.
        if at > TAG {
            break;
        }
    }
    text.find('>').map(|it| it + 1)
}

fn decode(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "copy" => '©',
        "rsquo" => '’',
        "lsquo" => '‘',
        "rdquo" => '”',
        "ldquo" => '“',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code).filter(|it| !it.is_control())?
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_page_is_read_line_by_line_with_its_headings() {
        let source = "<!DOCTYPE html>\n<html><head><title>x</title>\n<style>p { a: b }</style></head>\n<body>\n\
            <h2 class=\"a>b\">The   quagga</h2>\n<p>It is <b>extinct</b> &amp; was\nstriped.</p>\n<script>\nvar x;\n</script>\n\
            <p>Seen &#x41; &lt;here&gt;.</p>\n</body></html>\n";
        let source = &format!("{source}<p>{}", "and more of it ".repeat(20));
        let read = text(source).unwrap();
        let lines: Vec<&str> = read.lines().collect();
        assert_eq!(lines[4..7], ["## The quagga", "It is extinct & was", "striped."]);
        assert_eq!(lines[10], "Seen A <here>.");
        assert_eq!(lines.len(), source.lines().count());
    }

    #[test]
    fn markup_of_a_program_stays_source() {
        assert_eq!(text("<div>{{ name }}</div>"), None);
        assert_eq!(text(&format!("<html><script>{}</script><p>a</p></html>", "x();".repeat(100))), None);
    }

    #[test]
    fn a_page_on_one_line_gets_lines_from_its_blocks() {
        let source = format!("<html><h1>Title</h1><p>{}</p><p>end</p></html>", "word ".repeat(1_000));
        let read = text(&source).unwrap();
        assert!(read.lines().any(|it| it == "# Title") && read.lines().any(|it| it == "end"), "{read}");
    }

    proptest! {
        #[test]
        fn no_page_is_too_strange(inner in "[<>/&;a-c \"'!-]{0,80}", wild in "\\PC{0,40}") {
            let _ = text(&format!("<html>{inner}{wild}"));
            let source = format!("<html>\n{inner}\n<p>{}", "plain words here ".repeat(40));
            if let Some(read) = text(&source) {
                prop_assert_eq!(read.lines().count(), source.lines().count());
            }
        }
    }
}
