//! Whose the lines of a note are: what stands under a heading or behind `Name: Lena` is said of it, so that the deadline of
//! one project is not that of another.

use super::Fact;
use super::frames::is_framed;
use super::subject::noun_phrase;
use super::words::Sentence;
use super::words::Word;
use super::words::sentences;

/// Words of a heading; a longer line says something.
const HEADING: usize = 5;

/// Who the user is among subjects.
const USER: &str = "user";

/// Words of a label.
const LABEL: usize = 4;

/// The sentences of `text`, at most `most`, and whose the entry is that stands there, if it is one under a heading.
pub(super) fn owned_sentences(text: &str, most: usize) -> Vec<(Sentence, Option<String>)> {
    let mut found = Vec::new();
    let mut owner = None;
    let mut lines = text.lines().filter(|it| !it.trim().is_empty()).peekable();
    while let Some(line) = lines.next() {
        let read = sentences(line, most - found.len());
        let mut of_line = None;
        if let [only] = read.as_slice() {
            let is_over_items = lines.peek().is_some_and(|it| is_item(it));
            if let Some(name) = heading(line, only, is_over_items) {
                owner = Some(name);
            } else if let Some((label, value)) = entry(&only.words) {
                // `- Name: Lena` begins what is said of Lena; in a profile of the user it is the user's.
                let is_name = matches!(label, [name] if name.is(&["name", "nombre", "nom"]));
                if is_name && owner.as_deref() != Some(USER) && lines.peek().is_some() {
                    owner = named(value);
                }
                of_line = dashed(line).or_else(|| owner.clone());
            }
        }
        found.extend(read.into_iter().map(|it| (it, of_line.clone())));
        if found.len() >= most {
            break;
        }
    }
    found
}

/// Makes `owner` whose the facts of an entry are that name nobody.
pub(super) fn belong_to(owner: &str, facts: &mut [Fact]) {
    for fact in facts {
        if fact.subject.is_empty() {
            owner.clone_into(&mut fact.subject);
        } else if is_framed(&fact.attribute) || fact.attribute == "is" {
            fact.subject = format!("{owner} {}", fact.subject);
        }
    }
}

/// `- Deadline: 3 May`
fn is_item(line: &str) -> bool {
    line.trim_start().starts_with(['-', '*', '•', '+'])
}

/// `## Apollo`, `**Apollo**`, `Apollo:`, and whatever short line stands over items.
fn heading(line: &str, read: &Sentence, is_over_items: bool) -> Option<String> {
    let line = line.trim();
    let is_marked = line.starts_with('#') || line.starts_with("**") && line.ends_with("**") || line.ends_with(':');
    let words = match read.words.split_last() {
        Some((last, words)) if last.low == ":" => words,
        _ => &read.words,
    };
    let is_short =
        words.len() <= HEADING && !words.iter().any(Word::is_mark) && (!is_item(line) || line.starts_with("**"));
    if is_short && (is_marked || is_over_items) { named(words) } else { None }
}

/// Who or what it is called; all that is the user's is one.
fn named(words: &[Word]) -> Option<String> {
    let phrase = noun_phrase(words, None)?;
    let is_of_user = phrase.parts.iter().any(|it| it == USER);
    Some(if is_of_user { USER.to_owned() } else { phrase.parts.join(" ") })
}

/// The label and the value of `Deadline: 3 May`.
fn entry(words: &[Word]) -> Option<(&[Word], &[Word])> {
    let mark = words.iter().position(|it| it.is(&[":", "="])).filter(|it| *it > 0 && *it < words.len() - 1)?;
    (words[..mark].iter().filter(|it| !it.is_mark()).count() <= LABEL).then(|| (&words[..mark], &words[mark + 1..]))
}

/// `Apollo` of `Apollo — budget: 50k`.
fn dashed(line: &str) -> Option<String> {
    let (name, rest) = [" — ", " – ", " - "].iter().find_map(|it| line.split_once(it))?;
    let read = sentences(name, 1);
    let words = &read.first()?.words;
    (rest.contains(':') && words.len() <= LABEL && words[0].is_capital() && !words.iter().any(Word::is_mark))
        .then(|| named(words))?
}

#[cfg(test)]
mod tests {
    use super::super::conflict;
    use super::super::facts;

    /// Whether the later text says anything of what the earlier one says of the same.
    fn meet(old: &str, new: &str) -> bool {
        let (olds, news) = (facts(old, None), facts(new, None));
        let mut pairs = olds.iter().flat_map(|old| news.iter().map(move |new| (old, new)));
        pairs.any(|(old, new)| {
            old.subject_key() == new.subject_key() && old.attribute == new.attribute && conflict(old, new).is_some()
        })
    }

    #[test]
    fn what_stands_under_another_heading_is_of_another() {
        for (old, new) in [
            ("## Project Apollo\n- Deadline: 3 May", "## Project Zeus\n- Deadline: 7 June"),
            ("Apollo:\n- Deadline: 3 May\n- Budget: 20k", "Zeus:\n- Deadline: 7 June\n- Budget: 30k"),
            ("**Laptop**\nRAM: 16 GB", "**Desktop**\nRAM: 64 GB"),
            ("Laptop\n- RAM: 16 GB", "Desktop\n- RAM: 64 GB"),
            ("- Name: Anna\n- City: Hamburg", "- Name: Jonas\n- City: Bremen"),
            ("Apollo — budget: 50k", "Zeus — budget: 80k"),
        ] {
            assert!(!meet(old, new), "{old:?} / {new:?}");
        }
    }

    #[test]
    fn what_stands_under_a_heading_is_of_what_it_names() {
        for (old, new) in [
            ("## Project Apollo\n- Deadline: 3 May", "## Apollo\n- Deadline: 7 June"),
            ("Project Apollo\n- Deadline: 3 May\n- Lead: Maria", "The Apollo deadline was moved to 10 May"),
            ("# User profile\n\n- **Name:** Ana Schmidt\n- **City:** Berlin\n- **Job:** nurse", "User moved to Munich"),
            ("Apollo — budget: 50k", "The Apollo budget was raised to 80k"),
            ("Deadline: 3 May", "Deadline: 10 May"),
        ] {
            assert!(meet(old, new), "{old:?} / {new:?}");
        }
    }
}
