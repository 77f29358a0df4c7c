//! The calls, a page in memory at a time.

use std::error::Error;

use aws_sdk_costexplorer::Client as CostExplorer;
use aws_sdk_costexplorer::config::http::HttpResponse;
use aws_sdk_costexplorer::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_costexplorer::operation::get_savings_plans_coverage::{
    GetSavingsPlansCoverageError, GetSavingsPlansCoverageOutput,
};
use aws_sdk_costexplorer::operation::get_savings_plans_utilization::{
    GetSavingsPlansUtilizationError, GetSavingsPlansUtilizationOutput,
};
use aws_sdk_costexplorer::operation::get_savings_plans_utilization_details::{
    GetSavingsPlansUtilizationDetailsError, GetSavingsPlansUtilizationDetailsOutput,
};
use aws_sdk_costexplorer::types::{DateInterval, Granularity};
use aws_sdk_savingsplans::Client;
use polo_aws::{AwsFailure, Pages, classify};
use polo_collect::{CollectError, Sink, Target};
use polo_core::ErrorClass;

use crate::actions::{COVERAGE, DESCRIBE, DETAILS, UTILIZATION};
use crate::days::Range;
use crate::plans;

/// The call's maximum.
const PAGE: i32 = 1000;

/// The account's own plans, in whatever state. 1,000 a page at most.
/// <https://docs.aws.amazon.com/savingsplans/latest/APIReference/API_DescribeSavingsPlans.html>
pub(crate) async fn plans(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
) -> Result<(), CollectError> {
    let call = |token| {
        let call = client.describe_savings_plans().max_results(PAGE);
        call.set_next_token(token).send()
    };
    let mut pages = target.pages(DESCRIBE, call, |page| page.next_token());
    while let Some(page) = pages.next().await? {
        for plan in page.savings_plans().iter().filter_map(plans::plan) {
            for failure in plan.unreadable {
                sink.missing_detail(failure);
            }
            sink.resources([plan.resource]).await?;
        }
    }
    Ok(())
}

/// How well all plans were used, day by day; none where AWS has no data, as for a payer without Savings Plans. Not
/// paginated. <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetSavingsPlansUtilization.html>
pub(crate) async fn utilization(
    client: &CostExplorer,
    sink: &Sink<'_>,
    range: Range,
) -> Result<Option<GetSavingsPlansUtilizationOutput>, CollectError> {
    sink.spend(UTILIZATION, 1).await?;
    let answer = client
        .get_savings_plans_utilization()
        .time_period(period(UTILIZATION, range)?)
        .granularity(Granularity::Daily)
        .send()
        .await;
    use GetSavingsPlansUtilizationError as Refusal;
    let answer = if_available(UTILIZATION, answer, Refusal::is_data_unavailable_exception);
    Ok(answer?)
}

/// How well each plan was used on one day: the call adds up what a longer period holds. 20 plans a page, AWS's own choice,
/// because it documents no maximum. A page is none if AWS has no data. Each page is billed.
/// <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetSavingsPlansUtilizationDetails.html>
pub(crate) fn details(
    client: &CostExplorer,
    day: Range,
) -> Pages<'_, Option<GetSavingsPlansUtilizationDetailsOutput>> {
    let ask = move |token| async move {
        let answer = client
            .get_savings_plans_utilization_details()
            .time_period(period(DETAILS, day)?)
            .set_next_token(token)
            .send()
            .await;
        use GetSavingsPlansUtilizationDetailsError as Refusal;
        if_available(DETAILS, answer, Refusal::is_data_unavailable_exception)
    };
    Pages::new(DETAILS, ask, |page| page.as_ref()?.next_token())
}

/// How much of the cost was covered, day by day. 20 days a page, AWS's own choice, because it documents no maximum. A page is
/// none if AWS has no data. Each page is billed.
/// <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetSavingsPlansCoverage.html>
pub(crate) fn coverage(
    client: &CostExplorer,
    range: Range,
) -> Pages<'_, Option<GetSavingsPlansCoverageOutput>> {
    let ask = move |token| async move {
        let answer = client
            .get_savings_plans_coverage()
            .time_period(period(COVERAGE, range)?)
            .granularity(Granularity::Daily)
            .set_next_token(token)
            .send()
            .await;
        use GetSavingsPlansCoverageError as Refusal;
        if_available(COVERAGE, answer, Refusal::is_data_unavailable_exception)
    };
    Pages::new(COVERAGE, ask, |page| page.as_ref()?.next_token())
}

/// An answer, or none if AWS has no data.
fn if_available<T, E>(
    action: &str,
    answer: Result<T, SdkError<E, HttpResponse>>,
    is_unavailable: fn(&E) -> bool,
) -> Result<Option<T>, AwsFailure>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.as_service_error().is_some_and(is_unavailable) => Ok(None),
        Err(error) => Err(classify(action, None, &error)),
    }
}

fn period(action: &str, range: Range) -> Result<DateInterval, AwsFailure> {
    DateInterval::builder()
        .start(range.first.to_string())
        .end(range.end_exclusive().to_string())
        .build()
        .map_err(|error| AwsFailure::new(ErrorClass::Bug, action, "NotSent", error.to_string()))
}
