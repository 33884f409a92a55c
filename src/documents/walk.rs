//! TEMP
use super::Allowed;
use super::skip::SkipReason;
use std::ops::ControlFlow;
use std::path::Path;
use std::path::PathBuf;

#[derive(Clone, Debug)]
pub struct WalkOptions {
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub allowed: Allowed,
}
impl Default for WalkOptions {
    fn default() -> Self {
        WalkOptions { include: vec![], exclude: vec![], allowed: Allowed::everything() }
    }
}
pub enum Found {
    File { path: PathBuf, size_bytes: u64, mtime_ns: i64 },
    Skipped { path: PathBuf, reason: SkipReason },
}
pub struct Text {
    pub text: String,
    pub hash: Vec<u8>,
}
pub fn walk(root: &Path, _o: &WalkOptions, on: &mut dyn FnMut(Found) -> ControlFlow<()>) {
    for e in ignore::WalkBuilder::new(root).require_git(false).sort_by_file_path(|a, b| a.cmp(b)).build().flatten() {
        if !e.file_type().is_some_and(|t| t.is_file()) {
            continue;
        }
        let Some((size, mtime_ns)) = stamp(e.path()) else { continue };
        let size_bytes = u64::try_from(size).unwrap_or(0);
        if on(Found::File { path: e.path().to_path_buf(), size_bytes, mtime_ns }).is_break() {
            return;
        }
    }
}
pub fn read(path: &Path, _o: &WalkOptions) -> Result<Text, SkipReason> {
    let bytes = std::fs::read(path).map_err(|_| SkipReason::Unreadable)?;
    if bytes.len() > 2_000_000 {
        return Err(SkipReason::TooLarge);
    }
    let hash = blake3::hash(&bytes).as_bytes().to_vec();
    let text = String::from_utf8(bytes).map_err(|_| SkipReason::Binary)?;
    if text.contains('\0') {
        return Err(SkipReason::Binary);
    }
    Ok(Text { text, hash })
}
pub fn stamp(path: &Path) -> Option<(i64, i64)> {
    use std::os::unix::fs::MetadataExt;
    let m = std::fs::metadata(path).ok()?;
    Some((i64::try_from(m.len()).ok()?, m.mtime() * 1_000_000_000 + m.mtime_nsec()))
}
