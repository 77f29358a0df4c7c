//! The one call, a range of days at a time, a page in memory at a time.
//!
//! Invariant: a range is recorded as read after its last page is stored and never before; each page is paid for before
//! it is asked for.

use aws_sdk_costexplorer::Client;
use aws_sdk_costexplorer::operation::get_cost_and_usage::{
    GetCostAndUsageError, GetCostAndUsageOutput,
};
use aws_sdk_costexplorer::types::{DateInterval, Granularity};
use polo_aws::{AwsFailure, Pages, classify};
use polo_collect::{CollectError, Sink, Target};
use polo_core::ErrorClass;

use crate::grouping::in_region;
use crate::question::{ACTION, Question};
use crate::rows::{self, DayEstimates};

/// What became of a question that did not end the target.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Every page is stored, and the days are recorded as read.
    Complete,
    /// AWS has no data for these days, or does not take this region as a filter: that is this question's own trouble.
    Unavailable(AwsFailure),
}

/// Reads one question to its last page. AWS chooses the size of the pages: the call has no parameter for it.
///
/// Source: <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html>
pub(crate) async fn read(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
    question: Question<'_>,
) -> Result<Answer, CollectError> {
    let ask = |token| page(client, question, token);
    let mut pages = Pages::new(ACTION, ask, |page| page.next_page_token());
    let mut estimates = DayEstimates::of(question.range);
    while pages.more()? {
        sink.spend(ACTION, 1).await?;
        let page = match pages.next().await {
            Ok(Some(page)) => page,
            Ok(None) => break,
            Err(Refusal::OfTheQuestion(failure)) => return Ok(Answer::Unavailable(failure)),
            Err(Refusal::OfTheCaller(failure)) => return Err(failure.into()),
        };
        sink.rows(rows::costs(target, question, page.results_by_time())?)
            .await?;
        estimates.take(page.results_by_time());
    }
    sink.notes(rows::reads(target, question, &estimates))
        .await?;
    Ok(Answer::Complete)
}

/// Why a page was not answered.
enum Refusal {
    OfTheQuestion(AwsFailure),
    OfTheCaller(AwsFailure),
}

impl From<AwsFailure> for Refusal {
    fn from(failure: AwsFailure) -> Self {
        Self::OfTheCaller(failure)
    }
}

async fn page(
    client: &Client,
    question: Question<'_>,
    token: Option<String>,
) -> Result<GetCostAndUsageOutput, Refusal> {
    let days = DateInterval::builder()
        .start(question.range.first.to_string())
        .end(question.range.end_exclusive().to_string())
        .build()
        .map_err(|error| {
            let failure = AwsFailure::new(ErrorClass::Bug, ACTION, "NotSent", error.to_string());
            Refusal::OfTheCaller(failure)
        })?;
    let answer = client
        .get_cost_and_usage()
        .time_period(days)
        .granularity(Granularity::Daily)
        .set_metrics(Some(rows::METRICS.map(str::to_owned).to_vec()))
        .set_group_by(Some(question.grouping.group_by()))
        .set_filter((!question.region.is_empty()).then(|| in_region(question.region)))
        .set_next_page_token(token)
        .send()
        .await;
    answer.map_err(|error| {
        let failure = classify(ACTION, None, &error);
        let no_data = error
            .as_service_error()
            .is_some_and(GetCostAndUsageError::is_data_unavailable_exception);
        let not_a_filter = failure.class == ErrorClass::Config && !question.region.is_empty();
        if no_data || not_a_filter {
            Refusal::OfTheQuestion(failure)
        } else {
            Refusal::OfTheCaller(failure)
        }
    })
}
