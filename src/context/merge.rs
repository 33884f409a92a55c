//! Joins chosen pieces that stand beside each other in one file: one citation, one label, no gap to guess at.

use super::assemble::SourceName;
use super::source::Candidate;
use super::source::Rendition;

/// Joins what can be joined; each joined piece stands where its best part stood.
pub(super) fn neighbours(chosen: Vec<Candidate>) -> Vec<Candidate> {
    let mut out: Vec<Candidate> = Vec::with_capacity(chosen.len());
    for mut next in chosen {
        // A piece may close the gap between two that were joined before: until nothing more changes.
        while let Some(at) = out.iter().position(|it| touches(it, &next)) {
            let other = out.remove(at);
            next = join(other, next);
        }
        out.push(next);
    }
    // Equal scores keep the order that they were chosen in.
    out.sort_by(|a, b| b.score.total_cmp(&a.score));
    out
}

/// Whether one follows the other in its file, with nothing but blank lines between them.
pub(super) fn touches(a: &Candidate, b: &Candidate) -> bool {
    if a.source != SourceName::Workspace.name() || b.source != a.source || a.uri != b.uri {
        return false;
    }
    let (first, second) = if a.lines <= b.lines { (a, b) } else { (b, a) };
    let (Some(lines), Some(second_lines)) = (first.lines, second.lines) else { return false };
    let follows = matches!((first.parts, second.parts), (Some(one), Some(two)) if one.1 == two.0);
    // The pieces of one long line are not lines of their own, and a text that was cut has no end to join to.
    let is_whole = first.rendition == Rendition::Whole && second.rendition != Rendition::Signatures;
    follows && is_whole && second_lines.0 > lines.1 && whole_lines(lines, &first.text)
}

/// Whether the text has as many lines as its citation says.
fn whole_lines(lines: (u32, u32), text: &str) -> bool {
    u32::try_from(text.lines().count()).is_ok_and(|it| it == lines.1 - lines.0 + 1)
}

fn join(a: Candidate, b: Candidate) -> Candidate {
    let (first, second) = if a.lines <= b.lines { (a, b) } else { (b, a) };
    let (Some(first_lines), Some(second_lines)) = (first.lines, second.lines) else { return first };
    let text = first.text.trim_end_matches('\n');
    // The blank lines between the two may be a part of the first or of neither.
    let shown = u32::try_from(text.lines().count()).unwrap_or(1);
    let breaks = "\n".repeat((second_lines.0 - first_lines.0).saturating_sub(shown) as usize + 1);
    let text = format!("{text}{breaks}{}", second.text);
    let title = match (first.title == second.title, first.score >= second.score) {
        (true, _) | (false, true) => first.title.clone(),
        (false, false) => second.title.clone(),
    };
    let better = if first.score >= second.score { &first } else { &second };
    let (score, why) = (better.score, better.why.clone());
    let parts = first.parts.zip(second.parts).map(|(one, two)| (one.0, two.1));
    let rendition = second.rendition;
    Candidate { lines: Some((first_lines.0, second_lines.1)), parts, title, text, score, why, rendition, ..first }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn piece(uri: &str, part: u32, (start, end): (u32, u32), score: f64) -> Candidate {
        let text: Vec<String> = (start..=end).map(|it| format!("line {it}")).collect();
        Candidate {
            source: SourceName::Workspace.name(),
            uri: uri.to_owned(),
            lines: Some((start, end)),
            parts: Some((part, part + 1)),
            text: text.join("\n"),
            score,
            ..Candidate::default()
        }
    }

    fn told(pieces: &[Candidate]) -> Vec<String> {
        pieces.iter().map(|it| format!("{} {:?} {}", it.uri, it.lines.unwrap(), it.score)).collect()
    }

    #[test]
    fn neighbours_of_a_file_become_one_piece() {
        let chosen = vec![
            piece("b", 0, (1, 5), 0.9),
            piece("a", 2, (11, 20), 0.8),
            piece("a", 4, (31, 40), 0.5),
            piece("a", 3, (22, 30), 0.4),
        ];
        let joined = neighbours(chosen);
        assert_eq!(told(&joined), ["b (1, 5) 0.9", "a (11, 40) 0.8"]);
        let lines: Vec<&str> = joined[1].text.lines().collect();
        assert_eq!((lines.len(), lines[0], lines[10], lines[11], lines[29]), (30, "line 11", "", "line 22", "line 40"));
    }

    #[test]
    fn blank_lines_between_two_are_there_once_whoever_has_them() {
        let second = piece("a", 1, (14, 16), 0.5);
        for next in [None, Some(14)] {
            let first = super::super::gap::up_to(piece("a", 0, (8, 11), 0.9), next);
            let joined = neighbours(vec![second.clone(), first]).remove(0);
            assert_eq!(joined.lines, Some((8, 16)));
            let lines: Vec<&str> = joined.text.lines().collect();
            assert_eq!((lines.len(), lines[3], lines[4], lines[5], lines[6]), (9, "line 11", "", "", "line 14"));
        }
    }

    #[test]
    fn one_citation_is_labelled_as_its_best_part_and_has_the_lines_of_all() {
        let part = |at: u32, title: &str, score: f64| Candidate {
            title: title.to_owned(),
            why: format!("words of {title}"),
            ..piece("a", at, (at * 10 + 1, at * 10 + 10), score)
        };
        for order in [[0, 1, 2], [2, 1, 0], [0, 2, 1], [1, 2, 0]] {
            let parts = [part(0, "fn read()", 0.5), part(1, "fn parse()", 0.9), part(2, "fn write()", 0.7)];
            let joined = neighbours(order.iter().map(|it| parts[*it].clone()).collect());
            let told: Vec<_> =
                joined.iter().map(|it| (it.title.as_str(), it.why.as_str(), it.lines, it.parts, it.score)).collect();
            let expected = ("fn parse()", "words of fn parse()", Some((1, 30)), Some((0, 3)), 0.9);
            assert_eq!(told, [expected], "{order:?}");
        }
        let cut = Candidate { rendition: Rendition::Beginning, ..part(1, "fn parse()", 0.9) };
        let joined = neighbours(vec![part(0, "fn read()", 0.5), cut.clone()]);
        assert_eq!((joined.len(), joined[0].rendition), (1, Rendition::Beginning), "what follows is not all there");
        assert_eq!(
            neighbours(vec![cut, part(2, "fn write()", 0.7)]).len(),
            2,
            "between a cut one and the next is a gap"
        );
    }

    #[test]
    fn other_files_and_far_pieces_stay_apart() {
        let apart = vec![
            piece("a", 0, (1, 5), 0.9),
            piece("b", 1, (6, 9), 0.8),
            // A line between them is another piece.
            piece("a", 2, (7, 12), 0.7),
        ];
        assert_eq!(neighbours(apart.clone()), apart);
    }

    proptest! {
        #[test]
        fn every_line_is_there_once(cuts in prop::collection::btree_set(1u32..100, 2..20), order in any::<u64>()) {
            let cuts: Vec<u32> = cuts.into_iter().collect();
            let mut pieces: Vec<Candidate> =
                cuts.windows(2).zip(1_u32..).map(|(it, at)| piece("a", at, (it[0], it[1] - 1), 1.0 / f64::from(at))).collect();
            let turn = usize::try_from(order % pieces.len() as u64).unwrap();
            pieces.rotate_left(turn);
            let joined = neighbours(pieces);
            prop_assert_eq!(joined.len(), 1);
            prop_assert_eq!(joined[0].lines, Some((cuts[0], cuts[cuts.len() - 1] - 1)));
            prop_assert_eq!(joined[0].text.lines().count() as u32, cuts[cuts.len() - 1] - cuts[0]);
        }
    }
}
