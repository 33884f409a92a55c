//! A call sees every write whose line came before it.
//!
//! Calls run side by side, so each is given its place when its line is read, and waits, before it begins, for the
//! earlier ones that write what it reads. Calls that have nothing to do with each other never wait.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use rmcp::model::RequestId;
use tokio_util::sync::CancellationToken;

/// Something that calls read and write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Domain {
    Memory,
    Workspace,
    Contexts,
    Packs,
    /// The turns of one session, or of all (`None`).
    Session(Option<String>),
    Traces,
}

impl Domain {
    fn overlaps(&self, other: &Domain) -> bool {
        match (self, other) {
            (Domain::Session(Some(a)), Domain::Session(Some(b))) => a == b,
            (Domain::Session(_), Domain::Session(_)) => true,
            _ => self == other,
        }
    }
}

/// What a call reads and writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Touches {
    pub(crate) reads: Vec<Domain>,
    pub(crate) writes: Vec<Domain>,
}

/// The calls that are under way, in the order of their lines. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    places: Arc<Mutex<Places>>,
}

#[derive(Debug, Default)]
struct Places {
    next: u64,
    by_request: HashMap<RequestId, u64>,
    open: BTreeMap<u64, Place>,
}

#[derive(Debug)]
struct Place {
    touches: Touches,
    begun: bool,
    /// Cancelled when the call is over.
    over: CancellationToken,
}

impl Order {
    /// Gives the call its place. Must be called in the order of the lines.
    pub(crate) fn arrive(&self, id: RequestId, touches: Touches) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.next;
        places.next += 1;
        places.open.insert(place, Place { touches, begun: false, over: CancellationToken::new() });
        if let Some(earlier) = places.by_request.insert(id, place) {
            places.leave(earlier);
        }
    }

    /// Waits for the earlier calls that write what this one reads. The place is given up when the guard is dropped.
    pub(crate) async fn turn(&self, id: &RequestId) -> Turn {
        let (place, waits) = {
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            let place = places.by_request.get(id).copied();
            if let Some(open) = place.and_then(|it| places.open.get_mut(&it)) {
                open.begun = true;
            }
            (place, place.map(|it| places.before(it)).unwrap_or_default())
        };
        let turn = Turn { order: self.clone(), id: id.clone(), place };
        for over in waits {
            over.cancelled().await;
        }
        turn
    }

    /// Gives up the place of a call that never began: refused before it ran, or cancelled.
    pub(crate) fn withdraw(&self, id: &RequestId) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.by_request.get(id).copied()
            && places.open.get(&place).is_some_and(|it| !it.begun)
        {
            places.by_request.remove(id);
            places.leave(place);
        }
    }
}

impl Places {
    /// What the call at `place` has to wait for.
    fn before(&self, place: u64) -> Vec<CancellationToken> {
        let Some(own) = self.open.get(&place) else { return Vec::new() };
        let mut unsettled: Vec<&Domain> = own.touches.reads.iter().collect();
        let mut waits = Vec::new();
        for (_, earlier) in self.open.range(..place).rev() {
            if unsettled.is_empty() {
                break;
            }
            let writes = |domain: &Domain| earlier.touches.writes.iter().any(|it| it.overlaps(domain));
            if unsettled.iter().any(|it| writes(it)) {
                waits.push(earlier.over.clone());
            }
            // A writer that itself waits for all earlier writers of a domain stands for them.
            unsettled.retain(|it| !(writes(it) && earlier.touches.reads.contains(it)));
        }
        waits
    }

    fn leave(&mut self, place: u64) {
        if let Some(open) = self.open.remove(&place) {
            open.over.cancel();
        }
    }
}

/// A call's place while it runs.
#[derive(Debug)]
pub(crate) struct Turn {
    order: Order,
    id: RequestId,
    place: Option<u64>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(place) = self.place else { return };
        let mut places = self.order.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.by_request.get(&self.id) == Some(&place) {
            places.by_request.remove(&self.id);
        }
        places.leave(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touches(reads: &[Domain], writes: &[Domain]) -> Touches {
        Touches { reads: reads.to_vec(), writes: writes.to_vec() }
    }

    fn id(number: i64) -> RequestId {
        RequestId::Number(number)
    }

    async fn waits(order: &Order, number: i64) -> bool {
        let id = id(number);
        let turn = order.turn(&id);
        tokio::pin!(turn);
        // Ready at the first poll, or not before somebody leaves: nothing else runs in between.
        std::future::poll_fn(|cx| std::task::Poll::Ready(turn.as_mut().poll(cx).is_pending())).await
    }

    #[tokio::test]
    async fn readers_wait_for_earlier_writers_only() {
        let order = Order::default();
        order.arrive(id(1), touches(&[Domain::Memory], &[]));
        order.arrive(id(2), touches(&[Domain::Memory], &[Domain::Memory]));
        order.arrive(id(3), touches(&[Domain::Memory], &[]));
        order.arrive(id(4), touches(&[Domain::Workspace], &[]));
        assert!(!waits(&order, 1).await);
        assert!(waits(&order, 3).await);
        assert!(!waits(&order, 4).await);
        drop(order.turn(&id(2)).await);
        order.arrive(id(5), touches(&[Domain::Memory], &[]));
        assert!(!waits(&order, 5).await);
    }

    #[tokio::test]
    async fn sessions_wait_for_their_own_asks() {
        let order = Order::default();
        let session = |name: &str| Domain::Session(Some(name.to_owned()));
        order.arrive(id(1), touches(&[session("a")], &[session("a")]));
        order.arrive(id(2), touches(&[session("b")], &[]));
        order.arrive(id(3), touches(&[session("a")], &[]));
        order.arrive(id(4), touches(&[Domain::Session(None)], &[]));
        assert!(!waits(&order, 2).await);
        assert!(waits(&order, 3).await);
        assert!(waits(&order, 4).await);
    }

    #[tokio::test]
    async fn a_withdrawn_call_holds_nobody_up() {
        let order = Order::default();
        order.arrive(id(1), touches(&[], &[Domain::Memory]));
        order.arrive(id(2), touches(&[], &[Domain::Memory]));
        order.arrive(id(3), touches(&[Domain::Memory], &[]));
        order.withdraw(&id(1));
        assert!(waits(&order, 3).await);
        order.withdraw(&id(2));
        order.arrive(id(4), touches(&[Domain::Memory], &[]));
        assert!(!waits(&order, 4).await);
    }
}
