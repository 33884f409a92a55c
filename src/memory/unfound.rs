//! Says which of a question's filters left nothing, and what is nearest without that one.

use super::Memory;
use super::find::Unfound;
use super::recall::Query;
use super::recall::Recollection;
use super::recall::recollect;
use crate::scope::View;
use crate::store::Embedded;
use crate::store::StoreError;
use crate::trace::Call;

/// What a question can be narrowed by, within what its asker may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    Kinds,
    Tags,
    Session,
    /// `since` and `until`.
    Times,
    /// That it holds, now or at a given time.
    Holding,
    /// All of them together, where none leaves out everything by itself.
    All,
}

/// What a question finds without one of its filters.
#[derive(Clone, Debug, PartialEq)]
pub struct Without {
    pub filter: Filter,
    /// The nearest, best first; a few.
    pub nearest: Vec<Recollection>,
}

/// The nearest that are shown of what a filter left out: a hint, not an answer.
pub(super) const SHOWN: usize = 3;

impl Query {
    /// The filters that it has.
    fn filters(&self) -> Vec<Filter> {
        let mut filters = Vec::new();
        let mut when = |is_set: bool, filter| filters.extend(is_set.then_some(filter));
        when(!self.kinds.is_empty(), Filter::Kinds);
        when(!self.tags.is_empty(), Filter::Tags);
        when(self.view.session_id.is_some(), Filter::Session);
        when(self.since.is_some() || self.until.is_some(), Filter::Times);
        when(!self.include_superseded, Filter::Holding);
        filters
    }

    /// The same question without this filter. Whose it may see, and of which namespace, stays.
    fn without(&self, filter: Filter) -> Query {
        let mut query = Query { limit: SHOWN, offset: 0, ..self.clone() };
        let all = filter == Filter::All;
        if all || filter == Filter::Kinds {
            query.kinds.clear();
        }
        if all || filter == Filter::Tags {
            query.tags.clear();
        }
        if all || filter == Filter::Session {
            query.view = View { session_id: None, ..query.view };
        }
        if all || filter == Filter::Times {
            (query.since, query.until) = (None, None);
        }
        if all || filter == Filter::Holding {
            (query.as_of, query.include_superseded) = (None, true);
        }
        query
    }
}

impl Memory {
    /// Asks `query`, which found nothing, without each of its filters.
    pub(super) async fn look_without_filters(
        &self,
        query: &Query,
        meaning: Option<&Embedded>,
        unfound: &mut Unfound,
        call: &Call,
    ) -> Result<(), StoreError> {
        let filters = query.filters();
        for filter in &filters {
            unfound.without.extend(self.look_without(query, *filter, meaning, call).await?);
        }
        if unfound.without.is_empty() && filters.len() > 1 {
            unfound.without.extend(self.look_without(query, Filter::All, meaning, call).await?);
        }
        Ok(())
    }

    async fn look_without(
        &self,
        query: &Query,
        filter: Filter,
        meaning: Option<&Embedded>,
        call: &Call,
    ) -> Result<Option<Without>, StoreError> {
        let query = query.without(filter);
        let page = self.page(&query, meaning, call).await?;
        let nearest = recollect(page.rows, &page.hits, &query, &page.words);
        Ok((!nearest.is_empty()).then_some(Without { filter, nearest }))
    }
}
