//! Dot products of one vector with many, by the widest instructions that this processor has.
//!
//! The loop is written once, in the shape that the compiler turns into multiply-and-add instructions, and compiled
//! once for each instruction set; which copy runs is asked once a call. On 64-bit ARM every processor has NEON, and the plain copy uses it.

/// Writes the dot product of `query` with each row of `rows` into `out`. Rows are as long as `query` and lie one after
/// the other; what does not fill a row, or has no place in `out`, is left alone. Exact for up to 130,000 dimensions.
pub fn dots(query: &[i8], rows: &[i8], out: &mut [i32]) {
    if query.is_empty() {
        out.fill(0);
        return;
    }
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vl") {
            #[expect(unsafe_code, reason = "the compiler cannot see that the processor was asked")]
            // SAFETY: the processor has these instructions; the function has no other condition.
            unsafe {
                return dots_avx512(query, rows, out);
            }
        }
        if is_x86_feature_detected!("avx2") {
            #[expect(unsafe_code, reason = "the compiler cannot see that the processor was asked")]
            // SAFETY: the processor has these instructions; the function has no other condition.
            unsafe {
                return dots_avx2(query, rows, out);
            }
        }
    }
    dots_plain(query, rows, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512bw,avx512vl")]
fn dots_avx512(query: &[i8], rows: &[i8], out: &mut [i32]) {
    dots_plain(query, rows, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn dots_avx2(query: &[i8], rows: &[i8], out: &mut [i32]) {
    dots_plain(query, rows, out);
}

/// Components that are multiplied together; a multiple of every register's width.
const LANES: usize = 64;

#[inline(always)]
fn dots_plain(query: &[i8], rows: &[i8], out: &mut [i32]) {
    for (row, out) in rows.chunks_exact(query.len()).zip(out) {
        let (ours, theirs) = (query.chunks_exact(LANES), row.chunks_exact(LANES));
        let rest = ours.remainder().iter().zip(theirs.remainder());
        let mut sum: i32 = rest.map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
        for (ours, theirs) in ours.zip(theirs) {
            sum += ours.iter().zip(theirs).map(|(a, b)| i32::from(i16::from(*a) * i16::from(*b))).sum::<i32>();
        }
        *out = sum;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As it is defined.
    fn naive(query: &[i8], rows: &[i8]) -> Vec<i32> {
        let dot = |row: &[i8]| query.iter().zip(row).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
        rows.chunks_exact(query.len()).map(dot).collect()
    }

    type Dots = fn(&[i8], &[i8], &mut [i32]);

    /// Every copy that this processor can run.
    fn copies() -> Vec<(&'static str, Dots)> {
        let mut copies: Vec<(&'static str, Dots)> = vec![("chosen", dots), ("plain", dots_plain)];
        #[cfg(target_arch = "x86_64")]
        {
            #[expect(unsafe_code, reason = "the processor is asked first")]
            fn avx2(query: &[i8], rows: &[i8], out: &mut [i32]) {
                // SAFETY: only called where the processor has the instructions.
                unsafe { dots_avx2(query, rows, out) }
            }
            #[expect(unsafe_code, reason = "the processor is asked first")]
            fn avx512(query: &[i8], rows: &[i8], out: &mut [i32]) {
                // SAFETY: only called where the processor has the instructions.
                unsafe { dots_avx512(query, rows, out) }
            }
            if is_x86_feature_detected!("avx2") {
                copies.push(("avx2", avx2));
            }
            if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vl") {
                copies.push(("avx512", avx512));
            }
        }
        copies
    }

    proptest! {
        #[test]
        fn every_copy_counts_the_same(
            query in prop::collection::vec(any::<i8>(), 1..200),
            rows in prop::collection::vec(any::<i8>(), 0..2000),
        ) {
            let expected = naive(&query, &rows);
            for (name, copy) in copies() {
                let mut out = vec![0; expected.len()];
                copy(&query, &rows, &mut out);
                prop_assert_eq!(&out, &expected, "{}", name);
            }
        }
    }

    #[test]
    fn the_largest_products_do_not_overflow() {
        let most = vec![i8::MIN; 4096];
        for (name, copy) in copies() {
            let mut out = [0; 1];
            copy(&most, &most, &mut out);
            assert_eq!(out, [4096 * 128 * 128], "{name}");
        }
    }

    #[test]
    fn what_does_not_fill_a_row_is_left_alone() {
        let mut out = [7; 3];
        dots(&[1, 2], &[3, 4, 5], &mut out);
        assert_eq!(out, [11, 7, 7]);
        dots(&[], &[1], &mut out);
        assert_eq!(out, [0, 0, 0]);
    }
}
