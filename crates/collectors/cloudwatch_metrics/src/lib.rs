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
use polo_collect::{CollectError, Collector, Sink, Target};
use polo_store::known_resources::KnownResource;

use crate::answers::Answers;
use crate::fetch::ACTION;
use crate::known::{KnownPlaces, KnownSeries};
use crate::questions::{Question, Questions};
use crate::window::Window;

/// Resources that are read from the database at a time.
const RESOURCES_AT_ONCE: usize = 500;

/// The collector.
pub struct CloudwatchMetrics;

impl Collector for CloudwatchMetrics {
    const ID: &'static str = "cloudwatch_metrics";
    const MANIFEST: &'static str = include_str!("../collector.json");

    fn new() -> Self {
        Self
    }

    async fn collect(&self, target: &Target, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let store = sink.store().clone();
        let places = sink.once(|| KnownPlaces::read(&store, target)).await?;
        if !places.has_resources(target.place()) {
            return Ok(());
        }
        let client = Client::new(target.aws());
        let last_look = places.last_look(target.place());
        let mut questions = Questions::new(last_look, target.look().started_at());
        let mut last: Option<KnownResource> = None;
        loop {
            let page = store
                .known_resources_after(
                    target.account_id(),
                    target.place(),
                    &metrics::KINDS,
                    last.as_ref(),
                    RESOURCES_AT_ONCE,
                )
                .await?;
            let known = KnownSeries::of(&store, target, &page).await?;
            for resource in &page {
                for metric in metrics::of(resource) {
                    let known = known.series(resource, metric);
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
    let mut pages = fetch::pages(client, target, questions, window);
    while let Some(page) = pages.next().await? {
        for result in page.metric_data_results() {
            let Some((question, found)) = answers.take(result) else {
                continue;
            };
            let points = found.into_iter();
            sink.rows(points.map(|point| rows::point(target, question, point)))
                .await?;
        }
        for said in page.messages() {
            sink.missing_detail(answers::message(said));
        }
    }
    let asked: Vec<_> = answers
        .whole()
        .map(|(question, answer)| rows::asked(target, question, window, answer))
        .collect();
    sink.rows(asked).await?;
    for failure in answers.missing_details() {
        sink.missing_detail(failure);
    }
    Ok(())
}
