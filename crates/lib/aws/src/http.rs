//! The one HTTP client of the process: hyper 1 and rustls, one pool for all accounts and services.
//!
//! Invariant: the trust roots are compiled in, because reading the system's store is most of a cold start. The files
//! that `AWS_CA_BUNDLE` and `SSL_CERT_FILE` name are added to them; a file that holds no certificate is an error here,
//! since the SDK panics at the first connection instead.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::base64;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// The environment variables that name a file of further trust roots.
///
/// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/setting-global-ca_bundle.html>
const BUNDLE_VARIABLES: [&str; 2] = ["AWS_CA_BUNDLE", "SSL_CERT_FILE"];

/// Idle connections are dropped before AWS's load balancers do it, at 60 seconds.
const IDLE: Duration = Duration::from_secs(50);

/// A bundle of trust roots that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustRootError {
    /// The file cannot be read.
    #[error(
        "{variable} names {path:?}, which cannot be read: point it at a PEM file of certificates or unset it"
    )]
    Unreadable {
        /// The environment variable.
        variable: &'static str,
        /// What it names.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file holds nothing to trust.
    #[error(
        "{variable} names {path:?}, which holds no usable certificate: point it at a PEM file of certificates or unset it"
    )]
    NoCertificate {
        /// The environment variable.
        variable: &'static str,
        /// What it names.
        path: PathBuf,
    },
}

/// The process's HTTP client; built at the first call, shared ever after.
pub fn shared_http_client() -> Result<SharedHttpClient, TrustRootError> {
    static CLIENT: OnceLock<SharedHttpClient> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client.clone());
    }
    let tls = tls_context()?;
    Ok(CLIENT.get_or_init(|| build(tls)).clone())
}

/// The trust roots: the compiled-in ones, and those of the files that the environment names.
pub(crate) fn tls_context() -> Result<TlsContext, TrustRootError> {
    let mut extra = Vec::new();
    for variable in BUNDLE_VARIABLES {
        if let Some(path) = env::var_os(variable).filter(|value| !value.is_empty()) {
            extra.extend(read_bundle(variable, Path::new(&path))?);
        }
    }
    Ok(trusting(&extra))
}

/// The compiled-in roots and these.
fn trusting(extra: &[CertificateDer<'_>]) -> TlsContext {
    let compiled_in = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
    let mut pem = String::with_capacity((compiled_in.len() + extra.len()) * 2_048);
    for certificate in compiled_in.iter().chain(extra) {
        pem.push_str("-----BEGIN CERTIFICATE-----\n");
        pem.push_str(&base64::encode(certificate));
        pem.push_str("\n-----END CERTIFICATE-----\n");
    }
    TlsContext::builder()
        .with_trust_store(TrustStore::empty().with_pem_certificate(pem))
        .build()
        .expect("a trust store is a whole configuration")
}

fn build(tls: TlsContext) -> SharedHttpClient {
    let mut builder = Builder::new();
    builder.set_pool_idle_timeout(Some(Some(IDLE)));
    builder
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(tls)
        .build_https()
}

/// The usable certificates of a PEM file; the others are counted in the log, as rustls itself would skip them.
fn read_bundle(
    variable: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, TrustRootError> {
    let bytes = std::fs::read(path).map_err(|source| TrustRootError::Unreadable {
        variable,
        path: path.to_owned(),
        source,
    })?;
    let mut usable = Vec::new();
    let mut refused = 0_u32;
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        match certificate {
            Ok(certificate) if webpki::anchor_from_trusted_cert(&certificate).is_ok() => {
                usable.push(certificate);
            }
            Ok(_) | Err(_) => refused += 1,
        }
    }
    if refused > 0 {
        tracing::warn!(
            variable,
            path = %path.display(),
            refused,
            usable = usable.len(),
            "certificates skipped that rustls cannot use"
        );
    }
    if usable.is_empty() {
        return Err(TrustRootError::NoCertificate {
            variable,
            path: path.to_owned(),
        });
    }
    Ok(usable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_compiled_in_root_is_one_that_rustls_accepts() {
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
        assert!(roots.len() > 50);
        assert!(
            roots
                .iter()
                .all(|root| webpki::anchor_from_trusted_cert(root).is_ok())
        );
        build(trusting(&[]));
    }

    #[test]
    fn a_missing_or_empty_bundle_is_one_sentence_naming_variable_and_file() {
        let missing = Path::new("/nowhere/bundle.pem");
        let error = read_bundle("AWS_CA_BUNDLE", missing)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("AWS_CA_BUNDLE") && error.contains("/nowhere/bundle.pem"),
            "{error}"
        );
        let no_certificate = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let error = read_bundle("SSL_CERT_FILE", no_certificate)
            .unwrap_err()
            .to_string();
        assert!(error.contains("holds no usable certificate"), "{error}");
    }
}
