//! The calls, a page in memory at a time; a listing that turns in a circle is an error.

use aws_sdk_costexplorer::Client as CostExplorer;
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
use polo_aws::{AwsFailure, classify};
use polo_core::ErrorClass;
use polo_runtime::{CollectError, PageTokens, Sink};

use crate::days::Range;
use crate::plans;

pub(crate) const DESCRIBE: &str = "savingsplans:DescribeSavingsPlans";
pub(crate) const UTILIZATION: &str = "ce:GetSavingsPlansUtilization";
pub(crate) const DETAILS: &str = "ce:GetSavingsPlansUtilizationDetails";
pub(crate) const COVERAGE: &str = "ce:GetSavingsPlansCoverage";

/// The call's maximum.
const PAGE: i32 = 1000;

/// The account's own plans, in whatever state. 1,000 a page at most.
/// <https://docs.aws.amazon.com/savingsplans/latest/APIReference/API_DescribeSavingsPlans.html>
pub(crate) async fn plans(client: &Client, sink: &mut Sink<'_>) -> Result<(), CollectError> {
    let mut tokens = PageTokens::of(DESCRIBE);
    let mut token: Option<String> = None;
    loop {
        let page = client
            .describe_savings_plans()
            .max_results(PAGE)
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| classify(DESCRIBE, None, &error))?;
        for plan in page.savings_plans().iter().filter_map(plans::plan) {
            for failure in plan.unreadable {
                sink.shortfall(failure);
            }
            sink.resources([plan.resource]).await?;
        }
        tokens.next(page.next_token())?;
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(());
        }
    }
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
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(GetSavingsPlansUtilizationError::is_data_unavailable_exception) =>
        {
            Ok(None)
        }
        Err(error) => Err(classify(UTILIZATION, None, &error).into()),
    }
}

/// One page of how well each plan was used on one day: the call adds up what a longer period holds. 20 plans a page,
/// AWS's own choice, because it documents no maximum.
/// <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetSavingsPlansUtilizationDetails.html>
pub(crate) async fn details(
    client: &CostExplorer,
    sink: &Sink<'_>,
    day: Range,
    token: Option<String>,
) -> Result<Option<GetSavingsPlansUtilizationDetailsOutput>, CollectError> {
    sink.spend(DETAILS, 1).await?;
    let answer = client
        .get_savings_plans_utilization_details()
        .time_period(period(DETAILS, day)?)
        .set_next_token(token)
        .send()
        .await;
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error)
            if error.as_service_error().is_some_and(
                GetSavingsPlansUtilizationDetailsError::is_data_unavailable_exception,
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(classify(DETAILS, None, &error).into()),
    }
}

/// One page of how much of the cost was covered, day by day. 20 days a page, AWS's own choice, because it documents no
/// maximum.
/// <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetSavingsPlansCoverage.html>
pub(crate) async fn coverage(
    client: &CostExplorer,
    sink: &Sink<'_>,
    range: Range,
    token: Option<String>,
) -> Result<Option<GetSavingsPlansCoverageOutput>, CollectError> {
    sink.spend(COVERAGE, 1).await?;
    let answer = client
        .get_savings_plans_coverage()
        .time_period(period(COVERAGE, range)?)
        .granularity(Granularity::Daily)
        .set_next_token(token)
        .send()
        .await;
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(GetSavingsPlansCoverageError::is_data_unavailable_exception) =>
        {
            Ok(None)
        }
        Err(error) => Err(classify(COVERAGE, None, &error).into()),
    }
}

fn period(action: &str, range: Range) -> Result<DateInterval, AwsFailure> {
    DateInterval::builder()
        .start(range.first.to_string())
        .end(range.end_exclusive().to_string())
        .build()
        .map_err(|error| AwsFailure::new(ErrorClass::Bug, action, "NotSent", error.to_string()))
}
