//! What is asked grows with days, pages and regions, never with accounts.

use crate::world::{Bill, asked_from, calls, days_pass, line, payer};

const REGIONS: [&str; 5] = ["NoRegion", "ap-south-1", "eu-west-1", "global", "us-east-1"];

/// Each account with a service in each region.
fn organization(accounts: usize, pages: usize) -> Bill {
    let lines = (0..accounts)
        .flat_map(|account| {
            REGIONS.map(|region| line(&format!("{account:012}"), "AWS Lambda", region, 100))
        })
        .collect();
    Bill {
        pages,
        ..Bill::of(lines)
    }
}

#[tokio::test]
async fn twenty_accounts_and_two_hundred_take_the_same_requests() {
    for pages in [1, 3] {
        let mut asked = Vec::new();
        for accounts in [20, 200] {
            let world = payer(organization(accounts, pages)).await;
            let answer = world.run("one").await;
            assert_eq!(answer["outcome"], "complete", "{answer}");
            asked.push(asked_from(&world, 0));
        }
        assert_eq!(asked[0], asked[1]);
        // Five windows make a month of 31 days.
        let windows = 5;
        assert_eq!(asked[0].len(), (2 + REGIONS.len()) * pages * windows);
    }
}

#[tokio::test]
async fn an_ordinary_day_takes_two_requests_and_a_week_a_detail() {
    let world = payer(organization(200, 1)).await;
    world.run("one").await;
    for day in 1..=7 {
        days_pass(&world, 1).await;
        let before = calls(&world);
        world.run(&format!("day {day}")).await;
        let asked = asked_from(&world, before);
        let details: Vec<&String> = asked
            .iter()
            .filter(|asked| asked.starts_with("account_service_region"))
            .collect();
        assert_eq!(
            asked[..2],
            ["account_service 0-3", "region 0-3"],
            "day {day}"
        );
        assert_eq!(asked.len() - 2, details.len());
        // The seven new days, and the three that could still change when they were read a week ago.
        assert_eq!(
            details.len(),
            if day == 7 { 2 * REGIONS.len() } else { 0 },
            "day {day}"
        );
    }
}
