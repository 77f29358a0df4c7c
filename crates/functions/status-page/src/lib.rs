//! The status page: what Polo sees of the organization, and why not more, as HTML and as JSON.
//!
//! Invariants: it reads and never writes; every link in it is relative, because it is served under a function's own
//! address, on loopback and by a load balancer; and every request has an answer with a sentence, whatever failed.

mod account;
mod answer;
mod api;
mod budget;
mod document;
mod overview;
mod problem;
mod route;
mod snapshot;
mod tree;

use std::process::ExitCode;
use std::sync::Arc;

use lambda_http::{Body, Request, Response, service_fn};
use polo_runtime::{Context, FunctionError, Warm};
use polo_store::Store;

pub use answer::Answer;
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
    lambda_http::lambda_runtime::tracing::init_default_subscriber();
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the asynchronous runtime cannot be made");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(serve()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the Lambda runtime API failed");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), lambda_http::Error> {
    let page = Arc::new(Warm::from_environment(NAME, StatusPage::new));
    // The cold start's work is done before the first request arrives; its error is told with that request.
    if let Err(error) = page.start().await {
        tracing::error!(
            error_type = error.error_type(),
            error = error.chain(),
            "cold start failed"
        );
    }
    lambda_http::run(service_fn(move |request: Request| {
        let page = Arc::clone(&page);
        async move { Ok::<_, std::convert::Infallible>(respond(&page, &request).await) }
    }))
    .await
}
