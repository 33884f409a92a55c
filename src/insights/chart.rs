//! Draws what was counted: bars, a line or a heat map, as SVG or PNG, light or dark.
//!
//! The drawing is 800 pixels wide, as chats show an image, and 450 high; few bars make a lower one. The font is a part of DejaVu Sans (Latin,
//! Greek, Cyrillic); in SVG the viewer's own font is used.

mod letters;
#[cfg(test)]
mod tests;

use std::sync::Once;

use plotters::backend::BitMapBackend;
use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::drawing::IntoDrawingArea;
use plotters::element::PathElement;
use plotters::element::Rectangle;
use plotters::prelude::DrawingBackend;
use plotters::style::Color;
use plotters::style::FontStyle;
use plotters::style::IntoFont;
use plotters::style::RGBColor;
use plotters::style::TextStyle;
use plotters::style::text_anchor::HPos;
use plotters::style::text_anchor::Pos;
use plotters::style::text_anchor::VPos;
use serde::Deserialize;
use serde::Serialize;

const FONT: &[u8] = include_bytes!("../../assets/chart.ttf");
const FAMILY: &str = "sans-serif";

const WIDTH: u32 = 800;
const HEIGHT: u32 = 450;

/// The most pixels that a bar takes with its air: three bars are not spread over a page.
const PITCH: i32 = 44;

/// A name or a number in a picture.
#[derive(Clone, Debug)]
struct Label {
    text: String,
    at: (i32, i32),
    size: f32,
    colour: RGBColor,
    anchor: Anchor,
}

/// Which part of a label stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anchor {
    Left,
    Middle,
    Right,
}

/// The place of the drawing itself, between title and labels.
const TOP: i32 = 84;
const BOTTOM: i32 = 408;
const RIGHT: i32 = 764;

/// Five steps of a nice size, of which rounding outwards can make seven; more are a fault of the numbers.
const MOST_TICKS: u8 = 8;

/// What kind of picture fits the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    #[default]
    /// Groups side by side, the first on top.
    Bars,
    /// A value over time, in the order of the points.
    Line,
    /// Weekday and hour; a point's name is both, as `1 09`.
    Heat,
}

/// A picture to be drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spec {
    pub shape: Shape,
    pub title: String,
    /// The time that was counted, in words.
    pub range: String,
    /// What the numbers are.
    pub unit: String,
    pub points: Vec<(String, f64)>,
    /// Of bars, what each of the points was before: a paler bar above it. Empty where nothing is compared.
    pub before: Vec<f64>,
}

/// What a chart stands on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    #[default]
    Light,
    Dark,
}

/// What a chart is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Svg,
    Png,
}

/// A picture could not be drawn; the answer stands without it.
#[derive(Debug, thiserror::Error)]
#[error("the chart could not be drawn: {0}")]
pub struct ChartError(String);

/// The colours of a theme; both pass a contrast of 4.5 for text.
struct Colours {
    ground: RGBColor,
    text: RGBColor,
    quiet: RGBColor,
    grid: RGBColor,
    mark: RGBColor,
}

impl Colours {
    fn of(theme: Theme) -> Colours {
        match theme {
            Theme::Light => Colours {
                ground: RGBColor(255, 255, 255),
                text: RGBColor(28, 33, 40),
                quiet: RGBColor(90, 99, 110),
                grid: RGBColor(225, 229, 234),
                mark: RGBColor(31, 111, 178),
            },
            Theme::Dark => Colours {
                ground: RGBColor(22, 27, 34),
                text: RGBColor(236, 240, 244),
                quiet: RGBColor(158, 168, 179),
                grid: RGBColor(52, 60, 70),
                mark: RGBColor(96, 171, 236),
            },
        }
    }
}

/// Draws `spec`. Costs some milliseconds as SVG and some tens as PNG.
///
/// # Errors
///
/// [`ChartError`] when the drawing backend fails.
pub fn draw(spec: &Spec, theme: Theme, format: Format) -> Result<Vec<u8>, ChartError> {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        if plotters::style::register_font(FAMILY, FontStyle::Normal, FONT).is_err() {
            tracing::warn!("the font of the charts cannot be read");
        }
    });
    let height = height(spec);
    match format {
        Format::Svg => {
            let mut text = String::new();
            {
                let area = SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area();
                for label in paint(&area, spec, theme).map_err(ChartError)? {
                    write(&area, &label).map_err(ChartError)?;
                }
                area.present().map_err(|err| ChartError(err.to_string()))?;
            }
            Ok(text.into_bytes())
        }
        Format::Png => {
            let spec = &with_drawable_names(spec);
            let mut pixels = vec![0; usize::try_from(WIDTH * height * 3).unwrap_or_default()];
            let labels = {
                let area = BitMapBackend::with_buffer(&mut pixels, (WIDTH, height)).into_drawing_area();
                let labels = paint(&area, spec, theme).map_err(ChartError)?;
                area.present().map_err(|err| ChartError(err.to_string()))?;
                labels
            };
            letters::print(&mut pixels, WIDTH, FONT, &labels).map_err(ChartError)?;
            encode(&pixels, height).map_err(|err| ChartError(err.to_string()))
        }
    }
}

/// As high as its bars need it; everything else has the usual height, and what is empty a low one.
fn height(spec: &Spec) -> u32 {
    let needed = match spec.shape {
        _ if is_empty(spec) => TOP + 2 * PITCH,
        Shape::Bars => TOP + pitch(spec.points.len()) * i32::try_from(spec.points.len()).unwrap_or(0) + 24,
        Shape::Line | Shape::Heat => i32::MAX,
    };
    u32::try_from(needed).map_or(HEIGHT, |it| it.min(HEIGHT))
}

fn pitch(bars: usize) -> i32 {
    ((BOTTOM + 20 - TOP) / i32::try_from(bars).unwrap_or(i32::MAX).max(1)).clamp(8, PITCH)
}

/// Whether no point has a value.
fn is_empty(spec: &Spec) -> bool {
    !spec.points.iter().any(|it| it.1.is_finite())
}

/// Names of which the font has no letters are numbers of rows: boxes say nothing, and a font with all letters of East Asia
/// is larger than this program. The rows beside the picture have the names.
fn with_drawable_names(spec: &Spec) -> Spec {
    // Latin with its additions, Greek, Cyrillic, punctuation, arrows and signs of money.
    let has = |c: char| matches!(u32::from(c), 0..=0x52f | 0x1e00..=0x1fff | 0x2000..=0x21ff);
    let mut spec = spec.clone();
    let mut hidden = false;
    for (n, (name, _)) in spec.points.iter_mut().enumerate() {
        if !name.chars().all(has) {
            *name = format!("row {}", n + 1);
            hidden = true;
        }
    }
    if hidden {
        spec.unit.push_str(" · names in other scripts stand in the rows");
    }
    spec
}

fn encode(pixels: &[u8], height: u32) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, WIDTH, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(pixels)?;
    Ok(bytes)
}

type Area<B> = DrawingArea<B, Shift>;

/// Draws all but the letters, and says which of them stand where.
fn paint<B: DrawingBackend>(area: &Area<B>, spec: &Spec, theme: Theme) -> Result<Vec<Label>, String> {
    let colours = Colours::of(theme);
    area.fill(&colours.ground).map_err(|err| err.to_string())?;
    let mut labels = vec![
        label(&shorten(&spec.title, 66), (36, 22), 20, colours.text, Anchor::Left),
        label(&shorten(&subtitle(spec), 108), (36, 50), 13, colours.quiet, Anchor::Left),
    ];
    // Infinite is no number either; a line has a gap where there is none.
    let value = |it: f64| if it.is_finite() { it } else { f64::NAN };
    let points: Vec<(String, f64)> = spec.points.iter().map(|it| (it.0.clone(), value(it.1))).collect();
    let before: Vec<f64> = spec.before.iter().map(|it| value(*it)).collect();
    if is_empty(spec) {
        let at = (400, TOP + PITCH / 2);
        labels.push(label("Nothing is recorded here.", at, 16, colours.quiet, Anchor::Middle));
    } else {
        match spec.shape {
            Shape::Bars => bars(area, (&points, &before), &colours, &mut labels)?,
            Shape::Line => line(area, &points, &colours, &mut labels)?,
            Shape::Heat => heat(area, &points, &colours, &mut labels)?,
        }
    }
    Ok(labels)
}

fn subtitle(spec: &Spec) -> String {
    let said = [spec.range.as_str(), spec.unit.as_str()];
    said.iter().copied().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn label(text: &str, at: (i32, i32), size: u8, colour: RGBColor, anchor: Anchor) -> Label {
    Label { text: text.to_owned(), at, size: f32::from(size), colour, anchor }
}

fn write<B: DrawingBackend>(area: &Area<B>, label: &Label) -> Result<(), String> {
    let place = match label.anchor {
        Anchor::Left => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::Right => HPos::Right,
    };
    let style = TextStyle::from((FAMILY, f64::from(label.size)).into_font());
    let style = style.color(&label.colour).pos(Pos::new(place, VPos::Center));
    area.draw_text(&label.text, &style, label.at).map_err(|err| err.to_string())
}

fn stroke<B: DrawingBackend>(area: &Area<B>, from: (i32, i32), to: (i32, i32), colour: RGBColor) -> Result<(), String> {
    area.draw(&PathElement::new([from, to], colour.stroke_width(1))).map_err(|err| err.to_string())
}

fn block<B: DrawingBackend>(area: &Area<B>, from: (i32, i32), to: (i32, i32), colour: RGBColor) -> Result<(), String> {
    area.draw(&Rectangle::new([from, to], colour.filled())).map_err(|err| err.to_string())
}

/// A place between `from` and `to`, as far along as `part` of 0.0..=1.0 says.
fn between(from: i32, to: i32, part: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "pixels of a small picture")]
    let offset = (f64::from(to - from) * part.clamp(0.0, 1.0)).round() as i32;
    from + offset
}

fn f64_of(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn bars<B: DrawingBackend>(
    area: &Area<B>,
    (points, before): (&[(String, f64)], &[f64]),
    colours: &Colours,
    labels: &mut Vec<Label>,
) -> Result<(), String> {
    let longest = points.iter().map(|it| it.0.chars().count()).max().unwrap_or(0).min(30);
    // Seven pixels a character at size 13, and some air.
    let left = 44 + i32::try_from(longest).unwrap_or(30) * 8;
    let end = RIGHT - 70;
    let values = || points.iter().map(|it| it.1).chain(before.iter().copied());
    let (low, high) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
    let width = if high > low { high - low } else { 1.0 };
    let zero = between(left, end, -low / width);
    let pitch = pitch(points.len());
    let size = u8::try_from(pitch.clamp(9, 15) - 2).unwrap_or(13);
    let pale = mix(colours.ground, colours.mark, 0.45);
    for (n, (name, value)) in points.iter().enumerate() {
        let top = TOP + i32::try_from(n).unwrap_or(0) * pitch;
        let (first, last) = (top + pitch / 6, top + pitch - pitch / 6 - 1);
        let middle = top + pitch / 2;
        labels.push(label(&shorten_amid(name, 30), (left - 8, middle), size, colours.text, Anchor::Right));
        let earlier = before.get(n).copied();
        let bars = match earlier {
            Some(earlier) => vec![(earlier, first, middle - 1, pale), (*value, middle, last, colours.mark)],
            None => vec![(*value, first, last, colours.mark)],
        };
        // Two numbers need a line each.
        let size = if earlier.is_some() { size.min(u8::try_from(pitch / 3).unwrap_or(size)) } else { size };
        for (value, top, bottom, colour) in bars {
            let middle = if earlier.is_some() { i32::midpoint(top, bottom) } else { middle };
            if value.is_nan() {
                labels.push(label("no value", (zero + 6, middle), size, colours.quiet, Anchor::Left));
                continue;
            }
            let tip = between(left, end, (value - low) / width);
            let (from, to) = (zero.min(tip), zero.max(tip).max(zero + 1));
            block(area, (from, top), (to, bottom), colour)?;
            labels.push(label(&short(value), (to + 6, middle), size, colours.quiet, Anchor::Left));
        }
    }
    stroke(area, (zero, TOP - 4), (zero, TOP + pitch * i32::try_from(points.len()).unwrap_or(0) + 4), colours.grid)
}

fn line<B: DrawingBackend>(
    area: &Area<B>,
    points: &[(String, f64)],
    colours: &Colours,
    labels: &mut Vec<Label>,
) -> Result<(), String> {
    let left = 92;
    let high = points.iter().map(|it| it.1).fold(f64::MIN, f64::max);
    // Nothing at all has an axis to one.
    let high = if high == 0.0 && points.iter().all(|it| it.1.is_nan() || it.1 == 0.0) { 1.0 } else { high };
    let low = points.iter().map(|it| it.1).fold(0.0, f64::min);
    // Halved first, so that the difference of two huge numbers is one; never so small beside the numbers themselves that a
    // step from one to the next is lost in rounding.
    let range = (high / 2.0 - low / 2.0).max(high.abs().max(low.abs()) * 1e-9).clamp(1e-9, f64::MAX / 8.0) * 2.0;
    let step = nice_step(range, 5.0);
    let (bottom, top) = ((low / step).floor() * step, ((high / step).ceil() * step).max(low + step));
    let y = |value: f64| between(BOTTOM - 14, TOP, (value - bottom) / (top - bottom));
    let last = f64_of(points.len().saturating_sub(1)).max(1.0);
    let x = |n: usize| between(left, RIGHT, f64_of(n) / last);
    for n in 0..=MOST_TICKS {
        let tick = bottom + f64::from(n) * step;
        if tick > top + step / 2.0 {
            break;
        }
        stroke(area, (left, y(tick)), (RIGHT, y(tick)), colours.grid)?;
        labels.push(label(&short(tick), (left - 10, y(tick)), 12, colours.quiet, Anchor::Right));
    }
    // Names that do not touch each other: a date is some 75 pixels wide.
    let every = points.len().div_ceil(7).max(1);
    for (n, (name, _)) in points.iter().enumerate().filter(|(n, _)| n % every == 0) {
        let anchor = if x(n) > RIGHT - 40 { Anchor::Right } else { Anchor::Middle };
        stroke(area, (x(n), y(bottom)), (x(n), y(bottom) + 5), colours.grid)?;
        labels.push(label(&shorten(name, 12), (x(n), BOTTOM + 8), 12, colours.quiet, anchor));
    }
    let places: Vec<(usize, f64)> = points.iter().enumerate().map(|(n, it)| (n, it.1)).collect();
    for run in places.split(|it| it.1.is_nan()).filter(|it| !it.is_empty()) {
        let path: Vec<(i32, i32)> = run.iter().map(|it| (x(it.0), y(it.1))).collect();
        // A point between two gaps has no line.
        if points.len() <= 62 || path.len() == 1 {
            for at in &path {
                block(area, (at.0 - 2, at.1 - 2), (at.0 + 2, at.1 + 2), colours.mark)?;
            }
        }
        // So many that their strokes run into each other are drawn fine.
        let width = if points.len() > 400 { 1 } else { 2 };
        // Piece by piece: the joints of one long line are spikes where it turns sharply.
        for piece in path.windows(2) {
            area.draw(&PathElement::new(piece, colours.mark.stroke_width(width))).map_err(|err| err.to_string())?;
        }
    }
    Ok(())
}

fn heat<B: DrawingBackend>(
    area: &Area<B>,
    points: &[(String, f64)],
    colours: &Colours,
    labels: &mut Vec<Label>,
) -> Result<(), String> {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let (left, wide, tall) = (84, 28, 42);
    let most = points.iter().map(|it| it.1).fold(0.0, f64::max).max(1.0);
    for (row, day) in (0..).zip(DAYS) {
        labels.push(label(day, (left - 12, TOP + row * tall + tall / 2), 13, colours.text, Anchor::Right));
    }
    for hour in 0..24 {
        if hour % 3 == 0 {
            let at = (left + hour * wide + wide / 2, TOP + 7 * tall + 14);
            labels.push(label(&format!("{hour:02}"), at, 12, colours.quiet, Anchor::Middle));
        }
        for row in 0..7 {
            // SQL counts the days of the week from Sunday.
            let name = format!("{} {hour:02}", (row + 1) % 7);
            let value = points.iter().find(|it| it.0 == name && !it.1.is_nan()).map_or(0.0, |it| it.1);
            let (x, y) = (left + hour * wide, TOP + row * tall);
            let colour =
                if value == 0.0 { colours.grid } else { mix(colours.grid, colours.mark, 0.15 + 0.85 * value / most) };
            block(area, (x + 1, y + 1), (x + wide - 2, y + tall - 2), colour)?;
            if value > 0.0 {
                let ink = if value / most > 0.5 { colours.ground } else { colours.text };
                let said = if value >= 1000.0 { format!("{:.1}k", value / 1000.0) } else { short(value) };
                labels.push(label(&said, (x + wide / 2, y + tall / 2), 10, ink, Anchor::Middle));
            }
        }
    }
    Ok(())
}

fn mix(from: RGBColor, to: RGBColor, part: f64) -> RGBColor {
    let one = |a: u8, b: u8| u8::try_from(between(i32::from(a), i32::from(b), part)).unwrap_or(a);
    RGBColor(one(from.0, to.0), one(from.1, to.1), one(from.2, to.2))
}

/// A step of 1, 2 or 5 times a power of ten, with about `count` of them in `range`.
fn nice_step(range: f64, count: f64) -> f64 {
    let rough = range / count;
    let power = 10f64.powf(rough.log10().floor());
    let lead = rough / power;
    let nice = if lead <= 1.0 {
        1.0
    } else if lead <= 2.0 {
        2.0
    } else if lead <= 5.0 {
        5.0
    } else {
        10.0
    };
    nice * power
}

/// A number beside a bar or an axis: at most five digits or so.
fn short(value: f64) -> String {
    let size = value.abs();
    let text = if size >= 1e12 {
        format!("{:.1}T", value / 1e12)
    } else if size >= 1e9 {
        format!("{:.1}G", value / 1e9)
    } else if size >= 1e6 {
        format!("{:.1}M", value / 1e6)
    } else if size >= 1e4 {
        format!("{:.1}k", value / 1e3)
    } else if size >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else if size >= 1.0 {
        format!("{value:.1}")
    } else if size >= 0.01 {
        format!("{value:.2}")
    } else {
        format!("{value:.4}")
    };
    text.replace(".0k", "k").replace(".0M", "M").replace(".0G", "G").replace(".0T", "T")
}

/// At most `chars` characters, none of which breaks a line.
fn shorten(text: &str, chars: usize) -> String {
    let line: String = text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
    if line.chars().count() <= chars {
        return line;
    }
    line.chars().take(chars.saturating_sub(1)).chain(['…']).collect()
}

/// As [`shorten`], by what is in the middle: names of models and sessions differ at their ends.
fn shorten_amid(text: &str, chars: usize) -> String {
    let line = shorten(text, usize::MAX);
    let length = line.chars().count();
    if length <= chars {
        return line;
    }
    let (head, tail) = (chars / 2, chars - chars / 2 - 1);
    line.chars().take(head).chain(['…']).chain(line.chars().skip(length - tail)).collect()
}
