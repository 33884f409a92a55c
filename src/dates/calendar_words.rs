//! What months and weekdays are called in English, German, French and Spanish, the languages in which statements and memories
//! are read. `words.rs` has them in five more and without accents, for times in questions.

/// What a month or a weekday is called, in lower case.
pub struct Called {
    /// In full, each name once.
    pub names: &'static [&'static str],
    /// Shortened, in the plural, and in other spellings.
    pub also: &'static [&'static str],
}

impl Called {
    /// Whether `low`, in lower case, is one of its names.
    pub fn is(&self, low: &str) -> bool {
        self.names.contains(&low) || self.also.contains(&low)
    }
}

const fn called(names: &'static [&'static str], also: &'static [&'static str]) -> Called {
    Called { names, also }
}

/// January is the first.
pub static MONTHS: [Called; 12] = [
    called(&["january", "januar", "janvier", "enero"], &["jan", "jänner"]),
    called(&["february", "februar", "février", "febrero"], &["feb", "fevrier"]),
    called(&["march", "märz", "mars", "marzo"], &["mar", "maerz"]),
    called(&["april", "avril", "abril"], &["apr"]),
    called(&["may", "mai", "mayo"], &[]),
    called(&["june", "juni", "juin", "junio"], &["jun"]),
    called(&["july", "juli", "juillet", "julio"], &["jul"]),
    called(&["august", "août", "agosto"], &["aug", "aout"]),
    called(&["september", "septembre", "septiembre"], &["sep", "sept"]),
    called(&["october", "oktober", "octobre", "octubre"], &["oct", "okt"]),
    called(&["november", "novembre", "noviembre"], &["nov"]),
    called(&["december", "dezember", "décembre", "diciembre"], &["dec", "dez", "decembre"]),
];

/// Monday is the first.
pub static WEEKDAYS: [Called; 7] = [
    called(&["monday", "montag", "lundi", "lunes"], &["mon", "mondays", "montags"]),
    called(&["tuesday", "dienstag", "mardi", "martes"], &["tue", "tues", "tuesdays", "dienstags"]),
    called(&["wednesday", "mittwoch", "mercredi", "miércoles"], &["wed", "wednesdays", "mittwochs", "miercoles"]),
    called(&["thursday", "donnerstag", "jeudi", "jueves"], &["thu", "thur", "thurs", "thursdays", "donnerstags"]),
    called(&["friday", "freitag", "vendredi", "viernes"], &["fri", "fridays", "freitags"]),
    called(&["saturday", "samstag", "samedi", "sábado"], &["sat", "saturdays", "samstags", "sabado"]),
    called(&["sunday", "sonntag", "dimanche", "domingo"], &["sun", "sundays", "sonntags"]),
];
