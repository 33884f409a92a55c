//! Prints the labels of a picture into its pixels, each letter where its font wants it.
//!
//! The drawing crate's own printing of bitmaps drops the air before a letter and rounds heights unevenly, so that “18.9”
//! looked like “18·9” and “fix” like “fi x”.

use ab_glyph::Font;
use ab_glyph::FontRef;
use ab_glyph::ScaleFont;
use ab_glyph::point;
use plotters::style::RGBColor;

use super::Anchor;
use super::Label;

/// Of the height of a line, how far the baseline lies below the middle of a capital letter: half of their height in
/// DejaVu Sans.
const BASELINE: f32 = 0.313;

/// Prints `labels` into `pixels`, rows of `width` pixels of three bytes.
pub(super) fn print(pixels: &mut [u8], width: u32, font: &[u8], labels: &[Label]) -> Result<(), String> {
    let font = FontRef::try_from_slice(font).map_err(|err| err.to_string())?;
    for label in labels {
        one(pixels, width, &font, label);
    }
    Ok(())
}

fn one(pixels: &mut [u8], width: u32, font: &FontRef<'_>, label: &Label) {
    let scaled = font.as_scaled(label.size);
    let mut places = Vec::new();
    let mut end = 0.0;
    let mut last = None;
    for c in label.text.chars() {
        let id = scaled.glyph_id(c);
        end += last.map_or(0.0, |last| scaled.kern(last, id));
        places.push((id, end));
        end += scaled.h_advance(id);
        last = Some(id);
    }
    let begin = match label.anchor {
        Anchor::Left => 0.0,
        Anchor::Middle => end / 2.0,
        Anchor::Right => end,
    };
    #[expect(clippy::cast_precision_loss, reason = "places in a small picture")]
    let at = (label.at.0 as f32 - begin, (label.at.1 as f32 + label.size * BASELINE).round());
    for (id, x) in places {
        let glyph = id.with_scale_and_position(label.size, point(at.0 + x, at.1));
        let Some(outline) = font.outline_glyph(glyph) else { continue };
        let bounds = outline.px_bounds();
        #[expect(clippy::cast_possible_truncation, reason = "whole pixels of a small picture")]
        let (left, top) = (bounds.min.x as i64, bounds.min.y as i64);
        outline.draw(|x, y, coverage| {
            blend(pixels, width, (left + i64::from(x), top + i64::from(y)), label.colour, coverage);
        });
    }
}

/// Lays `colour` over the pixel at `at`; what is outside of the picture is left out.
fn blend(pixels: &mut [u8], width: u32, at: (i64, i64), colour: RGBColor, coverage: f32) {
    if at.0 < 0 || at.0 >= i64::from(width) || at.1 < 0 {
        return;
    }
    let Ok(first) = usize::try_from((at.1 * i64::from(width) + at.0) * 3) else { return };
    let Some(pixel) = pixels.get_mut(first..first + 3) else { return };
    for (old, new) in pixel.iter_mut().zip([colour.0, colour.1, colour.2]) {
        let mixed = f32::from(*old) + (f32::from(new) - f32::from(*old)) * coverage.clamp(0.0, 1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
        let mixed = mixed.round() as u8;
        *old = mixed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The columns and the rows that hold ink.
    fn ink(text: &str, anchor: Anchor) -> (Vec<usize>, Vec<usize>) {
        let mut pixels = vec![255; 200 * 40 * 3];
        let label = Label { text: text.to_owned(), at: (100, 20), size: 13.0, colour: RGBColor(0, 0, 0), anchor };
        print(&mut pixels, 200, super::super::FONT, &[label]).unwrap();
        let dark = |x: usize, y: usize| pixels[(y * 200 + x) * 3] < 128;
        let columns = (0..200).filter(|x| (0..40).any(|y| dark(*x, y))).collect();
        let rows = (0..40).filter(|y| (0..200).any(|x| dark(x, *y))).collect();
        (columns, rows)
    }

    #[test]
    fn letters_stand_on_one_line_in_the_middle_of_their_place() {
        let bottom = |text: &str| ink(text, Anchor::Left).1.last().copied();
        assert_eq!(bottom("8"), bottom("."));
        assert_eq!(bottom("8"), bottom("E"));
        let (columns, rows) = ink("H", Anchor::Middle);
        let middle = |it: &[usize]| (it[0] + it[it.len() - 1]) / 2;
        assert!(middle(&columns).abs_diff(100) <= 1 && middle(&rows).abs_diff(20) <= 1, "{columns:?} {rows:?}");
    }

    #[test]
    fn labels_begin_or_end_at_their_place_and_none_leaves_the_picture() {
        assert!(ink("Hash", Anchor::Left).0.first().is_some_and(|it| (100..=102).contains(it)));
        assert!(ink("Hash", Anchor::Right).0.last().is_some_and(|it| (97..=100).contains(it)));
        let long = "w".repeat(500);
        assert!(!ink(&long, Anchor::Middle).0.is_empty());
    }
}
