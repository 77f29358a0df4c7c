//! The shape of `polo page`.

use clap::Args;
use polo_aws::Address;
use polo_core::text::quoted;

/// How the status page is served.
#[derive(Debug, Args)]
pub(crate) struct Page {
    /// The port on 127.0.0.1 [default: a free one]
    #[arg(long, value_name = "PORT", value_parser = port, allow_negative_numbers = true)]
    pub(crate) port: Option<u16>,
    /// The function's URL, for those who may not look it up (lambda:GetFunctionUrlConfig)
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) url: Option<PageUrl>,
}

/// The address of the function; it is no secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PageUrl(pub(crate) Address);

impl std::fmt::Debug for PageUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.expose())
    }
}

fn port(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(format!(
            "{} is not a port: give a number from 1 to 65535, or leave it out for a free one",
            quoted(text)
        )),
    }
}

/// An address that paths can be put behind: it ends in a slash, and has no query.
pub(crate) fn url(text: &str) -> Result<PageUrl, String> {
    let whole = if text.ends_with('/') {
        text.to_owned()
    } else {
        format!("{text}/")
    };
    let wrong = |why: String| {
        format!(
            "{} is not the URL of a function ({why}): give one such as https://abc.lambda-url.us-east-1.on.aws/",
            shown(text)
        )
    };
    if whole.contains(['?', '#']) {
        return Err(wrong("it has a query or a fragment".to_owned()));
    }
    Address::parse(&whole)
        .map(PageUrl)
        .map_err(|error| wrong(error.to_string()))
}

/// A user or password in it is not for terminals.
fn shown(url: &str) -> String {
    if url.contains('@') {
        "the value".to_owned()
    } else {
        quoted(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_ends_in_a_slash_and_has_no_query() {
        for (text, whole) in [
            ("https://a.on.aws", "https://a.on.aws/"),
            ("https://a.on.aws/", "https://a.on.aws/"),
            (
                "http://127.0.0.1:9/lambda-url/x",
                "http://127.0.0.1:9/lambda-url/x/",
            ),
        ] {
            assert_eq!(url(text).unwrap().0.expose(), whole);
        }
        for text in [
            "",
            "a.on.aws",
            "http://a.on.aws/",
            "https://a.on.aws/?x",
            "https://a.on.aws/#x",
        ] {
            let error = url(text).unwrap_err();
            assert!(
                error.contains(&format!("{text:?}")) && !error.contains('\n'),
                "{error}"
            );
        }
    }
}
