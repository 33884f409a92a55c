//! stub
pub struct Redaction {
    pub what: &'static str,
}
pub fn redact(text: &str) -> (String, Vec<Redaction>) {
    (text.to_owned(), Vec::new())
}
