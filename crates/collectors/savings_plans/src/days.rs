//! Which days are asked for. Pure: today is given.
//!
//! Invariant: today is never one of them. Of a period that reaches into a day that is not over, Cost Explorer tells
//! nothing about Savings Plans at all.

use chrono::{Days, NaiveDate};

/// How many days of totals a run asks for: a month, however long. A question costs the same whatever it spans, so each
/// run reads them all, and an outage heals itself.
const TOTALS_DAYS: u64 = 31;
/// How many days back the figures of a plan can still change. AWS brings its billing data up to date up to three times a
/// day, and usage reaches it hours to days late.
///
/// Source: <https://docs.aws.amazon.com/cost-management/latest/userguide/ce-api-best-practices.html>
const CHANGES_FOR_DAYS: u64 = 3;

/// Days one after the other, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    /// The oldest.
    pub(crate) first: NaiveDate,
    /// The newest.
    pub(crate) last: NaiveDate,
}

impl Range {
    /// One day.
    pub(crate) fn day(day: NaiveDate) -> Self {
        Self {
            first: day,
            last: day,
        }
    }

    /// The days, oldest first.
    pub(crate) fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.first
            .iter_days()
            .take_while(move |day| *day <= self.last)
    }

    /// Whether a day is one of them.
    pub(crate) fn holds(self, day: NaiveDate) -> bool {
        (self.first..=self.last).contains(&day)
    }

    /// The end of a `TimePeriod`, which AWS does not count in.
    pub(crate) fn end_exclusive(self) -> NaiveDate {
        self.last
            .checked_add_days(Days::new(1))
            .unwrap_or(self.last)
    }
}

/// The days of the totals.
pub(crate) fn totals(today: NaiveDate) -> Range {
    Range {
        first: before(today, TOTALS_DAYS),
        last: before(today, 1),
    }
}

/// The days of the single plans, each of which takes a question of its own: those that can still change, and all since
/// the last one that was read, if that is longer ago.
pub(crate) fn details(today: NaiveDate, last_read: Option<NaiveDate>) -> Range {
    let changing = before(today, CHANGES_FOR_DAYS);
    let unread = last_read.and_then(|day| day.checked_add_days(Days::new(1)));
    let first = unread.map_or(changing, |day| day.min(changing));
    Range {
        first: first.max(totals(today).first),
        last: before(today, 1),
    }
}

fn before(today: NaiveDate, days: u64) -> NaiveDate {
    today.checked_sub_days(Days::new(days)).unwrap_or(today)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn text(range: Range) -> String {
        format!("{}..{}", range.first, range.last)
    }

    #[test]
    fn the_totals_are_a_month_that_ended_yesterday() {
        let range = totals(date("2026-11-21"));
        assert_eq!(text(range), "2026-10-21..2026-11-20");
        assert_eq!(range.days().count(), 31);
        assert_eq!(range.end_exclusive(), date("2026-11-21"));
    }

    #[test]
    fn plans_are_read_for_the_days_that_can_change_and_since_the_last_that_was_read() {
        for (last_read, expected) in [
            (None, "2026-11-18..2026-11-20"),
            (Some("2026-11-20"), "2026-11-18..2026-11-20"),
            (Some("2026-11-17"), "2026-11-18..2026-11-20"),
            (Some("2026-11-10"), "2026-11-11..2026-11-20"),
            (Some("2026-01-01"), "2026-10-21..2026-11-20"),
        ] {
            let range = details(date("2026-11-21"), last_read.map(date));
            assert_eq!(text(range), expected, "{last_read:?}");
        }
    }
}
