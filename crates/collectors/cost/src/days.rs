//! Which days have to be read, and in what ranges. Pure: today is given.
//!
//! Invariant: a day is read until it was read once after it could no longer change, and then no more but for the
//! estimates of a closed month; whatever an outage or a budget left unread is read by the runs that follow.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, NaiveDate};

/// How many days back a day can still change. AWS brings its billing data up to date up to three times a day, and usage
/// reaches it hours to days late.
///
/// Source: <https://docs.aws.amazon.com/cost-management/latest/userguide/ce-api-best-practices.html>
pub const CHANGES_FOR_DAYS: i64 = 3;
/// How many days are read at first, today included: a whole month, however long it is.
pub const FIRST_DAYS: i64 = 31;
/// How many days one question spans at most. A range is recorded when its last page is stored, so this is what a run that
/// is cut off loses at most; and a week of accounts by services is what AWS answers on few pages.
pub const RANGE_DAYS: usize = 7;
/// How often accounts by services are read for each region: it takes a question per region, where the other groupings
/// take one.
pub const DETAIL_EVERY_DAYS: i64 = 7;
/// How often a closed month is read again while AWS still calls it an estimate. Bills become final within the first days
/// of the next month, so that a week later there is usually nothing left to read.
pub const ESTIMATES_EVERY_DAYS: i64 = 7;
/// How far back reads are looked up: the whole last month, whatever day it is.
pub const LOOK_BACK_DAYS: i64 = 62;

/// The last complete read of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// The day on which it was read.
    pub on: NaiveDate,
    /// Whether AWS called it an estimate.
    pub estimated: bool,
}

/// Days one after the other, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The oldest.
    pub first: NaiveDate,
    /// The newest.
    pub last: NaiveDate,
}

impl Range {
    /// The days, oldest first.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.first
            .iter_days()
            .take_while(move |day| *day <= self.last)
    }

    /// Whether a day is one of them.
    pub fn holds(self, day: NaiveDate) -> bool {
        (self.first..=self.last).contains(&day)
    }

    /// The end of a `TimePeriod`, which AWS does not count in.
    pub fn end_exclusive(self) -> NaiveDate {
        after(self.last, 1)
    }
}

/// One range of the detail, with the regions that have to be asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// The days.
    pub range: Range,
    /// The regions, sorted.
    pub regions: BTreeSet<String>,
}

/// The oldest day of the `count` days that end today.
pub fn back(today: NaiveDate, count: i64) -> NaiveDate {
    let days = u64::try_from(count - 1).unwrap_or_default();
    today.checked_sub_days(Days::new(days)).unwrap_or(today)
}

/// The ranges of a grouping that is read daily, newest first.
pub fn daily(today: NaiveDate, reads: &BTreeMap<NaiveDate, Read>) -> Vec<Range> {
    let mut days: BTreeSet<NaiveDate> = back(today, FIRST_DAYS)
        .iter_days()
        .take_while(|day| *day <= today)
        .filter(|day| {
            age(today, *day) <= CHANGES_FOR_DAYS
                || reads.get(day).is_none_or(|read| !settled(*day, read.on))
        })
        .collect();
    days.extend(estimates_of_closed_months(today, reads));
    ranges(&days)
}

/// The ranges of the detail, newest first, each with the regions that are due.
///
/// A region is due for the new days once there is a full week of them, for an older day that was never read at once, and
/// for a day that could still change when it was read once more a week later.
///
/// `spend` are the regions in which a day cost something, `reads` the day on which each of them was last read.
pub fn detail(
    today: NaiveDate,
    spend: &BTreeMap<NaiveDate, BTreeSet<String>>,
    reads: &BTreeMap<(String, NaiveDate), NaiveDate>,
) -> Vec<Detail> {
    let mut newest: BTreeMap<&str, NaiveDate> = BTreeMap::new();
    for (region, day) in reads.keys() {
        let newest = newest.entry(region).or_insert(*day);
        *newest = (*newest).max(*day);
    }
    let is_due = |region: &String, day: NaiveDate| {
        let newest = newest.get(region.as_str()).copied();
        match reads.get(&(region.clone(), day)) {
            Some(on) => !settled(day, *on) && age(today, *on) >= DETAIL_EVERY_DAYS,
            None => {
                newest.is_none_or(|newest| day < newest || age(today, newest) >= DETAIL_EVERY_DAYS)
            }
        }
    };
    let mut due: BTreeMap<NaiveDate, BTreeSet<String>> = BTreeMap::new();
    for (day, regions) in spend.range(back(today, FIRST_DAYS)..=today) {
        let regions = regions.iter().filter(|region| is_due(region, *day));
        let regions: BTreeSet<String> = regions.cloned().collect();
        if !regions.is_empty() {
            due.insert(*day, regions);
        }
    }
    ranges(&due.keys().copied().collect())
        .into_iter()
        .map(|range| Detail {
            range,
            regions: due
                .range(range.first..=range.last)
                .flat_map(|(_, regions)| regions.clone())
                .collect(),
        })
        .collect()
}

/// The days of months that are over, and of which AWS had no final figures when they were last read. A month is left
/// alone for a week after any of its days was read.
fn estimates_of_closed_months(
    today: NaiveDate,
    reads: &BTreeMap<NaiveDate, Read>,
) -> BTreeSet<NaiveDate> {
    let month = |day: NaiveDate| (day.year(), day.month());
    let mut last_read: BTreeMap<(i32, u32), NaiveDate> = BTreeMap::new();
    let mut estimates = BTreeSet::new();
    for (day, read) in reads.range(back(today, LOOK_BACK_DAYS)..) {
        if month(*day) >= month(today) {
            continue;
        }
        let last = last_read.entry(month(*day)).or_insert(read.on);
        *last = (*last).max(read.on);
        if read.estimated {
            estimates.insert(*day);
        }
    }
    estimates.retain(|day| {
        last_read
            .get(&month(*day))
            .is_some_and(|last| age(today, *last) >= ESTIMATES_EVERY_DAYS)
    });
    estimates
}

/// Neighbours together, at most [`RANGE_DAYS`] of them, newest first.
fn ranges(days: &BTreeSet<NaiveDate>) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    for day in days.iter().rev() {
        match ranges.last_mut() {
            Some(range) if range.first == after(*day, 1) && range.days().count() < RANGE_DAYS => {
                range.first = *day;
            }
            _ => ranges.push(Range {
                first: *day,
                last: *day,
            }),
        }
    }
    ranges
}

/// Whether a day could no longer change when it was read.
fn settled(day: NaiveDate, read_on: NaiveDate) -> bool {
    age(read_on, day) >= CHANGES_FOR_DAYS
}

fn age(today: NaiveDate, day: NaiveDate) -> i64 {
    (today - day).num_days()
}

fn after(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}
