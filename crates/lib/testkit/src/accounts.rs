//! Accounts of a test's registry, in the statuses that a run loop meets.
//!
//! Invariant: a status is never written, only what the status rule reads; the times are the server's own.

use polo_core::AccountId;
use polo_store::Store;

use crate::sql;

/// The read role of a test's account.
pub fn read_role(id: &str) -> String {
    format!("arn:aws:iam::{id}:role/dev-PoloReadRole")
}

/// An account that discovery has found and nobody could reach yet: `pending_setup`.
pub async fn pending(store: &Store, id: &str) -> AccountId {
    let role = read_role(id);
    sql::execute(
        store,
        &format!(
            "INSERT INTO account_facts (account_id, organization_id, partition, account_name, org_state, membership,
                 in_scope, read_role_arn, _version)
             VALUES ('{id}', 'o-exampleorgid', 'aws', 'account {id}', 'ACTIVE', 'member', true, '{role}', 1)"
        ),
    )
    .await;
    id.parse().expect("an account id of 12 digits")
}

/// An account whose read role has just worked: `active`.
pub async fn active(store: &Store, id: &str) -> AccountId {
    let account = pending(store, id).await;
    let role = read_role(id);
    sql::execute(
        store,
        &format!(
            "INSERT INTO access_checks (check_id, account_id, role_kind, role_arn, checked_at, verdict, next_check_at, checked_by)
             VALUES (generateUUIDv4(), '{id}', 'read', '{role}', now64(3), 'success', now64(3) + INTERVAL 1 DAY, 'test')"
        ),
    )
    .await;
    account
}

/// An operator's exclusion, in the words of a hand-written INSERT.
pub async fn exclude(store: &Store, id: &str) {
    sql::execute(
        store,
        &format!(
            "INSERT INTO account_settings (account_id, setting, value, reason) VALUES ('{id}', 'excluded', 'true', 'a test')"
        ),
    )
    .await;
}

/// An operator's own choice of read role.
pub async fn set_read_role(store: &Store, id: &str, role_arn: &str) {
    sql::execute(
        store,
        &format!("INSERT INTO account_settings (account_id, setting, value) VALUES ('{id}', 'read_role_arn', '{role_arn}')"),
    )
    .await;
}

/// What an account answered when it was asked who pays for it; the answer never grows old.
pub async fn pays_for(store: &Store, payer: &str, id: &str) {
    sql::execute(
        store,
        &format!(
            "INSERT INTO account_payers (account_id, answered, payer_account_id, asked_at, _version)
             VALUES ('{id}', true, '{payer}', '2099-01-01 00:00:00', 1)"
        ),
    )
    .await;
}
