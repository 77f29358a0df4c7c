//! The stack's ClickHouse, asked as a dashboard asks it.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use crate::error::StackError;
use crate::local::env_file;
use crate::local::layout::Layout;

/// A connection with the stack's own settings.
pub(super) struct Database {
    http: reqwest::Client,
    settings: BTreeMap<String, String>,
}

impl Database {
    pub(super) fn of(layout: &Layout) -> Result<Self, StackError> {
        Ok(Self {
            http: reqwest::Client::new(),
            settings: env_file::read(&layout.env_file())?,
        })
    }

    /// Rows by the names of their columns.
    pub(super) async fn rows<T: DeserializeOwned>(&self, sql: &str) -> Result<Vec<T>, StackError> {
        let format = "FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 0";
        let text = self.query(&format!("{sql} {format}")).await?;
        text.lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()
            .map_err(|error| StackError::Refused {
                message: format!("the database answered in an unknown form: {error}"),
            })
    }

    /// Rows of texts, for tables.
    pub(super) async fn cells(&self, sql: &str) -> Result<Vec<Vec<String>>, StackError> {
        let text = self.query(&format!("{sql} FORMAT TSVRaw")).await?;
        let cells = |line: &str| line.split('\t').map(str::to_owned).collect();
        Ok(text.lines().map(cells).collect())
    }

    async fn query(&self, sql: &str) -> Result<String, StackError> {
        let value = |key: &str| self.settings.get(key).cloned().unwrap_or_default();
        let url = value("CLICKHOUSE_URL");
        let unreachable = |source: reqwest::Error| StackError::Unreachable {
            url: url.clone(),
            source: source.without_url(),
        };
        let response = self
            .http
            .post(&url)
            .header("X-ClickHouse-Database", value("CLICKHOUSE_DATABASE"))
            .body(sql.to_owned())
            .send()
            .await
            .map_err(unreachable)?;
        let success = response.status().is_success();
        let text = response.text().await.map_err(unreachable)?;
        if success {
            Ok(text)
        } else {
            Err(StackError::Refused { message: text })
        }
    }
}
