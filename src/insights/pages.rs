//! The pages of an answer: where one begins, which record it counts, and the call for the next one.

use serde_json::Map;
use serde_json::Value;

use super::finding::Link;

/// Where a page begins. All pages of an answer count the record of the first one, so that calls made meanwhile
/// move no row from one page to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Rows before the first one of the page.
    pub skip: usize,
    /// The last call, the last memory and the last turn of the record; `None` on the first page.
    pub record: Option<[i64; 3]>,
}

impl Page {
    /// Reads a cursor; `None` when it is none.
    pub fn read(cursor: &str) -> Option<Page> {
        let mut parts = cursor.split('-');
        // No list is that long; what a sum with it would overflow is no cursor.
        let skip = usize::try_from(parts.next()?.parse::<u32>().ok()?).ok()?;
        let mut number = || parts.next()?.parse::<i64>().ok();
        let record = Some([number()?, number()?, number()?]);
        parts.next().is_none().then_some(Page { skip, record })
    }

    fn cursor(skip: usize, [calls, memories, turns]: [i64; 3]) -> String {
        format!("{skip}-{calls}-{memories}-{turns}")
    }
}

/// What the other pages of an answer are asked by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pages {
    /// Rows before the first one of this page.
    pub(super) skip: usize,
    /// The arguments of the call, all but the cursor.
    pub(super) arguments: Map<String, Value>,
    pub(super) record: [i64; 3],
}

impl Pages {
    /// The call for the rows after the `shown` ones, of an answer with `total` rows.
    pub(super) fn after(&self, shown: usize, total: usize) -> Option<Link> {
        let first = self.skip.saturating_add(shown);
        if shown == 0 || first >= total {
            return None;
        }
        let mut arguments = self.arguments.clone();
        arguments.insert("cursor".to_owned(), Page::cursor(first, self.record).into());
        let label = format!("from row {} of {total} on", first + 1);
        Some(Link { label, tool: "query_insights", arguments: arguments.into() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_was_given_out_is_a_cursor() {
        assert_eq!(Page::read("50-7-0-3"), Some(Page { skip: 50, record: Some([7, 0, 3]) }));
        for text in [
            "",
            "50",
            "50-7",
            "50-7-0",
            "50-7-0-1-2",
            "-1-7-0-0",
            "a-7-0-0",
            "4294967296-1-1-1",
            "50-7-0-99999999999999999999",
        ] {
            assert_eq!(Page::read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_cursor_is_read_as_it_was_written(skip in any::<u32>(), record in prop::array::uniform3(0_i64..)) {
            let skip = usize::try_from(skip).unwrap_or(0);
            let page = Page { skip, record: Some(record) };
            prop_assert_eq!(Page::read(&Page::cursor(skip, record)), Some(page));
        }

        #[test]
        fn no_cursor_is_too_strange(text in "\\PC*") {
            let _ = Page::read(&text);
        }
    }
}
