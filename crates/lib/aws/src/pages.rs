//! Reads a listing page by page. An empty page with a token is not the last one.
//!
//! Invariant: a repeated page token is an error. The SDK's paginators end silently there, and a listing that ends early would
//! pass for a complete one.

use std::error::Error;
use std::sync::Arc;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::future::BoxFuture;
use polo_core::ErrorClass;

use crate::{AwsFailure, Backoff, classify};

type Ask<'a, P, E> = Box<dyn FnMut(Option<String>) -> BoxFuture<'a, Result<P, E>> + Send + 'a>;

/// The pages `P` of a listing, each of which is asked for with the token of the one before.
pub struct Pages<'a, P, E = AwsFailure> {
    action: &'static str,
    ask: Ask<'a, P, E>,
    token_of: fn(&P) -> Option<&str>,
    next: Next,
}

enum Next {
    First,
    After(String),
    Repeated,
    Nothing,
}

impl<'a, P, E> Pages<'a, P, E>
where
    P: Send + 'a,
    E: From<AwsFailure> + 'a,
{
    /// A listing of `action`, as IAM names the operation. `ask` asks for the page with this token, `token_of` reads the token
    /// of the next one.
    pub fn new<F>(
        action: &'static str,
        mut ask: impl FnMut(Option<String>) -> F + Send + 'a,
        token_of: fn(&P) -> Option<&str>,
    ) -> Self
    where
        F: Future<Output = Result<P, E>> + Send + 'a,
    {
        Self {
            action,
            ask: Box::new(move |token| Box::pin(ask(token))),
            token_of,
            next: Next::First,
        }
    }

    /// Whether there is another page, for a caller who pays before it is asked for.
    ///
    /// # Errors
    /// [`ErrorClass::Bug`] if the last page named itself as the next one.
    pub fn more(&self) -> Result<bool, AwsFailure> {
        match self.next {
            Next::First | Next::After(_) => Ok(true),
            Next::Nothing => Ok(false),
            Next::Repeated => Err(AwsFailure::new(
                ErrorClass::Bug,
                self.action,
                "RepeatedNextToken",
                "the answer names the page that was just read as the next one",
            )),
        }
    }

    /// The next page; none after the last.
    ///
    /// # Errors
    /// The call's own, or a repeated token.
    pub async fn next(&mut self) -> Result<Option<P>, E> {
        if !self.more()? {
            return Ok(None);
        }
        let asked = match &self.next {
            Next::After(token) => Some(token.clone()),
            Next::First | Next::Repeated | Next::Nothing => None,
        };
        let page = (self.ask)(asked.clone()).await?;
        self.next = match (self.token_of)(&page).filter(|token| !token.is_empty()) {
            None => Next::Nothing,
            Some(token) if Some(token) == asked.as_deref() => Next::Repeated,
            Some(token) => Next::After(token.to_owned()),
        };
        Ok(Some(page))
    }
}

impl<'a, P> Pages<'a, P>
where
    P: Send + 'a,
{
    /// The same with calls of an SDK's client, whose failures are read for the region that was asked.
    pub fn of_calls<F, X>(
        action: &'static str,
        region: Option<&'a str>,
        mut call: impl FnMut(Option<String>) -> F + Send + 'a,
        token_of: fn(&P) -> Option<&str>,
    ) -> Self
    where
        F: Future<Output = Result<P, SdkError<X, HttpResponse>>> + Send + 'a,
        X: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let ask = move |token| {
            let answer = call(token);
            async move {
                answer
                    .await
                    .map_err(|error| classify(action, region, &error))
            }
        };
        Self::new(action, ask, token_of)
    }

    /// The same with calls that are repeated by this backoff.
    pub(crate) fn repeated<F, X>(
        action: &'static str,
        backoff: &'a Backoff,
        call: impl Fn(Option<String>) -> F + Send + Sync + 'a,
        token_of: fn(&P) -> Option<&str>,
    ) -> Self
    where
        F: Future<Output = Result<P, SdkError<X, HttpResponse>>> + Send + 'a,
        X: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let call = Arc::new(call);
        let ask = move |token: Option<String>| {
            let call = Arc::clone(&call);
            async move {
                let attempt = || async {
                    let answer = call(token.clone()).await;
                    answer.map_err(|error| classify(action, None, &error))
                };
                backoff.retry(attempt).await
            }
        };
        Self::new(action, ask, token_of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A listing whose pages are these tokens of the next one.
    fn pages(tokens: &'static [Option<&'static str>]) -> Pages<'static, Option<&'static str>> {
        let mut left = tokens.iter();
        let ask = move |_| {
            let page = left.next().copied();
            async move { Ok(page.expect("a page that was named")) }
        };
        Pages::new("a:List", ask, |page| *page)
    }

    async fn read(tokens: &'static [Option<&'static str>]) -> Result<usize, AwsFailure> {
        let mut pages = pages(tokens);
        let mut count = 0;
        while pages.next().await?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    #[tokio::test]
    async fn listing_ends_without_a_token() {
        assert_eq!(read(&[None]).await, Ok(1));
        assert_eq!(read(&[Some("x"), Some("y"), Some("")]).await, Ok(3));
    }

    #[tokio::test]
    async fn repeated_token_is_an_error_after_its_page() {
        let mut pages = pages(&[Some("x"), Some("x")]);
        assert!(pages.next().await.unwrap().is_some() && pages.next().await.unwrap().is_some());
        assert_eq!(pages.more().unwrap_err().code, "RepeatedNextToken");
        assert_eq!(pages.next().await.unwrap_err().class, ErrorClass::Bug);
    }
}
