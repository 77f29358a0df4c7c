//! Where the database is. Parsed once at start, before anything is asked.

use std::fmt;

use polo_core::Setting;
use polo_core::text::quoted;

/// How to reach the database.
#[derive(Clone)]
pub struct StoreConfig {
    /// `http://host:8123` or `https://host:8443`.
    pub url: String,
    /// The database that holds Polo's tables.
    pub database: String,
    /// The user.
    pub user: String,
    /// The password, where there is one. Never logged.
    pub password: Option<String>,
    /// The secret that holds the password, by name or ARN, where it is kept in one.
    pub password_secret_id: Option<String>,
}

/// A setting of the database connection that cannot be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStoreConfig {
    /// Not the URL of an HTTP interface.
    #[error(
        "CLICKHOUSE_URL is {}: write the URL of ClickHouse's HTTP interface, such as http://localhost:8123",
        quoted(url)
    )]
    Url {
        /// What was given.
        url: String,
    },
    /// A URL with more than an address. It is not shown, because a password may be in it.
    #[error(
        "CLICKHOUSE_URL holds more than an address: write it without user, password or query, such as \
         https://clickhouse.example.com:8443, and set CLICKHOUSE_USER and CLICKHOUSE_PASSWORD"
    )]
    MoreThanAddress,
    /// Not a database or user name.
    #[error("{name} is {}: {rule}", quoted(value))]
    Name {
        /// The variable.
        name: &'static str,
        /// What was given.
        value: String,
        /// What to write.
        rule: &'static str,
    },
    /// Two passwords.
    #[error(
        "CLICKHOUSE_PASSWORD and CLICKHOUSE_PASSWORD_SECRET_ID ({secret_id}) are both set: unset the one that is not meant"
    )]
    TwoPasswords {
        /// The secret; the password is not told.
        secret_id: String,
    },
}

impl StoreConfig {
    /// Validates what the environment says; nothing is connected to.
    pub fn new(
        url: &str,
        database: Option<&str>,
        user: Option<&str>,
        password: Option<&str>,
    ) -> Result<Self, InvalidStoreConfig> {
        if url.contains(['@', '?', '#']) {
            return Err(InvalidStoreConfig::MoreThanAddress);
        }
        if !is_http_address(url) {
            return Err(InvalidStoreConfig::Url {
                url: url.to_owned(),
            });
        }
        let database = named("CLICKHOUSE_DATABASE", database, "polo", Setting::Database)?;
        let user = named("CLICKHOUSE_USER", user, "default", Setting::DatabaseUser)?;
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            database: database.to_owned(),
            user: user.to_owned(),
            password: password
                .filter(|password| !password.is_empty())
                .map(str::to_owned),
            password_secret_id: None,
        })
    }

    /// The same with the secret that holds the password; whoever connects reads it first and gives it to
    /// [`with_password`](Self::with_password).
    pub fn with_password_secret(self, secret_id: Option<&str>) -> Result<Self, InvalidStoreConfig> {
        match (secret_id, &self.password) {
            (Some(secret_id), Some(_)) => Err(InvalidStoreConfig::TwoPasswords {
                secret_id: secret_id.to_owned(),
            }),
            (secret_id, _) => Ok(Self {
                password_secret_id: secret_id.map(str::to_owned),
                ..self
            }),
        }
    }

    /// The same with this password.
    pub fn with_password(self, password: String) -> Self {
        Self {
            password: Some(password),
            ..self
        }
    }
}

fn named<'a>(
    name: &'static str,
    given: Option<&'a str>,
    default: &'a str,
    kind: Setting,
) -> Result<&'a str, InvalidStoreConfig> {
    let value = given.unwrap_or(default);
    match kind.check(value) {
        Ok(()) => Ok(value),
        Err(rule) => Err(InvalidStoreConfig::Name {
            name,
            value: value.to_owned(),
            rule,
        }),
    }
}

fn is_http_address(url: &str) -> bool {
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"))
        .unwrap_or_default();
    let authority = rest.split('/').next().unwrap_or_default();
    // The colons of an IPv6 address stand in brackets.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    !host.is_empty()
        && rest.bytes().all(|byte| byte.is_ascii_graphic())
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig")
            .field("url", &self.url)
            .field("database", &self.database)
            .field("user", &self.user)
            .field("password", &self.password.as_ref().map(|_| "…"))
            .field("password_secret_id", &self.password_secret_id)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_values_are_named() {
        for url in [
            "",
            "localhost:8123",
            "tcp://x:9000",
            "http://",
            "http:// x",
            "http://x:port",
            "http://x:99999",
            "http://x:0",
        ] {
            let error = StoreConfig::new(url, None, None, None)
                .unwrap_err()
                .to_string();
            assert!(error.contains(&format!("{url:?}")), "{error}");
        }
        for url in [
            "http://[::1]:8123",
            "https://host",
            "https://host:8443/path",
        ] {
            assert!(StoreConfig::new(url, None, None, None).is_ok(), "{url}");
        }
        for secret in [
            "http://user:hunter2@host",
            "tcp://user:hunter2@host:9000",
            "http://host:8123/?user=polo&password=hunter2",
            "http://host:8123/#hunter2",
        ] {
            let error = StoreConfig::new(secret, None, None, None)
                .unwrap_err()
                .to_string();
            assert!(
                !error.contains("hunter2") && error.contains("without user, password or query"),
                "{error}"
            );
        }
        let user = StoreConfig::new("http://localhost:1", None, Some("a b"), None);
        assert!(
            user.unwrap_err()
                .to_string()
                .starts_with("CLICKHOUSE_USER is \"a b\"")
        );
        assert!(StoreConfig::new("http://localhost:1", Some("a-b"), None, None).is_err());
    }

    #[test]
    fn the_password_is_never_shown() {
        let config =
            StoreConfig::new("https://host:8443", None, Some("polo"), Some("hunter2")).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        assert_eq!(config.database, "polo");
    }

    #[test]
    fn a_password_comes_from_one_place() {
        let with = |password| StoreConfig::new("https://host:8443", None, None, password).unwrap();
        let config = with(None).with_password_secret(Some("polo")).unwrap();
        assert_eq!(config.password, None);
        let config = config.with_password("hunter2".to_owned());
        assert!(!format!("{config:?}").contains("hunter2"));
        assert_eq!(config.password_secret_id.as_deref(), Some("polo"));

        let error = with(Some("hunter2"))
            .with_password_secret(Some("polo"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("(polo)") && !error.contains("hunter2"),
            "{error}"
        );
        assert!(with(Some("hunter2")).with_password_secret(None).is_ok());
    }
}
