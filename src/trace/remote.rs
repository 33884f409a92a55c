//! The trace that a caller's request belongs to, as W3C Trace Context tells it: `traceparent` and `tracestate`.
//!
//! Source: <https://www.w3.org/TR/trace-context/> (Recommendation, 2021-11-23); MCP carries both in `params._meta`.

use serde::Deserialize;
use serde::Serialize;

/// The caller's span, which is the parent of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remote {
    /// 32 hexadecimal digits in lower case, not all zero.
    pub trace_id: String,
    /// 16 of them, not all zero.
    pub span_id: String,
    /// Whether the caller records its trace.
    pub is_sampled: bool,
    /// `tracestate`, when it was well formed.
    pub state: Option<String>,
}

/// The most that a `tracestate` may have; the specification wants at least this to be kept.
const STATE_BYTES: usize = 512;

/// The most members of a `tracestate`, by the specification.
const STATE_MEMBERS: usize = 32;

impl Remote {
    /// Reads what a caller sent. What is malformed in any way is no trace, and a malformed `state` is left out.
    pub fn read(parent: &str, state: Option<&str>) -> Option<Remote> {
        // 55 bytes in version 00; later versions may go on after another hyphen, for as long as is sane.
        if !parent.is_ascii() || parent.len() > 256 {
            return None;
        }
        let mut parts = parent.split('-');
        let (version, trace_id, span_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_known = version == "00";
        if (is_known && parts.next().is_some()) || version == "ff" {
            return None;
        }
        let sound = is_hex(version, 2) && is_id(trace_id, 32) && is_id(span_id, 16) && is_hex(flags, 2);
        if !sound {
            return None;
        }
        let flags = u8::from_str_radix(flags, 16).ok()?;
        Some(Remote {
            trace_id: trace_id.to_owned(),
            span_id: span_id.to_owned(),
            is_sampled: flags & 1 == 1,
            state: state.filter(|it| is_state(it)).map(str::to_owned),
        })
    }

    /// The `traceparent` that says the same.
    pub fn parent(&self) -> String {
        format!("00-{}-{}-{:02x}", self.trace_id, self.span_id, u8::from(self.is_sampled))
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|it| it.is_ascii_digit() || (b'a'..=b'f').contains(&it))
}

fn is_id(text: &str, length: usize) -> bool {
    is_hex(text, length) && text.bytes().any(|it| it != b'0')
}

/// Whether `text` is a list of `key=value` as the specification wants it.
fn is_state(text: &str) -> bool {
    let members: Vec<&str> =
        text.split(',').map(|it| it.trim_matches([' ', '\t'])).filter(|it| !it.is_empty()).collect();
    let mut keys: Vec<&str> = members.iter().filter_map(|it| it.split_once('=')).map(|it| it.0).collect();
    keys.sort_unstable();
    keys.dedup();
    text.len() <= STATE_BYTES
        && (1..=STATE_MEMBERS).contains(&members.len())
        && keys.len() == members.len()
        && members.iter().all(|it| it.split_once('=').is_some_and(|(key, value)| is_key(key) && is_value(value)))
}

fn is_key(key: &str) -> bool {
    let begins = |it: &str| it.starts_with(|it: char| it.is_ascii_lowercase() || it.is_ascii_digit());
    let plain = |it: &str| it.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || b"_-*/".contains(&it));
    match key.split_once('@') {
        None => (1..=256).contains(&key.len()) && begins(key) && plain(key),
        Some((tenant, system)) => {
            (1..=241).contains(&tenant.len())
                && (1..=14).contains(&system.len())
                && [tenant, system].into_iter().all(|it| begins(it) && plain(it))
        }
    }
}

fn is_value(value: &str) -> bool {
    (1..=256).contains(&value.len())
        && value.bytes().all(|it| (0x20..=0x7e).contains(&it) && it != b',' && it != b'=')
        && !value.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Remote;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_sound_parent_is_read_and_said_again() {
        let read = Remote::read(PARENT, Some("rojo=00f067aa0ba902b7, congo=t61rcWkgMzE")).unwrap();
        assert_eq!(read.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!((read.span_id.as_str(), read.is_sampled), ("00f067aa0ba902b7", true));
        assert_eq!(read.parent(), PARENT);
        assert_eq!(read.state.as_deref(), Some("rojo=00f067aa0ba902b7, congo=t61rcWkgMzE"));
        let later = Remote::read("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-what-else", None).unwrap();
        assert_eq!((later.is_sampled, later.state), (false, None));
    }

    #[test]
    fn what_is_malformed_is_no_trace() {
        for parent in [
            "",
            "00",
            "hello",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n",
            "00-'; DROP TABLE traces; --aaaaaaaaa-00f067aa0ba902b7-01",
        ] {
            assert_eq!(Remote::read(parent, None), None, "{parent:?}");
        }
        assert_eq!(Remote::read(&format!("01-{}-x", "a".repeat(1_000_000)), None), None);
    }

    #[test]
    fn a_malformed_state_is_left_out() {
        let long = format!("a={}", "x".repeat(600));
        let many = (0..33).map(|it| format!("k{it}=v")).collect::<Vec<_>>().join(",");
        for state in ["", "novalue", "A=upper", "a=1,a=2", "a=\u{1}", "a=ü", "=x", "a=b=c", &long, &many] {
            assert_eq!(Remote::read(PARENT, Some(state)).unwrap().state, None, "{state:?}");
        }
        assert!(Remote::read(PARENT, Some("t@sys=1")).unwrap().state.is_some());
    }

    proptest! {
        #[test]
        fn anything_is_read_without_a_fault_and_means_the_same_again(parent in ".{0,80}", state in ".{0,80}") {
            if let Some(read) = Remote::read(&parent, Some(&state)) {
                prop_assert_eq!(Remote::read(&read.parent(), read.state.as_deref()), Some(read));
            }
        }

        #[test]
        fn a_parent_of_the_right_form_means_the_same_again(parent in "[0-9a-e]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}") {
            if let Some(read) = Remote::read(&parent, None) {
                prop_assert_eq!(Remote::read(&read.parent(), None), Some(read));
            }
        }
    }
}
