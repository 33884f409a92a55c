//! What a picture holds, and that anything can be drawn.

use proptest::prelude::*;

use super::*;

fn spec(shape: Shape, points: Vec<(String, f64)>) -> Spec {
    let (title, range, unit) = ("Calls by day".into(), "over the whole record".into(), "calls".into());
    Spec { shape, title, range, unit, points, ..Spec::default() }
}

#[test]
fn names_cannot_become_part_of_the_picture() -> Result<(), ChartError> {
    let spec = spec(Shape::Bars, vec![("<script>alert(1)</script>&\"'".to_owned(), 1.0)]);
    let drawn = String::from_utf8_lossy(&draw(&spec, Theme::Light, Format::Svg)?).into_owned();
    assert!(!drawn.contains("<script"), "{drawn}");
    assert!(drawn.contains("&lt;script"), "{drawn}");
    Ok(())
}

#[test]
fn a_line_stays_in_its_frame_and_has_gaps_where_nothing_has_a_value() -> Result<(), ChartError> {
    let saw = (0..1000).map(|n| (format!("d{n}"), f64::from(n % 97) * 13.0 + f64::from(n))).collect();
    let drawn = String::from_utf8_lossy(&draw(&spec(Shape::Line, saw), Theme::Light, Format::Svg)?).into_owned();
    for at in drawn.split("points=\"").skip(1).filter_map(|it| it.split('"').next()) {
        let outside = at.split([' ', ',']).skip(1).step_by(2).filter_map(|it| it.parse::<f64>().ok());
        assert!(outside.clone().all(|y| (f64::from(TOP)..=f64::from(BOTTOM)).contains(&y)), "{at}");
    }
    let lines = |values: &[f64]| {
        let points = values.iter().map(|it| ("a".to_owned(), *it)).collect();
        let drawn = draw(&spec(Shape::Line, points), Theme::Light, Format::Svg)?;
        Ok::<_, ChartError>(String::from_utf8_lossy(&drawn).matches("stroke-width=\"2\"").count())
    };
    assert_eq!(lines(&[1.0, 2.0, 3.0, 4.0])?, 3);
    assert_eq!(lines(&[1.0, 2.0, f64::NAN, 4.0])?, 1);
    Ok(())
}

#[test]
fn names_keep_their_ends_and_those_without_letters_here_are_rows() {
    assert_eq!(shorten_amid("a-long-name-with-version-19", 11), "a-lon…on-19");
    let points = vec![("コーチ".to_owned(), 1.0), ("Übersetzerin".to_owned(), 2.0)];
    let drawable = with_drawable_names(&spec(Shape::Bars, points));
    assert_eq!((drawable.points[0].0.as_str(), drawable.points[1].0.as_str()), ("row 1", "Übersetzerin"));
}

#[test]
fn a_png_is_one_and_its_themes_differ() -> Result<(), ChartError> {
    let spec = spec(Shape::Line, (0..1000).map(|it| (format!("d{it}"), f64::from(it % 37))).collect());
    let light = draw(&spec, Theme::Light, Format::Png)?;
    let dark = draw(&spec, Theme::Dark, Format::Png)?;
    assert_eq!(&light[1..4], b"PNG");
    assert_ne!(light, dark);
    Ok(())
}

#[test]
fn few_bars_and_nothing_make_a_low_picture() -> Result<(), ChartError> {
    let points = |count: i32| (0..count).map(|it| (format!("g{it}"), f64::from(it + 1))).collect::<Vec<_>>();
    let high = |shape, count: i32| {
        let png = draw(&spec(shape, points(count)), Theme::Light, Format::Png)?;
        Ok::<_, ChartError>(u32::from_be_bytes([png[20], png[21], png[22], png[23]]))
    };
    assert_eq!((high(Shape::Bars, 1)?, high(Shape::Bars, 3)?), (152, 240));
    assert_eq!((high(Shape::Bars, 20)?, high(Shape::Line, 3)?), (448, HEIGHT));
    assert!(high(Shape::Line, 0)? < 200);
    let drawn = draw(&spec(Shape::Heat, Vec::new()), Theme::Dark, Format::Svg)?;
    assert!(String::from_utf8_lossy(&drawn).contains("Nothing is recorded here."));
    Ok(())
}

#[test]
fn what_is_compared_has_a_bar_for_each_period() -> Result<(), ChartError> {
    let points = vec![("a".to_owned(), 3.0), ("b".to_owned(), 1.0)];
    let rectangles = |before: Vec<f64>| {
        let spec = Spec { before, ..spec(Shape::Bars, points.clone()) };
        let drawn = draw(&spec, Theme::Light, Format::Svg)?;
        Ok::<_, ChartError>(String::from_utf8_lossy(&drawn).matches("<rect").count())
    };
    assert_eq!(rectangles(vec![2.0, 5.0])? - rectangles(Vec::new())?, 2);
    Ok(())
}

#[test]
fn a_line_of_any_size_has_few_ticks() {
    for values in
        [[-1e300, -1e300], [-5.0, -5.0], [f64::MIN, f64::MAX], [1e308, 1.7e308], [0.0, 0.0], [5e-324, 0.0], [3.0, 1e17]]
    {
        let points = values.iter().map(|it| ("d".to_owned(), *it)).collect();
        let drawn = draw(&spec(Shape::Line, points), Theme::Light, Format::Svg).unwrap();
        let strokes = String::from_utf8_lossy(&drawn).matches("<polyline").count();
        assert!((4..=14).contains(&strokes), "{values:?} {strokes}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn anything_can_be_drawn(
        points in proptest::collection::vec((".{0,40}", proptest::num::f64::ANY), 0..40),
        shape in prop_oneof![Just(Shape::Bars), Just(Shape::Line), Just(Shape::Heat)],
    ) {
        let drawn = draw(&spec(shape, points), Theme::Dark, Format::Svg);
        prop_assert!(drawn.is_ok());
    }
}
