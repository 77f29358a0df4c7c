//! The domain of Polo's multi-account management: accounts, access checks, runs and payloads.
//!
//! Invariant: pure. No AWS SDK, no ClickHouse client, no clock and no environment; whatever a function needs to
//! know about the world is an argument. The status rule itself is not here: it is one `multiIf` in the view
//! `v_accounts`, and [`PoloStatus`] only names its answers.

pub mod account;
pub mod arn;
pub mod chain;
pub mod check;
pub mod collector_id;
pub mod error_class;
pub mod ids;
pub mod manifest;
pub mod organization;
pub mod payload;
pub mod place;
pub mod reconcile;
pub mod run;
pub mod setting;
pub mod status;
pub mod status_reason;
pub mod text;
pub mod version;

pub use account::{AccountId, InvalidAccountId};
pub use arn::{InvalidRoleArn, Partition, RoleArn};
pub use chain::{error_chain, innermost_cause};
pub use check::{RoleKind, Verdict};
pub use collector_id::{CollectorId, InvalidCollectorId};
pub use error_class::ErrorClass;
pub use manifest::{CollectorManifest, Scope};
pub use payload::{DispatchMode, Field, Invocation, PayloadError, Trigger};
pub use place::{InvalidRegion, Place, Region};
pub use run::{PlaceResult, Run, RunEnd, RunOutcome, TargetOutcome, Totals};
pub use setting::Setting;
pub use status::PoloStatus;
pub use status_reason::{StatusReason, reason_in_words};
pub use version::Version;

/// A point in time, always UTC.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
