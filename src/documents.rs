//! stub
use std::path::PathBuf;
#[derive(Clone, Debug)]
pub struct Allowed;
impl Allowed {
    pub fn everything() -> Allowed {
        Allowed
    }
    pub fn stub(_: &[PathBuf]) -> Allowed {
        Allowed
    }
}
