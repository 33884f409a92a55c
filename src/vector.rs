//! Directions of meaning: one signed byte a component, compared by the cosine of their angle.

mod scan;

pub use scan::dots;

/// A direction in the space of one model. The length of the floats it was made of is not kept: the largest component
/// is always 127 or -127, so that the eight bits are used in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector {
    components: Vec<i8>,
}

impl Vector {
    /// The direction of `values`; `None` when they have none (all zero, empty, or not numbers).
    pub fn from_floats(values: &[f32]) -> Option<Vector> {
        let most = values.iter().fold(0.0_f32, |most, it| most.max(it.abs()));
        if !(most > 0.0 && most.is_finite()) || values.iter().any(|it| it.is_nan()) {
            return None;
        }
        // Divided before it is multiplied: the inverse of a tiny number is infinite.
        #[expect(clippy::cast_possible_truncation, reason = "within -127..=127")]
        let components = values.iter().map(|it| (it / most * 127.0).round() as i8).collect();
        Some(Vector { components })
    }

    /// The direction that [`Vector::to_bytes`] wrote; `None` for no bytes and for zeros alone.
    pub fn from_bytes(bytes: &[u8]) -> Option<Vector> {
        Vector::from_components(&bytes.iter().map(|it| it.cast_signed()).collect::<Vec<i8>>())
    }

    /// The direction with these components; `None` for none, and for zeros alone.
    pub fn from_components(components: &[i8]) -> Option<Vector> {
        components.iter().any(|it| *it != 0).then(|| Vector { components: components.to_vec() })
    }

    /// One byte a component, as it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.components.iter().map(|it| it.cast_unsigned()).collect()
    }

    /// One byte a component; their common scale is left out.
    pub fn components(&self) -> &[i8] {
        &self.components
    }

    /// What a dot product with it is to be multiplied by for a cosine: one by its length.
    pub fn inverse_length(&self) -> f32 {
        inverse_length(&self.components)
    }

    /// The cosine of the angle to `other`, -1.0..=1.0; 0 when the two are of different dimensions.
    pub fn cosine(&self, other: &Vector) -> f32 {
        if self.components.len() != other.components.len() {
            return 0.0;
        }
        let mut dot = [0];
        dots(&self.components, &other.components, &mut dot);
        #[expect(clippy::cast_precision_loss, reason = "24 bits of it are enough")]
        let dot = dot[0] as f32;
        dot * self.inverse_length() * other.inverse_length()
    }
}

/// One by the length of `components`; 0 for zeros alone.
pub fn inverse_length(components: &[i8]) -> f32 {
    let mut square = [0];
    dots(components, components, &mut square);
    #[expect(clippy::cast_precision_loss, reason = "24 bits of it are enough")]
    let square = square[0] as f32;
    if square > 0.0 { 1.0 / square.sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_direction_is_no_vector() {
        for none in [&[][..], &[0.0, -0.0], &[f32::NAN, 1.0], &[f32::INFINITY, 1.0]] {
            assert_eq!(Vector::from_floats(none), None, "{none:?}");
        }
        assert_eq!(Vector::from_bytes(&[]), None);
        assert_eq!(Vector::from_bytes(&[0, 0]), None);
    }

    #[test]
    fn the_length_does_not_count() {
        let (small, large) = (Vector::from_floats(&[1e-38, -5e-39]), Vector::from_floats(&[2e30, -1e30]));
        assert_eq!(small.unwrap().components(), [127, -64]);
        assert_eq!(large.unwrap().components(), [127, -64]);
    }

    #[test]
    fn comes_back_from_its_bytes_the_same() {
        let vector = Vector::from_floats(&[0.5, -1.0, 0.25]).unwrap();
        assert_eq!(Vector::from_bytes(&vector.to_bytes()), Some(vector));
    }

    #[test]
    fn cosines_are_those_of_the_angles() {
        let of = |values: &[f32]| Vector::from_floats(values).unwrap();
        let (right, up, both) = (of(&[1.0, 0.0]), of(&[0.0, 3.0]), of(&[1.0, 1.0]));
        assert!((right.cosine(&right) - 1.0).abs() < 1e-6);
        assert!(right.cosine(&up).abs() < 1e-6);
        assert!((both.cosine(&up) - std::f32::consts::FRAC_1_SQRT_2).abs() < 1e-6);
        assert!((right.cosine(&of(&[-2.0, 0.0])) + 1.0).abs() < 1e-6);
        assert!(right.cosine(&of(&[1.0, 0.0, 0.0])).abs() < 1e-6, "other dimensions, nothing in common");
    }
}
