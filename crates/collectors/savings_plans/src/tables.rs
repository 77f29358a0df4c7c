//! The rows of the payer's tables.
//!
//! Invariant: the fields are the columns, in their order; what AWS may leave out is optional.

use chrono::{DateTime, NaiveDate, Utc};
use clickhouse::Row;
use polo_core::Version;
use polo_store::{Amount, TableRow};
use serde::Serialize;
use uuid::Uuid;

/// A series of the payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Series {
    /// All plans together.
    Utilization,
    /// Each plan.
    PlanUtilization,
    /// What plans covered of what they could.
    Coverage,
}

impl Series {
    /// The series as it is stored.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Utilization => "utilization",
            Self::PlanUtilization => "plan_utilization",
            Self::Coverage => "coverage",
        }
    }
}

/// A row of `savings_plans_utilization`.
#[derive(Debug, Row, Serialize)]
pub(crate) struct UtilizationRow {
    pub(crate) payer_account_id: String,
    #[serde(with = "clickhouse::serde::chrono::date")]
    pub(crate) day: NaiveDate,
    pub(crate) total_commitment: Option<Amount>,
    pub(crate) used_commitment: Option<Amount>,
    pub(crate) unused_commitment: Option<Amount>,
    pub(crate) utilization_percent: Option<Amount>,
    pub(crate) net_savings: Option<Amount>,
    pub(crate) on_demand_cost_equivalent: Option<Amount>,
    pub(crate) amortized_recurring_commitment: Option<Amount>,
    pub(crate) amortized_upfront_commitment: Option<Amount>,
    pub(crate) total_amortized_commitment: Option<Amount>,
    #[serde(with = "clickhouse::serde::uuid")]
    pub(crate) run_id: Uuid,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    pub(crate) collected_at: DateTime<Utc>,
    pub(crate) _version: Version,
}

impl TableRow for UtilizationRow {
    const TABLE: &'static str = "savings_plans_utilization";
}

/// A row of `savings_plans_plan_utilization`.
#[derive(Debug, Row, Serialize)]
pub(crate) struct PlanUtilizationRow {
    pub(crate) payer_account_id: String,
    #[serde(with = "clickhouse::serde::chrono::date")]
    pub(crate) day: NaiveDate,
    pub(crate) savings_plan_arn: String,
    pub(crate) account_id: String,
    pub(crate) total_commitment: Option<Amount>,
    pub(crate) used_commitment: Option<Amount>,
    pub(crate) unused_commitment: Option<Amount>,
    pub(crate) utilization_percent: Option<Amount>,
    pub(crate) net_savings: Option<Amount>,
    pub(crate) on_demand_cost_equivalent: Option<Amount>,
    pub(crate) amortized_recurring_commitment: Option<Amount>,
    pub(crate) amortized_upfront_commitment: Option<Amount>,
    pub(crate) total_amortized_commitment: Option<Amount>,
    #[serde(with = "clickhouse::serde::uuid")]
    pub(crate) run_id: Uuid,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    pub(crate) collected_at: DateTime<Utc>,
    pub(crate) _version: Version,
}

impl TableRow for PlanUtilizationRow {
    const TABLE: &'static str = "savings_plans_plan_utilization";
}

/// A row of `savings_plans_coverage`.
#[derive(Debug, Row, Serialize)]
pub(crate) struct CoverageRow {
    pub(crate) payer_account_id: String,
    #[serde(with = "clickhouse::serde::chrono::date")]
    pub(crate) day: NaiveDate,
    pub(crate) spend_covered: Option<Amount>,
    pub(crate) on_demand_cost: Option<Amount>,
    pub(crate) total_cost: Option<Amount>,
    pub(crate) coverage_percent: Option<Amount>,
    #[serde(with = "clickhouse::serde::uuid")]
    pub(crate) run_id: Uuid,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    pub(crate) collected_at: DateTime<Utc>,
    pub(crate) _version: Version,
}

impl TableRow for CoverageRow {
    const TABLE: &'static str = "savings_plans_coverage";
}

/// A row of `savings_plans_reads`.
#[derive(Debug, Row, Serialize)]
pub(crate) struct ReadRow {
    pub(crate) payer_account_id: String,
    pub(crate) series: String,
    #[serde(with = "clickhouse::serde::chrono::date")]
    pub(crate) day: NaiveDate,
    #[serde(with = "clickhouse::serde::uuid")]
    pub(crate) run_id: Uuid,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    pub(crate) read_at: DateTime<Utc>,
    pub(crate) _version: Version,
}

impl TableRow for ReadRow {
    const TABLE: &'static str = "savings_plans_reads";
}
