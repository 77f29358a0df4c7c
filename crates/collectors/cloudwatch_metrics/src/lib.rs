//! How much the resources of one region are used: hourly points of CloudWatch's metrics, of what other collectors have
//! found there.
//!
//! Invariants: what is asked is billed, so nothing is asked twice for the same hours; points are stored before it is
//! noted that they were asked for; an hour without a point counts as one without use only where that note exists.

mod answers;
mod fetch;
mod known;
mod metrics;
mod questions;
mod rows;
mod window;

use aws_sdk_cloudwatch::Client;
use polo_runtime::{CollectError, Collector, PageTokens, Sink, Target};
use polo_store::known_resources::KnownResource;

use crate::answers::Answers;
use crate::fetch::ACTION;
use crate::known::KnownSeries;
use crate::questions::{Question, Questions};
use crate::rows::PointRow;
use crate::window::Window;

/// Resources that are read from the database at a time.
const RESOURCES_AT_ONCE: usize = 500;
/// Points that are sent to the database at a time.
const ROWS_AT_ONCE: usize = 2_000;

/// The collector.
pub struct CloudwatchMetrics;

impl Collector for CloudwatchMetrics {
    const ID: &'static str = "cloudwatch_metrics";
    const MANIFEST: &'static str = include_str!("../collector.json");

    fn new() -> Self {
        Self
    }

    async fn collect(&self, target: &Target, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let client = Client::new(target.aws());
        let store = sink.store().clone();
        let last_look = known::last_look(&store, target).await?;
        let mut questions = Questions::new(last_look, target.look().started_at);
        for kind in metrics::KINDS {
            let mut last: Option<KnownResource> = None;
            loop {
                let page = store
                    .known_resources_after(
                        target.account_id(),
                        target.region(),
                        &[kind],
                        last.as_ref(),
                        RESOURCES_AT_ONCE,
                    )
                    .await?;
                let known = KnownSeries::of(&store, target, kind, &page).await?;
                for resource in &page {
                    for metric in metrics::of(resource) {
                        let known = known.series(&resource.resource_id, metric);
                        if let Some((window, batch)) = questions.add(resource, metric, known) {
                            ask(&client, target, sink, window, &batch).await?;
                        }
                    }
                }
                if page.len() < RESOURCES_AT_ONCE {
                    break;
                }
                last = page.into_iter().last();
            }
        }
        for (window, batch) in questions.rest() {
            ask(&client, target, sink, window, &batch).await?;
        }
        Ok(())
    }
}

/// Asks one batch and stores what comes, every page of it.
async fn ask(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
    window: Window,
    questions: &[Question],
) -> Result<(), CollectError> {
    sink.spend(ACTION, questions.len() as u64).await?;
    let mut answers = Answers::to(questions, window);
    let mut tokens = PageTokens::of(ACTION);
    let mut token = None;
    loop {
        let page = fetch::page(client, target, questions, window, token).await?;
        let mut points: Vec<PointRow> = Vec::new();
        for result in page.metric_data_results() {
            let Some((question, found)) = answers.take(result) else {
                continue;
            };
            if points.len() + found.len() > ROWS_AT_ONCE {
                send(sink, &mut points).await?;
            }
            points.extend(
                found
                    .into_iter()
                    .map(|point| rows::point(target, question, point)),
            );
        }
        send(sink, &mut points).await?;
        for said in page.messages() {
            sink.shortfall(answers::message(said));
        }
        tokens.next(page.next_token())?;
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            break;
        }
    }
    let asked: Vec<_> = answers
        .whole()
        .map(|(question, answer)| rows::asked(target, question, window, answer))
        .collect();
    sink.rows("write cloudwatch_metrics_asked", &asked).await?;
    for failure in answers.shortfalls() {
        sink.shortfall(failure);
    }
    Ok(())
}

async fn send(sink: &mut Sink<'_>, points: &mut Vec<PointRow>) -> Result<(), CollectError> {
    sink.rows("write cloudwatch_metrics_points", points).await?;
    points.clear();
    Ok(())
}
