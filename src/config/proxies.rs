//! The proxies that the environment names, by the variables that curl and most programs read.

use super::Environment;
use super::Secret;

/// Proxies as they are named; `http` reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For http addresses. May hold a password.
    pub http: Option<Secret>,
    /// For https addresses. May hold a password.
    pub https: Option<Secret>,
    /// Hosts, domains and networks that are reached without, with commas between; `*` means all.
    pub no_proxy: String,
}

impl Proxies {
    /// Reads `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, also in small letters.
    pub(super) fn read(environment: &Environment) -> Proxies {
        let text = |names: [&str; 2]| {
            let found = names.into_iter().find_map(|it| environment.variable(it));
            found.map(|it| it.to_string_lossy().into_owned())
        };
        let all = text(["ALL_PROXY", "all_proxy"]);
        let named = |names: [&str; 2]| text(names).or_else(|| all.clone()).map(Secret::new);
        Proxies {
            http: named(["HTTP_PROXY", "http_proxy"]),
            https: named(["HTTPS_PROXY", "https_proxy"]),
            no_proxy: text(["NO_PROXY", "no_proxy"]).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_variables_are_read_and_their_passwords_hidden() {
        let environment = |variables: &[(&str, &str)]| Environment {
            variables: variables.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect(),
            ..Environment::default()
        };
        let all = Proxies::read(&environment(&[
            ("ALL_PROXY", "p:1"),
            ("https_proxy", "http://a:hunter2@p:2"),
            ("NO_PROXY", "x"),
        ]));
        assert_eq!(all.http, Some(Secret::new("p:1")));
        assert_eq!(all.https, Some(Secret::new("http://a:hunter2@p:2")));
        assert_eq!(all.no_proxy, "x");
        assert!(!format!("{all:?}").contains("hunter2"));
        assert_eq!(Proxies::read(&environment(&[("HTTP_PROXY", "")])), Proxies::default());
    }
}
