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
