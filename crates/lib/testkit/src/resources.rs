//! Resources of a test's account, as a complete look of a collector found them.

use std::sync::Arc;

use polo_store::Store;
use polo_store::resources::{Look, Origin, Seen, SeenResource};
use uuid::Uuid;

/// A new run of a collector in an account.
///
/// # Panics
/// If an id is not valid.
pub fn origin(account_id: &str, collector: &str) -> Origin {
    Origin {
        account_id: account_id.parse().expect("an account id"),
        collector: collector.parse().expect("a collector's id"),
        run_id: Uuid::new_v4(),
    }
}

/// A look at a place that begins now.
///
/// # Panics
/// If the database does not answer, or the place is none.
pub async fn look(store: &Store, place: &str) -> Arc<Look> {
    let version = store.version().await.expect("the database answers");
    let place = place.parse().expect("a place");
    Arc::new(Look { place, version })
}

/// Resources as this look saw them.
pub fn seen_by(look: &Arc<Look>, resources: Vec<SeenResource>) -> Vec<Seen> {
    let seen = |resource| Seen {
        look: Arc::clone(look),
        resource,
    };
    resources.into_iter().map(seen).collect()
}

/// From now on these are what is there: everything else at the place is gone.
///
/// # Panics
/// If the database does not answer.
pub async fn there(store: &Store, origin: &Origin, place: &str, resources: Vec<SeenResource>) {
    let look = look(store, place).await;
    let seen = seen_by(&look, resources);
    let written = store.write_seen(origin, &seen).await;
    written.expect("the database answers");
    let gone = store.mark_gone(origin, &[look]).await;
    gone.expect("the database answers");
}
