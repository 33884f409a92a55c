//! The text of a PDF, page by page.

mod shape;

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::TEXT_BYTES;
use super::Text;
use super::UNPACKED_BYTES;
use crate::documents::skip::SkipReason;

/// One stream of a page or of fonts has some megabytes at most.
const STREAM_BYTES: u64 = 64 << 20;

pub(super) fn text(bytes: &[u8]) -> Result<String, SkipReason> {
    if !bytes.iter().take(1024).copied().collect::<Vec<u8>>().windows(5).any(|it| it == b"%PDF-") {
        return Err(SkipReason::Damaged);
    }
    check_streams(bytes)?;
    let mut doc = pdf_extract::Document::load_mem(bytes).map_err(|_| SkipReason::Damaged)?;
    if doc.is_encrypted() {
        doc.decrypt("").map_err(|_| SkipReason::Damaged)?;
    }
    shape::check(&doc)?;
    let mut out = Text::default();
    for number in doc.get_pages().into_keys() {
        let mut page = String::new();
        let mut reading = pdf_extract::PlainTextOutput::new(&mut page);
        if pdf_extract::output_doc_page(&doc, &mut reading, number).is_err() {
            break;
        }
        if page.trim().is_empty() {
            continue;
        }
        out.heading(1, &format!("Page {number}"));
        let mut blank = true;
        for line in page.lines().map(str::trim_end) {
            // Its blank lines are as many as its spaces between boxes.
            if !(line.is_empty() && blank) {
                out.line(line.trim_start());
            }
            blank = line.is_empty();
        }
        if out.text.len() >= TEXT_BYTES {
            break;
        }
    }
    Ok(out.text)
}

/// Refuses a file of which a stream unpacks to more than it should: the reader would do so without a limit.
fn check_streams(bytes: &[u8]) -> Result<(), SkipReason> {
    let mut left = UNPACKED_BYTES;
    for (at, _) in bytes.windows(6).enumerate().filter(|it| it.1 == b"stream") {
        let rest = &bytes[at + 6..];
        let body = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"));
        // Zlib's first byte; other packings grow little, and `endstream` has no body.
        let Some(body) = body.filter(|it| it.first().is_some_and(|first| first & 0x0f == 8)) else { continue };
        let allowed = left.min(STREAM_BYTES);
        let mut unpacked = ZlibDecoder::new(body).take(allowed + 1);
        let size = std::io::copy(&mut unpacked, &mut std::io::sink()).unwrap_or(0);
        if size > allowed {
            return Err(SkipReason::Unpacks);
        }
        left -= size;
        if is_packed_twice(&bytes[at.saturating_sub(512)..at]) {
            return Err(SkipReason::Unpacks);
        }
    }
    Ok(())
}

/// Whether the dictionary before a stream says that it is packed in itself: nobody writes that, but to hide its size.
fn is_packed_twice(before: &[u8]) -> bool {
    let start = before.windows(2).rposition(|it| it == b"<<").unwrap_or(0);
    let packings = [b"/FlateDecode".as_slice(), b"/LZWDecode", b"/Fl ", b"/RunLengthDecode"];
    let count = |it: &[u8]| before[start..].windows(it.len()).filter(|window| *window == it).count();
    packings.into_iter().map(count).sum::<usize>() > 1
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    /// A PDF of one page that shows `content`, a stream of drawing commands.
    pub(in crate::documents) fn pdf(content: &[u8], filter: &str) -> Vec<u8> {
        let mut out = b"%PDF-1.4\n".to_vec();
        let mut places = Vec::new();
        let head = format!("<< /Length {} {filter} >>\nstream\n", content.len());
        let bodies: [Vec<u8>; 5] = [
            b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>"
                .to_vec(),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_vec(),
            [head.as_bytes(), content, b"\nendstream"].concat(),
        ];
        for (at, body) in bodies.iter().enumerate() {
            places.push(out.len());
            out.extend(format!("{} 0 obj\n", at + 1).into_bytes());
            out.extend(body);
            out.extend(b"\nendobj\n");
        }
        let table = out.len();
        out.extend(b"xref\n0 6\n0000000000 65535 f \n");
        for place in places {
            out.extend(format!("{place:010} 00000 n \n").into_bytes());
        }
        out.extend(format!("trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n").into_bytes());
        out
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_page_is_read_under_its_number() {
        let shown = b"BT /F1 24 Tf 72 700 Td (The quagga is extinct.) Tj ET";
        for (content, filter) in [(shown.to_vec(), ""), (packed(shown), "/Filter /FlateDecode")] {
            let found = text(&pdf(&content, filter)).unwrap();
            assert!(found.starts_with("# Page 1\n\n") && found.contains("The quagga is extinct."), "{found}");
        }
    }

    #[test]
    fn what_unpacks_to_far_more_than_it_has_is_refused() {
        let bomb = packed(&vec![b' '; 80 << 20]);
        assert_eq!(text(&pdf(&bomb, "/Filter /FlateDecode")), Err(SkipReason::Unpacks));
        let twice = packed(&packed(b"BT ET"));
        assert_eq!(text(&pdf(&twice, "/Filter [/FlateDecode /FlateDecode]")), Err(SkipReason::Unpacks));
        assert_eq!(text(b"not a PDF"), Err(SkipReason::Damaged));
    }

    /// A PDF of these objects; the first one is the catalogue.
    fn of_objects(bodies: &[&str]) -> Vec<u8> {
        let mut out = b"%PDF-1.4\n".to_vec();
        let mut places = Vec::new();
        for (at, body) in bodies.iter().enumerate() {
            places.push(out.len());
            out.extend(format!("{} 0 obj\n{body}\nendobj\n", at + 1).into_bytes());
        }
        let table = out.len();
        out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", bodies.len() + 1).into_bytes());
        for place in places {
            out.extend(format!("{place:010} 00000 n \n").into_bytes());
        }
        let size = bodies.len() + 1;
        out.extend(format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n").into_bytes());
        out
    }

    fn stream(dictionary: &str, content: &str) -> String {
        format!("<< {dictionary} /Length {} >>\nstream\n{content}\nendstream", content.len())
    }

    const HEAD: [&str; 2] = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"];

    #[test]
    fn what_leads_in_circles_or_multiplies_is_refused() {
        let page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R \
            /Resources << /XObject << /X 5 0 R >> >> >>";
        let form = "/Type /XObject /Subtype /Form /BBox [0 0 9 9]";
        let inner = |resources: &str| format!("{form} {resources}");
        // A drawing that draws itself, with resources of its own and with those around it.
        for resources in ["/Resources << /XObject << /X 5 0 R >> >>", ""] {
            let own = stream(&inner(resources), "/X Do");
            let objects = [HEAD[0], HEAD[1], page, &stream("", "/X Do"), &own];
            assert_eq!(text(&of_objects(&objects)), Err(SkipReason::Damaged), "{resources}");
        }
        // A thousand times a thousand times a kilobyte.
        let many = "/X Do ".repeat(1_000);
        let middle = stream(&inner("/Resources << /XObject << /X 6 0 R >> >>"), &many);
        let last = stream(form, &" ".repeat(1_000));
        let objects = [HEAD[0], HEAD[1], page, &stream("", &many), &middle, &last];
        assert_eq!(text(&of_objects(&objects)), Err(SkipReason::Unpacks));
        // A page that is its own parent, and contents that are named over and over.
        let own = "<< /Type /Page /Parent 3 0 R /Contents 4 0 R >>";
        assert_eq!(text(&of_objects(&[HEAD[0], HEAD[1], own, &stream("", "")])), Err(SkipReason::Damaged));
        let again = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents [4 0 R 4 0 R] >>";
        assert_eq!(text(&of_objects(&[HEAD[0], HEAD[1], again, &stream("", "")])), Err(SkipReason::Unpacks));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn a_damaged_file_ends_in_a_reason(at in 0_usize..700, byte in any::<u8>(), end in 0_usize..900) {
            let mut bytes = pdf(b"BT /F1 24 Tf 72 700 Td (quagga) Tj ET", "");
            let last = bytes.len() - 1;
            bytes[at.min(last)] = byte;
            bytes.truncate(end.max(20));
            // Through the guard: the reader may panic.
            let _ = crate::documents::paper::Paper::Pdf.text(bytes);
        }
    }
}
