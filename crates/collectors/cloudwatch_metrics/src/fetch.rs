//! The one call, a page at a time.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};
use aws_smithy_types::DateTime;
use polo_aws::{AwsFailure, classify};
use polo_runtime::Target;

use crate::answers::id_of;
use crate::questions::Question;
use crate::window::{PERIOD_S, Window};

pub(crate) const ACTION: &str = "cloudwatch:GetMetricData";

/// One page of the answer to at most 500 questions. A page holds 100,800 points at most, which is also what it holds
/// where nothing is said of it.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
pub(crate) async fn page(
    client: &Client,
    target: &Target,
    questions: &[Question],
    window: Window,
    token: Option<String>,
) -> Result<GetMetricDataOutput, AwsFailure> {
    let queries = questions
        .iter()
        .enumerate()
        .map(|(at, question)| query(at, question))
        .collect();
    client
        .get_metric_data()
        .set_metric_data_queries(Some(queries))
        .start_time(DateTime::from_secs(window.from.timestamp()))
        .end_time(DateTime::from_secs(window.to.timestamp()))
        .set_next_token(token)
        .send()
        .await
        .map_err(|error| classify(ACTION, Some(target.region()), &error))
}

fn query(at: usize, question: &Question) -> MetricDataQuery {
    let asked = question.metric;
    let metric = Metric::builder()
        .namespace(asked.namespace)
        .metric_name(asked.name)
        .dimensions(
            Dimension::builder()
                .name(asked.dimension)
                .value(&question.resource_id)
                .build(),
        )
        .build();
    let statistic = MetricStat::builder()
        .metric(metric)
        .period(PERIOD_S.cast_signed())
        .stat(asked.statistic)
        .build();
    MetricDataQuery::builder()
        .id(id_of(at))
        .metric_stat(statistic)
        .build()
}
