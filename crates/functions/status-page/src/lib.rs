//! The status page: what Polo sees of the organization, and why not more, as HTML and as JSON.
//!
//! Invariants: it reads and never writes; every link in it is relative, because it is served under a function's own
//! address, on loopback and by a load balancer; and every request gets an answer with a sentence, whatever failed.

mod account;
mod answer;
mod api;
mod attention;
mod budget;
mod document;
mod event;
mod filter;
mod form;
mod known;
mod list;
mod meant;
mod node_id;
mod ou;
mod overview;
mod parameters;
mod problem;
mod route;
mod rows;
mod snapshot;
mod tree;

use std::process::ExitCode;
use std::sync::Arc;

use lambda_http::http::Method;
use lambda_http::lambda_runtime::Diagnostic;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, LambdaEvent, Request, Response, Service as _, service_fn};
use polo_core::PayloadError;
use polo_runtime::{Context, FunctionError, Readable, Warm, run_process};
use polo_store::Store;

pub use answer::Answer;
pub use event::tamed;
pub use filter::{Coverage, Filter, Search};
pub use form::Form;
use problem::Problem;
pub use route::Route;
use snapshot::Snapshot;

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

    /// Over a database, as in tests.
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
            Route::Overview => overview::render(&Snapshot::read(store).await?),
            Route::List { filter, after } => {
                list::render(&Snapshot::read(store).await?, filter, after.as_ref())
            }
            Route::Ou { id, after } => {
                ou::render(&Snapshot::read(store).await?, id, after.as_ref())
            }
            Route::Account(id) => account::answer(store, id).await?,
            Route::ApiCoverage { after } => api::coverage(store, after.as_ref()).await?,
            Route::ApiAccounts { filter, after } => {
                api::accounts(store, filter, after.as_ref()).await?
            }
            Route::ApiAccount(id) => api::account(store, id).await?,
            Route::Icon => Answer::icon(),
        };
        Ok(answer)
    }
}

/// One request, answered in any case; HEAD as GET, without a body.
pub async fn respond(page: &Warm<StatusPage>, request: &Request) -> Response<Body> {
    let mut response = answered(page, request).await.into_response();
    if request.method() == Method::HEAD {
        *response.body_mut() = Body::Empty;
    }
    response
}

async fn answered(page: &Warm<StatusPage>, request: &Request) -> Answer {
    let path = request.uri().path();
    let form = Form::of(path);
    let route = match Route::of(request.method().as_str(), path, request.uri().query()) {
        Ok(route) => Arc::new(route),
        Err(problem) => return problem.answer(form, path),
    };
    let answered = page
        .run(|page| {
            let route = Arc::clone(&route);
            async move { page.answer(&route).await }
        })
        .await;
    answered.unwrap_or_else(|error| {
        // The one place where a failure is logged; the page shows no more than a sentence.
        tracing::error!(
            function = NAME,
            path,
            error_type = error.error_type(),
            error = error.chain(),
            "failed"
        );
        Problem::of(&error).answer(form, path)
    })
}

/// An event that is no request, logged: there is nobody to show a page to.
fn refused(error: FunctionError) -> FunctionError {
    tracing::error!(
        function = NAME,
        error_type = error.error_type(),
        error = error.chain(),
        "failed"
    );
    error
}

/// The whole `main` of the function.
pub fn main() -> ExitCode {
    run_process(NAME, StatusPage::new, |page| {
        let mut requests = Adapter::from(service_fn(move |request: Request| {
            let page = Arc::clone(&page);
            async move { Ok::<_, std::convert::Infallible>(respond(&page, &request).await) }
        }));
        lambda_http::lambda_runtime::run(service_fn(
            move |LambdaEvent { payload, context }: LambdaEvent<Readable<LambdaRequest>>| {
                let request = payload.read().map_err(|_| PayloadError::NotHttp);
                let answer =
                    request.map(|request| requests.call(LambdaEvent::new(tamed(request), context)));
                async move {
                    match answer {
                        Ok(answer) => Ok(answer.await?),
                        Err(error) => Err(Diagnostic::from(refused(error.into()))),
                    }
                }
            },
        ))
    })
}
