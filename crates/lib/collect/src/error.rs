//! Why a place could not be read completely.

use polo_aws::AwsFailure;
use polo_store::StoreError;

/// What ends a collector's work at one place.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// AWS: ends this place, the others go on.
    #[error(transparent)]
    Aws(#[from] AwsFailure),
    /// The database: ends the attempt, because nothing more can be recorded.
    #[error(transparent)]
    Store(#[from] StoreError),
}
