//! What is found, over folders of our own.

use super::*;

#[test]
fn synced_folders_are_told_by_their_names() {
    let found = |path: &str| place::looks_synced(Path::new(path));
    assert_eq!(found("/home/a/Dropbox/carryall.db"), Some("a Dropbox folder"));
    assert_eq!(found("/Users/a/OneDrive - Example/x.db"), Some("a OneDrive folder"));
    assert_eq!(found("/Users/a/Library/Mobile Documents/x.db"), Some("an iCloud folder"));
    assert_eq!(found("/home/a/Dropboxes/x.db"), None);
}

#[test]
fn space_is_judged_by_what_the_next_write_needs() {
    assert_eq!(free_space(NO_SPACE - 1).status, Status::Broken);
    assert_eq!(free_space(NO_SPACE).status, Status::Warning);
    assert_eq!(free_space(LITTLE_SPACE).status, Status::Ok);
}

#[test]
fn sizes_are_short() {
    assert_eq!(size(9_999), "9999 bytes");
    assert_eq!(size(147_456), "147 kB");
    assert_eq!(size(1_400_000_000), "1400 MB");
}
