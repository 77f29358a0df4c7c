//! Times that operators type; how times are shown is `polo-report`'s. Always UTC; the present is an argument.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use polo_core::Timestamp;
pub(crate) use polo_report::times::{age, minute, second, span, utc};

/// Exclusions beyond this are meant for good; the database could not hold many of them.
const FURTHEST_DAYS: i64 = 36_525;

/// Reads `7d`, `12h`, `2w`, a date (its 00:00 UTC), or an RFC 3339 time; it has to lie ahead.
pub(crate) fn until(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    let at = parse(text, now).ok_or_else(|| {
        format!(
            "--until {text:?} is no time: give 7d, 12h or 2w from now, a date like 2027-01-31, \
             or a time like 2027-01-31T12:00:00Z"
        )
    })?;
    if at <= now {
        return Err(format!(
            "--until {text:?} is {}, which is in the past (it is {} now): give a time that lies ahead",
            utc(at),
            utc(now)
        ));
    }
    if at - now > TimeDelta::days(FURTHEST_DAYS) {
        return Err(format!(
            "--until {text:?} is more than a hundred years ahead: leave it out to exclude for good"
        ));
    }
    Ok(at)
}

fn parse(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Some(unit) = text.chars().last().filter(|last| "hdw".contains(*last)) {
        let number = text.strip_suffix(unit)?;
        if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) {
            let number: i64 = number.parse().ok()?;
            let span = match unit {
                'h' => TimeDelta::try_hours(number),
                'd' => TimeDelta::try_days(number),
                _ => TimeDelta::try_weeks(number),
            };
            return now.checked_add_signed(span?);
        }
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(date.and_time(NaiveTime::MIN).and_utc());
    }
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T05:17:09Z".parse().unwrap()
    }

    #[test]
    fn every_way_to_say_when_is_understood() {
        for (text, expected) in [
            ("7d", "2026-11-28T05:17:09Z"),
            ("12h", "2026-11-21T17:17:09Z"),
            ("2w", "2026-12-05T05:17:09Z"),
            ("2027-01-31", "2027-01-31T00:00:00Z"),
            (" 2027-01-31 ", "2027-01-31T00:00:00Z"),
            ("2027-01-31T12:00:00Z", "2027-01-31T12:00:00Z"),
            ("2027-01-31T12:00:00+02:00", "2027-01-31T10:00:00Z"),
        ] {
            assert_eq!(
                until(text, now()).unwrap(),
                expected.parse::<Timestamp>().unwrap(),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_time_ahead_is_refused_with_the_text() {
        for text in [
            "",
            "soon",
            "d",
            "-7d",
            "+7d",
            "7",
            "7m",
            "7 d",
            "31.01.2027",
            "2027-02-30",
            "2027-01-31T12:00:00",
            "0d",
            "2026-11-21",
            "2026-11-21T05:17:09Z",
            "1999-01-01",
            "99999999999999999999d",
            "9999999999d",
            "9999-01-01",
        ] {
            let error = until(text, now()).unwrap_err();
            assert!(
                error.contains(&format!("{text:?}")) && !error.contains('\n'),
                "{text}: {error}"
            );
        }
    }
}
