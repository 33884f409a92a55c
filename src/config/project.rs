//! Reads `carryall.toml` in the working folder: what a workspace may ask for.
//!
//! The workspace is not trusted. Only what [`Project`] holds is taken; whatever else is in the file, or is wrong with
//! it, becomes a warning, so that no repository can keep the program from starting. The file must be a regular one: a
//! link could show foreign content in a warning, a pipe would never end.

use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use toml::de::DeTable;

use super::Project;
use super::Setting;
use super::check;
use super::check::Wrong;
use super::error::quoted;
use super::file;
use super::settings;
use super::sources::Origin;
use super::sources::Raw;
use super::sources::Shown;

/// The file's name in the working folder.
pub(super) const FILE_NAME: &str = "carryall.toml";

/// Far more than patterns need; the file is read at every start, so that must not take long.
const MAX_BYTES: u64 = 64 * 1024;

/// Patterns in one list, and characters in one of them or in a namespace.
const MAX_PATTERNS: usize = 1000;
const MAX_CHARS: usize = 1000;

/// Ignored keys that are named one by one.
const MAX_NAMED: usize = 20;

/// Reads the project file in `folder` into `project`, a line for `config show` for each of its settings, and warnings.
pub(super) fn read(folder: &Path, shown: &mut Vec<Shown>, warnings: &mut Vec<String>) -> Project {
    let path = folder.join(FILE_NAME);
    let about = |reason: &str| format!("the project file {} is ignored: {reason}", path.display());
    let text = match open(&path).and_then(|file| file::read_bounded(file, MAX_BYTES)) {
        Ok(text) => text,
        Err(err) => {
            if err.kind() != io::ErrorKind::NotFound {
                warnings.push(about(&err.to_string()));
            }
            String::new()
        }
    };
    let table = file::parse(&text).unwrap_or_else(|(line, reason)| {
        let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
        warnings.push(about(&format!("{reason}{line}")));
        DeTable::default()
    });
    Reading { path: &path, table: &table, shown, warnings }.all()
}

/// Opens the file without following a link and without waiting for the other end of a pipe.
fn open(path: &Path) -> io::Result<File> {
    let link = || io::Error::new(io::ErrorKind::InvalidInput, "it is a symbolic link");
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    #[cfg(not(unix))]
    if std::fs::symlink_metadata(path)?.is_symlink() {
        return Err(link());
    }
    let file = options.open(path).map_err(|err| if path.is_symlink() { link() } else { err })?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    Ok(file)
}

struct Reading<'a> {
    path: &'a Path,
    table: &'a DeTable<'a>,
    shown: &'a mut Vec<Shown>,
    warnings: &'a mut Vec<String>,
}

impl Reading<'_> {
    fn all(mut self) -> Project {
        let join = |it: &Vec<String>| it.join(", ");
        let project = Project {
            include: self.one(&settings::INCLUDE, patterns, join).unwrap_or_default(),
            exclude: self.one(&settings::EXCLUDE, patterns, join).unwrap_or_default(),
            budget_tokens: self.one(&settings::BUDGET_TOKENS, |raw| check::whole(raw, 256..=200_000), u32::to_string),
            namespace: self.one(&settings::NAMESPACE, namespace, String::clone),
        };
        self.warn_of_the_rest();
        project
    }

    /// The value of one setting; a wrong one is as good as none.
    fn one<T>(
        &mut self,
        setting: &Setting,
        check: impl Fn(&Raw<'_>) -> Result<T, Wrong>,
        show: impl Fn(&T) -> String,
    ) -> Option<T> {
        let raw = setting.key.and_then(|key| self.table.get(key)).map(|it| Raw::Toml(it.get_ref()));
        let checked = raw.and_then(|raw| match check(&raw) {
            Ok(value) => Some(value),
            Err(wrong) => {
                let value = wrong.value.unwrap_or_else(|| raw.quoted());
                let (setting, path, allowed) = (setting.name, self.path.display(), wrong.allowed);
                let text =
                    format!("`{setting}` is {value} in the project file {path} and is ignored; allowed: {allowed}");
                self.warnings.push(text);
                None
            }
        });
        let (value, origin) = match &checked {
            Some(value) => (show(value), Origin::ProjectFile(self.path.to_owned())),
            None => (setting.default.to_owned(), Origin::Default),
        };
        self.shown.push(Shown { name: setting.name.to_owned(), value, origin });
        checked
    }

    fn warn_of_the_rest(self) {
        let harmless = [settings::INCLUDE, settings::EXCLUDE, settings::BUDGET_TOKENS, settings::NAMESPACE];
        let rest: Vec<&str> = self
            .table
            .keys()
            .map(|it| it.get_ref().as_ref())
            .filter(|key| !harmless.iter().any(|it| it.key == Some(key)))
            .collect();
        if rest.is_empty() {
            return;
        }
        let mut named = rest.iter().take(MAX_NAMED).map(|it| quoted(it)).collect::<Vec<_>>().join(", ");
        if rest.len() > MAX_NAMED {
            named.push_str(&format!(" and {} more", rest.len() - MAX_NAMED));
        }
        self.warnings.push(format!(
            "{named} in the project file {} is ignored; it may set only include, exclude, budget_tokens, namespace",
            self.path.display(),
        ));
    }
}

fn patterns(raw: &Raw<'_>) -> Result<Vec<String>, Wrong> {
    let patterns = check::list(raw)?;
    let legal = |it: &String| !it.is_empty() && it.chars().count() <= MAX_CHARS && !it.chars().any(char::is_control);
    if patterns.len() > MAX_PATTERNS || !patterns.iter().all(legal) {
        let allowed = format!("up to {MAX_PATTERNS} patterns of up to {MAX_CHARS} characters, such as [\"src/**\"]");
        return Err(Wrong::allowed(allowed));
    }
    Ok(patterns)
}

fn namespace(raw: &Raw<'_>) -> Result<String, Wrong> {
    let name = check::word(raw)?;
    if name.chars().count() > MAX_CHARS {
        return Err(Wrong::allowed(format!("up to {MAX_CHARS} characters")));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read when `carryall.toml` has `content`: the project and the warnings, the folder shown as `…`.
    fn read_text(content: &[u8]) -> (Project, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE_NAME), content).unwrap();
        read_folder(folder.path())
    }

    fn read_folder(folder: &Path) -> (Project, Vec<String>) {
        let (mut shown, mut warnings) = (Vec::new(), Vec::new());
        let project = read(folder, &mut shown, &mut warnings);
        assert_eq!(shown.len(), 4);
        let folder = folder.to_str().unwrap();
        (project, warnings.into_iter().map(|it| it.replace(folder, "…")).collect())
    }

    #[test]
    fn takes_what_is_harmless() {
        let text = "include = ['src/**', '{a,b}']\nexclude = ['x']\nbudget_tokens = 0x1000\nnamespace = ' work '";
        let (project, warnings) = read_text(text.as_bytes());
        let expected = Project {
            include: vec!["src/**".to_owned(), "{a,b}".to_owned()],
            exclude: vec!["x".to_owned()],
            budget_tokens: Some(4096),
            namespace: Some("work".to_owned()),
        };
        assert_eq!(project, expected);
        assert_eq!(warnings, Vec::<String>::new());
    }

    #[test]
    fn ignores_what_is_wrong_and_says_so() {
        let text = "include = 'src'\nexclude = [1]\nbudget_tokens = 5\nnamespace = ''\n\"a\\u001b[31m\" = 1\ndb = '/x'";
        let (project, warnings) = read_text(text.as_bytes());
        assert_eq!(project, Project::default());
        insta::assert_snapshot!(warnings.join("\n"));
    }

    #[test]
    fn names_only_the_first_of_many_ignored_keys() {
        let text: String = (0..500).map(|it| format!("k{it:03} = 1\n")).collect();
        let (_, warnings) = read_text(text.as_bytes());
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].contains("\"k019\" and 480 more in"), "{}", warnings[0]);
    }

    #[test]
    fn survives_what_is_no_settings_file() {
        let deep = "a = ".to_owned() + &"[".repeat(60_000);
        let huge = vec![b'#'; MAX_BYTES as usize + 1];
        for content in [b"\xff\xfe".as_slice(), b"a = ", b"[[[", deep.as_bytes(), &huge, b"a = 1\na = 2"] {
            let (project, warnings) = read_text(content);
            assert_eq!(project, Project::default());
            assert_eq!(warnings.len(), 1);
            assert!(warnings[0].len() < 200, "{}", warnings[0]);
        }
    }

    #[cfg(unix)]
    #[test]
    fn does_not_follow_a_link_or_wait_for_a_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE_NAME);
        assert_eq!(read_folder(folder.path()), (Project::default(), Vec::new()));

        std::fs::write(folder.path().join("real"), "namespace = 'x'").unwrap();
        std::os::unix::fs::symlink("real", &file).unwrap();
        let expected = "the project file …/carryall.toml is ignored: it is a symbolic link";
        assert_eq!(read_folder(folder.path()), (Project::default(), vec![expected.to_owned()]));

        std::fs::remove_file(&file).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &file, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
        let expected = "the project file …/carryall.toml is ignored: it is not a regular file";
        assert_eq!(read_folder(folder.path()), (Project::default(), vec![expected.to_owned()]));

        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        assert_eq!(read_folder(folder.path()), (Project::default(), vec![expected.to_owned()]));
    }
}
