//! Addresses of providers: checked by hand, because nothing is sent from here and all that counts is the form.

use std::net::IpAddr;
use std::net::Ipv6Addr;

use super::check::Wrong;
use super::error::HIDDEN;

const ALLOWED: &str = "an http:// or https:// address with a host, without user name, `?` or `#`";

/// The base address in `text`, without a slash at its end.
///
/// A user name or query is refused: it could be a secret, and then the address could not be shown.
pub(super) fn base_url(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    let wrong =
        || Wrong { value: text.contains(['@', '?', '#']).then(|| HIDDEN.to_owned()), allowed: ALLOWED.to_owned() };
    let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
    let scheme = scheme.to_ascii_lowercase();
    let odd = |it: char| it.is_whitespace() || it.is_control() || "@?#\\\"<>".contains(it);
    if !matches!(scheme.as_str(), "http" | "https") || rest.contains(odd) {
        return Err(wrong());
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = split_port(authority);
    let legal_port = port.is_none_or(|it| it.parse::<u16>().is_ok_and(|it| it > 0));
    if !legal_host(host) || !legal_port {
        return Err(wrong());
    }
    Ok(format!("{scheme}://{authority}{}", path.trim_end_matches('/')))
}

/// Whether an address that `base_url` took leads to this machine itself.
pub fn is_loopback(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |it| it.1);
    let (host, _) = split_port(&rest[..rest.find('/').unwrap_or(rest.len())]);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback() || it.is_unspecified())
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        // A colon inside brackets belongs to the address.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn legal_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(|it| it.is_alphanumeric() || ".-_".contains(it)),
    }
}

/// Where Ollama listens, from `OLLAMA_HOST` as Ollama's own client reads it.
///
/// `host`, `host:port`, `:port` or an address; the port is 11434, or 80 and 443 when a scheme is given, also when it
/// is not a number. The server takes the same variable, so an address that means "every interface" becomes loopback.
/// Source: `envconfig.Host` and `ConnectableHost` in github.com/ollama/ollama, 2026-11.
pub(super) fn ollama_host(text: &str) -> Result<String, Wrong> {
    let text = text.trim().trim_matches(['"', '\'']);
    if text.contains('@') {
        // What follows would take the name for the host and the password for a port.
        return base_url(text);
    }
    let (scheme, rest, default_port) = match text.split_once("://") {
        None => ("http", text, 11434),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => ("https", rest, 443),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => ("http", rest, 80),
        Some(_) => return base_url(text),
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    // A bare IPv6 address has colons but no port.
    let (host, port) = if authority.parse::<Ipv6Addr>().is_ok() { (authority, None) } else { split_port(authority) };
    let port = port.and_then(|it| it.parse::<u16>().ok()).filter(|it| *it > 0).unwrap_or(default_port);
    let host = match host.trim_start_matches('[').trim_end_matches(']') {
        "" => "127.0.0.1".to_owned(),
        bare => match bare.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) if address.is_unspecified() => "127.0.0.1".to_owned(),
            Ok(IpAddr::V6(address)) if address.is_unspecified() => "[::1]".to_owned(),
            Ok(IpAddr::V6(address)) => format!("[{address}]"),
            _ => host.to_owned(),
        },
    };
    base_url(&format!("{scheme}://{host}:{port}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: Result<String, Wrong>, expected: Option<&str>) {
        assert_eq!(found.ok().as_deref(), expected);
    }

    #[test]
    fn takes_addresses_and_refuses_the_rest() {
        check(base_url(" https://api.openai.com/v1/ "), Some("https://api.openai.com/v1"));
        check(base_url("HTTP://localhost:1234"), Some("http://localhost:1234"));
        check(base_url("http://[::1]:8080/x//"), Some("http://[::1]:8080/x"));
        check(base_url("http://[::1]"), Some("http://[::1]"));
        for bad in [
            "",
            "api.openai.com",
            "ftp://host",
            "file:///etc/passwd",
            "http://",
            "http:///v1",
            "http://:80",
            "http://host:0",
            "http://host:99999",
            "http://host:port",
            "http://[::1",
            "http://::1",
            "http://a b",
            "http://a\n",
            "http://a/\u{7}",
        ] {
            // A newline at the end is blank space around the value.
            check(base_url(bad), (bad == "http://a\n").then_some("http://a"));
        }
    }

    #[test]
    fn hides_an_address_that_may_hold_a_secret() {
        for bad in ["http://user:hunter2@host", "https://host/v1?key=hunter2", "https://host#hunter2"] {
            let wrong = base_url(bad).unwrap_err();
            assert_eq!(wrong.value.as_deref(), Some(HIDDEN), "{bad}");
        }
    }

    #[test]
    fn reads_ollama_host_as_ollama_does() {
        for (text, expected) in [
            ("0.0.0.0", "http://127.0.0.1:11434"),
            ("0.0.0.0:8080", "http://127.0.0.1:8080"),
            ("http://0.0.0.0:11434", "http://127.0.0.1:11434"),
            ("gpu-box", "http://gpu-box:11434"),
            ("gpu-box:80", "http://gpu-box:80"),
            (":9999", "http://127.0.0.1:9999"),
            ("http://gpu-box", "http://gpu-box:80"),
            ("https://gpu-box/ollama/", "https://gpu-box:443/ollama"),
            ("gpu-box:port", "http://gpu-box:11434"),
            ("[::]:1", "http://[::1]:1"),
            ("::1", "http://[::1]:11434"),
            ("'127.0.0.1:1'", "http://127.0.0.1:1"),
        ] {
            check(ollama_host(text), Some(expected));
        }
        assert_eq!(ollama_host("user:hunter2@host").unwrap_err().value.as_deref(), Some(HIDDEN));
        check(ollama_host("ftp://host"), None);
    }
}
