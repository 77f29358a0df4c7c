//! The rows. Pure.

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_collect::Target;
use polo_core::Version;
use polo_store::TableRow;
use serde::Serialize;
use uuid::Uuid;

use crate::answers::{Answer, Point};
use crate::questions::Question;
use crate::window::{PERIOD_S, Window};

/// A row of `cloudwatch_metrics_points`.
#[derive(Debug, Clone, PartialEq, Row, Serialize)]
pub(crate) struct PointRow {
    account_id: String,
    region: String,
    resource_type: String,
    resource_id: String,
    metric: &'static str,
    statistic: &'static str,
    period_s: u32,
    #[serde(with = "clickhouse::serde::chrono::datetime")]
    at: DateTime<Utc>,
    value: f64,
    #[serde(with = "clickhouse::serde::uuid")]
    run_id: Uuid,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    collected_at: DateTime<Utc>,
    _version: Version,
}

impl TableRow for PointRow {
    const TABLE: &'static str = "cloudwatch_metrics_points";
}

/// A row of `cloudwatch_metrics_asked`.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize)]
pub(crate) struct AskedRow {
    account_id: String,
    region: String,
    resource_type: String,
    resource_id: String,
    metric: &'static str,
    statistic: &'static str,
    #[serde(with = "clickhouse::serde::chrono::datetime")]
    known_from: DateTime<Utc>,
    #[serde(with = "clickhouse::serde::chrono::datetime")]
    asked_from: DateTime<Utc>,
    #[serde(with = "clickhouse::serde::chrono::datetime")]
    asked_to: DateTime<Utc>,
    points: u32,
    #[serde(with = "clickhouse::serde::chrono::datetime::option")]
    used_at: Option<DateTime<Utc>>,
    #[serde(with = "clickhouse::serde::uuid")]
    run_id: Uuid,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    collected_at: DateTime<Utc>,
    _version: Version,
}

impl TableRow for AskedRow {
    const TABLE: &'static str = "cloudwatch_metrics_asked";
}

pub(crate) fn point(target: &Target, question: &Question, point: Point) -> PointRow {
    let look = target.look();
    PointRow {
        account_id: target.account_id().to_string(),
        region: target.region().to_owned(),
        resource_type: question.resource_type.clone(),
        resource_id: question.resource_id.clone(),
        metric: question.metric.name,
        statistic: question.metric.statistic,
        period_s: PERIOD_S,
        at: point.at,
        value: point.value,
        run_id: target.origin().run_id,
        collected_at: look.started_at(),
        _version: look.version,
    }
}

/// What is known now that a question was answered in full: it makes the chain longer that it reaches back to, or
/// begins another.
pub(crate) fn asked(
    target: &Target,
    question: &Question,
    window: Window,
    answer: &Answer,
) -> AskedRow {
    let look = target.look();
    let before = question.known.as_ref();
    let known_from = before
        .filter(|known| window.from <= known.to)
        .map_or(window.from, |known| known.from.min(window.from));
    AskedRow {
        account_id: target.account_id().to_string(),
        region: target.region().to_owned(),
        resource_type: question.resource_type.clone(),
        resource_id: question.resource_id.clone(),
        metric: question.metric.name,
        statistic: question.metric.statistic,
        known_from,
        asked_from: window.from,
        asked_to: window.to,
        points: answer.points,
        used_at: answer.used_at.max(before.and_then(|known| known.used_at)),
        run_id: target.origin().run_id,
        collected_at: look.started_at(),
        _version: look.version,
    }
}
