//! Signatures of requests to a function URL.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html>

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use polo_aws::Address;
use polo_core::Timestamp;

/// The service whose name is in the signature, whatever the address.
const SERVICE: &str = "lambda";

/// The headers that sign a GET without a body, tokens included: not for logs.
pub(crate) fn of_get(
    address: &Address,
    region: &str,
    credentials: Credentials,
    now: Timestamp,
) -> Result<Vec<(String, String)>, String> {
    let identity = credentials.into();
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(SERVICE)
        .time(now.into())
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| error.to_string())?
        .into();
    let request = SignableRequest::new(
        "GET",
        address.expose(),
        std::iter::empty(),
        SignableBody::Bytes(&[]),
    )
    .map_err(|error| error.to_string())?;
    let (instructions, _) = sign(request, &parameters)
        .map_err(|error| error.to_string())?
        .into_parts();
    Ok(instructions
        .headers()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

/// The region that a function URL names, `https://<id>.lambda-url.<region>.on.aws/`; none for another address.
pub(crate) fn region_of(address: &Address) -> Option<&str> {
    let (_, rest) = address.expose().split_once(".lambda-url.")?;
    let (region, rest) = rest.split_once('.')?;
    (rest.starts_with("on.aws/") || rest.starts_with("on.amazonwebservices.com.cn/"))
        .then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn a_signature_names_key_day_region_and_service_and_carries_the_token() {
        let credentials =
            Credentials::new("AKIDEXAMPLE", "secret", Some("token".into()), None, "test");
        let now = "2026-11-21T05:17:09Z".parse().unwrap();
        let of = |url: &str| of_get(&address(url), "eu-west-1", credentials.clone(), now).unwrap();
        let headers = of("https://id.lambda-url.eu-west-1.on.aws/accounts/1");
        let value = |name: &str| {
            let header = headers.iter().find(|(key, _)| key == name);
            header.unwrap_or_else(|| panic!("{headers:?}")).1.as_str()
        };
        assert_eq!(value("x-amz-date"), "20261121T051709Z");
        assert_eq!(value("x-amz-security-token"), "token");
        assert!(
            value("authorization").starts_with(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/eu-west-1/lambda/aws4_request, \
                 SignedHeaders=host;x-amz-date;x-amz-security-token, Signature="
            ),
            "{headers:?}"
        );
        assert_ne!(
            headers,
            of("https://id.lambda-url.eu-west-1.on.aws/accounts/2")
        );
    }

    #[test]
    fn the_region_is_in_the_address_of_a_function() {
        for (url, region) in [
            ("https://id.lambda-url.eu-west-1.on.aws/", Some("eu-west-1")),
            ("http://127.0.0.1:9/lambda-url/status-page/", None),
            ("https://page.example.com/", None),
            ("https://id.lambda-url.eu-west-1.example.com/", None),
        ] {
            assert_eq!(region_of(&address(url)), region, "{url}");
        }
    }
}
