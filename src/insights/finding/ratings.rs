//! Says whether feedback helped: how answers were rated before and after, by request kind, by model, and with what was
//! remembered.

use serde_json::json;

use super::Asked;
use super::Finding;
use super::Link;
use super::overview::bound;
use super::words::number;
use super::words::rename;
use super::words::text;
use crate::clock;
use crate::insights::chart::Shape;
use crate::insights::chart::Spec;
use crate::insights::plan::Kind;
use crate::store::Cell;
use crate::store::Table;

/// Ratings on each side below which no change is told from chance: with fewer, one mood decides.
const FEWEST: f64 = 12.0;

/// Some ratings: how many, their mean, the mean of their squares.
#[derive(Clone, Copy)]
struct Rated {
    count: f64,
    mean: f64,
    square: f64,
}

impl Rated {
    fn at(row: &[Cell], first: usize) -> Rated {
        let of = |at: usize| row.get(at).map_or(0.0, number);
        Rated { count: of(first), mean: of(first + 1), square: of(first + 2) }
    }

    /// The variance of the mean.
    fn spread(self) -> f64 {
        (self.square - self.mean * self.mean).max(0.0) / (self.count - 1.0).max(1.0)
    }
}

/// Whether two means differ by more than chance makes them in one of a hundred cases, when so many pairs are looked at.
fn differ(one: Rated, other: Rated, tests: usize) -> bool {
    let spread = one.spread() + other.spread();
    one.count.min(other.count) >= FEWEST
        && if spread == 0.0 {
            (one.mean - other.mean).abs() > f64::EPSILON
        } else {
            (one.mean - other.mean).abs() / spread.sqrt() > bound(one.count + other.count - 2.0, tests)
        }
}

/// Ratings before and after, one row a group, those with the most ratings first.
pub(super) fn ratings(table: &Table, asked: &Asked) -> Finding {
    let mut rows: Vec<(String, Rated, Rated)> =
        table.rows.iter().map(|row| (text(&row[0]), Rated::at(row, 1), Rated::at(row, 4))).collect();
    rows.sort_by(|a, b| (b.1.count + b.2.count).total_cmp(&(a.1.count + a.2.count)).then_with(|| a.0.cmp(&b.0)));
    let mut columns = table.columns.clone();
    rename(&mut columns, "group");
    if rows.is_empty() {
        return Finding { columns, ..Finding::default() };
    }
    let whole = |pick: fn(&(String, Rated, Rated)) -> Rated| {
        let count: f64 = rows.iter().map(|it| pick(it).count).sum();
        let mean = |value: fn(Rated) -> f64| {
            rows.iter().map(|it| pick(it).count * value(pick(it))).sum::<f64>() / count.max(1.0)
        };
        Rated { count, mean: mean(|it| it.mean), square: mean(|it| it.square) }
    };
    let (before, after) = (whole(|it| it.1), whole(|it| it.2));
    let middle = asked.middle.map_or_else(String::new, |it| clock::format(it).chars().take(10).collect());
    let all = format!(
        "{:.0} answers were rated before {middle}, {:+.2} on average, and {:.0} since, {:+.2}",
        before.count, before.mean, after.count, after.mean
    );
    let verdict = if before.count.min(after.count) < FEWEST {
        "too few to tell a change from chance".to_owned()
    } else if differ(before, after, 1) {
        (if after.mean > before.mean { "better by more than chance" } else { "worse by more than chance" }).to_owned()
    } else {
        "no more than chance".to_owned()
    };
    let mut said = vec![format!("{all}: {verdict}.")];
    // With many groups some differ by chance: the bound is held over all that have enough ratings.
    let tests = rows.iter().filter(|it| it.1.count.min(it.2.count) >= FEWEST).count();
    let moved: Vec<String> = rows
        .iter()
        .filter(|it| differ(it.1, it.2, tests))
        .take(3)
        .map(|it| format!("{} ({:+.2} to {:+.2})", it.0, it.1.mean, it.2.mean))
        .collect();
    if !moved.is_empty() {
        said.push(format!("What changed: {}.", moved.join("; ")));
    }
    let round = |it: f64| Cell::Number((it * 1e3).round() / 1e3);
    let mean = |it: Rated| if it.count > 0.0 { round(it.mean) } else { Cell::None };
    #[expect(clippy::cast_possible_truncation, reason = "counts")]
    let count = |it: Rated| Cell::Count(it.count as i64);
    let columns = ["group", "rated_before", "mean_before", "rated_after", "mean_after", "certainty"];
    let out = rows
        .iter()
        .map(|(name, one, other)| {
            let sure = if one.count.min(other.count) < FEWEST {
                "too few"
            } else if differ(*one, *other, tests) {
                "more than chance"
            } else {
                "may be chance"
            };
            let sure = Cell::Text(sure.to_owned());
            vec![Cell::Text(name.clone()), count(*one), mean(*one), count(*other), mean(*other), sure]
        })
        .collect();
    let links = rows
        .iter()
        .map(|(name, ..)| {
            // Both periods with as many rated calls and the same means, and behind them their days.
            let filter = if asked.by_model { "model" } else { "request_kind" };
            let mut rated = asked.clone();
            rated.filters.insert("rated".to_owned(), "yes".into());
            let middle = asked.middle.map(clock::format);
            let drill = json!({"view": "calls", "by": "period", "measure": "calls", "middle": middle});
            let arguments = rated.next(Kind::Performance, Some((filter, name)), drill);
            Link { label: name.clone(), tool: "query_insights", arguments }
        })
        .collect();
    let points = rows.iter().take(super::BARS).map(|it| (it.0.clone(), it.2.mean - it.1.mean)).collect();
    let chart = Some(Spec {
        shape: Shape::Bars,
        title: "Change of the mean rating".to_owned(),
        range: asked.range(),
        unit: "change of the mean rating (-2 to 2)".to_owned(),
        points,
        ..Spec::default()
    });
    let columns = columns.map(str::to_owned).to_vec();
    Finding { text: said.join(" "), columns, total: rows.len(), rows: out, chart, links, ..Finding::default() }
}

/// The calls behind both numbers of that sentence.
pub(in crate::insights) fn helped_links(asked: &Asked) -> [Link; 2] {
    [("with remembered items", "yes"), ("without remembered items", "no")].map(|(label, helped)| {
        let mut rated = asked.clone();
        rated.filters.insert("rated".to_owned(), "yes".into());
        let drill = json!({"view": "calls", "by": "month", "measure": "calls"});
        let arguments = rated.next(Kind::Performance, Some(("helped", helped)), drill);
        Link { label: label.to_owned(), tool: "query_insights", arguments }
    })
}

/// One sentence on whether remembered items helped, by the ratings of the answers with and without them.
pub(in crate::insights) fn helped(table: &Table) -> Option<String> {
    let of = |name: &str| {
        table
            .rows
            .iter()
            .find(|row| text(&row[0]).starts_with(name))
            .map_or(Rated { count: 0.0, mean: 0.0, square: 0.0 }, |row| Rated::at(row, 1))
    };
    let (with, without) = (of("with remembered"), of("without"));
    if with.count == 0.0 {
        return None;
    }
    let verdict = if with.count.min(without.count) < FEWEST {
        "too few to tell whether they help"
    } else if !differ(with, without, 1) {
        "which may be chance"
    } else if with.mean > without.mean {
        "so they help"
    } else {
        "so they do not help"
    };
    Some(format!(
        "Answers for which remembered items were of use: {:.0}, rated {:+.2}; others: {:.0}, {:+.2}, {verdict}.",
        with.count, with.mean, without.count, without.mean
    ))
}
