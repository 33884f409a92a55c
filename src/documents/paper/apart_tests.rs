//! Readers that crash, hang or talk nonsense, and one that is well.

use proptest::prelude::*;

use super::*;

#[test]
fn what_is_sent_is_received_and_nothing_longer() {
    let message = (3, b"a document".to_vec());
    let mut line = Vec::new();
    send(&mut line, &message).unwrap();
    assert_eq!(receive(&mut line.as_slice(), 10).unwrap(), message);
    assert!(receive(&mut line.as_slice(), 9).is_err());
    assert!(receive(&mut &line[..line.len() - 1], 10).is_err());
    // Eight exabytes that do not come cost nothing.
    let liar = [&[0][..], &u64::MAX.to_le_bytes()].concat();
    assert!(receive(&mut liar.as_slice(), u64::MAX).is_err());
}

#[test]
fn reasons_and_papers_are_told_by_their_place() {
    assert_eq!(answer(Paper::Pdf, b"no document"), (1, Vec::new()));
    assert_eq!(answer(Paper::Word, b""), (1, Vec::new()));
    for paper in ["a.pdf", "a.docx", "a.xlsx", "a.pptx", "a.odt"] {
        assert!(PAPERS.contains(&Paper::of(std::path::Path::new(paper)).unwrap()));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered(paper in 0..PAPERS.len(), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (code, text) = answer(PAPERS[paper], &bytes);
        prop_assert!(usize::from(code) <= REASONS.len() && (code == 0 || text.is_empty()));
    }
}

#[cfg(unix)]
mod programs {
    use super::*;

    /// A reader that says hello and then does what `then` says.
    fn shell(then: &str) -> Program {
        let hello = r"head -c 9 >/dev/null; printf '\377\0\0\0\0\0\0\0\0';";
        Program { path: "/bin/sh".into(), arguments: vec!["-c".to_owned(), format!("{hello} {then}")] }
    }

    fn read(pool: &Pool, program: &Program, patience: Duration) -> Option<Result<String, SkipReason>> {
        pool.read(program, Paper::Pdf, b"%PDF-", patience)
    }

    /// Long enough for a shell on a machine that does other things.
    const PATIENT: Duration = Duration::from_secs(20);

    #[test]
    fn a_reader_that_dies_hangs_or_lies_costs_its_document() {
        let pool = Pool { idle: Mutex::default() };
        assert_eq!(read(&pool, &shell("exit 3"), PATIENT), Some(Err(SkipReason::Damaged)));
        assert_eq!(read(&pool, &shell("kill -9 $$"), PATIENT), Some(Err(SkipReason::Damaged)));
        let liar = shell(r"printf '\0\377\377\377\377\377\377\377\377'; cat");
        assert_eq!(read(&pool, &liar, PATIENT), Some(Err(SkipReason::Damaged)));
        assert_eq!(read(&pool, &shell("cat /dev/zero"), PATIENT), Some(Ok(String::new())));
        pool.idle.lock().unwrap().clear();
        let short = Duration::from_millis(20);
        // What it hangs in is waiting for input that does not come.
        let hang = shell("cat >/dev/null");
        for _ in 0..4 {
            assert_eq!(read(&pool, &hang, short), Some(Err(SkipReason::TooSlow)));
        }
        assert!(pool.idle.lock().unwrap().is_empty());
        let good = shell(r"head -c 14 >/dev/null; printf '\0\2\0\0\0\0\0\0\0ok'; cat >/dev/null");
        assert_eq!(read(&pool, &good, PATIENT), Some(Ok("ok".to_owned())));
        assert_eq!(pool.idle.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_document_does_not_die_of_the_one_before() {
        let pool = Pool { idle: Mutex::default() };
        // It answers once and then ends, as one does whose memory is used up.
        let once = shell(r"head -c 14 >/dev/null; printf '\0\2\0\0\0\0\0\0\0ok'");
        for _ in 0..3 {
            assert_eq!(read(&pool, &once, PATIENT), Some(Ok("ok".to_owned())));
        }
    }

    #[test]
    fn what_is_no_reader_is_told_from_one_that_fails() {
        let pool = Pool { idle: Mutex::default() };
        for path in ["/bin/true", "/nowhere/at/all"] {
            let program = Program { path: path.into(), arguments: Vec::new() };
            assert_eq!(read(&pool, &program, PATIENT), None);
        }
    }
}
