//! The AWS seam: the only library that builds AWS clients, reads AWS error codes and paces AWS calls.
//!
//! Invariants: one HTTP client per process, whatever the number of accounts; every failure carries its class and
//! the IAM action it met; a listing says whether it is complete; a check never uses cached credentials; and each
//! API that Polo calls in bulk has a token bucket of its own, so that AWS's throttling is the exception.

pub mod backoff;
pub mod clock;
pub mod config;
pub mod failure;
pub mod http;
pub mod https;
pub mod organizations;
mod pages;
pub mod put_events;
pub mod rate;
pub mod regions;
pub mod secrets;
pub mod session;
pub mod stack_instances;
pub mod stack_set_operations;
pub mod stack_status;
pub mod verify;

pub use backoff::Backoff;
pub use clock::Clock;
pub use config::{ConfigError, config_for, load_config};
pub use failure::{AwsFailure, classify};
pub use https::{Address, Https, HttpsAnswer, HttpsFailure, InvalidAddress};
pub use organizations::{
    Listing, Membership, OrganizationError, OrganizationInfo, OrganizationReader,
};
pub use pages::Pages;
pub use put_events::{EntryOutcome, EventEntry, EventPublisher, PublishReport};
pub use rate::RateLimit;
pub use regions::{RegionStatus, list_regions};
pub use secrets::{Secret, SecretError, read_secret};
pub use session::{AccountSession, AssumedRole, SessionSettings, Sessions, session_name};
pub use stack_instances::{CallAs, StackInstance, StackInstancesError, list_stack_instances};
pub use stack_set_operations::{
    Begun, OperationResult, OperationTargets, StackSetOperation, StackSetOperationError,
    StackSetOperations,
};
pub use verify::{CheckOutcome, CheckRequest, CheckStream, verify, verify_stream};
