//! Maps the numbers in an answer back to the pieces that they mean.

use super::question::Citation;
use crate::context::Item;

/// Most numbers of a range such as `[1-3]`.
const MOST_OF_RANGE: usize = 10;

/// The pieces whose numbers stand in the answer, in the order of their first mention. What stands in code cites nothing:
/// `argv[1]` is an index.
pub(super) fn cited(answer: &str, items: &[Item]) -> Vec<Citation> {
    let mut seen = Vec::new();
    let mut is_fenced = false;
    for line in answer.lines() {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
            continue;
        }
        if is_fenced {
            continue;
        }
        // Every second part stands between backticks; a single one is none.
        let parts: Vec<&str> = line.split('`').collect();
        let is_paired = parts.len() % 2 == 1;
        for text in parts.iter().enumerate().filter(|it| !is_paired || it.0 % 2 == 0).map(|it| it.1) {
            let insides = text.split(['[', '【']).skip(1).filter_map(|it| it.split_once([']', '】']));
            for number in insides.filter_map(|it| numbers(it.0)).flatten() {
                if !seen.contains(&number) {
                    seen.push(number);
                }
            }
        }
    }
    seen.into_iter().filter_map(|n| citation(items, n)).collect()
}

/// The numbers of `1`, `1, 3` and `1-3`; `None` when anything else is said.
fn numbers(inside: &str) -> Option<Vec<usize>> {
    let mut all = Vec::new();
    for part in inside.split([',', ';', ' ']).filter(|it| !it.is_empty()) {
        let (first, last) = part.split_once(['-', '–']).unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        all.extend((first..=last).take(MOST_OF_RANGE));
    }
    Some(all)
}

pub(super) fn citation(items: &[Item], n: usize) -> Option<Citation> {
    let item = items.get(n.checked_sub(1)?)?;
    Some(Citation {
        n,
        uri: item.uri.clone(),
        path: item.path.clone(),
        start_line: item.start_line,
        end_line: item.end_line,
        title: item.title.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &str, expected: &[usize]) {
        let item = Item {
            source: "memory",
            uri: "a".to_owned(),
            path: None,
            start_line: None,
            end_line: None,
            title: String::new(),
            tokens: 1,
            score: 1.0,
            why: String::new(),
            text: String::new(),
            rendition: None,
            seen: None,
        };
        let items = vec![item; 4];
        assert_eq!(cited(answer, &items).iter().map(|it| it.n).collect::<Vec<_>>(), expected, "{answer}");
    }

    #[test]
    fn numbers_in_brackets_cite_and_code_does_not() {
        check("On Fridays [2], as before [1, 2].", &[2, 1]);
        check("See [1-3] and 【4】.", &[1, 2, 3, 4]);
        check("The target is `sys.argv[1]`; ask Ana [3].", &[3]);
        check("```js\nconst order = [1, 2, 3];\n```\nSee [4].", &[4]);
        check("[2 of 4], [Note 1], [9], [0], [1-99999999999999999999]", &[]);
        check("a lone ` before [2]", &[2]);
    }
}
