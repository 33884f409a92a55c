//! Why a file is left out of the index, and what its name alone says about that.

use std::fmt;

use super::language::Language;
use super::roots::is_private;

/// Why a file or folder was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    Binary,
    /// By its name, or because it holds a private key.
    Secret,
    TooLarge,
    Generated,
    /// A folder of what others wrote or a tool put there; one entry stands for all below it.
    Vendored,
    Unreadable,
    NotUtf8,
    /// A link to inside of the walked folder, where its target is met anyway.
    Symlink,
    SymlinkOutside,
    SpecialFile,
    PathNotText,
    /// A folder that another file system is mounted on.
    OtherFilesystem,
    /// A folder of keys or of a browser.
    Private,
    Empty,
    /// A document that is not what its name says, or that its reader cannot make out.
    Damaged,
    /// A document that unpacks to far more than it has.
    Unpacks,
    /// A document that takes too long to read.
    TooSlow,
    /// It was there when the folder was listed and is no more.
    Gone,
}

impl SkipReason {
    /// The word for programs: stable, lower case with underscores.
    pub fn name(self) -> &'static str {
        match self {
            SkipReason::Binary => "binary",
            SkipReason::Secret => "secret",
            SkipReason::TooLarge => "too_large",
            SkipReason::Generated => "generated",
            SkipReason::Vendored => "vendored",
            SkipReason::Unreadable => "unreadable",
            SkipReason::NotUtf8 => "not_utf8",
            SkipReason::Symlink => "symlink",
            SkipReason::SymlinkOutside => "symlink_outside",
            SkipReason::SpecialFile => "special_file",
            SkipReason::PathNotText => "path_not_utf8",
            SkipReason::OtherFilesystem => "other_filesystem",
            SkipReason::Private => "private",
            SkipReason::Empty => "empty",
            SkipReason::Damaged => "damaged",
            SkipReason::Unpacks => "unpacks",
            SkipReason::TooSlow => "too_slow",
            SkipReason::Gone => "gone",
        }
    }

    /// The reason in words, to stand behind the path.
    pub fn text(self) -> &'static str {
        match self {
            SkipReason::Binary => "not a text",
            SkipReason::Secret => "may hold a secret",
            SkipReason::TooLarge => "larger than the limit",
            SkipReason::Generated => "generated or minified",
            SkipReason::Vendored => "third-party code or the output of a tool",
            SkipReason::Unreadable => "cannot be read",
            SkipReason::NotUtf8 => "in an encoding that is not known",
            SkipReason::Symlink => "a link to a file that is indexed under its own path",
            SkipReason::SymlinkOutside => "a link to outside of the indexed folder, or to nothing",
            SkipReason::SpecialFile => "a pipe, socket or device",
            SkipReason::PathNotText => "its name is not UTF-8 or holds control characters",
            SkipReason::OtherFilesystem => "another file system is mounted there; index it by its own path",
            SkipReason::Private => "a folder of keys or of a browser",
            SkipReason::Empty => "empty, or without any text",
            SkipReason::Damaged => "not a document that can be read",
            SkipReason::Unpacks => "unpacks to far more than it has",
            SkipReason::TooSlow => "takes too long to read",
            SkipReason::Gone => "removed while it was indexed",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why the file called `name` is left out without being opened.
pub(super) fn file_by_name(name: &str) -> Option<SkipReason> {
    let name = name.to_lowercase();
    if is_secret(&name) {
        Some(SkipReason::Secret)
    } else if is_generated(&name) {
        Some(SkipReason::Generated)
    } else if extension(&name).is_some_and(|it| BINARY.contains(&it)) {
        Some(SkipReason::Binary)
    } else {
        None
    }
}

/// Whether the names in `path`, relative to a workspace's root, keep it out of every index.
pub(super) fn is_left_out(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    file_by_name(name).is_some()
        || is_hidden_file(name)
        || folders.split('/').any(|it| is_vendored(it) || is_hidden_folder(it))
        || is_private(std::path::Path::new(path))
}

/// Whether a folder called `name` holds what others wrote or a tool put there.
pub(super) fn is_vendored(name: &str) -> bool {
    let name = name.to_lowercase();
    VENDORED.contains(&name.as_str()) || name.ends_with(".egg-info") || name.ends_with(".xcassets")
}

/// Whether an ignored folder called `name` is worth a word: people look for what was built there.
pub(super) fn is_build_output(name: &str) -> bool {
    ["target", "dist", "build", "out", "coverage", "_build", "bin", "obj", "public", "site", ".output"].contains(&name)
}

/// Whether a file whose name starts with a dot is walked over.
///
/// Settings that a team keeps in its repository are worth finding; what a tool or a shell left there is not.
pub(super) fn is_hidden_file(name: &str) -> bool {
    const WORTHLESS: &[&str] = &[".ds_store", ".gitkeep", ".keep", ".gitattributes", ".gitmodules", ".localized"];
    let lower = name.to_lowercase();
    let known = Language::of(std::path::Path::new(&lower), "") != Language::TEXT;
    let is_rule_file =
        [".cursorrules", ".windsurfrules", ".clinerules", ".tool-versions", ".mailmap"].contains(&&*lower);
    lower.starts_with('.') && (WORTHLESS.contains(&&*lower) || !(known || is_rule_file))
}

/// Whether a folder whose name starts with a dot is walked over; see [`is_hidden_file`].
pub(super) fn is_hidden_folder(name: &str) -> bool {
    const WALKED: &[&str] = &[
        ".github",
        ".gitlab",
        ".gitea",
        ".forgejo",
        ".ci",
        ".circleci",
        ".buildkite",
        ".woodpecker",
        ".azure-pipelines",
        ".cargo",
        ".config",
        ".devcontainer",
        ".vscode",
        ".husky",
        ".storybook",
        ".changeset",
        ".claude",
        ".cursor",
        ".windsurf",
        ".agents",
        ".codex",
        ".gemini",
        ".well-known",
        ".vitepress",
        ".vuepress",
        ".mvn",
        ".reuse",
    ];
    name.starts_with('.') && !WALKED.contains(&name)
}

fn extension(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, it)| it)
}

fn is_secret(name: &str) -> bool {
    const NAMES: &[&str] = &[
        ".npmrc",
        ".netrc",
        "_netrc",
        ".pypirc",
        ".htpasswd",
        ".pgpass",
        ".my.cnf",
        ".git-credentials",
        ".boto",
        ".s3cfg",
        ".vault-token",
        ".dockercfg",
        ".dockerconfigjson",
        ".envrc",
        ".terraformrc",
        "credentials",
        "credentials.json",
        "credentials.toml",
        "credentials.yml",
        "credentials.yaml",
        "credentials.xml",
        "client_secret.json",
        "secrets.json",
        "secrets.yml",
        "secrets.yaml",
        "secrets.toml",
        "secrets.env",
        "terraform.tfstate",
        "terraform.tfstate.backup",
        "master.key",
        "kubeconfig",
        "keystore",
        "wallet.dat",
        "htpasswd",
        "id_rsa",
        "id_dsa",
        "id_ecdsa",
        "id_ed25519",
        "id_ecdsa_sk",
        "id_ed25519_sk",
        "google-services.json",
        "local.settings.json",
        ".yarnrc",
        // They are written for passwords; most lines of them are nothing else.
        "wp-config.php",
        "key.properties",
        "keystore.properties",
        "sftp.json",
        "sftp-config.json",
        "arduino_secrets.h",
        "rclone.conf",
        "pgpass.conf",
        "netrc",
        "sitemanager.xml",
    ];
    const EXTENSIONS: &[&str] = &[
        "pem",
        "key",
        "p12",
        "pfx",
        "jks",
        "keystore",
        "kdbx",
        "kdb",
        "ppk",
        "asc_key",
        "tfstate",
        "ovpn",
        "keychain",
        "keychain-db",
        "gpg",
        "pgp",
        "p8",
        "agekey",
        "mobileprovision",
        "tfvars",
    ];
    // `.env`, `.env.production`, `prod.env`; those made to be copied are not secret.
    let is_example = ["example", "sample", "template", "dist", "defaults", "schema"]
        .iter()
        .any(|it| name.split(['.', '-', '_']).any(|part| part == *it));
    let is_env = name == ".env" || name.starts_with(".env.") || name.starts_with(".env-") || name.ends_with(".env");
    if is_example && (is_env || !name.contains("id_")) {
        return false;
    }
    is_env
        || NAMES.contains(&name)
        || extension(name).is_some_and(|it| EXTENSIONS.contains(&it))
        || (name.ends_with(".json")
            && ["service-account", "service_account", "serviceaccount", "client_secret_", "firebase-adminsdk"]
                .iter()
                .any(|it| name.contains(it)))
}

fn is_generated(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "cargo.lock",
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "bun.lock",
        "poetry.lock",
        "pdm.lock",
        "uv.lock",
        "pipfile.lock",
        "composer.lock",
        "gemfile.lock",
        "go.sum",
        "go.work.sum",
        "flake.lock",
        "mix.lock",
        "pubspec.lock",
        "packages.lock.json",
        "paket.lock",
        "podfile.lock",
        "package.resolved",
        "gradle.lockfile",
        "deno.lock",
        "conan.lock",
        "rebar.lock",
        ".terraform.lock.hcl",
        "cartfile.resolved",
        ".pnp.cjs",
        ".pnp.loader.mjs",
    ];
    const ENDINGS: &[&str] = &[
        ".min.js",
        ".min.mjs",
        ".min.css",
        ".bundle.js",
        ".js.map",
        ".css.map",
        ".mjs.map",
        ".ts.map",
        ".cjs.map",
        ".pb.go",
        ".pb.cc",
        ".pb.h",
        "_pb2.py",
        "_pb2.pyi",
        "_pb2_grpc.py",
        "_pb.js",
        "_pb.d.ts",
        ".g.dart",
        ".freezed.dart",
        ".designer.cs",
        ".g.cs",
        ".g.i.cs",
        ".tsbuildinfo",
    ];
    NAMES.contains(&name) || ENDINGS.iter().any(|it| name.ends_with(it))
}

const VENDORED: &[&str] = &[
    "node_modules",
    "bower_components",
    "jspm_packages",
    "vendor",
    "__pycache__",
    ".venv",
    "site-packages",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".eggs",
    ".gradle",
    ".terraform",
    ".next",
    ".nuxt",
    ".svelte-kit",
    ".parcel-cache",
    ".turbo",
    ".yarn",
    ".pnpm-store",
    ".bundle",
    ".dart_tool",
    "pods",
    "deriveddata",
    "elm-stuff",
    ".stack-work",
    "dist-newstyle",
    "zig-cache",
    ".zig-cache",
    "zig-out",
    ".ipynb_checkpoints",
];

/// What is never a text; found by name, it costs no opening.
const BINARY: &[&str] = &[
    "der",
    "crt",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "bmp",
    "ico",
    "icns",
    "webp",
    "avif",
    "heic",
    "tif",
    "tiff",
    "psd",
    "ai",
    "xcf",
    "eps",
    "mp3",
    "mp4",
    "m4a",
    "m4v",
    "mov",
    "avi",
    "mkv",
    "webm",
    "wav",
    "flac",
    "ogg",
    "opus",
    "aac",
    "zip",
    "tar",
    "gz",
    "tgz",
    "bz2",
    "xz",
    "zst",
    "lz4",
    "7z",
    "rar",
    "br",
    "jar",
    "war",
    "ear",
    "aar",
    "apk",
    "ipa",
    "deb",
    "rpm",
    "dmg",
    "iso",
    "img",
    "exe",
    "dll",
    "so",
    "dylib",
    "a",
    "o",
    "lib",
    "pdb",
    "class",
    "pyc",
    "pyo",
    "pyd",
    "wasm",
    "rlib",
    "rmeta",
    "nupkg",
    "whl",
    "egg",
    "gem",
    "crate",
    "doc",
    "xls",
    "ppt",
    "epub",
    "mobi",
    "ttf",
    "otf",
    "woff",
    "woff2",
    "eot",
    "db",
    "sqlite",
    "sqlite3",
    "db-wal",
    "db-shm",
    "mdb",
    "parquet",
    "feather",
    "arrow",
    "avro",
    "orc",
    "npy",
    "npz",
    "pkl",
    "pickle",
    "h5",
    "hdf5",
    "onnx",
    "pt",
    "pth",
    "safetensors",
    "gguf",
    "ckpt",
    "tflite",
    "bin",
    "dat",
    "dump",
    "swp",
    "blend",
    "fbx",
    "glb",
    "stl",
    "lockb",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], expected: Option<SkipReason>) {
        for name in names {
            assert_eq!(file_by_name(name), expected, "{name}");
        }
    }

    #[test]
    fn a_name_tells_a_secret() {
        check(
            &[
                ".env",
                ".ENV",
                ".env.local",
                ".env.production",
                "prod.env",
                "id_rsa",
                "id_ed25519",
                "server.pem",
                "server.key",
                "cert.P12",
                "x.pfx",
                ".npmrc",
                ".netrc",
                ".pypirc",
                "credentials",
                "passwords.kdbx",
                "my-service-account-1.json",
                "terraform.tfstate",
                "prod.tfvars",
                ".git-credentials",
                "wp-config.php",
                "key.properties",
            ],
            Some(SkipReason::Secret),
        );
        check(
            &[
                ".env.example",
                ".env.sample",
                ".env.template",
                "env.rs",
                "environment.ts",
                "id_rsa.pub",
                "keys.rs",
                "credentials.rs",
                "secrets.md",
                "monkey.txt",
                "terraform.tfvars.example",
                "example.env",
                "wp-config-sample.php",
            ],
            None,
        );
    }

    #[test]
    fn any_name_of_a_path_keeps_it_out() {
        for path in [
            ".env",
            "a/.env",
            "vendor/a.rs",
            "a/node_modules/b/c.js",
            "a/.idea/b.xml",
            "a/.ssh/b",
            "b/Cargo.lock",
            "a/.x",
        ] {
            assert!(is_left_out(path), "{path}");
        }
        for path in ["a.rs", "src/vendor.rs", ".github/a.yml", "a/b/.env.example", "Makefile"] {
            assert!(!is_left_out(path), "{path}");
        }
    }

    #[test]
    fn a_name_tells_what_nobody_wrote() {
        check(
            &["Cargo.lock", "yarn.lock", "app.min.js", "app.js.map", "x.pb.go", "x_pb2.py"],
            Some(SkipReason::Generated),
        );
        check(&["logo.PNG", "a.wasm", "x.tar.gz", "data.sqlite"], Some(SkipReason::Binary));
        check(&["lock.rs", "min.js", "map.go", "Makefile", "a", "", ".", "logo.svg"], None);
    }

    #[test]
    fn hidden_settings_of_a_team_are_walked_and_the_rest_is_not() {
        for name in
            [".gitlab-ci.yml", ".eslintrc", ".editorconfig", ".env.example", ".rustfmt.toml", ".mcp.json", "a.rs"]
        {
            assert!(!is_hidden_file(name), "{name}");
        }
        for name in [".DS_Store", ".bash_history", ".viminfo", ".gitkeep", ".coverage"] {
            assert!(is_hidden_file(name), "{name}");
        }
        assert!(is_hidden_folder(".git") && is_hidden_folder(".cache"));
        assert!(!is_hidden_folder(".github") && !is_hidden_folder("src"));
    }
}
