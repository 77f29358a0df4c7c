//! The one row. Pure.

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_collect::Target;
use polo_core::Version;
use polo_store::TableRow;
use serde::Serialize;
use uuid::Uuid;

/// A row of `account_alias_aliases`.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize)]
pub(crate) struct AliasRow {
    account_id: String,
    region: String,
    #[serde(with = "clickhouse::serde::uuid")]
    run_id: Uuid,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    collected_at: DateTime<Utc>,
    alias: String,
    _version: Version,
}

impl TableRow for AliasRow {
    const TABLE: &'static str = "account_alias_aliases";
}

pub(crate) fn alias(target: &Target, alias: String) -> AliasRow {
    let look = target.look();
    AliasRow {
        account_id: target.account_id().to_string(),
        region: target.region().to_owned(),
        run_id: target.origin().run_id,
        collected_at: look.started_at(),
        alias,
        _version: look.version,
    }
}
