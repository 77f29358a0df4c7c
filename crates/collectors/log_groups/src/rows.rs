//! From CloudWatch Logs' words to rows. Pure.
//!
//! Invariant: a log group without a name is none; everything else that AWS leaves out is left out of the row too, and
//! bytes that it does not tell are no row of the series, never zero.

use aws_sdk_cloudwatchlogs::types::LogGroup;
use aws_smithy_types::DateTime as AwsTime;
use chrono::{DateTime, NaiveDate, Utc};
use clickhouse::Row;
use polo_collect::attributes::given;
use polo_collect::{Attributes, SeenResource, Target};
use polo_core::Version;
use polo_store::TableRow;
use serde::Serialize;
use uuid::Uuid;

/// A row of `log_groups_bytes`.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize)]
pub struct BytesRow {
    account_id: String,
    region: String,
    log_group_name: String,
    #[serde(with = "clickhouse::serde::chrono::date")]
    day: NaiveDate,
    stored_bytes: u64,
    #[serde(with = "clickhouse::serde::uuid")]
    run_id: Uuid,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    collected_at: DateTime<Utc>,
    _version: Version,
}

impl TableRow for BytesRow {
    const TABLE: &'static str = "log_groups_bytes";

    fn bytes(&self) -> usize {
        size_of_val(self) + self.log_group_name.len()
    }
}

/// What a log group holds on the day of the look. A negative number is no number of bytes.
pub fn bytes(target: &Target, group: &LogGroup) -> Option<BytesRow> {
    let look = target.look();
    Some(BytesRow {
        account_id: target.account_id().to_string(),
        region: target.region().to_owned(),
        log_group_name: given(group.log_group_name())?.to_owned(),
        day: look.started_at().date_naive(),
        stored_bytes: u64::try_from(group.stored_bytes()?).ok()?,
        run_id: target.origin().run_id,
        collected_at: look.started_at(),
        _version: look.version,
    })
}

/// A log group: how long it keeps events, which it does for ever without `retention_days`, and at which price.
pub fn log_group(target: &Target, group: &LogGroup) -> Option<SeenResource> {
    let name = given(group.log_group_name())?;
    let created_at = group.creation_time().map(AwsTime::from_millis);
    let attributes = Attributes::default()
        .value("retention_days", group.retention_in_days())
        .text("retention_policy_name", group.retention_policy_name())
        .text(
            "log_group_class",
            group.log_group_class().map(|class| class.as_str()),
        )
        .text("kms_key_id", group.kms_key_id())
        .time("created_at", created_at.as_ref());
    Some(SeenResource {
        resource_type: "logs_log_group",
        resource_id: name.to_owned(),
        arn: arn(target, group, name),
        name: name.to_owned(),
        state: String::new(),
        tags: Vec::new(),
        attributes: attributes.into_value(),
    })
}

/// The ARN under which a log group is tagged, which is the older one without `:*` at its end.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html>
fn arn(target: &Target, group: &LogGroup, name: &str) -> String {
    match given(group.log_group_arn()).or(given(group.arn())) {
        Some(arn) => arn.strip_suffix(":*").unwrap_or(arn).to_owned(),
        None => target.arn("logs", &format!("log-group:{name}")),
    }
}
