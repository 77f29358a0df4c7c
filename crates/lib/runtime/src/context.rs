//! The cold start: everything that an invocation needs and that does not change between invocations.

use aws_types::SdkConfig;
use polo_aws::{
    Backoff, Clock, EventPublisher, SessionSettings, Sessions, load_config, read_secret,
    session_name,
};
use polo_core::{Partition, RoleArn};
use polo_store::Store;
use uuid::Uuid;

use crate::{Config, FunctionError};

/// What a function holds while it is warm.
pub struct Context {
    /// The function's name, for session names and records.
    pub function: &'static str,
    /// The settings.
    pub config: Config,
    /// The hub's own AWS configuration.
    pub aws: SdkConfig,
    /// The database.
    pub store: Store,
    /// Sessions in member accounts, with the common external id.
    pub sessions: Sessions,
    /// The bus.
    pub publisher: EventPublisher,
    /// How calls are repeated.
    pub backoff: Backoff,
    /// The clock.
    pub clock: Clock,
}

impl Context {
    /// From the process's environment.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where a function's environment is read"
    )]
    pub async fn from_environment(function: &'static str) -> Result<Self, FunctionError> {
        let config = Config::from_lookup(&|name| std::env::var(name).ok())?;
        let http = polo_aws::http::shared_http_client().map_err(polo_aws::ConfigError::from)?;
        let aws = load_config(http).await?;
        Self::open(function, config, aws, Clock::system(), Backoff::default()).await
    }

    /// From parts; the password is read from its secret, where it is kept in one.
    pub async fn open(
        function: &'static str,
        mut config: Config,
        aws: SdkConfig,
        clock: Clock,
        backoff: Backoff,
    ) -> Result<Self, FunctionError> {
        if let Some(secret_id) = &config.store.password_secret_id {
            let secret = read_secret(&aws, secret_id, &backoff).await?;
            config.store = config.store.with_password(secret.password()?);
        }
        Ok(Self::new(function, config, aws, clock, backoff))
    }

    /// From parts that are complete.
    pub fn new(
        function: &'static str,
        config: Config,
        aws: SdkConfig,
        clock: Clock,
        backoff: Backoff,
    ) -> Self {
        let settings = SessionSettings {
            external_id: config.external_id.clone(),
            sts_calls_per_second: config.sts_calls_per_second,
            backoff,
        };
        Self {
            function,
            store: Store::new(&config.store),
            sessions: Sessions::new(&aws, settings, clock.clone()),
            publisher: EventPublisher::new(&aws, config.put_events_per_second, backoff),
            backoff,
            clock,
            aws,
            config,
        }
    }

    /// The partition of the hub's own region, for accounts whose ARN nobody gave.
    pub fn home_partition(&self) -> Partition {
        // `load_config` refuses to start without a region.
        Partition::of_region(self.aws.region().map_or("", |region| region.as_ref()))
    }

    /// The configuration for calls in a management account: through a role of ours there, else the hub's own.
    /// `run` is what one searches CloudTrail for.
    pub fn management(&self, role: Option<&RoleArn>, run: Uuid) -> SdkConfig {
        let Some(role) = role else {
            return self.aws.clone();
        };
        let external_id = self.config.external_id_in_management(role);
        self.sessions.with_external_id(external_id).config_through(
            role,
            &session_name(self.function, &run.simple().to_string()),
        )
    }

    /// Sessions with an organization's external id.
    pub fn sessions_of(&self, organization_id: &str) -> Sessions {
        self.sessions
            .with_external_id(self.config.external_id_of(organization_id))
    }
}
