//! Which hours are asked for. Pure.
//!
//! Invariant: whole hours, none of them still running, a day of them at least and seven days at most. The end is the
//! last full hour before the look began: the clock of the database decides, not the function's own.

use chrono::TimeDelta;
use polo_core::Timestamp;

/// What a point covers.
pub(crate) const PERIOD_S: u32 = 3_600;
/// The most that is ever asked for, in hours: enough for a week's rhythm to show.
pub(crate) const HOURS_AT_MOST: usize = 7 * 24;

const AT_MOST: TimeDelta = TimeDelta::hours(HOURS_AT_MOST as i64);
const AT_LEAST: TimeDelta = TimeDelta::hours(24);
/// Points of the last hours may come late or be corrected, so they are read once more.
const OVERLAP: TimeDelta = TimeDelta::hours(3);

/// The hours from `from` to `to`, the latter exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Window {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

impl Window {
    /// For what was never asked about, by a look that began at `began`.
    pub(crate) fn whole(began: Timestamp) -> Self {
        let to = hour_of(began);
        Self {
            from: to - AT_MOST,
            to,
        }
    }

    /// For what the last complete look asked about too; all there may be where there was none.
    pub(crate) fn since(last_look: Option<Timestamp>, began: Timestamp) -> Self {
        let whole = Self::whole(began);
        let from = last_look.map_or(whole.from, |last| hour_of(last) - OVERLAP);
        Self {
            from: from.clamp(whole.from, whole.to - AT_LEAST),
            ..whole
        }
    }

    /// Whether a point at this time is in it.
    pub(crate) fn holds(self, at: Timestamp) -> bool {
        (self.from..self.to).contains(&at)
    }
}

/// The beginning of the hour.
fn hour_of(at: Timestamp) -> Timestamp {
    let hour = i64::from(PERIOD_S) * 1_000_000;
    at - TimeDelta::microseconds(at.timestamp_micros().rem_euclid(hour))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("{text}Z").parse().unwrap()
    }

    #[test]
    fn the_last_looks_hours_are_read_again_between_a_day_and_seven() {
        let began = at("2026-03-10T12:34:56.789012");
        for (last_look, from) in [
            (None, "2026-03-03T12:00:00"),
            (Some("2026-01-01T00:00:00"), "2026-03-03T12:00:00"),
            (Some("2026-03-03T15:00:00"), "2026-03-03T12:00:00"),
            (Some("2026-03-08T05:59:59"), "2026-03-08T02:00:00"),
            (Some("2026-03-09T12:34:56"), "2026-03-09T09:00:00"),
            (Some("2026-03-09T16:00:00"), "2026-03-09T12:00:00"),
            (Some("2026-03-10T12:34:00"), "2026-03-09T12:00:00"),
        ] {
            let window = Window::since(last_look.map(at), began);
            assert_eq!(window.from, at(from), "{last_look:?}");
            assert_eq!(window.to, at("2026-03-10T12:00:00"), "{last_look:?}");
        }
    }

    #[test]
    fn a_look_that_begins_with_the_hour_ends_before_it() {
        let window = Window::whole(at("2026-03-10T12:00:00"));
        assert!(window.holds(at("2026-03-10T11:00:00")));
        assert!(!window.holds(at("2026-03-10T12:00:00")));
        assert!(window.holds(at("2026-03-03T12:00:00")));
        assert!(!window.holds(at("2026-03-03T11:00:00")));
    }
}
