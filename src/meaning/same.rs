//! Whether two texts say the same in other words, so surely that one of them can go.
//!
//! Both are brought into one form: spelling, contractions, articles, dates, a list of phrases that mean the same. Only
//! what is equal then, word for word, is the same. What is left out or replaced on the way never carries a number, a
//! name, a denial or a quality; so `the meeting is on 3 May` and `on 4 May` cannot meet.

use super::tables::PROPERTIES;
use super::values;
use super::words::Word;
use super::words::sentences;

/// Bytes of a text that may say the same as another; longer ones are documents, of which no word is by chance.
const LONGEST: usize = 600;

/// Sentences of such a text.
const SENTENCES: usize = 4;

/// The one form of `text`; equal for texts that say the same. `None` for one that is like no other. `speaker` is
/// who says `I`; without one it is the user.
pub fn gist(text: &str, speaker: Option<&str>) -> Option<String> {
    if text.len() > LONGEST || text.contains("```") || text.contains("://") {
        return None;
    }
    let sentences = sentences(text, SENTENCES + 1);
    if sentences.is_empty() || sentences.len() > SENTENCES {
        return None;
    }
    let mut forms = Vec::with_capacity(sentences.len());
    for sentence in sentences {
        let mut form = form(sentence.words, speaker.is_none());
        if form.is_empty() {
            return None;
        }
        if sentence.is_question {
            form.push("?".to_owned());
        }
        forms.push(form.join(" "));
    }
    Some(forms.join("\n"))
}

/// Whether `one` and `other` say the same, so that nothing is lost when one of them goes. Stricter than an equal
/// [`gist`]: what is told apart by capitals, signs and numbers must be equal, too.
pub fn says_the_same(one: &str, other: &str, speaker: Option<&str>) -> bool {
    match (gist(one, speaker), gist(other, speaker)) {
        (Some(a), Some(b)) if a == b => same_names(one, other) && numbers(one) == numbers(other),
        _ => false,
    }
}

/// The words of a sentence in the one form.
fn form(words: Vec<Word>, i_am_the_user: bool) -> Vec<String> {
    let mut words = words;
    skip_label(&mut words);
    move_opening(&mut words);
    let mut low: Vec<String> = Vec::with_capacity(words.len());
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).map(|it| it.low.as_str()).unwrap_or_default();
        match word.low.as_str() {
            "," | ";" | "\"" | ":" | "(" | ")" => {}
            // `a few` are some, `few` are hardly any; `The Hague` and `vitamin A` are names.
            "the" | "a" | "an" if is_plain_article(word, at, next) => {}
            "please" | "now" | "currently" | "presently" if words.len() > 1 => {}
            "nt" | "n't" => low.push("not".to_owned()),
            other => low.push(spelled(other).to_owned()),
        }
    }
    if i_am_the_user {
        third_person(&mut low);
    }
    for (from, to) in PHRASES {
        replace(&mut low, from, to);
    }
    drop_have(&mut low);
    turn_around(&mut low);
    owner_first(&mut low);
    dates(&low)
}

fn is_plain_article(word: &Word, at: usize, next: &str) -> bool {
    let is_name = at > 0 && word.is_capital();
    !is_name && !["few", "little", "bit", "lot", "number", "couple", "who", "while"].contains(&next)
}

/// `Note:`, `Update:` and `FYI,` say nothing.
fn skip_label(words: &mut Vec<Word>) {
    while words.len() > 2
        && words[0].is(&["note", "update", "fyi", "reminder", "remember", "btw", "fact", "info", "hinweis", "nota"])
        && words[1].is(&[":", ","])
    {
        words.drain(..2);
    }
}

/// `On 3 May, Ana flies` says the same as `Ana flies on 3 May`.
fn move_opening(words: &mut Vec<Word>) {
    let Some(comma) = words.iter().take(7).position(|it| it.low == ",") else { return };
    let opens = words[0].is(&["on", "in", "at", "since", "during", "until", "after", "before", "from"]);
    let plain = words[1..].iter().filter(|it| it.low == ",").count() == 1;
    if opens && plain && comma > 1 && comma + 2 < words.len() {
        let mut opening: Vec<Word> = words.drain(..=comma).collect();
        opening.pop();
        // The sentence begins with another word now; how it is written stays.
        words.extend(opening);
    }
}

/// British spelling, and words that are the same word.
fn spelled(low: &str) -> &str {
    const SPELLINGS: &[(&str, &str)] = &[
        ("favourite", "favorite"),
        ("favourites", "favorites"),
        ("colour", "color"),
        ("colours", "colors"),
        ("flavour", "flavor"),
        ("behaviour", "behavior"),
        ("neighbour", "neighbor"),
        ("neighbours", "neighbors"),
        ("honour", "honor"),
        ("labour", "labor"),
        ("humour", "humor"),
        ("grey", "gray"),
        ("centre", "center"),
        ("theatre", "theater"),
        ("metre", "meter"),
        ("metres", "meters"),
        ("kilometres", "kilometers"),
        ("kilometre", "kilometer"),
        ("litre", "liter"),
        ("litres", "liters"),
        ("organise", "organize"),
        ("organises", "organizes"),
        ("organised", "organized"),
        ("organisation", "organization"),
        ("prioritise", "prioritize"),
        ("prioritises", "prioritizes"),
        ("recognise", "recognize"),
        ("recognises", "recognizes"),
        ("optimise", "optimize"),
        ("optimised", "optimized"),
        ("analyse", "analyze"),
        ("analyses", "analyzes"),
        ("customise", "customize"),
        ("summarise", "summarize"),
        ("summarised", "summarized"),
        ("specialise", "specialize"),
        ("specialises", "specializes"),
        ("standardised", "standardized"),
        ("programme", "program"),
        ("catalogue", "catalog"),
        ("dialogue", "dialog"),
        ("travelling", "traveling"),
        ("travelled", "traveled"),
        ("cancelled", "canceled"),
        ("licence", "license"),
        ("defence", "defense"),
        ("jewellery", "jewelry"),
        ("pyjamas", "pajamas"),
        ("cheque", "check"),
        ("tyre", "tire"),
        ("tyres", "tires"),
        ("aluminium", "aluminum"),
        ("moustache", "mustache"),
        ("doughnut", "donut"),
        ("doughnuts", "donuts"),
        ("mum", "mom"),
        ("whilst", "while"),
        ("till", "until"),
        ("ok", "okay"),
        ("e-mail", "email"),
        ("e-mails", "emails"),
        ("web-site", "website"),
        ("utilizes", "uses"),
        ("utilises", "uses"),
        ("utilize", "use"),
        ("utilise", "use"),
        ("purchased", "bought"),
        ("telephone", "phone"),
        ("begins", "starts"),
        ("commences", "starts"),
        ("resides", "lives"),
        ("reside", "live"),
        ("approx", "about"),
        ("approximately", "about"),
        ("roughly", "about"),
        ("&", "and"),
        ("vs", "versus"),
        ("mustn't", "must not"),
        ("usr", "user"),
    ];
    SPELLINGS.iter().find(|(from, _)| *from == low).map_or(low, |(_, to)| to)
}

/// Phrases that mean the same, in the order in which they are replaced; what stands here must be the same in every
/// sentence.
const PHRASES: &[(&[&str], &[&str])] = &[
    (&["at", "the", "moment"], &[]),
    (&["at", "moment"], &[]),
    (&["at", "present"], &[]),
    (&["by", "way"], &[]),
    (&["is", "living", "in"], &["lives", "in"]),
    (&["are", "living", "in"], &["live", "in"]),
    (&["am", "living", "in"], &["live", "in"]),
    (&["is", "working", "at"], &["works", "at"]),
    (&["is", "working", "for"], &["works", "at"]),
    (&["is", "employed", "at"], &["works", "at"]),
    (&["is", "employed", "by"], &["works", "at"]),
    (&["works", "for"], &["works", "at"]),
    (&["is", "working", "as"], &["works", "as"]),
    (&["is", "employed", "as"], &["works", "as"]),
    (&["is", "named"], &["is", "called"]),
    (&["are", "named"], &["are", "called"]),
    (&["is", "fond", "of"], &["likes"]),
    (&["is", "using"], &["uses"]),
    (&["are", "using"], &["use"]),
    (&["makes", "use", "of"], &["uses"]),
    (&["make", "use", "of"], &["use"]),
    (&["has", "preference", "for"], &["prefers"]),
    (&["has", "a", "preference", "for"], &["prefers"]),
    (&["is", "situated", "in"], &["is", "located", "in"]),
    (&["takes", "place", "on"], &["is", "on"]),
    (&["take", "place", "on"], &["are", "on"]),
    (&["is", "scheduled", "for"], &["is", "on"]),
    (&["takes", "place", "at"], &["is", "at"]),
    (&["is", "due", "by"], &["is", "due", "by"]),
    (&["prior", "to"], &["before"]),
    (&["in", "order", "to"], &["to"]),
    (&["due", "to"], &["because", "of"]),
    (&["owing", "to"], &["because", "of"]),
    (&["has", "to"], &["must"]),
    (&["have", "to"], &["must"]),
    (&["every", "day"], &["daily"]),
    (&["each", "day"], &["daily"]),
    (&["every", "week"], &["weekly"]),
    (&["each", "week"], &["weekly"]),
    (&["every", "month"], &["monthly"]),
    (&["each", "month"], &["monthly"]),
    (&["every", "year"], &["yearly"]),
    (&["each", "year"], &["yearly"]),
    (&["decided", "on", "using"], &["decided", "to", "use"]),
    (&["made", "decision", "to"], &["decided", "to"]),
    (&["said", "that"], &["said"]),
    (&["says", "that"], &["says"]),
    (&["thinks", "that"], &["thinks"]),
    (&["believes", "that"], &["believes"]),
    (&["agreed", "that"], &["agreed"]),
    (&["knows", "that"], &["knows"]),
    (&["wants", "that"], &["wants"]),
    (&["cell", "phone"], &["mobile", "phone"]),
    (&["phone", "number"], &["phone"]),
    (&["email", "address"], &["email"]),
    (&["time", "zone"], &["timezone"]),
    (&["does", "not", "any", "longer"], &["no", "longer"]),
    (&["is", "not", "any", "longer"], &["is", "no", "longer"]),
    (&["a", "lot", "of"], &["lots", "of"]),
    (&["is", "able", "to"], &["can"]),
    (&["are", "able", "to"], &["can"]),
    (&["is", "unable", "to"], &["can", "not"]),
    (&["date", "of", "birth"], &["birthday"]),
    (&["is", "married", "with"], &["is", "married", "to"]),
];

fn replace(words: &mut Vec<String>, from: &[&str], to: &[&str]) {
    let mut at = 0;
    while at + from.len() <= words.len() {
        let here = from.iter().zip(&words[at..]).all(|(a, b)| *a == b);
        // Never all of a sentence.
        if here && words.len() > from.len() {
            words.splice(at..at + from.len(), to.iter().map(|it| (*it).to_owned()));
            at += to.len();
        } else {
            at += 1;
        }
    }
}

/// `I prefer` and `the user prefers`, `my` and `the user's`.
fn third_person(words: &mut Vec<String>) {
    if words.first().is_some_and(|it| it == "i") && words.len() > 2 {
        words[0] = "user".to_owned();
        let verb = words[1].clone();
        words[1] = match verb.as_str() {
            "am" => "is".to_owned(),
            "have" => "has".to_owned(),
            "do" => "does".to_owned(),
            "go" => "goes".to_owned(),
            "was" | "can" | "will" | "must" | "may" | "might" | "would" | "could" | "should" | "never" | "always"
            | "really" | "not" | "also" | "often" | "usually" | "only" | "just" | "still" | "already" | "no" => verb,
            // A past form is the same for all; the others are the few that people use of themselves.
            _ if THIRD.contains(&verb.as_str()) => format!("{verb}s"),
            _ => verb,
        };
    }
    let mut at = 0;
    while at < words.len() {
        if words[at] == "my" {
            words.splice(at..=at, ["user".to_owned(), "'s".to_owned()]);
        }
        at += 1;
    }
}

const THIRD: &[&str] = &[
    "live", "work", "like", "love", "hate", "prefer", "use", "want", "need", "speak", "drive", "own", "play", "enjoy",
    "dislike", "know", "think", "believe", "eat", "drink", "write", "read", "run", "report", "manage", "lead", "avoid",
    "hope", "plan", "keep", "take", "make", "start", "come", "sleep", "cook", "collect", "train", "learn", "weigh",
    "wear",
];

/// `has moved to` says the same as `moved to`.
fn drop_have(words: &mut Vec<String>) {
    let mut at = 0;
    while at + 1 < words.len() {
        let done = matches!(
            words[at + 1].as_str(),
            "moved"
                | "decided"
                | "joined"
                | "switched"
                | "agreed"
                | "chosen"
                | "migrated"
                | "upgraded"
                | "finished"
                | "started"
                | "stopped"
                | "adopted"
                | "bought"
                | "sold"
                | "changed"
                | "quit"
                | "married"
        );
        if matches!(words[at].as_str(), "has" | "have") && done {
            words.remove(at);
            if words[at] == "chosen" {
                words[at] = "chose".to_owned();
            }
        }
        at += 1;
    }
}

/// `Blue is Ana's favorite color` and `Ana's favorite color is blue`: the property first.
fn turn_around(words: &mut Vec<String>) {
    let links: Vec<usize> = words.iter().enumerate().filter(|(_, it)| *it == "is").map(|(at, _)| at).collect();
    let [link] = links.as_slice() else { return };
    let (left, right) = (&words[..*link], &words[link + 1..]);
    let names_property = |side: &[String]| {
        let has_owner = side.iter().any(|it| it == "'s" || it == "of");
        let has_noun =
            side.iter().any(|it| it == "favorite") || side.iter().any(|it| PROPERTIES.contains_key(it.as_str()));
        has_owner && has_noun && side.iter().all(|it| !CLAUSE.contains(&it.as_str()))
    };
    let is_plain = |side: &[String]| {
        !side.is_empty()
            && side.len() <= 4
            && side.iter().all(|it| it != "'s" && it != "of" && !CLAUSE.contains(&it.as_str()))
    };
    if names_property(right) && is_plain(left) {
        let mut turned = right.to_vec();
        turned.push("is".to_owned());
        turned.extend_from_slice(left);
        *words = turned;
    }
}

/// Words that make a side of `is` more than a name.
const CLAUSE: &[&str] = &[
    "not", "no", "and", "or", "but", "if", "that", "which", "who", "because", "there", "it", "this", "what", "never",
    "only", "one", "to", "than", "as",
];

/// `the deadline of Apollo is` and `Apollo's deadline is`.
fn owner_first(words: &mut Vec<String>) {
    let Some(link) = words.iter().position(|it| matches!(it.as_str(), "is" | "was" | "are")) else { return };
    let subject = &words[..link];
    let of: Vec<usize> = subject.iter().enumerate().filter(|(_, it)| *it == "of").map(|(at, _)| at).collect();
    let has = |word: &str| subject.iter().any(|it| it == word);
    if let [of] = of.as_slice()
        && *of > 0
        && of + 1 < link
        && !has("'s")
        && !["with", "in", "on", "at", "for", "and", "or", "from", "to"].iter().any(|it| has(it))
    {
        let mut first = subject[of + 1..].to_vec();
        first.push("'s".to_owned());
        first.extend_from_slice(&subject[..*of]);
        words.splice(..link, first);
    }
}

/// Dates and numbers in one form and order.
fn dates(words: &[String]) -> Vec<String> {
    let as_words: Vec<Word> = words.iter().map(|it| Word { raw: it.clone(), low: it.clone() }).collect();
    let mut parts: Vec<String> = Vec::with_capacity(words.len());
    let mut from = 0;
    // The articles of other languages are words here: `die` is an English verb.
    for (at, word) in as_words.iter().enumerate() {
        if values::is_article(&word.low) {
            parts.extend(values::normal(&as_words[from..at]));
            parts.push(word.low.clone());
            from = at + 1;
        }
    }
    parts.extend(values::normal(&as_words[from..]));
    // `d3 m5` and `m5 d3`.
    let mut at = 0;
    while at < parts.len() {
        let end = at + parts[at..].iter().take_while(|it| values::is_date_part(it)).count();
        if end > at + 1 {
            parts[at..end].sort_unstable();
        }
        at = end.max(at + 1);
    }
    parts
}

/// Whether the capitals, the code and the signs of both are the same: `US` and `us`, `userId` and `userid`, `C` and
/// `C++` are not.
fn same_names(one: &str, other: &str) -> bool {
    let shape = |text: &str| -> Vec<(String, String, bool)> {
        let mut found = Vec::new();
        for sentence in sentences(text, SENTENCES + 1) {
            let words = sentence.words.into_iter().enumerate().filter(|(_, it)| !it.is_mark());
            found.extend(words.map(|(at, it)| (it.low, it.raw, at == 0)));
        }
        found
    };
    let (one, other) = (shape(one), shape(other));
    let agree = |one: &[(String, String, bool)], other: &[(String, String, bool)]| {
        one.iter().all(|(low, raw, is_first)| {
            let twins: Vec<&(String, String, bool)> = other.iter().filter(|it| it.0 == *low).collect();
            twins.is_empty()
                || twins.iter().any(|(_, twin, twin_first)| is_same_name(raw, *is_first, twin, *twin_first))
        })
    };
    agree(&one, &other) && agree(&other, &one)
}

fn is_same_name(one: &str, one_first: bool, other: &str, other_first: bool) -> bool {
    if one == other {
        return true;
    }
    let inner = |it: &str| it.chars().skip(1).any(char::is_uppercase);
    let is_code = |it: &str| it.chars().any(|it| matches!(it, '_' | '/' | '\\' | '.' | '#' | '@' | '$'));
    if inner(one) || inner(other) || is_code(one) || is_code(other) {
        return false;
    }
    let low = one.to_lowercase();
    if AMBIGUOUS.contains(&low.as_str()) {
        return false;
    }
    // A capital at the beginning says nothing; elsewhere, somebody may type all in lower case.
    one_first || other_first || one.to_lowercase() == other.to_lowercase()
}

/// Words that are another word with a capital.
const AMBIGUOUS: &[&str] = &[
    "us", "it", "may", "march", "august", "polish", "turkey", "china", "who", "will", "mark", "rust", "go", "swift",
    "dart", "java", "apple", "amazon", "windows", "word", "excel", "teams", "slack", "zoom", "meta", "oracle", "shell",
    "cobalt", "pat", "bill", "rose", "grace", "hope", "frank", "jack", "art", "reading", "nice", "mobile", "job",
    "lent", "god", "mercury", "earth", "titanic", "ruby", "crystal", "pascal", "elixir", "basic", "chrome", "edge",
    "brave", "safari", "signal", "discord", "notion", "linear", "cursor", "bash", "fish", "python", "react", "angular",
    "flask", "express", "spring", "vault", "nomad", "consul", "box", "square", "stripe", "gap", "target", "visa", "ma",
    "ok", "hi", "de", "la", "al", "co", "id", "pa",
];

/// The numbers of a text, written ones too, in their order when sorted.
fn numbers(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for sentence in sentences(text, SENTENCES + 1) {
        for part in values::normal(&sentence.words) {
            if part.bytes().any(|it| it.is_ascii_digit()) {
                found.push(part);
            }
        }
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_words_for_the_same_are_recognised() {
        for (one, other) in [
            ("Ana likes tea", "ana likes tea."),
            ("Ana's favourite colour is blue", "Ana's favorite color is blue"),
            ("Ana's favorite color is blue", "Blue is Ana's favorite color"),
            ("The deadline of Apollo is 3 May", "Apollo's deadline is May 3rd"),
            ("I prefer dark mode", "The user prefers dark mode"),
            ("My cat is called Tom", "The user's cat is named Tom"),
            ("Ana doesn't like tea", "Ana does not like tea"),
            ("Ana lives in Lisbon", "Ana is living in Lisbon"),
            ("On 3 May, Ana flies to Rome", "Ana flies to Rome on 3 May"),
            ("Ana has two cats", "Ana has 2 cats"),
            ("Ana has moved to Porto", "Ana moved to Porto"),
        ] {
            assert!(says_the_same(one, other, None), "{one} / {other}: {:?} {:?}", gist(one, None), gist(other, None));
        }
    }

    #[test]
    fn what_differs_in_anything_is_not_the_same() {
        for (one, other) in [
            ("The meeting is on 3 May", "The meeting is on 4 May"),
            ("Ana likes tea", "Ana doesn't like tea"),
            ("Ana likes tea", "Anna likes tea"),
            ("Ana prefers tea over coffee", "Ana prefers coffee over tea"),
            ("Few people came", "A few people came"),
            ("Send it to us", "Send it to US"),
            ("The key is userId", "The key is userid"),
            ("We use C", "We use C++"),
            ("Ana lives in Lisbon", "Ana lives near Lisbon"),
            ("Ana gave Ben a book", "Ben gave Ana a book"),
            ("Is Ana in Rome?", "Is Ana in Rome"),
        ] {
            assert!(!says_the_same(one, other, None), "{one} / {other}");
        }
        assert!(!says_the_same("I like tea", "The user likes tea", Some("Ana")));
        assert_eq!(gist("", None), None);
        assert_eq!(gist("...", None), None);
    }
}
