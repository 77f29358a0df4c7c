//! Each time an account's stack instance was asked for, `provisioning_attempts`, and how the rollout stands in each account.
//!
//! Invariant: an attempt is one row, by account and operation; it is written before CloudFormation is asked, and again
//! with what came of it.

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_core::{AccountId, Timestamp, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Store, StoreError, TableRow};

/// What an attempt asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProvisioningAction {
    /// An instance that is not there.
    Create,
    /// One that is there and failed, once more.
    Update,
}

impl ProvisioningAction {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
        }
    }
}

/// How far an attempt came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// Noted; whether CloudFormation took it is not known yet.
    Asked,
    /// CloudFormation has taken it.
    Running,
    /// The account has its instance.
    Succeeded,
    /// The instance could not be deployed.
    Failed,
    /// The operation was stopped before it came to the account.
    Cancelled,
    /// Another operation was under way, or one of this id that is not for the account: nothing began.
    Busy,
    /// CloudFormation did not take it: nothing began.
    Refused,
    /// CloudFormation does not know the operation: it never began, or is too long ago.
    Unknown,
}

impl AttemptOutcome {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Asked,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::Busy,
        Self::Refused,
        Self::Unknown,
    ];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Busy => "busy",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }

    /// Whether more is to come.
    fn is_open(self) -> bool {
        matches!(self, Self::Asked | Self::Running)
    }
}

/// One account in one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisioningAttempt {
    /// The account.
    pub account_id: AccountId,
    /// The operation, which asks for other accounts too.
    pub operation_id: Uuid,
    /// The StackSet.
    pub stack_set_name: String,
    /// What was asked for.
    pub action: ProvisioningAction,
    /// When.
    pub asked_at: Timestamp,
    /// How far it came.
    pub outcome: AttemptOutcome,
    /// Why, where the outcome is not good.
    pub reason: String,
    /// When that was found out; none while more is to come.
    pub ended_at: Option<Timestamp>,
}

impl ProvisioningAttempt {
    /// The same attempt with what came of it.
    pub fn with_outcome(
        self,
        outcome: AttemptOutcome,
        reason: impl Into<String>,
        at: Timestamp,
    ) -> Self {
        Self {
            outcome,
            reason: reason.into(),
            ended_at: (!outcome.is_open()).then_some(at),
            ..self
        }
    }
}

#[derive(Row, Serialize, Deserialize)]
struct AttemptRow {
    account_id: String,
    #[serde(with = "clickhouse::serde::uuid")]
    operation_id: Uuid,
    stack_set_name: String,
    action: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    asked_at: DateTime<Utc>,
    outcome: String,
    reason: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    ended_at: Option<DateTime<Utc>>,
    _version: Version,
}

impl TableRow for AttemptRow {
    const TABLE: &'static str = "provisioning_attempts";
}

impl AttemptRow {
    fn attempt(self) -> Result<ProvisioningAttempt, StoreError> {
        let unreadable = |column, value: &str, problem: String| StoreError::Unreadable {
            table: Self::TABLE,
            column,
            value: value.to_owned(),
            problem,
        };
        let action = match self.action.as_str() {
            "create" => ProvisioningAction::Create,
            "update" => ProvisioningAction::Update,
            other => {
                return Err(unreadable(
                    "action",
                    other,
                    "no action has this name".to_owned(),
                ));
            }
        };
        let outcome = AttemptOutcome::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == self.outcome)
            .ok_or_else(|| {
                unreadable(
                    "outcome",
                    &self.outcome,
                    "no outcome has this name".to_owned(),
                )
            })?;
        let account_id =
            self.account_id
                .parse()
                .map_err(|error: polo_core::InvalidAccountId| {
                    unreadable("account_id", &self.account_id, error.to_string())
                })?;
        Ok(ProvisioningAttempt {
            account_id,
            operation_id: self.operation_id,
            stack_set_name: self.stack_set_name,
            action,
            asked_at: self.asked_at,
            outcome,
            reason: self.reason,
            ended_at: self.ended_at,
        })
    }
}

#[derive(Row, Deserialize)]
struct OperationId {
    #[serde(with = "clickhouse::serde::uuid")]
    operation_id: Uuid,
}

/// What an account's attempts so far amount to.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct ProvisioningHistory {
    /// The account.
    pub account_id: String,
    /// When CloudFormation last took one.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    pub last_taken_at: Option<DateTime<Utc>>,
    /// How many CloudFormation took and ended without an instance, since one last succeeded.
    pub failures: u32,
    /// Whether one is under way.
    pub is_open: bool,
}

/// How the rollout stands in one account.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct RolloutRow {
    /// The account.
    pub account_id: String,
    /// Its name.
    pub account_name: String,
    /// What Polo can do with it.
    pub polo_status: String,
    /// Why.
    pub status_reason: String,
    /// Whether it is its organization's management account, which a StackSet skips.
    pub is_management: bool,
    /// The stack instance's status: `CURRENT`, `OUTDATED`, `INOPERABLE`; empty where there is none.
    pub stack_status: String,
    /// Its detailed status.
    pub stack_detailed_status: String,
    /// AWS's reason for a status that is not good.
    pub stack_status_reason: String,
    /// When the instance was last asked for by Polo; none where it never was.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    pub last_attempt_at: Option<DateTime<Utc>>,
    /// `create` or `update`; empty where it never was.
    pub last_attempt_action: String,
    /// What came of that.
    pub last_attempt_outcome: String,
    /// Why.
    pub last_attempt_reason: String,
    /// How many attempts failed since one last succeeded.
    pub failed_attempts: u32,
}

/// The StackSet of this deployment, as the tables show: the one that was listed or asked last.
const STACK_SET: &str = "
    SELECT argMax(name, at)
    FROM
    (
        SELECT stack_set_name AS name, read_at AS at FROM stack_instances
        UNION ALL
        SELECT stack_set_name AS name, last_attempt.2 AS at FROM provisioning_states
    )";

impl Store {
    /// Stores attempts; of two notes of one attempt the later counts.
    pub async fn write_provisioning_attempts(
        &self,
        attempts: &[ProvisioningAttempt],
    ) -> Result<(), StoreError> {
        if attempts.is_empty() {
            return Ok(());
        }
        let version = self.version().await?;
        let rows: Vec<AttemptRow> = attempts
            .iter()
            .map(|attempt| AttemptRow {
                account_id: attempt.account_id.to_string(),
                operation_id: attempt.operation_id,
                stack_set_name: attempt.stack_set_name.clone(),
                action: attempt.action.as_str().to_owned(),
                asked_at: attempt.asked_at,
                outcome: attempt.outcome.as_str().to_owned(),
                reason: attempt.reason.clone(),
                ended_at: attempt.ended_at,
                _version: version,
            })
            .collect();
        self.insert(&rows).await
    }

    /// The attempts of a StackSet of which more is to come, by operation.
    pub async fn open_provisioning_attempts(
        &self,
        stack_set_name: &str,
    ) -> Result<Vec<ProvisioningAttempt>, StoreError> {
        let query = self
            .client()
            .query(
                "SELECT ?fields FROM
                 (
                     SELECT account_id, last_attempt.3 AS operation_id, toString(stack_set_name) AS stack_set_name,
                         last_attempt.4 AS action, last_attempt.2 AS asked_at, last_attempt.5 AS outcome,
                         last_attempt.6 AS reason, nullIf(last_attempt.2, last_attempt.2) AS ended_at,
                         last_attempt.1 AS _version
                     FROM provisioning_states FINAL
                     WHERE stack_set_name = {name:String}
                 )
                 WHERE outcome IN ('asked', 'running')
                 ORDER BY operation_id, account_id",
            )
            .param("name", stack_set_name);
        let rows: Vec<AttemptRow> = self.fetch("read provisioning_states", query).await?;
        rows.into_iter().map(AttemptRow::attempt).collect()
    }

    /// Those of these operations that CloudFormation has taken, whatever came of them since.
    pub async fn provisioning_operations_begun(
        &self,
        operation_ids: &[Uuid],
    ) -> Result<Vec<Uuid>, StoreError> {
        let ids: Vec<String> = operation_ids.iter().map(ToString::to_string).collect();
        let query = self
            .client()
            .query(
                "SELECT DISTINCT last_attempt.3 AS operation_id FROM provisioning_states FINAL
                 WHERE last_attempt.3 IN {ids:Array(UUID)}
                   AND last_attempt.5 IN ('running', 'succeeded', 'failed', 'cancelled')",
            )
            .param("ids", ids);
        let rows: Vec<OperationId> = self.fetch("read provisioning_states", query).await?;
        Ok(rows.into_iter().map(|row| row.operation_id).collect())
    }

    /// What the attempts of a StackSet amount to, for every account that has any.
    pub async fn provisioning_history(
        &self,
        stack_set_name: &str,
    ) -> Result<Vec<ProvisioningHistory>, StoreError> {
        let query = self
            .client()
            .query(
                "SELECT ?fields FROM
                 (
                     SELECT account_id, nullIf(last_begun_at, toDateTime64(0, 3, 'UTC')) AS last_taken_at,
                         toUInt32(arrayCount(at -> at > last_success_at, mapValues(failed_at))) AS failures,
                         toBool(last_attempt.5 IN ('asked', 'running')) AS is_open
                     FROM (SELECT account_id, last_begun_at, last_success_at, failures AS failed_at, last_attempt
                           FROM provisioning_states FINAL WHERE stack_set_name = {name:String})
                 )
                 ORDER BY account_id",
            )
            .param("name", stack_set_name);
        self.fetch("read provisioning_states", query).await
    }

    /// How the rollout stands in every account, by id. Attempts are those of the StackSet that was listed or asked last.
    pub async fn rollout(&self) -> Result<Vec<RolloutRow>, StoreError> {
        let sql = format!(
            "SELECT v.account_id AS account_id, v.account_name AS account_name, v.polo_status AS polo_status,
                 v.status_reason AS status_reason, v.is_management AS is_management, v.stack_status AS stack_status,
                 v.stack_detailed_status AS stack_detailed_status, v.stack_status_reason AS stack_status_reason,
                 if(h.account_id = '', NULL, toNullable(h.last_attempt.2)) AS last_attempt_at,
                 h.last_attempt.4 AS last_attempt_action, h.last_attempt.5 AS last_attempt_outcome,
                 h.last_attempt.6 AS last_attempt_reason,
                 toUInt32(arrayCount(at -> at > h.last_success_at, mapValues(h.failures))) AS failed_attempts
             FROM v_accounts AS v
             LEFT JOIN (SELECT * FROM provisioning_states FINAL WHERE stack_set_name = ({STACK_SET})) AS h
                 ON h.account_id = v.account_id
             ORDER BY account_id"
        );
        let query = self.client().query_raw(&sql);
        self.fetch("read v_accounts and provisioning_states", query)
            .await
    }
}
