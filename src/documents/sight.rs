//! Says which workspaces, and which folders of them, a question looks through.

use std::path::Path;
use std::path::PathBuf;

use super::Allowed;
use super::Documents;
use super::DocumentsError;
use super::index::relative;
use super::index::under;
use super::open::is_there;
use crate::store::GenerationRow;
use crate::trace::Call;
use crate::trace::Span;

/// Workspaces that a search looks through, each with the folders in it that are meant.
pub(super) type Sight = Vec<(GenerationRow, Vec<String>)>;

/// A folder of a workspace, where it is, and what else there is to know of the workspace.
struct Part<'a> {
    workspace: &'a GenerationRow,
    path: PathBuf,
}

impl Documents {
    /// The workspaces that the caller may see under `paths`, brought up to date; `None` when nothing is indexed.
    pub(super) async fn sight(
        &self,
        paths: &[PathBuf],
        allowed: &Allowed,
        call: &Call,
        span: &Span,
    ) -> Result<Option<Sight>, DocumentsError> {
        let workspaces = self.store.generations().await?;
        let Some(folders) = self.meant(paths, &workspaces, allowed, call).await? else { return Ok(None) };
        let visible: Vec<GenerationRow> =
            workspaces.into_iter().filter(|it| folders.iter().any(|folder| folder.0 == it.id)).collect();
        let mut has_changed = false;
        for workspace in &visible {
            match self.refresh(workspace, call).await {
                Ok(changed) => has_changed |= changed,
                // The index is as it was; a hit whose file has changed says so itself.
                Err(err) => span.note("not refreshed", err.to_string()),
            }
        }
        let newest = if has_changed { self.store.generations().await? } else { Vec::new() };
        let folders_of = |id: i64| folders.iter().filter(|it| it.0 == id).map(|it| it.1.clone()).collect();
        let sight = visible.into_iter().map(|it| {
            let newest = newest.iter().find(|newer| newer.id == it.id).cloned().unwrap_or(it);
            let folders = folders_of(newest.id);
            (newest, folders)
        });
        Ok(Some(sight.collect()))
    }

    /// The folders of workspaces that `paths` mean, of those that the caller may see, no file twice; `None` when it sees no
    /// workspace.
    pub(super) async fn meant(
        &self,
        paths: &[PathBuf],
        workspaces: &[GenerationRow],
        allowed: &Allowed,
        call: &Call,
    ) -> Result<Option<Vec<(i64, String)>>, DocumentsError> {
        let seen = self.visible(workspaces, allowed);
        // Paths are checked first: one that may not be seen is refused whether anything is indexed or not.
        let narrowed = self.narrowed(paths, workspaces, &seen, allowed)?;
        if seen.is_empty() {
            return Ok(None);
        }
        let folders = if paths.is_empty() { seen } else { narrowed };
        Ok(Some(self.once(folders, workspaces, call).await?))
    }

    /// The folders of workspaces that the caller may see: those under an allowed root, or the part of a larger one
    /// that is. A person at the command line sees the workspaces around or under the working folder, else all.
    fn visible(&self, workspaces: &[GenerationRow], allowed: &Allowed) -> Vec<(i64, String)> {
        let working_folder = dunce::canonicalize(&self.working_folder).unwrap_or_else(|_| self.working_folder.clone());
        let roots = if allowed.unrestricted { std::slice::from_ref(&working_folder) } else { &allowed.roots };
        let near: Vec<(i64, String)> =
            workspaces.iter().flat_map(|it| roots.iter().filter_map(move |root| folder_in(it, root))).collect();
        if near.is_empty() && allowed.unrestricted {
            return workspaces.iter().map(|it| (it.id, String::new())).collect();
        }
        near
    }

    fn narrowed(
        &self,
        paths: &[PathBuf],
        workspaces: &[GenerationRow],
        seen: &[(i64, String)],
        allowed: &Allowed,
    ) -> Result<Vec<(i64, String)>, DocumentsError> {
        let mut folders = Vec::new();
        for path in paths {
            let from_root = workspaces
                .iter()
                .filter(|it| seen.iter().any(|(id, _)| *id == it.id))
                .map(|it| Path::new(&it.root).join(path))
                .find(|it| it.exists());
            let here = self.working_folder.join(path);
            let real = match from_root {
                Some(found) if !here.exists() => allowed.admit(&found),
                _ => allowed.admit(&here),
            };
            let real = real.map_err(DocumentsError::Refused)?;
            folders.extend(workspaces.iter().filter_map(|it| folder_in(it, &real)));
        }
        Ok(folders)
    }

    /// `folders` without those whose files another one of them has as well, as where a folder was indexed before the one
    /// around it.
    async fn once(
        &self,
        folders: Vec<(i64, String)>,
        workspaces: &[GenerationRow],
        call: &Call,
    ) -> Result<Vec<(i64, String)>, DocumentsError> {
        let part = |(id, folder): &(i64, String)| {
            let workspace = workspaces.iter().find(|it| it.id == *id)?;
            Some(Part { workspace, path: Path::new(&workspace.root).join(folder) })
        };
        let parts: Vec<Option<Part<'_>>> = folders.iter().map(part).collect();
        let mut kept = Vec::new();
        for (folder, part) in folders.iter().zip(&parts) {
            let mut is_double = false;
            for (inner, outer) in parts.iter().filter_map(|it| part.as_ref().zip(it.as_ref())) {
                is_double = is_double || self.has_too(outer, inner, call).await?;
            }
            if !is_double {
                kept.push(folder.clone());
            }
        }
        Ok(kept)
    }

    /// Whether `outer` has the files of `inner`, of another workspace, as well. Of two that are the same folder the one of
    /// the inner workspace is kept: the repository that it is has a past, and what is left out of it was chosen for it.
    async fn has_too(&self, outer: &Part<'_>, inner: &Part<'_>, call: &Call) -> Result<bool, DocumentsError> {
        let is_other = outer.workspace.id != inner.workspace.id;
        if !is_other || !inner.path.starts_with(&outer.path) || !self.is_whole(outer.workspace).await? {
            return Ok(false);
        }
        let is_deeper = inner.workspace.root.len() > outer.workspace.root.len();
        if inner.path == outer.path && is_deeper && self.is_whole(inner.workspace).await? {
            return Ok(false);
        }
        // What the outer one leaves out, such as a second working tree, only the inner one has.
        let folder = relative(Path::new(&outer.workspace.root), &inner.path);
        let catalog = self.catalog(outer.workspace, call).await?;
        Ok(!is_there(&inner.path) || catalog.files.iter().any(|it| under(&it.row.path, &folder)))
    }

    /// Whether all of the workspace is indexed, and not only what a call named.
    async fn is_whole(&self, workspace: &GenerationRow) -> Result<bool, DocumentsError> {
        Ok(workspace.is_complete && self.store.globs(workspace.id).await?.0.is_empty())
    }

    /// What of the workspace is indexed, when that is not all of it and `folders` ask for more; nothing where every call
    /// that names nothing indexes it so.
    pub(super) async fn only(&self, workspace: i64, folders: &[String]) -> Result<Vec<String>, DocumentsError> {
        let (include, _) = self.store.globs(workspace).await?;
        let is_usual = self.warming.as_ref().is_some_and(|it| it.globs.0 == include);
        let is_within = |folder: &String| include.iter().any(|it| under(folder, it.trim_start_matches('/')));
        Ok(if is_usual || folders.iter().all(is_within) { Vec::new() } else { include })
    }
}

/// The part of a workspace that lies under `folder`: all of it, a folder in it, or nothing.
fn folder_in(workspace: &GenerationRow, folder: &Path) -> Option<(i64, String)> {
    let root = Path::new(&workspace.root);
    if root.starts_with(folder) {
        Some((workspace.id, String::new()))
    } else if folder.starts_with(root) {
        Some((workspace.id, relative(root, folder)))
    } else {
        None
    }
}
