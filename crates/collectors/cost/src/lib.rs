//! What the accounts of a payer cost, day by day: each account by service, each region, and each account by service in
//! each region.
//!
//! Invariants: the payer is asked, never an account; what is asked grows with days, pages and regions and not with
//! accounts. Every range of days is recorded when it is whole, so that a run that ends early is continued by the next.

pub mod days;
mod fetch;
mod grouping;
mod question;
mod reads;
mod rows;

use aws_sdk_costexplorer::Client;
use polo_collect::{CollectError, Collector, Sink, Target};

use crate::fetch::Answer;
use crate::grouping::Grouping;
use crate::question::Question;

/// The collector.
pub struct Cost;

impl Collector for Cost {
    const ID: &'static str = "cost";
    const MANIFEST: &'static str = include_str!("../collector.json");

    fn new() -> Self {
        Self
    }

    // One question after the other: what a budget leaves unread is then always the oldest days and the finest grouping.
    async fn collect(&self, target: &Target, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let client = Client::new(target.aws());
        daily(&client, target, sink, Grouping::AccountService).await?;
        daily(&client, target, sink, Grouping::Region).await?;
        detail(&client, target, sink).await
    }
}

async fn daily(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
    grouping: Grouping,
) -> Result<(), CollectError> {
    let today = target.look().started_at().date_naive();
    let since = days::back(today, days::LOOK_BACK_DAYS);
    let reads = reads::daily(sink.store(), target, grouping, since).await?;
    for range in days::daily(today, &reads) {
        let question = Question {
            grouping,
            region: "",
            range,
        };
        if let Answer::Unavailable(failure) = fetch::read(client, target, sink, question).await? {
            sink.missing_detail(failure);
            // The ranges that are left are older: what has no recent data has no older data either.
            break;
        }
    }
    Ok(())
}

async fn detail(client: &Client, target: &Target, sink: &mut Sink<'_>) -> Result<(), CollectError> {
    let today = target.look().started_at().date_naive();
    let since = days::back(today, days::FIRST_DAYS);
    // Where there is spend is read from what was just read.
    sink.store_rows().await?;
    let spend = reads::spend(sink.store(), target, since).await?;
    let reads = reads::detail(sink.store(), target, since).await?;
    for days::Detail { range, regions } in days::detail(today, &spend, &reads) {
        for region in &regions {
            let question = Question {
                grouping: Grouping::AccountServiceRegion,
                region,
                range,
            };
            if let Answer::Unavailable(failure) =
                fetch::read(client, target, sink, question).await?
            {
                sink.missing_detail(failure);
            }
        }
    }
    Ok(())
}
