//! The clock that this crate is handed. Nothing here reads the time in another way where it decides anything.

use std::fmt;
use std::sync::Arc;

use polo_core::Timestamp;

/// A source of the current time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The system's clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that is handed out"
    )]
    pub fn system() -> Self {
        Self::from_fn(chrono::Utc::now)
    }

    /// A clock that says what `now` says, for tests.
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
