//! The one call, page by page.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};
use aws_smithy_types::DateTime;
use polo_aws::Pages;
use polo_collect::Target;

use crate::questions::{Question, id_of};
use crate::window::{PERIOD_S, Window};

pub(crate) const ACTION: &str = "cloudwatch:GetMetricData";

/// The answer to at most 500 questions. A page holds 100,800 points at most, which is also its default.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
pub(crate) fn pages<'a>(
    client: &'a Client,
    target: &'a Target,
    questions: &'a [Question],
    window: Window,
) -> Pages<'a, GetMetricDataOutput> {
    let queries = questions.iter().enumerate();
    let queries: Vec<_> = queries.map(|(at, question)| query(at, question)).collect();
    let call = move |token| {
        client
            .get_metric_data()
            .set_metric_data_queries(Some(queries.clone()))
            .start_time(DateTime::from_secs(window.from.timestamp()))
            .end_time(DateTime::from_secs(window.to.timestamp()))
            .set_next_token(token)
            .send()
    };
    target.pages(ACTION, call, |page| page.next_token())
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
