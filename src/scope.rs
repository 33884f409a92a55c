//! Who something belongs to, and who may see it.

use serde::Deserialize;
use serde::Serialize;

/// The namespace that is meant when none is named.
pub const DEFAULT_NAMESPACE: &str = "default";

/// The owner of a row that is being written. `None` belongs to nobody in particular.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Keeps separate worlds apart, such as work and home; never empty.
    pub namespace: String,
    pub user_id: Option<String>,
    pub persona: Option<String>,
    pub session_id: Option<String>,
}

/// Through whose eyes rows are read.
///
/// A missing `user_id` or `persona` sees only rows without one; a given one sees its own and those without. A
/// missing `session_id` sees all sessions, a given one only its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    pub namespace: String,
    pub user_id: Option<String>,
    pub persona: Option<String>,
    pub session_id: Option<String>,
}

impl View {
    /// A view of `namespace`, or of [`DEFAULT_NAMESPACE`] when there is none.
    pub fn new(
        namespace: Option<String>,
        user_id: Option<String>,
        persona: Option<String>,
        session_id: Option<String>,
    ) -> View {
        let [user_id, persona, session_id] = [user_id, persona, session_id].map(given);
        View { namespace: namespace_or_default(namespace), user_id, persona, session_id }
    }

    /// Whether a row of `owner` is seen. The queries of `store` say the same in SQL; a test holds both together.
    pub fn sees(&self, owner: &Owner) -> bool {
        owner.namespace == self.namespace
            && (owner.user_id.is_none() || owner.user_id == self.user_id)
            && (owner.persona.is_none() || owner.persona == self.persona)
            && (self.session_id.is_none() || owner.session_id == self.session_id)
    }
}

/// `id`, unless it is empty: models fill in `""` for what they mean to leave out.
pub fn given(id: Option<String>) -> Option<String> {
    id.filter(|it| !it.is_empty())
}

/// The namespace to use: `named`, or the default one when it is missing or empty.
pub fn namespace_or_default(named: Option<String>) -> String {
    named.filter(|it| !it.is_empty()).unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned())
}
