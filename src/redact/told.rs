//! Passwords as people tell them in a sentence: `the wifi password is hunter22`, `the API key for billing is …`.

use std::ops::Range;

use super::MAX_VALUE_BYTES;
use super::is_random;
use super::is_uuid;

/// Words for a password as people say it, in the languages of most users.
const SPOKEN: &[&str] = &[
    "password",
    "passwort",
    "kennwort",
    "passphrase",
    "passcode",
    "passwd",
    "pw",
    "pin",
    "pincode",
    "contraseña",
    "clave",
    "senha",
    "wachtwoord",
    "hasło",
    "пароль",
    "şifre",
    "lösenord",
    "heslo",
    "jelszó",
    "salasana",
    "المرور",
    "السر",
    "passe",
    "wlanschlüssel",
    "netzwerkschlüssel",
];

/// Those that also end a longer word: `Adminpasswort`, `DB_PASSWORD`.
const ENDINGS: &[&str] = &["password", "passwort", "kennwort", "wachtwoord", "passphrase"];

/// Words that stand without a space before and behind them, and what may follow before the password.
const UNSPACED: &[&str] = &["密码", "密碼", "口令", "パスワード", "暗証番号", "비밀번호"];
const UNSPACED_IS: &[&str] = &["は", "是", "为", "為", "が", "는", "은"];

/// Words for what machines make up; only what looks made up is taken out behind them.
const MADE: &[(&str, &str)] = &[("token", "token"), ("secret", "secret"), ("jeton", "token")];

/// What stands before `key` when it is one of those.
const KEYS: &[&str] = &["api", "access", "secret", "auth", "client", "signing", "encryption", "private"];

/// Networks whose key a person chose.
const NETWORKS: &[&str] = &["wifi", "wi-fi", "wlan", "wpa", "wpa2"];

/// What people put between the word and the password.
const BETWEEN: &[&str] = &[
    "has been changed to",
    "was changed to",
    "was reset to",
    "was rotated to",
    "was updated to",
    "was set to",
    "has changed to",
    "changed to",
    "is set to",
    "set to",
    "wurde geändert auf",
    "is now",
    "is currently",
    "is nu",
    "is",
    "was",
    "ist jetzt",
    "ist",
    "lautet jetzt",
    "lautet nun",
    "lautet",
    "est maintenant",
    "est désormais",
    "est",
    "es ahora",
    "es",
    "agora é",
    "è ora",
    "é",
    "è",
    ":",
    "=",
    "：",
    "->",
];

/// Words that begin what the password is for: `the password for the wifi is …`.
const OF: &[&str] = &[
    "for", "of", "to", "on", "at", "in", "from", "für", "von", "vom", "der", "des", "zum", "zur", "du", "de", "pour",
    "del", "para", "do", "da", "di", "della", "dello", "per", "van", "voor", "api",
];

/// Words before a password that is told without `is`: `user ana and password hunter22`.
const BEFORE: &[&str] =
    &["and", "with", "new", "und", "mit", "neues", "y", "con", "et", "avec", "e", "com", "en", "met"];

/// Signs that passwords have and words have not.
const SIGNS: [char; 10] = ['!', '@', '#', '%', '^', '&', '*', '+', '?', '~'];

/// How many words the thing may have that a password is for.
const MOST_WORDS: usize = 7;

/// What a word asks of the value behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// A person chose it.
    Chosen,
    /// As chosen, and behind it stands whatever a command goes on with.
    Typed,
    /// Four digits are enough.
    Pin,
    /// Nobody could have chosen it.
    Made,
}

/// The password of `the wifi password is hunter22`, `Passwort: Sommer2024!`, `PIN: 4821`: chosen by a person, so it
/// need not look random, but it is no plain word and ends where the clause ends.
pub(super) fn told(text: &str, name: Range<usize>) -> Option<(Range<usize>, &'static str)> {
    let is_ascii = text.as_bytes().get(name.start).is_some_and(u8::is_ascii);
    if let Some(unspaced) = UNSPACED.iter().filter(|_| !is_ascii).find(|it| text[name.start..].starts_with(**it)) {
        let behind = text[name.start + unspaced.len()..].trim_start_matches([' ', '\t', '"']);
        let is = UNSPACED_IS.iter().chain(BETWEEN).find(|it| behind.starts_with(**it))?;
        return value(text, &behind[is.len()..], Asks::Chosen, 6).map(|it| (it, "password"));
    }
    if text[..name.start].ends_with(char::is_alphanumeric) || text[..name.start].ends_with("::") {
        return None;
    }
    // A word of ASCII is cut before an accent: `contrase|ña`. Names of settings are as long as people make them.
    let rest = &text[name.start..text.len().min(text.ceil_char_boundary(name.start + 64))];
    let until = name.start + rest.find(|it: char| !it.is_alphanumeric() && !matches!(it, '_' | '-'))?;
    let word = text[name.start..until].to_lowercase();
    let last = word.rsplit(['_', '-']).next().unwrap_or_default();
    let before = || before(text, name.start);
    let (asks, what) = kind_of(&word, last, before)?;
    if let Some(rest) = argument(&word, &text[until..]).filter(|_| asks == Asks::Chosen)
        && let Some(found) = value(text, rest, Asks::Typed, 6)
    {
        return Some((found, what));
    }
    // `fn password(this: &HtmlElement)` is a function.
    if text[until..].starts_with('(') {
        return None;
    }
    let behind = text[until..].trim_start_matches([' ', '\t', '*', '"', '`', '\'']);
    if let Some(rest) = after_is(behind) {
        return value(text, rest, asks, 6).map(|it| (it, what));
    }
    if let Some(rest) = after_thing(behind) {
        // `The pin for the LED is GPIO17` is of another kind.
        let found = value(text, rest, asks, 6)?;
        let secret = &text[found.clone()];
        let is_pin = secret.bytes().all(|it| it.is_ascii_digit())
            || secret.contains(SIGNS)
            || secret.len() >= 16 && is_random(secret);
        return (asks != Asks::Pin || is_pin).then_some((found, what));
    }
    let before = before();
    let is_listed = BEFORE.contains(&before.as_str()) || before.ends_with([',', '/']);
    // `with password OAuth2` is no password.
    (is_listed && asks == Asks::Chosen).then(|| value(text, behind, asks, 8)).flatten().map(|it| (it, what))
}

/// Whether `secret`, all of it, can be what a program sets a `what` to.
pub(super) fn set_to(secret: &str, what: &str) -> bool {
    let asks = if what == "password" { Asks::Chosen } else { Asks::Made };
    // Salts of WordPress have all signs that there are, blanks too.
    let signs = secret.bytes().filter(u8::is_ascii_punctuation).count();
    let digits = secret.bytes().filter(u8::is_ascii_digit).count();
    value(secret, secret, asks, 6).is_some_and(|it| it == (0..secret.len()))
        || secret.len() >= 48 && signs >= 8 && digits >= 3 && secret.bytes().filter(|it| *it == b' ').count() <= 4
}

/// What is given in `PGPASSWORD=…` or `--password …`, whose `name` is in small letters and `behind` goes on.
fn argument<'a>(name: &str, behind: &'a str) -> Option<&'a str> {
    let rest = behind.strip_prefix('=').or_else(|| behind.strip_prefix(' ').filter(|_| name.starts_with("--")))?;
    (!rest.starts_with(['=', '>', ' '])).then_some(rest)
}

/// Words that go on behind `as the password`; before any other it is the beginning of a longer name.
const GOES_ON: &[&str] = &["and", "for", "to", "on", "in", "und", "für", "y", "para", "et", "pour", "e", "per"];

/// Things whose `-pass` is a password; a ski pass is none.
const PASSES: &[&str] = &[
    "wifi", "wlan", "db", "database", "admin", "root", "user", "login", "smtp", "mail", "email", "mysql", "postgres",
    "pg", "redis", "ssh", "ftp", "auth",
];

/// The password of `log in with hunter22 as the password`, `hunter22 is the wifi password`; `start` begins a word.
pub(super) fn given_as(text: &str, start: usize) -> Option<(Range<usize>, &'static str)> {
    let length = text[start..].bytes().take(MAX_VALUE_BYTES).position(|it| it == b' ')?;
    let behind = &text[start + length + 1..];
    if !behind.starts_with(['a', 'i', 'c', 'e', 'è']) {
        return None;
    }
    let joints = ["as ", "is ", "als ", "ist ", "como ", "es ", "comme ", "est ", "come ", "è "];
    let behind = joints.iter().find_map(|it| behind.strip_prefix(it))?;
    let behind = ["the ", "a ", "your ", "my ", "our ", "its ", "das ", "le mot de ", "la ", "mot de ", "password di "]
        .iter()
        .find_map(|it| behind.strip_prefix(it))
        .unwrap_or(behind);
    let (word, end) = first_word(behind);
    // `the wifi password`
    let (behind, word, end) = match behind[end..].strip_prefix(' ') {
        Some(rest) if !SPOKEN.contains(&word.as_str()) => {
            let (word, end) = first_word(rest);
            (rest, word, end)
        }
        _ => (behind, word, end),
    };
    let next = behind[end..].strip_prefix(' ').map(|it| it.split_whitespace().next().unwrap_or_default());
    // `use KeePass2 as the password manager`, `use GPIO17 as the pin`.
    let is_over = match next {
        Some(next) => GOES_ON.contains(&next),
        None => !behind[end..].starts_with(['-', '_', '\'']),
    };
    let is_number = text[start..start + length].bytes().all(|it| it.is_ascii_digit());
    let is_pin = word.starts_with("pin");
    (SPOKEN.contains(&word.rsplit('-').next().unwrap_or_default())
        && is_over
        && (is_number || !is_pin)
        && !text[..start].ends_with(|it: char| !it.is_whitespace() && !"\"'`“„«".contains(it)))
    .then(|| {
        let asks = if is_pin { Asks::Pin } else { Asks::Chosen };
        value(&text[..start + length], &text[start..start + length], asks, 6)
    })
    .flatten()
    .map(|it| (it, "password"))
}

/// The word with which `text` begins, in small letters, and where it ends.
fn first_word(text: &str) -> (String, usize) {
    let end = text.find(|it: char| !it.is_alphanumeric() && it != '-').unwrap_or(text.len()).min(MAX_VALUE_BYTES);
    let end = text.floor_char_boundary(end);
    (text[..end].to_lowercase(), end)
}

/// What the word is a name of; `last` is its part behind a hyphen, `before` the word before it.
fn kind_of(word: &str, last: &str, before: impl Fn() -> String) -> Option<(Asks, &'static str)> {
    if SPOKEN.contains(&last)
        || word == "wlan-schlüssel"
        || word.ends_with("_pwd")
        || ENDINGS.iter().any(|it| last.ends_with(it))
    {
        let is_pin = last.starts_with("pin") || last == "passcode" || last == "clave";
        return Some((if is_pin { Asks::Pin } else { Asks::Chosen }, "password"));
    }
    if last == "pass" {
        let of = |it: &str| PASSES.contains(&it);
        let is_of_thing = if word == "pass" {
            ["wifi", "wi-fi", "wlan"].contains(&before().as_str())
        } else {
            word.contains("wi-fi") || word.split(['_', '-']).any(of)
        };
        return is_of_thing.then_some((Asks::Chosen, "password"));
    }
    if let Some((_, what)) = MADE.iter().find(|it| it.0 == last) {
        return Some((Asks::Made, what));
    }
    if last == "key" && NETWORKS.contains(&before().as_str()) {
        return Some((Asks::Chosen, "password"));
    }
    let is_key = last == "key" && KEYS.contains(&before().as_str())
        || word == "api-schlüssel"
        || word == "clé"
        || word == "chiave";
    is_key.then_some((Asks::Made, "API key"))
}

/// The word before `at`, in small letters, with the comma behind it.
fn before(text: &str, at: usize) -> String {
    let start = text.floor_char_boundary(at.saturating_sub(24));
    text[start..at]
        .trim_end_matches([' ', '\t'])
        .rsplit([' ', '\t', '\n', '"', '('])
        .next()
        .unwrap_or_default()
        .to_lowercase()
}

/// What is behind `is`, with which `behind` begins.
fn after_is(behind: &str) -> Option<&str> {
    BETWEEN.iter().find_map(|it| {
        behind.strip_prefix(it).filter(|rest| !it.ends_with(char::is_alphabetic) || rest.starts_with([' ', '\t', ':']))
    })
}

/// What is behind `for the wifi is`, with which `behind` begins: a few words of one clause.
fn after_thing(behind: &str) -> Option<&str> {
    let mut rest = behind;
    for at in 0..MOST_WORDS {
        let length = rest.bytes().take(MAX_VALUE_BYTES).position(|it| it == b' ' || it == b'\n')?;
        let word = &rest[..length];
        let is_over = word.ends_with(['.', ',', ';', '!', '?']) || rest[length..].starts_with('\n');
        let begins = OF.contains(&word.trim_end_matches(':').to_lowercase().as_str()) || word.starts_with('(');
        if is_over || at == 0 && !begins {
            return None;
        }
        rest = rest[length..].trim_start_matches(' ');
        if let Some(found) = word.ends_with(':').then_some(rest).or_else(|| after_is(rest)) {
            return Some(found);
        }
    }
    None
}

/// Where in `text` the password stands with which its end `rest` begins.
fn value(text: &str, rest: &str, asks: Asks, least: usize) -> Option<Range<usize>> {
    let value = rest.trim_start_matches([' ', '\t', ':', '"', '`', '\'', '*', '“', '„', '«']);
    let value = super::unescaped(value);
    let at = text.len() - value.len();
    let length = value
        .char_indices()
        .take(MAX_VALUE_BYTES)
        .find(|(_, it)| it.is_whitespace() || "\"`,;<>(){}[]|“”»。、，です".contains(*it))
        .map_or(value.len(), |(at, _)| at);
    if length > MAX_VALUE_BYTES {
        return None;
    }
    let secret = value[..length].trim_end_matches(['.', '\'', '*', '?']);
    let tail = value[secret.len()..].trim_start_matches(['"', '`', '\'', '*', '”', '“', '»']);
    // Bounded, or a text without a space would be read again for each of its names.
    let next = tail[..tail.floor_char_boundary(MAX_VALUE_BYTES)].split_whitespace().next().unwrap_or_default();
    let is_over = asks == Asks::Typed
        || tail.is_empty()
        || tail.starts_with(['.', ',', ';', '!', '?', ')', '\n', '\r', '。', '、', '，', 'で'])
        || next.starts_with("です")
        || ["and", "but", "for", "on", "at", "in", "und", "für", "et", "y", "or", "(", "-", "–"].contains(&next);
    let letters = secret.chars().any(char::is_alphabetic);
    let digits = secret.chars().filter(char::is_ascii_digit).count();
    let signs = secret.contains(SIGNS);
    let count = secret.chars().count();
    let looks = match (letters, digits > 0) {
        // No key is shorter.
        _ if asks == Asks::Made => count >= 16 && is_random(secret),
        (true, true) => count >= least,
        (true, false) => signs && count >= 8,
        // The keys of routers have twenty.
        (false, _) if asks == Asks::Pin && is_day(secret) => false,
        (false, _) => digits == count && (digits >= 6 || asks == Asks::Pin && digits >= 4) && digits <= 20,
    };
    // `password = user.password_v1` is a name in a program.
    let is_path = secret.rsplit_once('.').is_some_and(|(_, it)| it.to_lowercase().starts_with("password"));
    let is_code = secret.contains("::")
        || is_path
        || secret.contains('/') && asks != Asks::Made
        || tail.starts_with(['(', '[', '{', '<'])
        || secret.starts_with(['$', '%', '.', '/']);
    (looks && is_over && !is_code && !is_placeholder(secret) && !is_uuid(secret)).then(|| at..at + secret.len())
}

/// Words that stand for a password, and names of what it is kept by, before their number.
const PLACEHOLDERS: &[&str] = &["password", "passwort", "changeme", "example", "secret", "redacted", "xxxx", "your"];
const SCHEMES: &[&str] = &["bcrypt", "scrypt", "sha", "scram-sha", "argon", "utf", "base"];

/// Whether `value` says that a password stands there, and is none: `your_password1`, `SHA-256`. People put such words into
/// real ones, too (`hunter2secret`): those have letters and digits besides.
fn is_placeholder(value: &str) -> bool {
    let low = value.to_lowercase();
    let rest = PLACEHOLDERS.iter().fold(low.clone(), |it, word| it.replace(word, ""));
    let has = |kind: fn(&char) -> bool| rest.chars().any(|it| kind(&it));
    let stands_for = rest.len() < low.len() && !(has(|it| it.is_alphabetic()) && has(char::is_ascii_digit));
    let numbered = |it: &str| it.trim_start_matches(['-', '_', 'i', 'd']).starts_with(|it: char| it.is_ascii_digit());
    stands_for || SCHEMES.iter().filter_map(|it| low.strip_prefix(it)).any(numbered)
}

/// Whether eight digits are a day of our time: `20260304`.
fn is_day(digits: &str) -> bool {
    let part = |range: Range<usize>| digits.get(range).and_then(|it| it.parse::<u8>().ok()).unwrap_or_default();
    digits.len() == 8 && digits.starts_with("20") && (1..=12).contains(&part(4..6)) && (1..=31).contains(&part(6..8))
}
