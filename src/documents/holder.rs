//! Says who indexes a workspace, so that others can tell when that process is gone: hosts kill their servers, and nobody
//! should wait for a lease of the dead.

use crate::ids;

/// A name for this process among those that may index the same workspace: its own, its number, where that number holds.
pub(super) fn name() -> String {
    format!("{} {} {}", ids::fresh(), std::process::id(), numbers())
}

/// Whether the process with this [`name`] is surely gone. What is not known is not.
pub(super) fn is_gone(name: &str) -> bool {
    let mut parts = name.splitn(3, ' ').skip(1);
    let (Some(process), Some(numbers)) = (parts.next().and_then(|it| it.parse().ok()), parts.next()) else {
        return false;
    };
    numbers == self::numbers() && !exists(process)
}

/// Where the numbers of processes are those that this one sees: containers count on their own.
fn numbers() -> String {
    let namespace = std::fs::read_link("/proc/self/ns/pid");
    namespace.map_or_else(|_| "here".to_owned(), |it| it.to_string_lossy().into_owned())
}

#[cfg(unix)]
fn exists(process: i32) -> bool {
    let Some(process) = rustix::process::Pid::from_raw(process) else { return true };
    rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH)
}

#[cfg(not(unix))]
fn exists(_process: i32) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_that_is_surely_gone_is_gone() {
        let own = name();
        assert!(!is_gone(&own));
        assert_ne!(own, name(), "two services of one process are two holders");
        let of = |process: &str| own.replace(&format!(" {} ", std::process::id()), &format!(" {process} "));
        // No kernel gives a number as large.
        assert_eq!(is_gone(&of("2147483647")), cfg!(unix));
        assert!(!is_gone(&format!("{} elsewhere", of("2147483647"))));
        for strange in ["", "0190", "a b c", "a -1 here", "a 0 here", "a 99999999999 here"] {
            assert!(!is_gone(strange), "{strange}");
        }
    }
}
