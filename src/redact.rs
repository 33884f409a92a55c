//! Finds keys, tokens and passwords in a text and takes them out, before it is stored or shown.
//!
//! It leaves alone what only looks random (hashes, UUIDs, images in Base64): a text full of holes is of no use, and
//! nobody trusts a mark that is wrong half of the time. So a value needs either the form that its maker gave it or a name
//! such as `password` in front of it.

mod json;
mod program;
mod told;
mod typed;

use std::ops::Range;

pub use json::redact_json;
pub use json::redact_json_text;

use program::in_program;
use told::given_as;
use told::told;
use typed::discord;
use typed::typed;
use typed::without_user;

/// Something that was taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redaction {
    /// What it was, as `[redacted: …]` in the text says it.
    pub what: &'static str,
}

/// The text without its secrets, and what they were, in their order. Costs time in proportion to the text.
pub fn redact(text: &str) -> (String, Vec<Redaction>) {
    let secrets = secrets(text);
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for (range, what) in &secrets {
        kept.push_str(&text[from..range.start]);
        kept.push_str("[redacted: ");
        kept.push_str(what);
        kept.push(']');
        from = range.end;
    }
    kept.push_str(&text[from..]);
    (kept, secrets.into_iter().map(|(_, what)| Redaction { what }).collect())
}

/// What a file says as it is shown: without its secrets, and every line where it was. Card numbers stay: in programs most that
/// look like one are other numbers. Of 9.5 million lines of others' programs it changes 86, of which 5 held no secret
/// (2026-11-28). Costs time in proportion to the text.
pub fn shown(text: String) -> String {
    let found = secrets(&text);
    let mut secrets = found.into_iter().filter(|it| it.1 != CARD_NUMBER).peekable();
    if secrets.peek().is_none() {
        return text;
    }
    let mut shown = String::with_capacity(text.len());
    let mut from = 0;
    for (range, what) in secrets {
        shown.push_str(&text[from..range.start]);
        shown.push_str(&format!("[redacted: {what}]"));
        shown.extend(text[range.clone()].chars().filter(|it| *it == '\n'));
        from = range.end;
    }
    shown + &text[from..]
}

/// The first `limit` characters of `text` without its secrets: none is cut in half, so that no form tells it any more.
/// Costs time in proportion to `limit`.
pub fn beginning(text: &str, limit: usize) -> String {
    // A private key of 8,192 bits has some 6,400 characters, and a mark in its place is short.
    let looked_at = limit.saturating_mul(4).saturating_add(16_384);
    let part = match text.char_indices().nth(looked_at) {
        None => text,
        // Where the looking ends there may be half a secret: its word is left out.
        Some((end, _)) => text[..end].rsplit_once(char::is_whitespace).map_or("", |it| it.0),
    };
    let clean = redact(part).0;
    match clean.char_indices().nth(limit) {
        Some((end, _)) => clean[..end].to_owned(),
        None => clean,
    }
}

const CARD_NUMBER: &str = "card number";

/// Whether there is a private key in `text`, not just talk of one.
pub fn holds_private_key(text: &str) -> bool {
    !private_keys(text).is_empty()
}

/// Where the secrets are, in order and apart from each other.
fn secrets(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let mut blocks = private_keys(text).into_iter().peekable();
    let mut found: Vec<(Range<usize>, &'static str)> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        while blocks.peek().is_some_and(|it| it.start < at) {
            blocks.next();
        }
        if let Some(block) = blocks.next_if(|it| it.start == at) {
            at = block.end;
            found.push((block, "private key"));
            continue;
        }
        let mut end = at + word_length(&text[at..]);
        if end == at {
            if text.as_bytes()[at].is_ascii() && text.as_bytes()[at] != b':' {
                at += 1;
                continue;
            }
            // Words of other scripts: only the few for a password matter.
            let is_start = text[at..].starts_with(|it: char| it.is_alphabetic());
            let secret = if is_start { told(text, at..at) } else { without_user(text, at) };
            if let Some((range, what)) = secret {
                at = range.end;
                found.push((range, what));
                continue;
            }
            at += text[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        // A block may start within a word: `\n-----BEGIN` has an `n` in front.
        end = blocks.peek().map_or(end, |block| end.min(block.start));
        // `\nghp_…` as it stands in JSON.
        let is_escaped = text[..at].ends_with('\\') && text[at..].starts_with(['n', 'r', 't']) && end > at + 1;
        let start = at + usize::from(is_escaped);
        let secret = issued(text, start, end)
            .or_else(|| assigned(text, start..end))
            .or_else(|| in_url(text, start..end))
            .or_else(|| in_program(text, start..end))
            .or_else(|| typed(text, start..end))
            .or_else(|| told(text, start..end))
            .or_else(|| given_as(text, start));
        match secret {
            Some((range, what)) => {
                at = range.end;
                found.push((range, what));
            }
            None => at = end,
        }
    }
    found
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn word_length(text: &str) -> usize {
    text.bytes().take_while(|it| is_word(*it)).count()
}

/// A secret whose maker gave it a prefix.
struct Form {
    prefix: &'static str,
    /// How many characters follow.
    length: Range<usize>,
    what: &'static str,
}

const fn form(prefix: &'static str, min: usize, max: usize, what: &'static str) -> Form {
    Form { prefix, length: min..max + 1, what }
}

/// The longer prefix comes first. Source: the makers' documents and the pattern list of GitHub's secret scanning, 2026-11.
const FORMS: &[Form] = &[
    form("AKIA", 16, 16, "AWS access key"),
    form("ASIA", 16, 16, "AWS access key"),
    form("ABIA", 16, 16, "AWS access key"),
    form("github_pat_", 40, 255, "GitHub token"),
    form("ghp_", 36, 255, "GitHub token"),
    form("gho_", 36, 255, "GitHub token"),
    form("ghu_", 36, 255, "GitHub token"),
    form("ghs_", 36, 255, "GitHub token"),
    form("ghr_", 36, 255, "GitHub token"),
    form("glpat-", 20, 255, "GitLab token"),
    form("sk-ant-", 20, 255, "Anthropic key"),
    form("sk-or-v1-", 32, 255, "OpenRouter key"),
    form("sk-", 20, 255, "OpenAI key"),
    form("sk_live_", 16, 255, "Stripe key"),
    form("sk_test_", 16, 255, "Stripe key"),
    form("rk_live_", 16, 255, "Stripe key"),
    form("whsec_", 24, 255, "Stripe key"),
    form("xoxb-", 20, 255, "Slack token"),
    form("xoxp-", 20, 255, "Slack token"),
    form("xoxa-", 20, 255, "Slack token"),
    form("xoxr-", 20, 255, "Slack token"),
    form("xoxs-", 20, 255, "Slack token"),
    form("xapp-", 20, 255, "Slack token"),
    form("AIza", 35, 35, "Google key"),
    form("GOCSPX-", 20, 60, "Google key"),
    form("npm_", 36, 36, "npm token"),
    form("pypi-AgEI", 50, 255, "PyPI token"),
    form("hf_", 30, 60, "Hugging Face token"),
    form("gsk_", 40, 80, "Groq key"),
    form("xai-", 60, 120, "xAI key"),
    form("dop_v1_", 64, 64, "DigitalOcean token"),
    form("shpat_", 32, 32, "Shopify token"),
    form("AGE-SECRET-KEY-1", 40, 80, "age key"),
    form("glptt-", 20, 255, "GitLab token"),
    form("gldt-", 20, 255, "GitLab token"),
    form("glrt-", 20, 255, "GitLab token"),
    form("rk_test_", 16, 255, "Stripe key"),
    form("sq0csp-", 40, 60, "Square key"),
    form("sq0atp-", 20, 60, "Square key"),
    form("r8_", 36, 42, "Replicate token"),
    form("pplx-", 40, 80, "Perplexity key"),
    form("sntrys_", 40, 255, "Sentry token"),
    form("sntryu_", 40, 255, "Sentry token"),
    form("dckr_pat_", 24, 60, "Docker token"),
    form("lin_api_", 32, 60, "Linear key"),
    form("ntn_", 40, 60, "Notion token"),
    form("figd_", 36, 80, "Figma token"),
    form("dapi", 32, 36, "Databricks token"),
    form("PMAK-", 40, 80, "Postman key"),
    form("sbp_", 40, 60, "Supabase token"),
    form("shpss_", 32, 32, "Shopify token"),
    form("shpca_", 32, 32, "Shopify token"),
    form("shppa_", 32, 32, "Shopify token"),
    form("tskey-", 20, 255, "Tailscale key"),
    form("ATATT3", 60, 255, "Atlassian token"),
    form("NRAK-", 27, 27, "New Relic key"),
    form("EAACEdEose0cBA", 20, 255, "Facebook token"),
    form("dop_v2_", 64, 64, "DigitalOcean token"),
    form("fly_", 40, 255, "Fly token"),
    form("nvapi-", 40, 120, "NVIDIA key"),
    form("AQVN", 35, 60, "Yandex key"),
    form("glsa_", 40, 60, "Grafana token"),
    form("lsv2_", 40, 80, "LangSmith key"),
    form("tvly-", 28, 60, "Tavily key"),
    form("xkeysib-", 64, 100, "Brevo key"),
    form("pul-", 40, 40, "Pulumi token"),
    form("rubygems_", 48, 48, "RubyGems key"),
    form("sgp_", 40, 80, "Sourcegraph token"),
    form("ops_eyJ", 100, 1500, "1Password token"),
    form("ATCTT3", 60, 255, "Atlassian token"),
    form("xoxc-", 20, 255, "Slack token"),
    form("CFPAT-", 40, 50, "Contentful token"),
    form("pat-na1-", 36, 36, "HubSpot token"),
    form("pat-eu1-", 36, 36, "HubSpot token"),
    form("pscale_tkn_", 30, 60, "PlanetScale token"),
    form("AKCp8", 60, 80, "JFrog key"),
    form("secret_", 43, 43, "Notion token"),
    form("phx_", 40, 50, "PostHog key"),
    form("nfp_", 36, 50, "Netlify token"),
    form("SK", 32, 32, "Twilio key"),
];

/// No secret with such a prefix has fewer characters; nearly all words have.
const SHORTEST_FORM: usize = 20;

/// A secret that is told by its own form and begins with the word at `start`.
fn issued(text: &str, start: usize, end: usize) -> Option<(Range<usize>, &'static str)> {
    let word = &text[start..end];
    if word.starts_with("eyJ") {
        return json_web_token(text, start).map(|it| (it, "JSON web token"));
    }
    if let Some(tail) = word.starts_with("SG").then(|| text[end..].strip_prefix('.')).flatten() {
        // SendGrid: `SG.` and two parts.
        let first = word_length(tail);
        let second = tail[first..].strip_prefix('.').map_or(0, word_length);
        return (word == "SG" && first >= 16 && second >= 16)
            .then(|| (start..end + 1 + first + 1 + second, "SendGrid key"));
    }
    if word == "ya29" && text[end..].starts_with('.') {
        let length = word_length(&text[end + 1..]);
        return (length >= 20).then(|| (start..end + 1 + length, "Google token"));
    }
    // Vault and Doppler: a short word, a full stop, a long one.
    if let Some((_, what)) =
        [("hvs", "Vault token"), ("hvb", "Vault token"), ("hvr", "Vault token")].iter().find(|it| it.0 == word)
        && text[end..].starts_with('.')
    {
        let length = word_length(&text[end + 1..]);
        return (length >= 24).then(|| (start..end + 1 + length, *what));
    }
    if let Some(range) = discord(text, start, end) {
        return Some((range, "Discord token"));
    }
    // A bot of Telegram: its number, a colon, 35 characters (34 in its maker's own example).
    if (8..=10).contains(&word.len()) && word.bytes().all(|it| it.is_ascii_digit()) && text[end..].starts_with(":AA") {
        let length = word_length(&text[end + 1..]);
        return (34..=36).contains(&length).then(|| (start..end + 1 + length, "Telegram token"));
    }
    if word.starts_with(|it: char| it.is_ascii_digit())
        && let Some(length) = card_number(&text[start..])
        && !text[..start].ends_with(|it: char| it.is_alphanumeric() || "+,-_/#".contains(it))
        // A number with a fraction or a version, but not a name before its dot.
        && text[..start].strip_suffix('.').is_none_or(|it| it.ends_with(char::is_alphabetic))
    {
        return Some((start..start + length, CARD_NUMBER));
    }
    if word == "webhooks" && text[..start].ends_with("/api/") {
        // Discord: a number, a stroke, and the key.
        let length = text[end..].bytes().take_while(|it| is_word(*it) || *it == b'/').count();
        return (length >= 60).then(|| (end + 1..end + length, "Discord webhook"));
    }
    if word == "services" && text[..start].ends_with("hooks.slack.com/") {
        let length = text[end..].bytes().take_while(|it| it.is_ascii_alphanumeric() || *it == b'/').count();
        return (length >= 30).then(|| (end + 1..end + length, "Slack webhook"));
    }
    let form = FORMS.iter().filter(|_| word.len() >= SHORTEST_FORM).find(|it| word.starts_with(it.prefix))?;
    let rest = &word[form.prefix.len()..];
    // Those have letters only.
    let is_face = form.prefix == "hf_"
        && rest.bytes().all(|it| it.is_ascii_alphabetic())
        && rest.bytes().any(|it| it.is_ascii_uppercase())
        && rest.bytes().any(|it| it.is_ascii_lowercase());
    // `sk-some-css-class-of-many-words` is no key: a key has digits and no words.
    (form.length.contains(&rest.len())
        && (is_random(rest) || is_upper_case_code(rest) || has_solid_part(rest) || is_face))
        .then_some((start..end, form.what))
}

/// Whether a part without hyphens is longer than words are and has letters and digits: behind the beginning of a key
/// that is a key, however regular it looks.
fn has_solid_part(rest: &str) -> bool {
    rest.split(['-', '_']).any(|part| {
        part.len() >= 20
            && part.bytes().any(|it| it.is_ascii_digit())
            && part.bytes().any(|it| it.is_ascii_alphabetic())
    })
}

/// The length of the card number that `text` begins with: digits of a known issuer, in its groups or in a row, whose
/// check digit is right.
fn card_number(text: &str) -> Option<usize> {
    let mut digits: Vec<u8> = Vec::with_capacity(19);
    let mut groups = vec![0_usize];
    let mut separator = None;
    let mut length = 0;
    for (at, it) in text.bytes().enumerate().take(24) {
        if it.is_ascii_digit() {
            digits.push(it - b'0');
            if let Some(last) = groups.last_mut() {
                *last += 1;
            }
            length = at + 1;
        } else if matches!(it, b' ' | b'-') && separator.is_none_or(|known| known == it) && at == length {
            separator = Some(it);
            groups.push(0);
        } else {
            break;
        }
    }
    groups.retain(|it| *it > 0);
    let next = text[length..].bytes().next();
    if next.is_some_and(is_word)
        || text[length..].starts_with(['.', ',']) && text[length + 1..].starts_with(|it: char| it.is_ascii_digit())
    {
        return None;
    }
    let begins = |prefix: &[u8]| digits.starts_with(prefix);
    let is_known = match digits.len() {
        15 => begins(&[3, 4]) || begins(&[3, 7]),
        16 => {
            begins(&[4])
                || begins(&[6, 0, 1, 1])
                || begins(&[6, 5])
                || begins(&[2])
                || (begins(&[5]) && (1..=5).contains(&digits[1]))
        }
        _ => false,
    };
    let is_grouped = matches!(groups.as_slice(), [15 | 16] | [4, 4, 4, 4] | [4, 6, 5]);
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match (u32::from(*digit), at % 2) {
            (digit, 0) => digit,
            (digit, _) => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    // A row of one digit is a placeholder.
    let varies = digits.iter().any(|it| *it != digits[0]);
    (is_known && is_grouped && sum.is_multiple_of(10) && varies).then_some(length)
}

/// Header and payload are objects, so both begin with `eyJ`; the signature follows.
fn json_web_token(text: &str, start: usize) -> Option<Range<usize>> {
    let header = word_length(&text[start..]);
    let payload_at = start + header + 1;
    let payload = text[start + header..].strip_prefix('.').filter(|it| it.starts_with("eyJ")).map(word_length)?;
    let signature = text[payload_at + payload..].strip_prefix('.').map_or(0, word_length);
    (header >= 10 && payload >= 10 && signature >= 10).then(|| start..payload_at + payload + 1 + signature)
}

/// The ends of names behind which a random value is a secret.
const NAMES: &[(&str, &str)] = &[
    ("password", "password"),
    ("passwd", "password"),
    ("passphrase", "password"),
    ("pwd", "password"),
    ("pass", "password"),
    ("secret", "secret"),
    ("secretkey", "secret"),
    ("secretkeybase", "secret"),
    ("encryptionkey", "secret"),
    ("signingkey", "secret"),
    ("masterkey", "secret"),
    ("appkey", "secret"),
    ("loggedinkey", "secret"),
    ("noncekey", "secret"),
    ("salt", "secret"),
    ("privatekey", "secret"),
    ("accesskey", "secret"),
    ("accountkey", "secret"),
    ("secretaccesskey", "secret"),
    ("token", "token"),
    ("apikey", "API key"),
    ("authkey", "API key"),
    ("bearer", "token"),
];

/// Longer values are no passwords; without a bound, a text of names alone would be read again for each of them.
const MAX_VALUE_BYTES: usize = 256;

/// The random value behind a name such as `DB_PASSWORD=` or `"api-key": "`, or behind `Bearer`.
fn assigned(text: &str, name: Range<usize>) -> Option<(Range<usize>, &'static str)> {
    let word = &text[name.clone()];
    // Most words have nothing behind them that gives a value; a quotation mark may be written as `&quot;`.
    let behind = text[name.end..].bytes().find(|it| !b" \t\"'`\\]".contains(it));
    let is_bearer = || {
        word.trim_end_matches(['-', '_']).to_ascii_lowercase().ends_with("bearer")
            || word == "token" && text[..name.start].ends_with("uthorization: ")
    };
    // `"AWS::ApiGateway::ApiKey": …` is a type.
    if !matches!(behind, Some(b'=' | b':' | b'&')) && !is_bearer() || text[..name.start].ends_with("::") {
        return None;
    }
    // The longest name has 15 letters; only the end of a word can match.
    let tail: String = word.chars().filter(char::is_ascii_alphanumeric).map(|it| it.to_ascii_lowercase()).collect();
    let (ending, what) = NAMES.iter().find(|(ending, _)| tail.ends_with(ending))?;
    let rest = &text[name.end..];
    let behind_name = unescaped(rest).trim_start_matches(['"', '\'', '`', '\\', ']']);
    let behind_space = behind_name.trim_start_matches([' ', '\t']);
    let value = [":=", "=>", "==", "=", ":"].iter().find_map(|it| behind_space.strip_prefix(it));
    let value = if is_bearer() { behind_space } else { value? };
    let value = value.trim_start_matches([' ', '\t']);
    let value = value.strip_prefix("Bearer ").unwrap_or(value);
    let value = unescaped(value).trim_start_matches(['"', '\'', '`', '\\']);
    let at = text.len() - value.len();
    if let Some(known) = issued(text, at, at + word_length(value)) {
        return Some(known);
    }
    let ends = |it: char| it.is_whitespace() || "\"'`\\,;<>(){}[]&|".contains(it);
    let length = value.char_indices().take(MAX_VALUE_BYTES).find(|(_, it)| ends(*it)).map_or(value.len(), |(at, _)| at);
    if length > MAX_VALUE_BYTES {
        return None;
    }
    // A call, an index, a template, a type: code that only mentions the value.
    let secret = &value[..length];
    let is_field = secret.rsplit_once('.').is_some_and(|(_, it)| it.to_ascii_lowercase().ends_with(ending));
    // The name of a key at Amazon says where it is.
    let is_name = secret.starts_with("arn:");
    let is_code = value[length..].starts_with(['(', '[', '{', '<']) || secret.contains("::") || is_field || is_name;
    let min = if *ending == "bearer" { 20 } else { 8 };
    (length >= min && !is_code && !is_uuid(secret) && !secret.starts_with(['$', '%', '/', '.']) && is_random(secret))
        .then(|| (at..at + length, *what))
}

/// Past a quotation mark as XML and HTML write it.
fn unescaped(text: &str) -> &str {
    ["&quot;", "&#39;", "&apos;"].iter().find_map(|it| text.strip_prefix(it)).unwrap_or(text)
}

/// The password of `scheme://user:password@host`; `word` is the user.
fn in_url(text: &str, word: Range<usize>) -> Option<(Range<usize>, &'static str)> {
    if !text[..word.start].ends_with("://") {
        return None;
    }
    let length = password_of_url(text[word.end..].strip_prefix(':')?)?;
    Some((word.end + 1..word.end + 1 + length, "password"))
}

/// What stands where a password belongs, in explanations.
const PLACEHOLDERS: &[&str] = &["password", "pass", "passwd", "secret", "pwd", "changeme", "example", "pw", "token"];

/// How long the password is that stands before the `@` of an address.
fn password_of_url(password: &str) -> Option<usize> {
    let length = password.bytes().take(256).position(|it| !is_word(it) && !b"!$%^*+=.,~".contains(&it))?;
    let value = &password[..length];
    let is_placeholder =
        PLACEHOLDERS.contains(&value.to_ascii_lowercase().as_str()) || value.starts_with(['$', '%', '*']);
    (length >= 4 && password[length..].starts_with('@') && !is_placeholder).then_some(length)
}

/// Whether `value` was rolled rather than written: letters and digits that change places at every turn. Words, also
/// those run together as in `nextPageToken2`, keep to one kind for longer.
fn is_random(value: &str) -> bool {
    let mut runs = 0_usize;
    let mut letters = 0_usize;
    let mut last = ' ';
    let mut digits = 0_usize;
    for it in value.chars() {
        if it.is_ascii_digit() {
            digits += 1;
        } else if it.is_alphabetic() {
            letters += 1;
            // `Word` is one run; `wORD` is two.
            let goes_on = last.is_alphabetic() && (last.is_uppercase() || it.is_lowercase());
            runs += usize::from(!goes_on);
        }
        last = it;
    }
    // Dates, versions and numbers have no letters; words none between digits.
    let rolled = digits > 0 && letters > 1 && letters < 3 * runs;
    rolled || value.split(|it: char| !it.is_ascii() || !is_base64(it as u8)).any(is_unspeakable)
}

/// Whether the words of a long value, each begun by a capital, have fewer than 2.6 letters, or nobody could say a third of
/// its letters: five consonants and more in a row. Keys of 62 signs have so few digits that their letters may look like words
/// run together.
fn is_unspeakable(value: &str) -> bool {
    let count = |wanted: fn(&u8) -> bool| value.bytes().filter(wanted).count();
    let (letters, capitals) = (count(u8::is_ascii_alphabetic), count(u8::is_ascii_uppercase));
    if value.len() < 20 || capitals == 0 || capitals == letters || count(u8::is_ascii_digit) == 0 {
        return false;
    }
    let runs = value.split(|it: char| !it.is_ascii_alphabetic() || "aeiouAEIOU".contains(it)).map(str::len);
    let unspoken: usize = runs.filter(|it| *it >= 5).sum();
    unspoken * 3 >= letters || letters * 5 < capitals * 13
}

/// Whether `value` is capitals and digits only, as the identifiers of AWS are.
fn is_upper_case_code(value: &str) -> bool {
    value.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit())
        && value.bytes().any(|it| it.is_ascii_digit())
}

fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(at, it)| match at {
            8 | 13 | 18 | 23 => it == b'-',
            _ => it.is_ascii_hexdigit(),
        })
}

/// The blocks of private keys in PEM form, real ones: a marker needs a key behind it.
fn private_keys(text: &str) -> Vec<Range<usize>> {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END ";
    /// As many characters of Base64 in a row as no sentence has.
    const KEY_LENGTH: usize = 40;
    let starts: Vec<usize> = text.match_indices(BEGIN).map(|(at, _)| at).collect();
    let mut blocks = Vec::new();
    for (at, start) in starts.iter().enumerate() {
        let block = &text[*start..starts.get(at + 1).copied().unwrap_or(text.len())];
        let label = &block[BEGIN.len()..];
        let Some(label_end) = label.bytes().take(60).position(|it| it == b'-') else {
            continue;
        };
        if !label[..label_end].contains("PRIVATE KEY") {
            continue;
        }
        let body_at = BEGIN.len() + label_end + label[label_end..].bytes().take_while(|it| *it == b'-').count();
        let body = &block[body_at..];
        let end = match body.find(END) {
            Some(end) => {
                let tail = &body[end + END.len()..];
                let label = tail.find('-').filter(|it| *it < 60).unwrap_or(0);
                let dashes = tail[label..].bytes().take_while(|it| *it == b'-').count();
                longest_base64(&body[..end], usize::MAX)
                    .filter(|it| *it >= KEY_LENGTH)
                    .map(|_| end + END.len() + label + dashes)
            }
            // Cut off: whatever still is Base64, line by line.
            None => longest_base64(body, 1)
                .filter(|it| *it >= KEY_LENGTH)
                .map(|_| body.bytes().take_while(|it| is_base64(*it) || b"\r\n\t \\\"".contains(it)).count()),
        };
        if let Some(end) = end {
            blocks.push(*start..*start + body_at + end);
        }
    }
    blocks
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// The longest of the first `count` runs of Base64 in `body`; line ends written as `\n` separate runs.
fn longest_base64(body: &str, count: usize) -> Option<usize> {
    let body = body.trim_start_matches(['\\', 'n', 'r', '\n', '\r', ' ', '"']);
    body.split(|it: char| !it.is_ascii() || !is_base64(it as u8))
        .filter(|it| !it.is_empty())
        .take(count)
        .map(str::len)
        .max()
}

#[cfg(test)]
mod tests;
