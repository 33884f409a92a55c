//! Lower case without accents, as the text index folds, so that what the index finds is found here too; and letters as
//! people type them, whatever a page or a PDF made of them.

use std::borrow::Cow;

/// `text` with the letters that people type: ligatures taken apart (`ﬁ`), wide letters narrow (`Ａ`), and without what only
/// says where a line may be broken.
pub fn typed(text: &str) -> Cow<'_, str> {
    let is_unseen = |c: char| matches!(c, '\u{AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}');
    let is_wide = |c: char| matches!(c, 'Ａ'..='Ｚ' | 'ａ'..='ｚ' | '０'..='９');
    let is_other = |c: char| is_unseen(c) || is_wide(c) || matches!(c, 'ﬀ'..='ﬆ');
    if text.is_ascii() || !text.contains(is_other) {
        return Cow::Borrowed(text);
    }
    let mut typed = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'ﬀ' => typed.push_str("ff"),
            'ﬁ' => typed.push_str("fi"),
            'ﬂ' => typed.push_str("fl"),
            'ﬃ' => typed.push_str("ffi"),
            'ﬄ' => typed.push_str("ffl"),
            'ﬅ' | 'ﬆ' => typed.push_str("st"),
            // They stand in the order of ASCII.
            c if is_wide(c) => typed.extend(char::from_u32(u32::from(c) - 0xFEE0)),
            c if is_unseen(c) => {}
            c => typed.push(c),
        }
    }
    Cow::Owned(typed)
}

/// Appends `text` to `folded`, in lower case and without the accents of Latin letters.
pub(super) fn fold_into(text: &str, folded: &mut String) {
    for c in text.chars() {
        if c.is_ascii() {
            folded.push(c.to_ascii_lowercase());
        } else {
            folded.extend(c.to_lowercase().map(without_accent));
        }
    }
}

/// Appends `text` to `lower`, in lower case, letter by letter as [`fold_into`] does it.
pub(super) fn lower_into(text: &str, lower: &mut String) {
    for c in text.chars() {
        if c.is_ascii() {
            lower.push(c.to_ascii_lowercase());
        } else {
            lower.extend(c.to_lowercase());
        }
    }
}

/// `text` in lower case and without the accents of Latin letters.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    folded
}

/// The letter below the accent; only for lower case. Marks that stand alone are left: the index drops them, but no
/// keyboard writes them.
fn without_accent(c: char) -> char {
    match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ạ'..='ặ' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ẹ'..='ệ' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' => 'h',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ỉ' | 'ị' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ō' | 'ŏ' | 'ő' | 'ọ'..='ợ' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ț' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ụ'..='ự' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' | 'ỳ'..='ỹ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_that_people_type() {
        assert_eq!(typed("ﬁnance oﬃce Ｆｕｌｌ１２ wo\u{AD}rd a\u{200B}b"), "finance office Full12 word ab");
        assert_eq!(typed("Größe 東京"), "Größe 東京");
    }

    #[test]
    fn accents_and_case_go_and_other_scripts_stay() {
        assert_eq!(fold("Größe ÉTÉ Łódź naïve"), "große ete łodz naive");
        assert_eq!(fold("東京 Ж"), "東京 ж");
    }
}
