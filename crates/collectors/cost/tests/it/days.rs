//! Which days are read when, over fixed calendars.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, TimeDelta};
use cost::days::{
    CHANGES_FOR_DAYS, DETAIL_EVERY_DAYS, Detail, FIRST_DAYS, Range, Read, back, daily, detail,
};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Ranges as `oldest..newest`.
fn text(ranges: &[Range]) -> Vec<String> {
    ranges
        .iter()
        .map(|range| format!("{}..{}", range.first, range.last))
        .collect()
}

/// Reads of a run of days, all made on one day.
fn reads(first: &str, last: &str, on: &str, estimated: bool) -> BTreeMap<NaiveDate, Read> {
    date(first)
        .iter_days()
        .take_while(|day| *day <= date(last))
        .map(|day| {
            let read = Read {
                on: date(on),
                estimated,
            };
            (day, read)
        })
        .collect()
}

#[test]
fn the_first_run_reads_a_month_newest_days_first() {
    let ranges = daily(date("2026-11-21"), &BTreeMap::new());
    assert_eq!(
        text(&ranges),
        [
            "2026-11-15..2026-11-21",
            "2026-11-08..2026-11-14",
            "2026-11-01..2026-11-07",
            "2026-10-25..2026-10-31",
            "2026-10-22..2026-10-24"
        ]
    );
    let last = ranges[0];
    assert_eq!(last.end_exclusive(), date("2026-11-22"));
    assert_eq!(last.days().count(), 7);
}

#[test]
fn afterwards_only_what_can_still_change() {
    let reads = reads("2026-10-22", "2026-11-21", "2026-11-21", true);
    assert_eq!(
        text(&daily(date("2026-11-21"), &reads)),
        ["2026-11-18..2026-11-21"]
    );
    // The days of a month that is not over are estimates for weeks: that alone is no reason.
    assert_eq!(
        text(&daily(date("2026-11-22"), &reads)),
        ["2026-11-19..2026-11-22"]
    );
}

#[test]
fn an_outage_is_made_up_for_and_no_day_more() {
    // The 18th was settled on the 21st, the 19th to 21st could still change.
    let reads = reads("2026-10-22", "2026-11-21", "2026-11-21", false);
    assert_eq!(
        text(&daily(date("2026-11-29"), &reads)),
        ["2026-11-23..2026-11-29", "2026-11-19..2026-11-22"]
    );
    let mut with_a_hole = reads.clone();
    with_a_hole.remove(&date("2026-11-05"));
    assert_eq!(
        text(&daily(date("2026-11-22"), &with_a_hole)),
        ["2026-11-19..2026-11-22", "2026-11-05..2026-11-05"]
    );
    // What lies further back than a month is left alone.
    let mut old_hole = reads;
    old_hole.remove(&date("2026-10-22"));
    assert_eq!(
        text(&daily(date("2026-11-22"), &old_hole)),
        ["2026-11-19..2026-11-22"]
    );
}

#[test]
fn a_closed_month_is_read_again_weekly_while_it_is_an_estimate() {
    let mut reads = reads("2026-10-25", "2026-11-30", "2026-12-03", true);
    let newest = |today: &str, reads: &BTreeMap<NaiveDate, Read>| {
        let ranges = daily(date(today), reads);
        text(&ranges[1..])
    };
    // December's own days are all new here: one range each time.
    assert_eq!(newest("2026-12-05", &reads), Vec::<String>::new());
    for day in date("2026-12-01").iter_days().take(9) {
        let read = Read {
            on: date("2026-12-09"),
            estimated: true,
        };
        reads.insert(day, read);
    }
    assert_eq!(newest("2026-12-09", &reads), Vec::<String>::new());
    assert_eq!(
        newest("2026-12-10", &reads),
        [
            "2026-11-24..2026-11-30",
            "2026-11-17..2026-11-23",
            "2026-11-10..2026-11-16",
            "2026-11-03..2026-11-09",
            "2026-10-27..2026-11-02",
            "2026-10-25..2026-10-26"
        ]
    );
    // One day of it was read today: the month waits for another week. The final ones are left alone for good.
    reads.insert(
        date("2026-11-30"),
        Read {
            on: date("2026-12-10"),
            estimated: true,
        },
    );
    reads.insert(
        date("2026-10-31"),
        Read {
            on: date("2026-12-03"),
            estimated: false,
        },
    );
    assert_eq!(newest("2026-12-10", &reads), ["2026-10-25..2026-10-30"]);
    for read in reads.values_mut() {
        read.estimated = false;
    }
    assert_eq!(
        newest("2026-12-17", &reads).len(),
        1,
        "only December's own days"
    );
}

fn spend(first: &str, last: &str, regions: &[&str]) -> BTreeMap<NaiveDate, BTreeSet<String>> {
    let regions: BTreeSet<String> = regions.iter().map(|region| (*region).to_owned()).collect();
    date(first)
        .iter_days()
        .take_while(|day| *day <= date(last))
        .map(|day| (day, regions.clone()))
        .collect()
}

type DetailReads = BTreeMap<(String, NaiveDate), NaiveDate>;

fn mark(reads: &mut DetailReads, asked: &[Detail], on: NaiveDate) {
    for question in asked {
        for region in &question.regions {
            for day in question.range.days() {
                reads.insert((region.clone(), day), on);
            }
        }
    }
}

#[test]
fn the_detail_is_read_once_a_week_until_a_day_was_read_settled() {
    let spend = spend("2026-10-01", "2026-12-31", &["eu-west-1", "us-east-1"]);
    let mut reads = DetailReads::new();
    let first_day = date("2026-11-21");
    let first = detail(first_day, &spend, &reads);
    assert_eq!(first.len(), 5);
    assert!(first.iter().all(|question| question.regions.len() == 2));
    mark(&mut reads, &first, first_day);
    assert_eq!(detail(first_day, &spend, &reads), []);

    for later in 1..DETAIL_EVERY_DAYS {
        let today = first_day + TimeDelta::days(later);
        assert_eq!(detail(today, &spend, &reads), [], "{today}");
    }
    // The new days, and those that could still change a week ago.
    let asked = detail(date("2026-11-28"), &spend, &reads);
    let ranges: Vec<Range> = asked.iter().map(|question| question.range).collect();
    assert_eq!(
        text(&ranges),
        ["2026-11-22..2026-11-28", "2026-11-19..2026-11-21"]
    );
}

#[test]
fn only_regions_with_spend_are_asked_and_only_where_they_had_some() {
    let mut spend = spend("2026-11-01", "2026-11-21", &["us-east-1"]);
    spend
        .entry(date("2026-11-03"))
        .or_default()
        .insert("sa-east-1".to_owned());
    let asked = detail(date("2026-11-21"), &spend, &DetailReads::new());
    let regions: Vec<Vec<&str>> = asked
        .iter()
        .map(|question| question.regions.iter().map(String::as_str).collect())
        .collect();
    assert_eq!(
        regions,
        [
            vec!["us-east-1"],
            vec!["us-east-1"],
            vec!["sa-east-1", "us-east-1"]
        ]
    );
}

#[test]
fn a_detail_that_was_cut_off_is_continued_the_next_day() {
    let spend = spend("2026-10-01", "2026-12-31", &["eu-west-1", "us-east-1"]);
    let mut reads = DetailReads::new();
    let today = date("2026-11-21");
    let asked = detail(today, &spend, &reads);
    // One region of the newest week was read, then the budget was used up.
    let done = Detail {
        range: asked[0].range,
        regions: BTreeSet::from(["eu-west-1".to_owned()]),
    };
    mark(&mut reads, &[done], today);

    // The other region is due for the new day as well, this one only where it was not read.
    let rest = detail(date("2026-11-22"), &spend, &reads);
    let asked: Vec<String> = rest
        .iter()
        .map(|question| {
            format!(
                "{}..{} {:?}",
                question.range.first, question.range.last, question.regions
            )
        })
        .collect();
    assert_eq!(
        asked,
        [
            r#"2026-11-16..2026-11-22 {"us-east-1"}"#,
            r#"2026-11-09..2026-11-15 {"eu-west-1", "us-east-1"}"#,
            r#"2026-11-02..2026-11-08 {"eu-west-1", "us-east-1"}"#,
            r#"2026-10-26..2026-11-01 {"eu-west-1", "us-east-1"}"#,
            r#"2026-10-23..2026-10-25 {"eu-west-1", "us-east-1"}"#,
        ]
    );
    mark(&mut reads, &rest, date("2026-11-22"));
    assert_eq!(detail(date("2026-11-22"), &spend, &reads), []);
}

/// A year of daily runs with outages: no day is given up, none is read too often, and no window takes more questions
/// than it has groupings and regions.
#[test]
fn a_year_with_outages() {
    let regions = ["eu-west-1", "global", "us-east-1"];
    let spend = spend("2025-12-01", "2026-12-31", &regions);
    let mut by_service: BTreeMap<NaiveDate, Read> = BTreeMap::new();
    let mut by_region_and_service = DetailReads::new();
    let mut reads_of_day: BTreeMap<NaiveDate, u32> = BTreeMap::new();
    let mut questions = 0;
    let end = date("2026-12-31");
    for today in date("2026-01-01").iter_days().take_while(|day| *day <= end) {
        if (10..17).contains(&today.day()) && today.month() % 3 == 0 {
            continue;
        }
        for range in daily(today, &by_service) {
            assert!(range.last <= today && range.days().count() <= 7);
            questions += 2;
            for day in range.days() {
                // Bills are final on the sixth of the next month.
                let month = |day: NaiveDate| (day.year(), day.month());
                let estimated = month(day) == month(today)
                    || (today.day() < 6 && month(back(today, 7)) == month(day));
                by_service.insert(
                    day,
                    Read {
                        on: today,
                        estimated,
                    },
                );
                *reads_of_day.entry(day).or_default() += 1;
            }
        }
        let asked = detail(today, &spend, &by_region_and_service);
        questions += asked
            .iter()
            .map(|question| question.regions.len())
            .sum::<usize>();
        mark(&mut by_region_and_service, &asked, today);
    }
    let settled = |day: NaiveDate, on: NaiveDate| (on - day).num_days() >= CHANGES_FOR_DAYS;
    for day in date("2026-01-01")
        .iter_days()
        .take_while(|day| *day <= date("2026-12-20"))
    {
        let read = by_service[&day];
        assert!(settled(day, read.on), "{day} was last read on {}", read.on);
        assert!(
            !read.estimated || day.month() == 12,
            "{day} is an estimate for good"
        );
        assert!(
            reads_of_day[&day] <= 6,
            "{day} was read {} times",
            reads_of_day[&day]
        );
        for region in regions {
            let on = by_region_and_service[&(region.to_owned(), day)];
            assert!(settled(day, on), "{day} in {region} was last read on {on}");
        }
    }
    // 2 a day, 10 for each closed month, and 3 regions × 2 ranges a week; the outages and the first month add some.
    assert!(
        (900..1400).contains(&questions),
        "{questions} questions in a year"
    );
    assert_eq!(FIRST_DAYS, 31);
}
