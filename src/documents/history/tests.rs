//! What past commits say of a question, without git.

use std::sync::Arc;

use super::Book;
use super::Past;
use super::lift;
use super::patch::Changed;
use super::patch::Commit;
use super::patch::line_hash;
use super::row;
use super::words;
use crate::documents::catalog::Catalog;
use crate::documents::question::Question;
use crate::documents::rank::Ranked;
use crate::documents::weights;
use crate::store::FileRow;
use crate::store::SegmentRow;

fn commit(number: usize, message: &str, files: &[(&str, &str)]) -> Commit {
    let changed = |(path, lines): &(&str, &str)| Changed {
        path: (*path).to_owned(),
        lines: lines.lines().filter_map(|it| line_hash(it.as_bytes())).collect(),
    };
    let files = files.iter().map(changed).collect();
    let mut commit = Commit::without_files(format!("{number:040x}"));
    (commit.message, commit.files) = (message.to_owned(), files);
    commit
}

/// A book of the commits, and of others that have to do with nothing.
fn book(commits: &[Commit]) -> Arc<Book> {
    let others = 1000..1000 + weights::COMMITS_AT_LEAST;
    let others = others.map(|it| commit(it, &format!("other{it} words{it}"), &[("src/z.rs", "let nothing = true;")]));
    Arc::new(Book::new(&commits.iter().cloned().chain(others).map(|it| row(&it)).collect::<Vec<_>>()))
}

fn catalog(paths: &[&str]) -> Catalog {
    let file = |(id, path): (i64, &&str)| {
        Arc::new(FileRow {
            id,
            path: (**path).to_owned(),
            size_bytes: 1,
            mtime_ns: 1,
            hash: vec![1],
            language: "rust".to_owned(),
            kind: "code".to_owned(),
            segment_id: 1,
            first_chunk: u32::try_from(id).unwrap(),
            chunks: 1,
        })
    };
    let segments = [SegmentRow { id: 1, lengths: vec![10; paths.len()] }];
    Catalog::new(1, "/w".to_owned(), (1, (0..).zip(paths).map(file).collect()), &segments, &[], None)
}

fn said(book: &Arc<Book>, question: &str, paths: &[&str]) -> Option<Past> {
    Past::of(Arc::clone(book), &Question::of(question), &catalog(paths))
}

#[test]
fn files_that_such_commits_changed_are_meant_and_those_that_are_gone_are_not() {
    let book = book(&[
        commit(1, "Retry when the connection drops", &[("src/net.rs", "fn reconnect() {"), ("src/gone.rs", "")]),
        commit(2, "Draw circles", &[("src/draw.rs", "fn circle() {")]),
    ]);
    let past = said(&book, "retry after a dropped connection", &["src/a.rs", "src/draw.rs", "src/net.rs"]).unwrap();
    assert!(past.files[2] > 0.0 && past.files[0] == 0.0 && past.files[1] == 0.0, "{:?}", past.files);
    assert!(said(&book, "retry after a dropped connection", &["src/draw.rs"]).is_none());
    assert!(said(&book, "nobody said this", &["src/net.rs"]).is_none());
}

#[test]
fn a_commit_that_changes_many_files_and_a_file_that_is_always_changed_say_less() {
    let many: Vec<(String, &str)> = (0..20).map(|it| (format!("src/m{it}.rs"), "")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|it| (it.0.as_str(), it.1)).collect();
    let alone = commit(1, "parse the header", &[("src/a.rs", "")]);
    let with_others = commit(2, "parse the header", &many);
    let always = commit(3, "parse the header", &[("src/z.rs", "")]);
    let past = said(&book(&[alone, with_others, always]), "parse header", &["src/a.rs", "src/m1.rs", "src/z.rs"]);
    let files = past.unwrap().files;
    assert!(files[0] > files[1] && files[0] > files[2] && files[1] > 0.0 && files[2] > 0.0, "{files:?}");
}

#[test]
fn a_thin_past_says_nothing() {
    let rows: Vec<_> = (0..weights::COMMITS_AT_LEAST - 1).map(|it| row(&commit(it, "retry", &[("a", "")]))).collect();
    assert!(said(&Arc::new(Book::new(&rows)), "retry", &["a"]).is_none());
}

#[test]
fn the_piece_in_which_their_lines_stand_is_lifted_and_a_line_in_two_pieces_tells_neither() {
    let lines = "let delay = backoff(attempt);\nreturn Err(error);";
    let book = book(&[commit(1, "wait longer between retries", &[("src/net.rs", lines)])]);
    let past = said(&book, "wait longer between retries", &["src/draw.rs", "src/net.rs"]).unwrap();
    let piece = |file, number| {
        let mut piece = Ranked { file, number, sum: 1.0, ..Ranked::default() };
        (piece.signals.prior, piece.signals.reach) = (1.0, 1.0);
        piece
    };
    let pieces = vec![piece(1, 0), piece(1, 1), piece(0, 0)];
    let texts = [
        "fn first() {\n    return Err(error);\n}",
        "fn second() {\n    let delay = backoff(attempt);\n    return Err(error);\n}",
        "fn draw() {\n    let delay = backoff(attempt);\n}",
    ];
    let lifted = lift(pieces, &[Some(&past)], texts.into_iter().map(Some));
    let sums: Vec<f32> = lifted.iter().map(|it| it.sum).collect();
    assert_eq!(sums, [1.0, 1.0 + weights::WRITTEN, 1.0]);
    assert_eq!(lifted[1].signals.history, weights::WRITTEN);
}

#[test]
fn a_message_keeps_its_words_but_no_secret_address_or_name_of_who_signed_it() {
    let message = "net: retry the retryLimit\n\nSee https://example.org/zebra for password=hunter2hunter2hunter2 \
                   and ghp_0123456789abcdefghijABCDEFGHIJ012345\n\nReviewed-by: Ada Lovelace <ada@example.org>\nFixes: #12 marmalade\n\
                   Note: kept";
    let words = words(message);
    let has = |word: &str| words.split(' ').any(|it| it == word);
    assert!(has("retry") && has("retrylimit") && has("limit") && has("kept"), "{words}");
    for gone in
        ["zebra", "ada", "lovelac", "marmalad", "hunter2hunter2hunter2", "ghp0123456789abcdefghijabcdefghij012345"]
    {
        assert!(!has(gone), "{gone}: {words}");
    }
    // The title counts twice.
    assert!(words.contains("net 2"), "{words}");
}

#[test]
fn the_version_is_another_one_when_the_commits_are() {
    let (one, two) = (commit(1, "a", &[("x", "")]), commit(2, "a", &[("x", "")]));
    let of = |commits: &[&Commit]| Book::new(&commits.iter().map(|it| row(it)).collect::<Vec<_>>()).version;
    assert_ne!(of(&[&one]), of(&[&two]));
    assert_ne!(of(&[&one]), of(&[&one, &two]));
    assert_eq!(of(&[&one, &two]), of(&[&one, &two]));
    assert_eq!(of(&[]), 0);
}

#[test]
fn rows_that_somebody_else_wrote_are_read_as_far_as_they_go() {
    let mut rows = vec![row(&commit(1, "retry", &[("a", "let one = two;"), ("b", "let three = four;")]))];
    rows[0].lines.truncate(5);
    rows.push(crate::store::CommitRow {
        hash: "é".to_owned(),
        words: "a b c".to_owned(),
        files: "x\n\ny".to_owned(),
        lines: vec![255; 9],
    });
    let book = Book::new(&rows);
    assert_eq!((book.commits.len(), book.lines.len()), (2, 1));
}
