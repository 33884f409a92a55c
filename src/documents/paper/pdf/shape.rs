//! Refuses a PDF whose own structure leads its reader in circles or makes it grow beyond measure.
//!
//! The reader follows drawings within drawings and pages' parents by recursion without a limit (pdf-extract 0.12), and
//! unpacks whatever it is told to: what a page costs is counted here before it is read.

use std::collections::HashMap;
use std::collections::HashSet;
use std::io::Read;

use flate2::read::DeflateDecoder;
use flate2::read::ZlibDecoder;
use pdf_extract::Dictionary;
use pdf_extract::Document;
use pdf_extract::Object;
use pdf_extract::ObjectId;
use pdf_extract::Stream;

use super::super::UNPACKED_BYTES;
use super::STREAM_BYTES;
use crate::documents::skip::SkipReason;

/// Pages stand in trees a few levels high, however many there are.
const PARENTS: usize = 64;

/// Drawings in drawings: what programs write has three levels at most.
const LEVELS: usize = 8;

/// What runs of one byte can unpack to, for each byte.
const RUN_LENGTH: u64 = 64;

/// Refuses what is worse than a document can honestly be.
pub(super) fn check(doc: &Document) -> Result<(), SkipReason> {
    let mut shape =
        Shape { doc, contents: HashMap::new(), costs: HashMap::new(), open: HashSet::new(), left: UNPACKED_BYTES };
    for (_, page) in doc.get_pages() {
        check_parents(doc, page)?;
        let resources = inherited(doc, page);
        let mut cost = 0_u64;
        let mut seen = HashSet::new();
        for id in doc.get_page_contents(page) {
            if !seen.insert(id) {
                return Err(SkipReason::Unpacks);
            }
            let Ok(stream) = doc.get_object(id).and_then(Object::as_stream) else { continue };
            cost = cost.saturating_add(shape.cost(id, stream, resources, 0)?);
        }
        shape.left = shape.left.checked_sub(cost).ok_or(SkipReason::Unpacks)?;
    }
    Ok(())
}

fn check_parents(doc: &Document, page: ObjectId) -> Result<(), SkipReason> {
    let mut id = page;
    for _ in 0..PARENTS {
        let parent = doc.get_dictionary(id).and_then(|it| it.get(b"Parent")).and_then(Object::as_reference);
        match parent {
            Ok(parent) => id = parent,
            Err(_) => return Ok(()),
        }
    }
    Err(SkipReason::Damaged)
}

/// The resources of a page, its own or those of a parent; the parents were looked at.
fn inherited(doc: &Document, page: ObjectId) -> Option<&Dictionary> {
    let mut id = page;
    for _ in 0..PARENTS {
        let dictionary = doc.get_dictionary(id).ok()?;
        if let Some(own) = resources_of(doc, dictionary) {
            return Some(own);
        }
        id = dictionary.get(b"Parent").and_then(Object::as_reference).ok()?;
    }
    None
}

fn resources_of<'a>(doc: &'a Document, dictionary: &'a Dictionary) -> Option<&'a Dictionary> {
    let resources = dictionary.get(b"Resources").ok()?;
    doc.dereference(resources).ok()?.1.as_dict().ok()
}

/// The bytes that a stream unpacks to, and how often it draws what.
type Contents = (u64, HashMap<Vec<u8>, u64>);

struct Shape<'a> {
    doc: &'a Document,
    contents: HashMap<ObjectId, Contents>,
    /// Bytes that are read for a drawing with everything in it.
    costs: HashMap<(ObjectId, *const Dictionary), u64>,
    open: HashSet<ObjectId>,
    left: u64,
}

impl<'a> Shape<'a> {
    /// The bytes that are read for a stream and all that it draws.
    fn cost(
        &mut self,
        id: ObjectId,
        stream: &'a Stream,
        around: Option<&'a Dictionary>,
        level: usize,
    ) -> Result<u64, SkipReason> {
        if level > LEVELS || !self.open.insert(id) {
            return Err(SkipReason::Damaged);
        }
        let resources = resources_of(self.doc, &stream.dict).or(around);
        let key = (id, resources.map_or(std::ptr::null(), std::ptr::from_ref));
        let known = self.costs.get(&key).copied();
        let cost = match known {
            Some(cost) => cost,
            None => {
                let (bytes, draws) = self.contents_of(id, stream)?;
                let mut cost = bytes;
                for (name, count) in draws {
                    if let Some((id, drawn)) = resources.and_then(|it| drawing(self.doc, it, &name)) {
                        let each = self.cost(id, drawn, resources, level + 1)?;
                        cost = cost.saturating_add(each.saturating_mul(count));
                    }
                }
                self.costs.insert(key, cost);
                cost
            }
        };
        self.open.remove(&id);
        if cost > self.left { Err(SkipReason::Unpacks) } else { Ok(cost) }
    }

    fn contents_of(&mut self, id: ObjectId, stream: &Stream) -> Result<Contents, SkipReason> {
        if let Some(known) = self.contents.get(&id) {
            return Ok(known.clone());
        }
        let (bytes, text) = unpacked(stream)?;
        let mut draws = HashMap::new();
        for name in drawn(&text) {
            *draws.entry(name.to_vec()).or_insert(0) += 1;
        }
        self.contents.insert(id, (bytes, draws.clone()));
        Ok((bytes, draws))
    }
}

/// The stream that `name` draws.
fn drawing<'a>(doc: &'a Document, resources: &'a Dictionary, name: &[u8]) -> Option<(ObjectId, &'a Stream)> {
    let all = doc.dereference(resources.get(b"XObject").ok()?).ok()?.1.as_dict().ok()?;
    let (id, object) = doc.dereference(all.get(name).ok()?).ok()?;
    Some((id?, object.as_stream().ok()?))
}

/// A stream as the reader unpacks it, and how many bytes that are.
fn unpacked(stream: &Stream) -> Result<(u64, Vec<u8>), SkipReason> {
    let filters = stream.filters().unwrap_or_default();
    let packs =
        |it: &&&[u8]| matches!(**it, b"FlateDecode" | b"Fl" | b"LZWDecode" | b"LZW" | b"RunLengthDecode" | b"RL");
    let packings: Vec<&[u8]> = filters.iter().filter(packs).copied().collect();
    let size = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    match packings.as_slice() {
        [] => Ok((size(&stream.content), stream.content.clone())),
        [b"RunLengthDecode" | b"RL"] => Ok((size(&stream.content).saturating_mul(RUN_LENGTH), stream.content.clone())),
        // Packed behind another form, which only the reader undoes: its size cannot be told.
        [b"FlateDecode" | b"Fl"] if filters.len() > 1 => Err(SkipReason::Unpacks),
        [b"FlateDecode" | b"Fl"] => {
            let mut text = Vec::new();
            let mut zlib = ZlibDecoder::new(stream.content.as_slice()).take(STREAM_BYTES + 1);
            if zlib.read_to_end(&mut text).is_err() && text.is_empty() && stream.content.len() > 2 {
                // As the reader does.
                let _ = DeflateDecoder::new(&stream.content[2..]).take(STREAM_BYTES + 1).read_to_end(&mut text);
            }
            if size(&text) > STREAM_BYTES { Err(SkipReason::Unpacks) } else { Ok((size(&text), text)) }
        }
        _ => Err(SkipReason::Unpacks),
    }
}

/// The names that are drawn: `/Name Do`.
fn drawn(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_space = |it: &u8| matches!(it, b' ' | b'\t' | b'\r' | b'\n' | 0 | 0x0c);
    let ends = move |at: usize| content.get(at).is_none_or(|it| is_space(it) || b"/[]<>()%".contains(it));
    let at_do = content.windows(2).enumerate().filter(|it| it.1 == b"Do").map(|it| it.0);
    at_do.filter(move |at| ends(at + 2)).filter_map(move |at| {
        let before = &content[..at];
        let end = before.iter().rposition(|it| !is_space(it))? + 1;
        let from = end.saturating_sub(128);
        let slash = before[from..end].iter().rposition(|it| *it == b'/')? + from;
        let name = &before[slash + 1..end];
        (end < at && !name.iter().any(is_space)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_read_out_of_the_commands() {
        let found = |text: &str| -> Vec<String> {
            drawn(text.as_bytes()).map(|it| String::from_utf8_lossy(it).into_owned()).collect()
        };
        assert_eq!(found("q /Im1 Do Q /A\nDo"), ["Im1", "A"]);
        assert!(found("(Do) Tj Done /A B Do").is_empty());
    }
}
