//! Says which folders may be indexed. Names of folders are compared after links were resolved.

use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

/// The folders under which a call may index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Without links, in the order given; those that do not exist are left out.
    pub roots: Vec<PathBuf>,
    /// Whether everything counts as allowed that is not private: the command line, where a person chose the path.
    pub unrestricted: bool,
}

/// Why a path may not be indexed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    pub kind: Refusal,
    /// One sentence that names the path.
    pub message: String,
    pub next_step: String,
}

/// What stands against a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Permission,
    NotFound,
}

impl Allowed {
    /// What a call over MCP may index: `working_folder` unless it is the root of the file system or `home` (a host
    /// that starts the server there chose nothing), the roots of the user and those that the client declares.
    pub fn new(
        working_folder: &Path,
        home: Option<&Path>,
        configured_roots: &[PathBuf],
        client_roots: &[PathBuf],
    ) -> Allowed {
        let real = |path: &Path| dunce::canonicalize(path).ok();
        let home = home.and_then(real);
        let working_folder = real(working_folder).filter(|it| it.parent().is_some() && Some(it) != home.as_ref());
        let named = configured_roots.iter().chain(client_roots).filter_map(|it| real(it));
        let mut roots: Vec<PathBuf> = Vec::new();
        for root in working_folder.into_iter().chain(named) {
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        Allowed { roots, unrestricted: false }
    }

    /// What the command line may index.
    pub fn everything() -> Allowed {
        Allowed { roots: Vec::new(), unrestricted: true }
    }

    /// The real path of `path`, links resolved, if it may be indexed. A relative one is taken from the process's
    /// folder.
    ///
    /// # Errors
    /// [`Refusal::Permission`] outside of the roots and in [private](is_private) folders, [`Refusal::NotFound`] for
    /// what is not there. Outside of the roots, what is there and what is not look the same.
    pub fn admit(&self, path: &Path) -> Result<PathBuf, Refused> {
        let real = match dunce::canonicalize(path) {
            Ok(real) => real,
            Err(err) => {
                return Err(match err.kind() {
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory if self.would_hold(path) => {
                        Refused {
                            kind: Refusal::NotFound,
                            message: format!("there is no file or folder {}", path.display()),
                            next_step:
                                "check the path; a relative one is taken from the folder the server was started in"
                                    .to_owned(),
                        }
                    }
                    _ if !self.would_hold(path) => self.outside(path),
                    _ => Refused {
                        kind: Refusal::Permission,
                        message: format!("cannot open {}: {err}", path.display()),
                        next_step: "give the user who runs the server access to it".to_owned(),
                    },
                });
            }
        };
        if is_private(&real) || is_private(path) {
            return Err(Refused {
                kind: Refusal::Permission,
                message: format!("{} is a folder of keys or of a browser, which is never indexed", path.display()),
                next_step: "name another folder".to_owned(),
            });
        }
        if self.unrestricted || self.roots.iter().any(|root| real.starts_with(root)) {
            Ok(real)
        } else {
            Err(self.outside(path))
        }
    }

    /// Whether a path that is not there would be allowed, judged by the nearest folder above it that is.
    fn would_hold(&self, path: &Path) -> bool {
        // Components that go up behind a missing folder cannot be judged.
        if self.unrestricted || path.components().any(|it| it == Component::ParentDir) {
            return self.unrestricted;
        }
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let above = absolute.ancestors().skip(1).find_map(|it| dunce::canonicalize(it).ok());
        above.is_some_and(|real| self.roots.iter().any(|root| real.starts_with(root)))
    }

    fn outside(&self, path: &Path) -> Refused {
        let roots: Vec<String> = self.roots.iter().map(|it| it.display().to_string()).collect();
        let allowed =
            if roots.is_empty() { "no folder is".to_owned() } else { format!("allowed: {}", roots.join(", ")) };
        Refused {
            kind: Refusal::Permission,
            message: format!("{} is not under a folder that may be indexed ({allowed})", path.display()),
            next_step: "start the server with --root DIR, set CARRYALL_ROOTS, or add it to `roots` in the user file"
                .to_owned(),
        }
    }
}

/// Whether `path` is, or lies in, a folder of keys or of a browser.
///
/// By the names of its components, in any case, wherever they stand: a copy of a home folder is as private as the
/// home folder.
pub fn is_private(path: &Path) -> bool {
    let names: Vec<String> = path.components().map(|it| it.as_os_str().to_string_lossy().to_lowercase()).collect();
    PRIVATE.iter().any(|private| {
        let parts: Vec<&str> = private.split('/').collect();
        names.windows(parts.len()).any(|window| {
            window.iter().zip(&parts).all(|(name, part)| match part.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => name == part,
            })
        })
    })
}

/// Lower case; `*` at the end of a part stands for anything.
/// Source: the vendors' documents on where profiles and credentials are kept, 2026-11.
const PRIVATE: &[&str] = &[
    // Keys and credentials.
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".kube",
    ".docker",
    ".password-store",
    ".gcloud",
    ".oci",
    ".config/gcloud",
    ".config/gh",
    ".config/op",
    ".config/1password",
    ".config/sops",
    ".config/keybase",
    ".config/doctl",
    ".local/share/keyrings",
    ".local/share/kwalletd*",
    ".local/share/containers/auth*",
    ".gnome2/keyrings",
    ".electrum",
    ".bitcoin",
    ".ethereum",
    "library/keychains",
    "library/group containers/2bua8c4s2c.com.1password*",
    "library/application support/1password*",
    "library/application support/bitwarden*",
    "appdata/roaming/microsoft/credentials",
    "appdata/roaming/microsoft/crypto",
    "appdata/roaming/microsoft/protect",
    "appdata/roaming/microsoft/vault",
    "appdata/roaming/gnupg",
    "appdata/local/microsoft/credentials",
    "appdata/local/microsoft/vault",
    // Browsers and mail.
    ".mozilla",
    ".librewolf",
    ".thunderbird",
    ".config/google-chrome*",
    "config/google-chrome*",
    ".config/chromium*",
    "config/chromium*",
    ".config/bravesoftware",
    "config/bravesoftware",
    ".config/microsoft-edge*",
    ".config/vivaldi*",
    ".config/opera*",
    "library/safari",
    "library/cookies",
    "library/messages",
    "library/mail",
    "library/application support/google/chrome*",
    "library/application support/chromium",
    "library/application support/bravesoftware",
    "library/application support/firefox",
    "library/application support/microsoft edge*",
    "library/application support/vivaldi",
    "library/application support/arc",
    "library/application support/com.operasoftware.*",
    "library/application support/thunderbird",
    "appdata/local/google/chrome*",
    "appdata/local/chromium",
    "appdata/local/bravesoftware",
    "appdata/local/microsoft/edge*",
    "appdata/local/vivaldi",
    "appdata/roaming/mozilla",
    "appdata/roaming/thunderbird",
    "appdata/roaming/opera software",
];

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_what_lies_under_a_root_is_admitted() {
        let dir = tempfile::tempdir().unwrap();
        let base = dunce::canonicalize(dir.path()).unwrap();
        for folder in ["work/src", "workshop", "other", "declared"] {
            fs::create_dir_all(base.join(folder)).unwrap();
        }
        let allowed = Allowed::new(
            &base.join("work"),
            Some(&base),
            &[base.join("other"), base.join("missing"), base.join("work")],
            &[base.join("declared")],
        );
        assert_eq!(allowed.roots, [base.join("work"), base.join("other"), base.join("declared")]);
        assert_eq!(allowed.admit(&base.join("work/src/../src")), Ok(base.join("work/src")));
        assert_eq!(allowed.admit(&base.join("declared")), Ok(base.join("declared")));
        let kind = |path: &str| allowed.admit(&base.join(path)).unwrap_err().kind;
        assert_eq!(kind("workshop"), Refusal::Permission);
        assert_eq!(kind("work/../workshop"), Refusal::Permission);
        assert_eq!(kind("work/none"), Refusal::NotFound);
        // Whether it exists outside is nobody's business.
        assert_eq!(kind("workshop/none"), Refusal::Permission);
        assert_eq!(kind("work/../none"), Refusal::Permission);
        let refused = allowed.admit(&base).unwrap_err();
        assert!(refused.next_step.contains("--root") && refused.message.contains(&*base.to_string_lossy()));
        assert!(Allowed::everything().admit(&base.join("workshop")).is_ok());
    }

    #[test]
    fn the_home_folder_and_the_root_are_no_working_folders() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Allowed::new(dir.path(), Some(dir.path()), &[], &[]).roots.is_empty());
        assert!(Allowed::new(Path::new("/"), None, &[], &[]).roots.is_empty());
        // Named by the user, it is meant.
        assert_eq!(Allowed::new(Path::new("/"), Some(dir.path()), &[dir.path().to_owned()], &[]).roots.len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_does_not_lead_out() {
        let dir = tempfile::tempdir().unwrap();
        let base = dunce::canonicalize(dir.path()).unwrap();
        fs::create_dir_all(base.join("work")).unwrap();
        fs::create_dir_all(base.join("out/.ssh")).unwrap();
        std::os::unix::fs::symlink(base.join("out"), base.join("work/link")).unwrap();
        std::os::unix::fs::symlink(base.join("out/.ssh"), base.join("work/plain")).unwrap();
        let allowed = Allowed::new(&base.join("work"), None, &[], &[]);
        assert_eq!(allowed.admit(&base.join("work/link")).unwrap_err().kind, Refusal::Permission);
        assert_eq!(allowed.admit(&base.join("work/link/none")).unwrap_err().kind, Refusal::Permission);
        assert_eq!(Allowed::everything().admit(&base.join("work/plain")).unwrap_err().kind, Refusal::Permission);
    }

    #[test]
    fn folders_of_keys_and_browsers_are_private_wherever_they_are() {
        for path in [
            "/home/u/.ssh",
            "/home/u/.SSH/keys",
            "/w/backup/.gnupg/x",
            "/home/u/.config/google-chrome-beta/Default",
            "/Users/u/Library/Application Support/Google/Chrome",
            "/Users/u/Library/Keychains",
            "/c/Users/u/AppData/Local/BraveSoftware/x",
            "/home/u/snap/firefox/common/.mozilla/firefox",
        ] {
            assert!(is_private(Path::new(path)), "{path}");
        }
        for path in ["/home/u/ssh", "/w/src/chrome", "/home/u/.config/app", "/w/docs/keychains", "/", ""] {
            assert!(!is_private(Path::new(path)), "{path}");
        }
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".aws")).unwrap();
        for allowed in [Allowed::everything(), Allowed::new(dir.path(), None, &[], &[])] {
            assert_eq!(allowed.admit(&dir.path().join(".aws")).unwrap_err().kind, Refusal::Permission);
        }
    }
}
