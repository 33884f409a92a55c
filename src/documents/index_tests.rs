//! What a run does for those who wait meanwhile: a question that comes amid the walk, a process that waits for the lease.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::mpsc;

use super::super::question::Question;
use super::*;
use crate::clock::Clock;
use crate::store::Store;

/// Nothing is left out for want of time.
fn waiting() -> Waiting {
    let hour = Duration::from_secs(3_600);
    let mut waiting = Waiting::default();
    (waiting.patience.list, waiting.patience.look, waiting.patience.turn) = (hour, hour, hour);
    waiting
}

fn tree(files: &[(String, String)]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let root = dunce::canonicalize(dir.path()).unwrap().join("w");
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    (dir, root)
}

#[test]
fn a_question_that_comes_amid_the_walk_has_its_files_read_before_the_rest() {
    // Batches of 256 KiB, 512 KiB and 1 MiB: when the first is taken, the reader has begun the third at most.
    let text = "water wood stone\n\n".repeat(3_600);
    let mut files: Vec<(String, String)> = (10..60).map(|at| (format!("a/{at}.txt"), text.clone())).collect();
    files.push(("z/limits.txt".to_owned(), "When a lease has expired.\n".to_owned()));
    let (_dir, root) = tree(&files);
    let (sender, mut reads) = mpsc::channel(AHEAD);
    let waiting = waiting();
    let reader = Reader {
        target: (root.clone(), root),
        options: WalkOptions::default(),
        prefix: String::new(),
        known: Arc::new(HashMap::new()),
        force: false,
        call: Call::silent(),
        sender,
        track: None,
        waiting: waiting.clone(),
    };
    let reading = std::thread::spawn(move || reader.run());
    let mut order: Vec<String> = Vec::new();
    let mut told_after = None;
    while let Some(read) = reads.blocking_recv() {
        match read {
            Read::Files(segment) => order.extend(segment.files.iter().map(|it| it.path.clone())),
            Read::Touched(_) => panic!("nothing is known yet"),
            Read::First(is_read) => {
                is_read.cancel();
                told_after = Some(order.len());
            }
        }
        waiting.ask(&Question::of("the lease expires"), Instant::now());
    }
    let seen = reading.join().unwrap().unwrap();
    assert!(seen.whole && seen.paths.len() == files.len());
    let told_after = told_after.expect("the question was read for");
    assert_eq!(order[told_after - 1], "z/limits.txt", "its files are durable when it is told");
    assert!(told_after < 40, "{told_after} of {} were read before", order.len());
    order.sort_unstable();
    order.dedup();
    assert_eq!(order.len(), files.len(), "each once");
}

#[tokio::test]
async fn choosing_files_for_questions_keeps_the_lease() {
    let (dir, root) = tree(&[("a.txt".to_owned(), "When a lease has expired.\n".to_owned())]);
    let clock = Clock::fixed(1_000_000);
    let documents = Documents::new(&Store::new(&dir.path().join("a.db")), clock.clone(), root.clone());
    let allowed = Allowed::new(&root, None, &[], &[]);
    let waiting = waiting();
    // For the second and the third nothing is found, so that nothing but the choosing speaks for this process.
    let questions = ["the lease expires", "a zebra", "a giraffe"];
    let [first, second, third] = questions.map(|it| waiting.ask(&Question::of(it), Instant::now()));
    let other = async {
        for is_read in [first, second] {
            is_read.cancelled().await;
            clock.advance(LEASE_MS * 2 / 3);
        }
        third.cancelled().await;
        let workspace = documents.store.workspaces().await.unwrap()[0].id;
        let now = clock.now();
        documents.store.lease(workspace, "another".to_owned(), now, now + LEASE_MS).await.unwrap()
    };
    let (request, call) = (IndexRequest::default(), Call::silent());
    let run = documents.index_now(&request, Some(&waiting), &allowed, &call);
    let (done, is_taken_over) = tokio::join!(run, other);
    assert_eq!(done.unwrap().files_indexed, 1);
    assert!(!is_taken_over, "another process took the workspace from one that works");
}
