//! What only a payer can tell is asked of payers alone, and of no one where the payer is not visible.

use polo_core::Scope;
use polo_store::collectors::manifests;
use polo_testkit::accounts;

use crate::world::*;

/// The collectors of payers that this build has.
fn of_payers() -> Vec<String> {
    let manifests = manifests().unwrap().into_iter();
    manifests
        .filter(|collector| collector.scope == Scope::Payer)
        .map(|collector| collector.id.to_string())
        .collect()
}

/// The accounts that a sweep asks for what only payers can tell, each once however many collectors do.
async fn asked_as_payers(world: &World) -> Vec<String> {
    let sent = world.sends(&sweep(21), "request 1").await;
    let of_payers = of_payers();
    assert!(!of_payers.is_empty());
    let mut accounts: Vec<String> = sent
        .iter()
        .filter_map(|line| {
            let (account, collector) = line.split_once(' ')?;
            of_payers
                .iter()
                .any(|id| id == collector)
                .then(|| account.to_owned())
        })
        .collect();
    accounts.dedup();
    accounts
}

#[tokio::test]
async fn one_account_pays_for_all() {
    let world = World::new().await;
    for account in [ONE, TWO, PENDING] {
        accounts::pays_for(&world.store, TWO, account).await;
    }
    assert_eq!(asked_as_payers(&world).await, [TWO]);
}

#[tokio::test]
async fn each_account_outside_an_organization_pays_for_itself() {
    let world = World::new().await;
    for account in [ONE, TWO, PENDING] {
        accounts::pays_for(&world.store, account, account).await;
    }
    assert_eq!(asked_as_payers(&world).await, [ONE, TWO]);
}

#[tokio::test]
async fn nobody_is_asked_while_the_payer_is_unknown_not_active_or_excluded() {
    for payer in ["", "999999999999", PENDING, EXCLUDED] {
        let world = World::new().await;
        for account in [ONE, TWO] {
            if !payer.is_empty() {
                accounts::pays_for(&world.store, payer, account).await;
            }
        }
        assert!(asked_as_payers(&world).await.is_empty(), "{payer:?}");
    }
}
