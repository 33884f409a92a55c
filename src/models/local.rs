//! Finds a server of models that runs on this machine, when nothing is configured.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::router::Known;
use super::router::Models;
use super::router::Route;

/// Who is looked for, in this order, at the addresses that are configured for them.
const LOCAL: [&str; 2] = ["ollama", "lmstudio"];

/// How long a server on this machine may take to say what it has.
const PATIENCE: Duration = Duration::from_millis(400);

/// How long what was found holds, and how long it holds that nothing was: starting a server should be noticed soon.
const FOUND_HOLDS: Duration = Duration::from_secs(60);
const NOTHING_HOLDS: Duration = Duration::from_secs(10);

/// What was found last, and when. Whoever looks holds it, so that many questions at once look once.
#[derive(Debug, Default)]
pub(super) struct Found {
    last: Mutex<Option<(Instant, Option<Route>)>>,
}

impl Models {
    /// The route to a local server that runs and has a model; `None` when there is none, or when looking is turned off.
    /// At most two short calls to this machine, and none when somebody looked a moment ago.
    pub async fn find_local(&self) -> Option<Route> {
        if self.offline || !self.routing.find_local {
            return None;
        }
        let mut last = self.found.last.lock().await;
        if let Some((at, route)) = last.as_ref() {
            let holds = if route.is_some() { FOUND_HOLDS } else { NOTHING_HOLDS };
            if at.elapsed() < holds {
                return route.clone();
            }
        }
        let looks = LOCAL.map(|name| self.look_at(name));
        let route = futures_util::future::join_all(looks).await.into_iter().flatten().next();
        *last = Some((Instant::now(), route.clone()));
        route
    }

    async fn look_at(&self, name: &str) -> Option<Route> {
        let known = self.known.get(name).filter(|it| it.is_local())?;
        let model = match &known.config.model {
            // Its list tells that it runs.
            Some(model) => listed(known).await.map(|_| model.clone()),
            None => listed(known).await.and_then(first_to_ask),
        };
        model.map(|model| Route { provider: name.to_owned(), model: Some(model) })
    }
}

async fn listed(known: &Known) -> Option<Vec<String>> {
    tokio::time::timeout(PATIENCE, known.provider.list_models()).await.ok()?.ok()
}

/// The first of a provider's models that can be asked: local programs list those for embedding among the others.
pub(super) fn first_to_ask(listed: Vec<String>) -> Option<String> {
    listed.into_iter().find(|it| !it.contains("embed"))
}
