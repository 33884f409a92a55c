//! Reads numbers that limit an answer: “slower than 2 s”, “mehr als 0,5 USD”, “the top 5”.

/// What a call must pass, or must not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Limits {
    pub over_ms: Option<f64>,
    pub under_ms: Option<f64>,
    pub over_usd: Option<f64>,
    /// How many rows are asked for.
    pub top: Option<usize>,
}

/// Words before or behind a number that ask for more than it; `a_b` are two words in a row.
const OVER: &[&str] = &[
    "slower_than",
    "longer_than",
    "more_than",
    "over",
    "above",
    "exceeding",
    "exceed",
    "exceeded",
    "beyond",
    "dearer_than",
    "langsamer_als",
    "länger_als",
    "mehr_als",
    "über",
    "plus_de",
    "dépassent",
    "más_de",
    "超过",
    "大于",
    "以上",
    "より長",
    "より遅",
];
const UNDER: &[&str] = &[
    "faster_than",
    "quicker_than",
    "less_than",
    "under",
    "below",
    "within",
    "schneller_als",
    "weniger_als",
    "unter",
    "moins_de",
    "menos_de",
    "不到",
    "少于",
    "以内",
    "未満",
];

/// Units behind a number, and how many milliseconds they are.
const UNITS: &[(&str, f64)] = &[
    ("ms", 1.0),
    ("millisecond", 1.0),
    ("milliseconds", 1.0),
    ("millisekunden", 1.0),
    ("millisecondes", 1.0),
    ("milisegundos", 1.0),
    ("毫秒", 1.0),
    ("ミリ秒", 1.0),
    ("s", 1e3),
    ("sec", 1e3),
    ("secs", 1e3),
    ("second", 1e3),
    ("seconds", 1e3),
    ("sekunde", 1e3),
    ("sekunden", 1e3),
    ("seconde", 1e3),
    ("secondes", 1e3),
    ("segundo", 1e3),
    ("segundos", 1e3),
    ("秒", 1e3),
    ("min", 6e4),
    ("minute", 6e4),
    ("minutes", 6e4),
    ("minuten", 6e4),
    ("minuto", 6e4),
    ("minutos", 6e4),
    ("分钟", 6e4),
    ("分", 6e4),
];
const MONEY: &[(&str, f64)] = &[
    ("usd", 1.0),
    ("dollar", 1.0),
    ("dollars", 1.0),
    ("美元", 1.0),
    ("ドル", 1.0),
    ("cent", 0.01),
    ("cents", 0.01),
    ("¢", 0.01),
];

const COUNTED: [&str; 21] = [
    "",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
];

/// Words behind a number of rows: “the 5 slowest tools”.
const SUPERLATIVES: &[&str] = &[
    "most",
    "least",
    "fewest",
    "biggest",
    "largest",
    "slowest",
    "fastest",
    "cheapest",
    "dearest",
    "priciest",
    "busiest",
    "longest",
    "shortest",
    "best",
    "worst",
    "top",
    "latest",
    "newest",
    "langsamsten",
    "schnellsten",
    "teuersten",
    "häufigsten",
    "neuesten",
    "aktivsten",
    "besten",
    "schlechtesten",
];

/// Reads `question`.
pub(super) fn read(question: &str) -> Limits {
    let words = words(&question.to_lowercase());
    let mut limits = Limits::default();
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).map(String::as_str);
        if let Some(rows) = rows(word)
            && (at > 0 && matches!(words[at - 1].as_str(), "top" | "first" | "前" | "上位")
                || next.is_some_and(|it| SUPERLATIVES.contains(&it)))
        {
            limits.top = limits.top.or(Some(rows));
        }
        let Some(number) = number(word) else { continue };
        let before = words.get(..at).unwrap_or_default();
        let dollars = before.last().is_some_and(|it| it == "$");
        let behind = words.get(at + 1..).unwrap_or_default().concat();
        let before = if dollars { before.get(..at - 1).unwrap_or_default() } else { before };
        let is = |name: &str, it: &str| name == it || name.chars().all(is_unspaced) && it.starts_with(name);
        let found = |table: &'static [(&str, f64)]| next.and_then(|it| table.iter().find(|(name, _)| is(name, it)));
        let unit = |table| found(table).map(|it| it.1);
        // “2秒以上” has its comparison behind the unit.
        let behind = found(UNITS).or(found(MONEY)).map_or("", |it| behind.get(it.0.len()..).unwrap_or_default());
        let (over, under) = (says(OVER, before, behind), says(UNDER, before, behind));
        let money = if dollars { Some(1.0) } else { unit(MONEY) };
        match (unit(UNITS), money) {
            (Some(factor), _) if over => limits.over_ms = Some(number * factor),
            (Some(factor), _) if under => limits.under_ms = Some(number * factor),
            (_, Some(factor)) if over => limits.over_usd = Some(number * factor),
            _ => {}
        }
    }
    limits
}

/// Whether one of `signs` stands right before a number, or right behind it and its unit.
fn says(signs: &[&str], before: &[String], behind: &str) -> bool {
    signs.iter().any(|sign| {
        let sign: Vec<&str> = sign.split('_').collect();
        let ends = before.len() >= sign.len() && before[before.len() - sign.len()..].iter().eq(sign.iter());
        let unspaced = sign.iter().all(|it| it.chars().all(is_unspaced));
        ends || unspaced && (before.concat().ends_with(&sign.concat()) || behind.starts_with(&sign.concat()))
    })
}

fn is_unspaced(c: char) -> bool {
    u32::from(c) > 0x2e80
}

/// Words and numbers; a unit that is glued to its number is a word of its own.
fn words(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut last = None;
    for c in text.chars() {
        let sort = match c {
            '0'..='9' => 'n',
            // Inside a number only.
            '.' | ',' if last == Some('n') => 'p',
            '$' | '¢' => '$',
            _ if c.is_alphabetic() => 'w',
            _ => ' ',
        };
        match (last, sort) {
            (_, ' ') => {}
            (Some('n' | 'p'), 'n') | (Some('n'), 'p') | (Some('w'), 'w') => {
                if let Some(word) = out.last_mut() {
                    word.push(c);
                }
            }
            _ => out.push(c.to_string()),
        }
        last = Some(sort);
    }
    out
}

fn number(word: &str) -> Option<f64> {
    let plain = word.trim_end_matches(['.', ',']);
    let known = plain.replace(',', ".").parse::<f64>().ok().filter(|it| it.is_finite());
    known.or_else(|| {
        COUNTED.iter().position(|it| !it.is_empty() && *it == word).and_then(|it| u32::try_from(it).ok()).map(f64::from)
    })
}

fn rows(word: &str) -> Option<usize> {
    let spelled = COUNTED.iter().position(|it| !it.is_empty() && *it == word);
    spelled.or_else(|| word.parse().ok()).filter(|it| (1..=50).contains(it))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_with_a_unit_and_a_comparison_are_limits() {
        let over = |text: &str| read(text).over_ms;
        for text in [
            "calls slower than 2 s",
            "which calls took longer than 2 seconds?",
            "asks over 2s",
            "share of calls that took more than two seconds",
            "Aufrufe, die länger als 2 Sekunden dauerten",
            "les appels de plus de 2 secondes",
            "llamadas de más de 2 segundos",
            "超过2秒的调用",
            "2秒以上の呼び出し",
        ] {
            assert_eq!(over(text), Some(2_000.0), "{text}");
        }
        assert_eq!(over("more than 500ms"), Some(500.0));
        assert_eq!(over("mehr als 1,5 Sekunden"), Some(1_500.0));
        assert_eq!(read("faster than 300 ms").under_ms, Some(300.0));
        assert_eq!(read("asks that cost more than $0.25").over_usd, Some(0.25));
        assert_eq!(read("dearer than 5 cents").over_usd, Some(0.05));
        for text in ["2 seconds", "p95 last 2 weeks", "more than 10 days ago", "over 40 users", "", "version 2.0 s"] {
            assert_eq!(read(text), Limits::default(), "{text}");
        }
    }

    #[test]
    fn a_number_of_rows_is_read() {
        assert_eq!(read("top 5 users").top, Some(5));
        assert_eq!(read("the three slowest tools").top, Some(3));
        assert_eq!(read("top ten personas last 30 days").top, Some(10));
        assert_eq!(read("the top of the list").top, None);
        assert_eq!(read("top 5000 users").top, None);
    }

    proptest! {
        #[test]
        fn no_question_is_too_strange(text in "\\PC*") {
            let limits = read(&text);
            prop_assert!(limits.top.is_none_or(|it| (1..=50).contains(&it)));
            prop_assert!(limits.over_ms.is_none_or(f64::is_finite) || text.len() > 300);
        }
    }
}
