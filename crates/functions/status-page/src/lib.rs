//! The status page: what Polo sees of the organization, and why not more, as HTML and as JSON.
//!
//! Invariants: it reads and never writes; every link in it is relative, because it is served under a function's own
//! address, on loopback and by a load balancer; and every request has an answer with a sentence, whatever failed.

mod account;
mod answer;
mod api;
mod budget;
mod document;
mod event;
mod known;
mod overview;
mod problem;
mod route;
mod snapshot;
mod tree;

use std::process::ExitCode;
use std::sync::Arc;

use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, LambdaEvent, Request, Response, Service as _, service_fn};
use polo_runtime::{Context, FunctionError, Warm, run_process};
use polo_store::Store;

pub use answer::Answer;
pub use event::tamed;
use problem::Problem;
pub use route::{Form, Route};

/// Folder, package and binary.
const NAME: &str = "status-page";

/// The page while it is warm.
pub struct StatusPage {
    store: Store,
}

impl StatusPage {
    /// Made once, at the cold start.
    ///
    /// # Errors
    /// None at present; the signature is that of all functions.
    pub fn new(context: Context) -> Result<Self, FunctionError> {
        Ok(Self::over(context.store))
    }

    /// Over a database, as tests have it.
    pub fn over(store: Store) -> Self {
        Self { store }
    }

    /// What a route answers.
    ///
    /// # Errors
    /// Where the database failed. What is not found is an answer.
    pub async fn answer(&self, route: &Route) -> Result<Answer, FunctionError> {
        let store = &self.store;
        let answer = match route {
            Route::Overview => overview::whole(store).await?,
            Route::Ou { id, after } => overview::of_ou(store, id, after.as_ref()).await?,
            Route::Account(id) => account::answer(store, id).await?,
            Route::ApiCoverage { after } => api::coverage(store, after.as_ref()).await?,
            Route::ApiAccounts { after, status } => {
                api::accounts(store, after.as_ref(), *status).await?
            }
            Route::ApiAccount(id) => api::account(store, id).await?,
        };
        Ok(answer)
    }
}

/// One request, answered in any case.
pub async fn respond(page: &Warm<StatusPage>, request: &Request) -> Response<Body> {
    let path = request.uri().path();
    let form = Form::of(path);
    let route = match Route::of(request.method().as_str(), path, request.uri().query()) {
        Ok(route) => Arc::new(route),
        Err(problem) => return problem.answer(form, path).into_response(),
    };
    let answered = page
        .run(|page| {
            let route = Arc::clone(&route);
            async move { page.answer(&route).await }
        })
        .await;
    let answer = answered.unwrap_or_else(|error| {
        // The one place where a failure is logged; who looks at the page reads no more than a sentence.
        tracing::error!(
            function = NAME,
            path,
            error_type = error.error_type(),
            error = error.chain(),
            "failed"
        );
        Problem::of(&error).answer(form, path)
    });
    answer.into_response()
}

/// The whole `main` of the function.
pub fn main() -> ExitCode {
    run_process(NAME, StatusPage::new, |page| {
        let mut requests = Adapter::from(service_fn(move |request: Request| {
            let page = Arc::clone(&page);
            async move { Ok::<_, std::convert::Infallible>(respond(&page, &request).await) }
        }));
        lambda_http::lambda_runtime::run(service_fn(
            move |LambdaEvent { payload, context }: LambdaEvent<LambdaRequest>| {
                requests.call(LambdaEvent::new(tamed(payload), context))
            },
        ))
    })
}
