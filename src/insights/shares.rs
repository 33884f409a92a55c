//! Holds the calls beyond a limit against all calls of their group: “the share slower than 5 s, by model”.

use std::collections::BTreeMap;

use super::finding::number;
use crate::store::Cell;
use crate::store::Table;

/// Adds to each group of `some` how many calls it has in `all`, and the share that its own are of them. Groups that have none
/// beyond the limit, and so a share of nothing, are in it when `with_empty`.
pub(super) fn of_groups(mut some: Table, all: &Table, with_empty: bool) -> Table {
    let Some(at) = some.columns.iter().position(|it| it == "calls") else { return some };
    let key = |row: &[Cell]| format!("{:?}", row.first());
    let mut known: BTreeMap<String, Vec<Cell>> = some.rows.drain(..).map(|row| (key(&row), row)).collect();
    let nothing = |name: &Cell| {
        let mut row = vec![Cell::None; some.columns.len()];
        row[0] = name.clone();
        row[at] = Cell::Count(0);
        row
    };
    for group in &all.rows {
        let own = known.remove(&key(group)).or_else(|| with_empty.then(|| nothing(&group[0])));
        let Some(mut row) = own else { continue };
        let whole = group.get(at).cloned().unwrap_or(Cell::None);
        let share = number(&row[at]) / number(&whole).max(1.0);
        row.splice(at + 1..at + 1, [whole, Cell::Number((share * 1e4).round() / 1e4)]);
        some.rows.push(row);
    }
    some.columns.splice(at + 1..at + 1, ["of_calls", "share"].map(str::to_owned));
    some
}

/// The calls of all groups beyond the limit, and all calls, as one sentence.
pub(super) fn said(some: &Table, all: &Table) -> Option<String> {
    let sum = |table: &Table| {
        let at = table.columns.iter().position(|it| it == "calls")?;
        Some(table.rows.iter().map(|it| number(&it[at])).sum::<f64>())
    };
    let (some, all) = (sum(some)?, sum(all)?);
    Some(format!(" That is {some:.0} of {all:.0} calls, {:.1} %.", some * 100.0 / all.max(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, i64)]) -> Table {
        let columns = ["k", "calls", "failed"].map(str::to_owned).to_vec();
        let row = |it: &(&str, i64)| vec![Cell::Text(it.0.into()), Cell::Count(it.1), Cell::Count(1)];
        Table { columns, rows: rows.iter().map(row).collect(), ..Table::default() }
    }

    #[test]
    fn each_group_is_held_against_its_own_calls() {
        let (some, all) = (table(&[("a", 3)]), table(&[("a", 4), ("b", 10)]));
        let shares = of_groups(some.clone(), &all, true);
        assert_eq!(shares.columns, ["k", "calls", "of_calls", "share", "failed"]);
        let text = |it: &str| Cell::Text(it.into());
        let first = vec![text("a"), Cell::Count(3), Cell::Count(4), Cell::Number(0.75), Cell::Count(1)];
        let second = vec![text("b"), Cell::Count(0), Cell::Count(10), Cell::Number(0.0), Cell::None];
        assert_eq!(shares.rows, [first.clone(), second]);
        assert_eq!(of_groups(some.clone(), &all, false).rows, [first]);
        assert_eq!(said(&some, &all).as_deref(), Some(" That is 3 of 14 calls, 21.4 %."));
    }
}
