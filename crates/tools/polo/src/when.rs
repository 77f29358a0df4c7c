//! Times that operators type; how times are shown is `polo-report`'s. Always UTC; the present is an argument.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use polo_core::Timestamp;
use polo_core::text::quoted;
pub(crate) use polo_report::times::{age, minute, second, span, utc};

/// An exclusion beyond this is meant for good, and the database cannot hold most later times.
const FURTHEST_DAYS: i64 = 36_525;

/// Reads `7d`, `12h`, `2w`, a date (its 00:00 UTC), or an RFC 3339 time; it has to be in the future.
pub(crate) fn until(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let at = parse(text.trim(), now, Direction::Ahead).ok_or_else(|| {
        format!(
            "--until {} is not a time: give 7d, 12h or 2w from now, a date like 2027-01-31, or a time like \
             2027-01-31T12:00:00Z",
            quoted(text)
        )
    })?;
    if at <= now {
        return Err(format!(
            "--until {} is {}, which is in the past (it is {} now): give a time in the future",
            quoted(text),
            utc(at),
            utc(now)
        ));
    }
    if at - now > TimeDelta::days(FURTHEST_DAYS) {
        return Err(format!(
            "--until {} is more than a hundred years ahead: leave it out to exclude for good",
            quoted(text)
        ));
    }
    Ok(at)
}

/// Reads `24h`, `7d`, `2w` before now, a date (its 00:00 UTC), or an RFC 3339 time; it has to lie in the past.
pub(crate) fn since(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let at = parse(text.trim(), now, Direction::Back).ok_or_else(|| {
        format!(
            "--since {} is not a time: give 24h, 7d or 2w before now, a date like 2026-01-31, or a time like \
             2026-01-31T12:00:00Z",
            quoted(text)
        )
    })?;
    if at > now {
        return Err(format!(
            "--since {} is {}, which is in the future (it is {} now): give a time in the past",
            quoted(text),
            utc(at),
            utc(now)
        ));
    }
    Ok(at)
}

/// Where a span like `7d` leads from now.
#[derive(Debug, Clone, Copy)]
enum Direction {
    Ahead,
    Back,
}

fn parse(text: &str, now: Timestamp, direction: Direction) -> Option<Timestamp> {
    if let Some(unit) = text.chars().last().filter(|last| "hdw".contains(*last)) {
        let number = text.strip_suffix(unit)?;
        if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) {
            let number: i64 = number.parse().ok()?;
            let span = match unit {
                'h' => TimeDelta::try_hours(number),
                'd' => TimeDelta::try_days(number),
                _ => TimeDelta::try_weeks(number),
            };
            return match direction {
                Direction::Ahead => now.checked_add_signed(span?),
                Direction::Back => now.checked_sub_signed(span?),
            };
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
    fn times_ahead_are_read() {
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
    fn times_in_the_past_are_read() {
        for (text, expected) in [
            ("24h", "2026-11-20T05:17:09Z"),
            ("7d", "2026-11-14T05:17:09Z"),
            ("2w", "2026-11-07T05:17:09Z"),
            ("0d", "2026-11-21T05:17:09Z"),
            ("2026-11-21", "2026-11-21T00:00:00Z"),
            ("2026-11-20T12:00:00+02:00", "2026-11-20T10:00:00Z"),
        ] {
            assert_eq!(
                since(text, now()).unwrap(),
                expected.parse::<Timestamp>().unwrap(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_wrong_since_is_refused_with_the_text() {
        for text in [
            "",
            "yesterday",
            "-7d",
            "7",
            "7m",
            "2026-11-22",
            "9999999999d",
            "a\nb",
        ] {
            let error = since(text, now()).unwrap_err();
            assert!(
                error.contains(&format!("--since {text:?}")) && !error.contains('\n'),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_wrong_until_is_refused_with_the_text() {
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
