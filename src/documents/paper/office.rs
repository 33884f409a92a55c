//! The text of office documents: zip files of XML, of Microsoft Office and of LibreOffice.
//!
//! Entities of a document's own are not known here, and nothing outside of the file is looked for.

use std::collections::HashMap;
use std::io::Cursor;
use std::io::Read;

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;
use quick_xml::events::Event;
use zip::ZipArchive;

use super::Text;
use super::UNPACKED_BYTES;
use crate::documents::skip::SkipReason;

/// Parts of a document: a book of slides has some hundreds.
const PARTS: usize = 10_000;

/// Sheets and slides that are read.
const SHEETS: usize = 2_000;

/// The parts of a document, of which not more than [`UNPACKED_BYTES`] are unpacked in all.
struct Parts<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    left: u64,
}

impl Parts<'_> {
    fn open(bytes: &[u8]) -> Result<Parts<'_>, SkipReason> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_| SkipReason::Damaged)?;
        if zip.len() > PARTS { Err(SkipReason::Unpacks) } else { Ok(Parts { zip, left: UNPACKED_BYTES }) }
    }

    /// The part of this name; `None` when there is none that can be read.
    fn part(&mut self, name: &str) -> Result<Option<String>, SkipReason> {
        let Ok(file) = self.zip.by_name(name) else { return Ok(None) };
        let mut bytes = Vec::new();
        // What the file says of its size is not believed.
        let read = file.take(self.left + 1).read_to_end(&mut bytes);
        let size = bytes.len() as u64;
        if size > self.left {
            return Err(SkipReason::Unpacks);
        }
        self.left -= size;
        Ok(read.ok().map(|_| String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn needed(&mut self, name: &str) -> Result<String, SkipReason> {
        self.part(name)?.ok_or(SkipReason::Damaged)
    }
}

/// What an XML reader meets.
enum Mark<'a> {
    /// The local name of an element that begins.
    Open(&'a str, &'a BytesStart<'a>),
    Close(&'a str),
    Text(&'a str),
}

/// Reads `xml` until it ends or is wrong; what comes before a fault counts.
fn walk(xml: &str, mut see: impl FnMut(Mark<'_>)) {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    loop {
        match reader.read_event() {
            Ok(Event::Start(it)) => see(Mark::Open(it.local_name().as_ref(), &it)),
            Ok(Event::Empty(it)) => {
                see(Mark::Open(it.local_name().as_ref(), &it));
                see(Mark::Close(it.local_name().as_ref()));
            }
            Ok(Event::End(it)) => see(Mark::Close(it.local_name().as_ref())),
            Ok(Event::Text(it)) => see(Mark::Text(&it)),
            Ok(Event::CData(it)) => see(Mark::Text(&it)),
            Ok(Event::GeneralRef(it)) => match (it.resolve_char_ref(), &*it) {
                (Ok(Some(c)), _) => see(Mark::Text(c.encode_utf8(&mut [0; 4]))),
                (_, "amp") => see(Mark::Text("&")),
                (_, "lt") => see(Mark::Text("<")),
                (_, "gt") => see(Mark::Text(">")),
                (_, "quot") => see(Mark::Text("\"")),
                (_, "apos") => see(Mark::Text("'")),
                _ => {}
            },
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// The value of the attribute with this local name.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.attributes().with_checks(false).flatten().find(|it| it.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

/// A text document of Word: paragraphs, headings by their style, tables by rows.
pub(super) fn word(bytes: &[u8]) -> Result<String, SkipReason> {
    let mut parts = Parts::open(bytes)?;
    let levels = parts.part("word/styles.xml")?.map(|it| heading_styles(&it)).unwrap_or_default();
    let document = parts.needed("word/document.xml")?;
    let mut out = Text::default();
    let (mut paragraph, mut level, mut in_text) = (String::new(), None, false);
    // Inside of a table its paragraphs are one row.
    let (mut tables, mut row) = (0_usize, String::new());
    walk(&document, |mark| match mark {
        Mark::Open("p", _) => {
            paragraph.clear();
            level = None;
        }
        Mark::Open("pStyle", it) => level = attribute(it, "val").and_then(|it| levels.get(&it).copied()).or(level),
        Mark::Open("outlineLvl", it) => {
            let told = attribute(it, "val").and_then(|it| it.parse::<usize>().ok());
            level = told.filter(|it| *it < 6).map(|it| it + 1).or(level);
        }
        Mark::Open("t", _) => in_text = true,
        Mark::Close("t") => in_text = false,
        Mark::Open("tab", _) => paragraph.push('\t'),
        Mark::Open("br" | "cr", _) => paragraph.push('\n'),
        Mark::Text(text) if in_text => paragraph.push_str(text),
        Mark::Open("tbl", _) => tables += 1,
        Mark::Close("tbl") => tables = tables.saturating_sub(1),
        Mark::Close("p") if tables > 0 => {
            row.push_str(paragraph.trim());
            row.push(' ');
        }
        Mark::Close("tc") => {
            let cell = row.trim_end().len();
            row.truncate(cell);
            row.push_str(" | ");
        }
        Mark::Close("tr") => out.line(std::mem::take(&mut row).trim_end_matches([' ', '|'])),
        Mark::Close("p") => match level.filter(|_| !paragraph.trim().is_empty()) {
            Some(level) => out.heading(level, &paragraph),
            None => out.line(&paragraph),
        },
        _ => {}
    });
    Ok(out.text)
}

/// The level of each style that is a heading: named so in every language of the program, or given by its outline.
fn heading_styles(styles: &str) -> HashMap<String, usize> {
    let mut levels = HashMap::new();
    let mut id = None;
    walk(styles, |mark| match mark {
        Mark::Open("style", it) => id = attribute(it, "styleId"),
        Mark::Open("name", it) => {
            let name = attribute(it, "val").unwrap_or_default().to_lowercase();
            let level = name.strip_prefix("heading ").and_then(|it| it.parse().ok());
            let level = if name == "title" { Some(1) } else { level };
            if let (Some(id), Some(level)) = (&id, level) {
                levels.insert(id.clone(), level);
            }
        }
        Mark::Open("outlineLvl", it) => {
            let level = attribute(it, "val").and_then(|it| it.parse::<usize>().ok()).filter(|it| *it < 6);
            if let (Some(id), Some(level)) = (&id, level) {
                levels.insert(id.clone(), level + 1);
            }
        }
        _ => {}
    });
    levels
}

/// A workbook of Excel: each sheet under its name, a line a row.
pub(super) fn sheets(bytes: &[u8]) -> Result<String, SkipReason> {
    let mut parts = Parts::open(bytes)?;
    let workbook = parts.needed("xl/workbook.xml")?;
    let mut names: Vec<(String, String)> = Vec::new();
    walk(&workbook, |mark| {
        if let Mark::Open("sheet", it) = mark {
            let id = it.attributes().with_checks(false).flatten().find(|it| it.key.as_ref() == "r:id");
            let id =
                id.and_then(|it| it.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned));
            names.push((attribute(it, "name").unwrap_or_default(), id.unwrap_or_default()));
        }
    });
    let mut targets: HashMap<String, String> = HashMap::new();
    walk(&parts.part("xl/_rels/workbook.xml.rels")?.unwrap_or_default(), |mark| {
        if let Mark::Open("Relationship", it) = mark
            && let (Some(id), Some(target)) = (attribute(it, "Id"), attribute(it, "Target"))
        {
            targets.insert(id, target);
        }
    });
    let shared = parts.part("xl/sharedStrings.xml")?.map(|it| shared_strings(&it)).unwrap_or_default();
    let mut out = Text::default();
    for (at, (name, id)) in names.iter().enumerate().take(SHEETS) {
        let part = match targets.get(id) {
            Some(target) => match target.strip_prefix('/') {
                Some(absolute) => absolute.to_owned(),
                None => format!("xl/{target}"),
            },
            None => format!("xl/worksheets/sheet{}.xml", at + 1),
        };
        let Some(sheet) = parts.part(&part)? else { continue };
        out.heading(1, name);
        rows(&sheet, &shared, &mut out);
    }
    Ok(out.text)
}

/// Characters of a cell: what Excel itself holds.
const CELL: usize = 32_767;

/// Bytes of a row's cells.
const ROW_BYTES: usize = 1 << 20;

fn shared_strings(xml: &str) -> Vec<String> {
    let mut strings = Vec::new();
    let (mut string, mut in_text) = (String::new(), false);
    walk(xml, |mark| match mark {
        Mark::Open("si", _) => string.clear(),
        Mark::Open("t", _) => in_text = true,
        Mark::Close("t") => in_text = false,
        Mark::Text(text) if in_text => string.push_str(text),
        Mark::Close("si") => strings.push(string.clone()),
        _ => {}
    });
    strings
}

fn rows(sheet: &str, shared: &[String], out: &mut Text) {
    let (mut cells, mut value, mut kind): (Vec<String>, String, String) = (Vec::new(), String::new(), String::new());
    let (mut in_value, mut row_bytes) = (false, 0);
    walk(sheet, |mark| match mark {
        Mark::Open("row", _) => {
            cells.clear();
            row_bytes = 0;
        }
        Mark::Open("c", it) => {
            kind = attribute(it, "t").unwrap_or_default();
            value.clear();
        }
        Mark::Open("v" | "t", _) => in_value = true,
        Mark::Close("v" | "t") => in_value = false,
        Mark::Text(text) if in_value => value.push_str(text),
        Mark::Close("c") => {
            let told = match kind.as_str() {
                "s" => value.trim().parse::<usize>().ok().and_then(|it| shared.get(it)).map_or("", String::as_str),
                _ => value.as_str(),
            };
            // One long string may be named by every cell.
            let end = told.char_indices().nth(CELL).map_or(told.len(), |it| it.0);
            if row_bytes < ROW_BYTES {
                let cell = told[..end].split_whitespace().collect::<Vec<_>>().join(" ");
                row_bytes += cell.len() + 1;
                cells.push(cell);
            }
        }
        Mark::Close("row") if cells.iter().any(|it| !it.is_empty()) => out.line(&cells.join(" | ")),
        _ => {}
    });
}

/// Slides of PowerPoint: each under its number and title.
pub(super) fn slides(bytes: &[u8]) -> Result<String, SkipReason> {
    let mut parts = Parts::open(bytes)?;
    let mut out = Text::default();
    let mut number = 0;
    while number < SHEETS {
        number += 1;
        let Some(slide) = parts.part(&format!("ppt/slides/slide{number}.xml"))? else { break };
        let (mut title, mut lines) = (String::new(), Vec::new());
        let (mut paragraph, mut in_text, mut is_title) = (String::new(), false, false);
        walk(&slide, |mark| match mark {
            Mark::Open("sp", _) => is_title = false,
            Mark::Open("ph", it) => {
                is_title = attribute(it, "type").is_some_and(|it| it == "title" || it == "ctrTitle");
            }
            Mark::Open("p", _) => paragraph.clear(),
            Mark::Open("t", _) => in_text = true,
            Mark::Close("t") => in_text = false,
            Mark::Open("br", _) => paragraph.push(' '),
            Mark::Text(text) if in_text => paragraph.push_str(text),
            Mark::Close("p") if is_title && title.is_empty() => title = std::mem::take(&mut paragraph),
            Mark::Close("p") => lines.push(std::mem::take(&mut paragraph)),
            _ => {}
        });
        out.heading(1, &format!("Slide {number}: {title}"));
        for line in lines.iter().filter(|it| !it.trim().is_empty()) {
            out.line(line);
        }
    }
    if number == 1 && out.text.is_empty() { Err(SkipReason::Damaged) } else { Ok(out.text) }
}

/// A text, workbook or slides of LibreOffice.
pub(super) fn open(bytes: &[u8]) -> Result<String, SkipReason> {
    let content = Parts::open(bytes)?.needed("content.xml")?;
    let mut out = Text::default();
    let (mut paragraph, mut level, mut in_text) = (String::new(), None, 0_usize);
    let (mut cells, mut cell, mut rows, mut slides): (Vec<String>, String, usize, usize) =
        (Vec::new(), String::new(), 0, 0);
    walk(&content, |mark| match mark {
        Mark::Open("table", it) => {
            if let Some(name) = attribute(it, "name") {
                out.heading(2, &name);
            }
        }
        Mark::Open("page", _) => {
            slides += 1;
            out.heading(1, &format!("Slide {slides}"));
        }
        Mark::Open("table-row", _) => {
            rows += 1;
            cells.clear();
        }
        Mark::Close("table-row") => {
            rows = rows.saturating_sub(1);
            if cells.iter().any(|it| !it.is_empty()) {
                out.line(cells.join(" | ").trim_end_matches([' ', '|']));
            }
        }
        Mark::Open("table-cell", _) => cell.clear(),
        Mark::Close("table-cell") => cells.push(cell.trim().to_owned()),
        Mark::Open("h", it) => {
            paragraph.clear();
            in_text += 1;
            level = Some(attribute(it, "outline-level").and_then(|it| it.parse().ok()).unwrap_or(1));
        }
        Mark::Open("p", _) => {
            paragraph.clear();
            in_text += 1;
            level = None;
        }
        Mark::Open("s", _) => paragraph.push(' '),
        Mark::Open("tab", _) => paragraph.push('\t'),
        Mark::Open("line-break", _) => paragraph.push('\n'),
        Mark::Text(text) if in_text > 0 => paragraph.push_str(text),
        Mark::Close("p" | "h") => {
            in_text = in_text.saturating_sub(1);
            if rows > 0 {
                cell.push_str(paragraph.trim());
                cell.push(' ');
            } else if let Some(level) = level.take().filter(|_| !paragraph.trim().is_empty()) {
                out.heading(level, &paragraph);
            } else {
                out.line(&paragraph);
            }
        }
        _ => {}
    });
    Ok(out.text)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
            zip.start_file(*name, options).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn a_text_has_its_headings_and_tables() {
        let styles = r#"<w:styles><w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style></w:styles>"#;
        let document = r#"<w:document><w:body>
            <w:p><w:pPr><w:pStyle w:val="berschrift1"/></w:pPr><w:r><w:t>The plan</w:t></w:r></w:p>
            <w:p><w:r><w:t>We move on </w:t></w:r><w:r><w:t>Friday &amp; rest.</w:t></w:r></w:p>
            <w:tbl><w:tr><w:tc><w:p><w:r><w:t>who</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Ana</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
            </w:body></w:document>"#;
        let file = archive(&[("word/styles.xml", styles.as_bytes()), ("word/document.xml", document.as_bytes())]);
        assert_eq!(word(&file).unwrap(), "# The plan\n\nWe move on Friday & rest.\nwho | Ana\n");
    }

    #[test]
    fn a_workbook_has_its_sheets_by_name() {
        let workbook = r#"<workbook><sheets><sheet name="Costs" sheetId="1" r:id="rId7"/></sheets></workbook>"#;
        let rels = r#"<Relationships><Relationship Id="rId7" Target="worksheets/one.xml"/></Relationships>"#;
        let shared = "<sst><si><t>rent</t></si></sst>";
        let sheet = r#"<worksheet><sheetData><row r="1"><c t="s"><v>0</v></c><c><v>950</v></c></row>
            <row><c t="inlineStr"><is><t>heat</t></is></c><c t="s"><v>99</v></c></row></sheetData></worksheet>"#;
        let file = archive(&[
            ("xl/workbook.xml", workbook.as_bytes()),
            ("xl/_rels/workbook.xml.rels", rels.as_bytes()),
            ("xl/sharedStrings.xml", shared.as_bytes()),
            ("xl/worksheets/one.xml", sheet.as_bytes()),
        ]);
        assert_eq!(sheets(&file).unwrap(), "# Costs\n\nrent | 950\nheat |\n");
    }

    #[test]
    fn slides_have_number_and_title() {
        let slide = r#"<p:sld><p:sp><p:nvPr><p:ph type="title"/></p:nvPr><a:p><a:r><a:t>Goals</a:t></a:r></a:p></p:sp>
            <p:sp><a:p><a:r><a:t>Grow &lt; 5 %</a:t></a:r></a:p></p:sp></p:sld>"#;
        let file = archive(&[("ppt/slides/slide1.xml", slide.as_bytes())]);
        assert_eq!(slides(&file).unwrap(), "# Slide 1: Goals\n\nGrow < 5 %\n");
    }

    #[test]
    fn a_text_of_libreoffice_has_its_headings_and_tables() {
        let content = r#"<office:text><text:h text:outline-level="2">Moving</text:h><text:p>On<text:s/>Friday</text:p>
            <table:table table:name="People"><table:table-row><table:table-cell><text:p>Ana</text:p></table:table-cell>
            <table:table-cell><text:p>Bob</text:p></table:table-cell></table:table-row></table:table></office:text>"#;
        let file = archive(&[("content.xml", content.as_bytes())]);
        assert_eq!(open(&file).unwrap(), "## Moving\n\nOn Friday\n\n## People\n\nAna | Bob\n");
    }

    #[test]
    fn bombs_and_riddles_are_refused() {
        let bomb = vec![b' '; usize::try_from(UNPACKED_BYTES).unwrap() + 10];
        assert_eq!(word(&archive(&[("word/document.xml", &bomb)])), Err(SkipReason::Unpacks));
        assert_eq!(word(b"PK not a zip"), Err(SkipReason::Damaged));
        assert_eq!(word(&archive(&[("other.xml", b"<a/>")])), Err(SkipReason::Damaged));
        // Entities that multiply are not resolved.
        let lol = r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
            <w:document><w:p><w:t>&b;&b;</w:t><w:t>end</w:t></w:p></w:document>"#;
        assert_eq!(word(&archive(&[("word/document.xml", lol.as_bytes())])).unwrap(), "end\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn no_document_is_too_strange(xml in "(<w:(p|t|tbl|tr|tc|pPr)>|</w:(p|t|tbl|tr|tc)>|[a-z&;<\"]{0,5}){0,40}", at in any::<u16>(), byte in any::<u8>()) {
            let mut file = archive(&[("word/document.xml", xml.as_bytes()), ("content.xml", xml.as_bytes())]);
            let _ = (word(&file), open(&file));
            let at = usize::from(at) % file.len();
            file[at] = byte;
            let _ = (word(&file), open(&file), sheets(&file), slides(&file));
        }
    }
}
