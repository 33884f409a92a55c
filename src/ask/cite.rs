//! Maps the numbers in an answer back to the pieces that they mean.

use super::question::Citation;
use crate::context::Item;

/// The pieces whose numbers stand in the answer, in the order of their first mention.
pub(super) fn cited(answer: &str, items: &[Item]) -> Vec<Citation> {
    let mut seen = Vec::new();
    for part in answer.split('[').skip(1) {
        let Some((inside, _)) = part.split_once(']') else { continue };
        for number in inside.split([',', ' ']).filter_map(|it| it.trim().parse::<usize>().ok()) {
            if !seen.contains(&number) {
                seen.push(number);
            }
        }
    }
    seen.into_iter().filter_map(|n| citation(items, n)).collect()
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
