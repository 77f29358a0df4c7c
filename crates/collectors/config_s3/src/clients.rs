//! S3's clients, one per region, made when a bucket of that region is met.
//!
//! Invariant: on AWS a bucket is in the host's name, as AWS wants it. An endpoint of one's own has no host per bucket,
//! so there the bucket is in the path.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, Region};
use aws_types::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

/// The clients of one account.
pub(crate) struct Clients {
    aws: SdkConfig,
    path_style: bool,
    home: Client,
    regional: Mutex<HashMap<String, Client>>,
}

impl Clients {
    /// Clients with the credentials, the endpoint and the HTTP client of this configuration.
    pub(crate) fn new(aws: &SdkConfig) -> Self {
        let path_style = has_own_endpoint(aws);
        Self {
            aws: aws.clone(),
            path_style,
            home: client(aws, path_style),
            regional: Mutex::default(),
        }
    }

    /// The client of the configuration's own region, for what can be asked anywhere.
    pub(crate) fn home(&self) -> &Client {
        &self.home
    }

    /// The client of a region.
    pub(crate) fn of(&self, region: &str) -> Client {
        let mut regional = self.regional.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = regional.get(region) {
            return known.clone();
        }
        let there = Region::new(region.to_owned());
        let made = client(
            &self.aws.to_builder().region(there).build(),
            self.path_style,
        );
        regional.insert(region.to_owned(), made.clone());
        made
    }
}

fn client(aws: &SdkConfig, path_style: bool) -> Client {
    Client::from_conf(Builder::from(aws).force_path_style(path_style).build())
}

/// Whether something else than AWS is asked: `AWS_ENDPOINT_URL` and its likes for all services, or for S3 alone, which
/// the configuration only tells who asks as the SDK does.
///
/// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>
fn has_own_endpoint(aws: &SdkConfig) -> bool {
    let of_s3 = || {
        let key = ServiceConfigKey::builder()
            .service_id("S3")
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build()
            .ok()?;
        aws.service_config()?.load_config(key)
    };
    aws.endpoint_url().is_some() || of_s3().is_some()
}

#[cfg(test)]
mod tests {
    use aws_types::service_config::LoadServiceConfig;
    use polo_testkit::aws::{FakeAws, Reply};

    use super::*;

    /// As `AWS_ENDPOINT_URL_S3` reaches a configuration.
    #[derive(Debug)]
    struct OnlyS3(&'static str);

    impl LoadServiceConfig for OnlyS3 {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            (key.service_id() == "S3" && key.env() == "AWS_ENDPOINT_URL").then(|| self.0.to_owned())
        }
    }

    /// Where a bucket of eu-west-1 is asked, and the region that the request is signed for.
    async fn asked(change: impl FnOnce(SdkConfig) -> SdkConfig) -> (String, String, String) {
        let aws = FakeAws::new();
        aws.on("s3", "GetBucketVersioning", |_| {
            Reply::ok("<VersioningConfiguration/>")
        });
        let clients = Clients::new(&change(aws.config()));
        let answer = clients
            .of("eu-west-1")
            .get_bucket_versioning()
            .bucket("logs")
            .send()
            .await;
        assert!(answer.is_ok(), "{answer:?}");
        let call = &aws.calls()[0];
        let host_and_path = call.uri.split('?').next().unwrap_or_default().to_owned();
        (host_and_path, call.region.clone(), call.bucket().to_owned())
    }

    fn texts(of: [&str; 3]) -> (String, String, String) {
        let [uri, region, bucket] = of.map(str::to_owned);
        (uri, region, bucket)
    }

    #[tokio::test]
    async fn on_aws_the_bucket_is_in_the_host_of_its_region() {
        assert_eq!(
            asked(|aws| aws).await,
            texts([
                "https://logs.s3.eu-west-1.amazonaws.com/",
                "eu-west-1",
                "logs"
            ])
        );
    }

    #[tokio::test]
    async fn at_an_endpoint_of_ones_own_it_is_in_the_path() {
        assert_eq!(
            asked(|aws| aws
                .to_builder()
                .endpoint_url("http://localhost:5000")
                .build())
            .await,
            texts(["http://localhost:5000/logs/", "eu-west-1", "logs"])
        );
    }

    #[tokio::test]
    async fn an_endpoint_of_s3_alone_is_one_too() {
        let config = OnlyS3("http://localhost:5001");
        assert_eq!(
            asked(|aws| aws.to_builder().service_config(config).build()).await,
            texts(["http://localhost:5001/logs/", "eu-west-1", "logs"])
        );
    }

    #[tokio::test]
    async fn a_region_has_one_client() {
        let clients = Clients::new(&FakeAws::new().config());
        clients.of("eu-west-1");
        clients.of("eu-west-1");
        clients.of("us-east-1");
        let regional = clients.regional.into_inner().expect("nobody panicked");
        assert_eq!(regional.len(), 2);
    }
}
