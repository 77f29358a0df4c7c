//! Times as they are shown to people. Always UTC; the present is an argument.

use polo_core::Timestamp;

/// `2026-11-21 05:17 UTC`.
pub fn utc(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// `2026-11-21 05:17`, for columns whose heading says that it is UTC.
pub fn minute(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

/// `2026-11-21 05:17:09`, for columns whose heading says that it is UTC.
pub fn second(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// How long ago: `2 h ago`.
pub fn age(at: Timestamp, now: Timestamp) -> String {
    let minutes = (now - at).num_minutes();
    match minutes {
        // A laptop's clock need not be the server's.
        ..1 => "just now".to_owned(),
        1..120 => format!("{minutes} min ago"),
        120..2_880 => format!("{} h ago", minutes / 60),
        _ => format!("{} d ago", minutes / 1_440),
    }
}

/// How long something took: `0.4 s`, `2 min 5 s`.
pub fn span(from: Timestamp, to: Timestamp) -> String {
    let milliseconds = (to - from).num_milliseconds().max(0);
    match milliseconds {
        0..10_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        10_000..60_000 => format!("{} s", milliseconds / 1_000),
        _ => format!(
            "{} min {} s",
            milliseconds / 60_000,
            milliseconds % 60_000 / 1_000
        ),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T05:17:09Z".parse().unwrap()
    }

    #[test]
    fn ages_and_spans_are_short() {
        let ago = |delta| age(now() - delta, now());
        assert_eq!(ago(TimeDelta::seconds(-5)), "just now");
        assert_eq!(ago(TimeDelta::minutes(119)), "119 min ago");
        assert_eq!(ago(TimeDelta::hours(47)), "47 h ago");
        assert_eq!(ago(TimeDelta::days(40)), "40 d ago");
        let took = |delta| span(now(), now() + delta);
        assert_eq!(took(TimeDelta::milliseconds(430)), "0.4 s");
        assert_eq!(took(TimeDelta::seconds(59)), "59 s");
        assert_eq!(took(TimeDelta::seconds(125)), "2 min 5 s");
    }
}
