//! What a process keeps while it is warm: made at the cold start, and made anew where ClickHouse refuses its login.
//!
//! Invariants: a password that was rotated costs the work in hand one repetition, not a failure; work is repeated once
//! at most, and only with another password than the refused one. Whoever hands work in sees to it that a repetition
//! does no harm, as Lambda's own retries ask of it anyway.

use std::sync::Arc;

use futures::future::BoxFuture;
use polo_store::StoreConfig;
use tokio::sync::Mutex;

use crate::{Context, FunctionError};

type Open = Box<dyn Fn() -> BoxFuture<'static, Result<Context, FunctionError>> + Send + Sync>;

/// A function, or a page, while it is warm.
pub struct Warm<T> {
    open: Open,
    make: fn(Context) -> Result<T, FunctionError>,
    held: Mutex<Option<Held<T>>>,
}

/// What is held, and the login that it was made with.
struct Held<T> {
    value: Arc<T>,
    login: StoreConfig,
}

impl<T> Clone for Held<T> {
    fn clone(&self) -> Self {
        Self {
            value: Arc::clone(&self.value),
            login: self.login.clone(),
        }
    }
}

impl<T: Send + Sync> Warm<T> {
    /// From the process's environment; nothing is made yet.
    pub fn from_environment(
        function: &'static str,
        make: fn(Context) -> Result<T, FunctionError>,
    ) -> Self {
        Self::new(move || Box::pin(Context::from_environment(function)), make)
    }

    /// From another source of contexts, as tests have it.
    pub fn new(
        open: impl Fn() -> BoxFuture<'static, Result<Context, FunctionError>> + Send + Sync + 'static,
        make: fn(Context) -> Result<T, FunctionError>,
    ) -> Self {
        Self {
            open: Box::new(open),
            make,
            held: Mutex::new(None),
        }
    }

    /// The cold start's work, done before there is something to do.
    ///
    /// # Errors
    /// Wrong settings, or a secret that cannot be read. The next call tries again.
    pub async fn start(&self) -> Result<(), FunctionError> {
        self.held().await.map(drop)
    }

    /// Does work with what is held. Where ClickHouse refuses the login, the secret is read anew, and the work is done
    /// once more with the password that it holds now.
    ///
    /// # Errors
    /// The work's own; [`FunctionError::LoginRefused`] where there is no other password, or that one is refused too.
    pub async fn run<A, W, F>(&self, work: W) -> Result<A, FunctionError>
    where
        W: Fn(Arc<T>) -> F,
        F: Future<Output = Result<A, FunctionError>>,
    {
        let held = self.held().await?;
        let refusal = match work(held.value).await {
            Err(error) if error.is_refused_login() => error,
            other => return other,
        };
        let renewed = self.renewed(&held.login, refusal).await?;
        match work(renewed.value).await {
            Err(refusal) if refusal.is_refused_login() => Err(refused(
                &renewed.login,
                "has just been read anew, and its password is refused too",
                refusal,
            )),
            other => other,
        }
    }

    async fn held(&self) -> Result<Held<T>, FunctionError> {
        let mut slot = self.held.lock().await;
        if let Some(held) = slot.as_ref() {
            return Ok(held.clone());
        }
        let made = self.make().await?;
        Ok(slot.insert(made).clone())
    }

    async fn make(&self) -> Result<Held<T>, FunctionError> {
        let context = (self.open)().await?;
        let login = context.config.store.clone();
        Ok(Held {
            value: Arc::new((self.make)(context)?),
            login,
        })
    }

    /// What is to be worked with instead of what was refused as `login`.
    async fn renewed(
        &self,
        login: &StoreConfig,
        refusal: FunctionError,
    ) -> Result<Held<T>, FunctionError> {
        if login.password_secret_id.is_none() {
            return Err(refused(login, "", refusal));
        }
        let mut slot = self.held.lock().await;
        // Whoever else was refused meanwhile may have renewed it already.
        if let Some(held) = slot
            .as_ref()
            .filter(|held| held.login.password != login.password)
        {
            return Ok(held.clone());
        }
        tracing::warn!(
            user = login.user,
            "ClickHouse refused the login: its secret is read anew"
        );
        let made = self.make().await?;
        if made.login.password == login.password {
            return Err(refused(login, "still holds the refused password", refusal));
        }
        Ok(slot.insert(made).clone())
    }
}

/// A refused login with what to do about it. `secret_is` says what the secret's part in it is, where there is one.
fn refused(login: &StoreConfig, secret_is: &str, refusal: FunctionError) -> FunctionError {
    let fix = match &login.password_secret_id {
        Some(secret_id) => format!(
            "secret {secret_id:?} {secret_is}: store the password of that user in it, or correct CLICKHOUSE_USER"
        ),
        None => "correct CLICKHOUSE_USER and CLICKHOUSE_PASSWORD, or keep the password in a secret and name it in \
                 CLICKHOUSE_PASSWORD_SECRET_ID"
            .to_owned(),
    };
    FunctionError::LoginRefused {
        user: login.user.clone(),
        fix,
        source: Box::new(refusal),
    }
}
