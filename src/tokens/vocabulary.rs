//! Knows which byte strings are one token of o200k, by an xor filter of a quarter of a megabyte.
//!
//! The filter knows every token and says yes to four in a thousand strings that are none. Ranks are not kept, so a
//! string that is not one token is cut greedily, longest token first, where o200k merges by rank; that needs a few
//! per cent fewer tokens, which [`super::count`] adds again.

/// One byte a slot, three blocks of equal length; `make_filter.py` writes it.
static FILTER: &[u8] = include_bytes!("o200k.filter");

/// The longest string that is looked up, in bytes: 99.6 % of the tokens are no longer, and most others are runs.
const LOOKUP_BYTES: usize = 24;

/// A longer string that looks like a token must be a pair of tokens as well: taken for one by mistake, it costs most.
const TRUSTED_BYTES: usize = 3;

/// The longest token of o200k, in bytes: spaces.
const TOKEN_BYTES: usize = 128;

/// The longest part of a run of one byte that is cut off as a token: o200k joins such a run by doubling, and most of
/// the bytes that fill lines (`-`, `=`, `*`, `#`, `/`) stop here. Longer tokens of them exist, for whole runs.
const RUN_BYTES: usize = 64;

/// Whether `bytes`, two or more, are one token.
pub(super) fn is_token(bytes: &[u8]) -> bool {
    let worth_a_lookup = bytes.len() <= LOOKUP_BYTES || (bytes.len() <= TOKEN_BYTES && bytes[1] == bytes[2]);
    worth_a_lookup && knows(hash(bytes)) && (bytes.len() <= TRUSTED_BYTES || is_pair(bytes))
}

/// How many tokens a greedy cut of `piece` has.
pub(super) fn greedy(piece: &[u8]) -> u32 {
    let mut tokens = 0;
    let mut rest = piece;
    while !rest.is_empty() {
        rest = rest.get(longest_prefix(rest)..).unwrap_or_default();
        tokens += 1;
    }
    tokens
}

/// The length of the longest token that `bytes` begin with, at least 1.
///
/// A token ends between characters if any does; of a character that is no token, its bytes are looked up.
fn longest_prefix(bytes: &[u8]) -> usize {
    let mut state = SEED;
    // Bit n: the first n bytes look like a token.
    let mut found = 0b10u128;
    let mut one_byte_repeats = true;
    for (at, byte) in bytes.iter().enumerate().take(RUN_BYTES) {
        one_byte_repeats &= *byte == bytes[0];
        if at >= LOOKUP_BYTES && !one_byte_repeats {
            break;
        }
        state = step(state, *byte);
        let ends_a_char = bytes.get(at + 1).is_none_or(|next| next & 0xC0 != 0x80);
        if at > 0 && (ends_a_char || at < 5) && knows(state) {
            found |= 1 << (at + 1);
        }
    }
    // Every token was once joined out of two, so what is no such pair only looks like one.
    while found > 0b10 {
        let length = found.ilog2() as usize;
        found &= !(1 << length);
        let mut firsts = found;
        while firsts != 0 {
            let second = &bytes[firsts.trailing_zeros() as usize..length];
            if is_known(second) && (second.len() <= TRUSTED_BYTES || is_pair(second)) {
                return length;
            }
            firsts &= firsts - 1;
        }
    }
    1
}

/// Whether `bytes` can be cut into two tokens.
fn is_pair(bytes: &[u8]) -> bool {
    let mut state = SEED;
    bytes.iter().enumerate().any(|(at, byte)| {
        state = step(state, *byte);
        (at == 0 || knows(state)) && at + 1 < bytes.len() && is_known(&bytes[at + 1..])
    })
}

fn is_known(bytes: &[u8]) -> bool {
    bytes.len() == 1 || knows(hash(bytes))
}

const SEED: u64 = 0xCBF2_9CE4_8422_2325;

fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(SEED, |state, byte| step(state, *byte))
}

fn step(state: u64, byte: u8) -> u64 {
    (state ^ u64::from(byte)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Whether the filter has the string whose bytes gave `state`.
fn knows(state: u64) -> bool {
    let mixed = (state ^ (state >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let hashed = mixed ^ (mixed >> 32);
    let block = FILTER.len() / 3;
    let slot = |shift: u32, nth: usize| {
        let part = (hashed >> shift) & 0xFFFF_FFFF;
        FILTER[((part * block as u64) >> 32) as usize + nth * block]
    };
    let mark = ((hashed >> 56) ^ (hashed >> 3)) as u8;
    slot(0, 0) ^ slot(16, 1) ^ slot(32, 2) == mark
}
