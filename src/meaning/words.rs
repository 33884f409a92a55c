//! Cuts a text into sentences, and sentences into words with their contractions taken apart.

/// A word, or a mark that separates: `,` `;` `:` `(` `)` `"` `=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// As it is written.
    pub(super) raw: String,
    /// In lower case, apostrophes straight: `n't` is `not`, a possessive `'s` stays itself.
    pub(super) low: String,
}

impl Word {
    fn new(raw: &str, low: &str) -> Word {
        Word { raw: raw.to_owned(), low: low.to_owned() }
    }

    /// Not made anew at each of a thousand places: that is 18 KB of the packed program.
    #[inline(never)]
    pub(super) fn is(&self, words: &[&str]) -> bool {
        words.contains(&self.low.as_str())
    }

    #[inline(never)]
    pub(super) fn is_mark(&self) -> bool {
        matches!(self.low.as_str(), "," | ";" | ":" | "(" | ")" | "\"" | "=")
    }

    /// Whether it begins with a capital.
    #[inline(never)]
    pub(super) fn is_capital(&self) -> bool {
        self.raw.chars().next().is_some_and(char::is_uppercase)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sentence {
    pub(super) words: Vec<Word>,
    pub(super) is_question: bool,
}

/// The sentences of `text`, at most `most`; a line break ends one, too.
pub(super) fn sentences(text: &str, most: usize) -> Vec<Sentence> {
    let mut found = Vec::new();
    for line in text.lines() {
        let chunks: Vec<&str> = line.split_whitespace().collect();
        let mut sentence = Sentence::default();
        for (at, chunk) in chunks.iter().enumerate() {
            let end = push_chunk(&mut sentence.words, chunk, chunks.get(at + 1).copied());
            if let Some(end) = end {
                sentence.is_question = end == '?';
                keep(&mut found, std::mem::take(&mut sentence));
            }
            if found.len() >= most {
                return found;
            }
        }
        keep(&mut found, sentence);
        if found.len() >= most {
            break;
        }
    }
    found
}

fn keep(found: &mut Vec<Sentence>, sentence: Sentence) {
    if sentence.words.iter().any(|it| !it.is_mark()) {
        found.push(sentence);
    }
}

/// Adds what stands between two spaces; returns the mark that ends the sentence there.
fn push_chunk(words: &mut Vec<Word>, chunk: &str, next: Option<&str>) -> Option<char> {
    let mut body = chunk;
    while let Some(first) = body.chars().next() {
        match first {
            '(' | '[' => words.push(Word::new("(", "(")),
            '"' | '“' | '”' | '„' | '«' | '»' => words.push(Word::new("\"", "\"")),
            // Bullets, quotes of one stroke, marks of Markdown.
            '\'' | '‘' | '‚' | '¿' | '¡' | '*' | '`' | '•' | '·' => {}
            '-' | '–' | '—' | '#' | '>' if body.chars().count() == 1 || body.trim_start_matches('#').is_empty() => {
                if first != '#' && first != '>' && !words.is_empty() {
                    words.push(Word::new(",", ","));
                }
            }
            _ => break,
        }
        body = &body[first.len_utf8()..];
    }
    let mut after = Vec::new();
    let mut end = None;
    while let Some(last) = body.chars().next_back() {
        let shorter = &body[..body.len() - last.len_utf8()];
        match last {
            ',' if is_number(shorter) && next.is_some_and(|it| is_year(it.trim_end_matches(['.', '!', ',']))) => {}
            ',' | ';' | ':' => after.push(Word::new(&last.to_string(), &last.to_string())),
            ')' | ']' => after.push(Word::new(")", ")")),
            '"' | '“' | '”' | '«' | '»' => after.push(Word::new("\"", "\"")),
            '`' | '*' | '\'' | '’' if !(shorter.ends_with('s') && matches!(last, '\'' | '’')) => {}
            '.' | '!' | '?' | '…' | '。' => {
                let is_short = last == '.' && end.is_none() && is_abbreviation(shorter, next);
                if !is_short && (end.is_none() || last == '?') {
                    end = Some(last);
                }
            }
            _ => break,
        }
        body = shorter;
    }
    push_word(words, body);
    words.extend(after.into_iter().rev());
    end
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.trim_end_matches(|it: char| it.is_ascii_lowercase()).bytes().all(|it| it.is_ascii_digit())
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|it| it.is_ascii_digit())
}

/// Whether the full stop behind `word` is part of it: `Dr.`, `J.`, `3. Mai`.
fn is_abbreviation(word: &str, next: Option<&str>) -> bool {
    let low = word.to_lowercase();
    let is_initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase) && next.is_some() && word != "I";
    let is_day = low.bytes().all(|it| it.is_ascii_digit())
        && !low.is_empty()
        && next.is_some_and(|it| super::values::month(&it.trim_end_matches(['.', ',', '!']).to_lowercase()).is_some());
    is_initial
        || is_day
        // `Gartenstr. 5`
        || low.ends_with("str") && next.is_some_and(|it| it.starts_with(|it: char| it.is_ascii_digit()))
        || ["dr", "mr", "mrs", "ms", "prof", "st", "e.g", "i.e", "approx", "no", "vs", "etc", "z.b", "ca", "bzw", "nr"]
            .contains(&low.as_str())
            && next.is_some()
}

fn push_word(words: &mut Vec<Word>, body: &str) {
    if body.is_empty() {
        return;
    }
    if let Some((name, value)) = body.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty())
        && name.chars().all(|it| it.is_alphanumeric() || matches!(it, '_' | '-' | '.'))
        && !value.contains('=')
    {
        push_word(words, name);
        words.push(Word::new("=", "="));
        return push_word(words, value);
    }
    let low = body.to_lowercase().replace(['’', 'ʼ', '`'], "'");
    let push = |words: &mut Vec<Word>, parts: &[&str]| words.extend(parts.iter().map(|it| Word::new(it, it)));
    let whole = match low.as_str() {
        "can't" | "cannot" => &["can", "not"][..],
        "won't" => &["will", "not"],
        "ain't" => &["is", "not"],
        "let's" => &["let", "us"],
        "i'm" => &["i", "am"],
        _ => &[],
    };
    if !whole.is_empty() {
        return push(words, whole);
    }
    if let Some(verb) = low.strip_suffix("n't") {
        return push(words, &[verb, "not"]);
    }
    for (ending, word) in [("'re", "are"), ("'ve", "have"), ("'ll", "will"), ("'d", "would")] {
        if let Some(base) = low.strip_suffix(ending) {
            return push(words, &[base, word]);
        }
    }
    if let Some(base) = low.strip_suffix("'s").or_else(|| low.strip_suffix("s'").map(|_| &low[..low.len() - 1])) {
        let is_verb = ["he", "she", "it", "that", "there", "this", "what", "who", "where", "here"].contains(&base);
        words.push(Word { raw: body.chars().take(base.chars().count()).collect(), low: base.to_owned() });
        return push(words, &[if is_verb { "is" } else { "'s" }]);
    }
    // French: the letter before the apostrophe is a word of its own.
    if let Some((first, rest)) = low.split_once('\'')
        && !rest.is_empty()
    {
        let full = match first {
            "l" => "le",
            "d" => "de",
            "j" => "je",
            "s" => "se",
            "n" => "ne",
            "m" => "me",
            "c" => "ce",
            "qu" => "que",
            _ => "",
        };
        if !full.is_empty() {
            push(words, &[full]);
            let raw: String = body.chars().skip(first.chars().count() + 1).collect();
            words.push(Word { raw, low: rest.to_owned() });
            return;
        }
    }
    words.push(Word { raw: body.to_owned(), low });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = sentences(text, 100)
            .iter()
            .map(|it| it.words.iter().map(|it| it.low.as_str()).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn sentences_and_words_are_told_apart() {
        check("Ana lives in Lisbon. She's happy!", &["ana lives in lisbon", "she is happy"]);
        check("It's v3.12 at 10:30, isn't it?", &["it is v3.12 at 10:30 , is not it"]);
        check("Am 3. Mai ist Schluss. Dr. Weiß kommt", &["am 3 mai ist schluss", "dr weiß kommt"]);
        check("Ana’s phone: +49 30 1", &["ana 's phone : +49 30 1"]);
        check("J'habite à Paris", &["je habite à paris"]);
        check("May 3, 2026, at noon", &["may 3 2026 , at noon"]);
        check("- one\n- two\n## three", &["one", "two", "three"]);
        check("tabs=4", &["tabs = 4"]);
        check("???  ...", &[]);
    }
}
