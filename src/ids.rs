//! Identifiers: UUIDv7 for everything that is stored, so that ids sort by the time they were made.

use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;
use uuid::Uuid;

/// What is written as it is in a part of an address.
const URI_PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// Returns a fresh identifier: lower-case hyphenated UUIDv7, 36 characters, greater than every one that this
/// process made before.
pub fn fresh() -> String {
    Uuid::now_v7().to_string()
}

/// The identifier of what `parts` name together: always the same for the same parts.
pub fn of(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        // The length keeps ("ab", "c") and ("a", "bc") apart.
        hasher.update(&part.len().to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// Sixteen bytes that are equal for equal `mark` and `fields` only: what rows are recognised by.
pub fn key(mark: &str, fields: &[Option<&str>]) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(mark.as_bytes());
    for field in fields {
        // The length keeps ("ab", "c") and ("a", "bc") apart, the first byte a missing field and an empty one.
        let text = field.unwrap_or_default();
        hasher.update(&[u8::from(field.is_some())]);
        hasher.update(&text.len().to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().as_bytes()[..16].to_vec()
}

/// Whether `text` has the form of an identifier made by [`fresh`].
pub fn is_id(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

/// `text` as one part of a `carryall://` address, whatever it holds.
pub fn uri_part(text: &str) -> String {
    utf8_percent_encode(text, URI_PART).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_the_order_in_which_they_were_made() {
        let made: Vec<String> = (0..1000).map(|_| fresh()).collect();
        let mut sorted = made.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(made, sorted);
        assert!(made.iter().all(|id| is_id(id)));
        assert!(!is_id("018f"));
    }

    #[test]
    fn keys_keep_fields_apart_and_stay_what_they_are() {
        let keys = [
            key("", &[Some("ab"), Some("c")]),
            key("", &[Some("a"), Some("bc")]),
            key("", &[Some("abc"), None]),
            key("", &[Some("abc"), Some("")]),
            key("a", &[Some("bc"), None]),
        ];
        for (at, one) in keys.iter().enumerate() {
            assert!(keys[at + 1..].iter().all(|it| it != one), "{at}");
        }
        // Databases are full of them.
        let kept = 0x0bfd_eb48_a18c_458d_c896_991c_65fa_607c_u128;
        assert_eq!(keys[0], kept.to_be_bytes());
    }
}
