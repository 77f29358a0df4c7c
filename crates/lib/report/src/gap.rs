//! The worst open gap of an account, `last_scan_error` of `v_accounts`, in its parts.

use polo_core::ErrorClass;

/// `collector[/region]: class: action: message`; a run that failed before its first call has no region and no action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap<'a> {
    /// The collector.
    pub collector: &'a str,
    /// The region, else empty.
    pub region: &'a str,
    /// The error class, or `crashed`.
    pub class: &'a str,
    /// The IAM action that failed, else empty.
    pub action: &'a str,
    /// AWS's words.
    pub message: &'a str,
}

impl<'a> Gap<'a> {
    /// Reads the column; none if it is empty.
    pub fn read(last_scan_error: &'a str) -> Option<Self> {
        if last_scan_error.is_empty() {
            return None;
        }
        let cut = |text: &'a str| text.split_once(": ").unwrap_or((text, ""));
        let (place, rest) = cut(last_scan_error);
        let (class, rest) = cut(rest);
        let (first, after) = cut(rest);
        let (action, message) = if is_action(first) {
            (first, after)
        } else {
            ("", rest)
        };
        let (collector, region) = place.split_once('/').unwrap_or((place, ""));
        Some(Self {
            collector,
            region,
            class,
            action,
            message,
        })
    }

    /// What happened, without the place: `a service control policy (SCP) denies it (ec2:DescribeInstances)`.
    pub fn cause(&self) -> String {
        cause_in_words(self.class, self.action)
    }
}

/// `ec2:DescribeInstances`.
fn is_action(text: &str) -> bool {
    text.split_once(':').is_some_and(|(service, name)| {
        let word = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        word(service) && word(name)
    })
}

/// A stored error class in words, with the action that met it, if there is one.
pub fn cause_in_words(class: &str, action: &str) -> String {
    let words = match class.parse::<ErrorClass>() {
        Ok(class) => class.in_words(),
        // The one class that no call has: the run itself did not end.
        Err(_) if class == "crashed" => "the run crashed",
        Err(_) => class,
    };
    match action {
        "" => words.to_owned(),
        action => format!("{words} ({action})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_gap_is_taken_apart() {
        for (text, collector, region, class, action, message) in [
            (
                "config_ec2/eu-west-1: denied_by_scp: ec2:DescribeInstances: explicit deny: by policy",
                "config_ec2",
                "eu-west-1",
                "denied_by_scp",
                "ec2:DescribeInstances",
                "explicit deny: by policy",
            ),
            (
                "tags: crashed: the run has no finish",
                "tags",
                "",
                "crashed",
                "",
                "the run has no finish",
            ),
            (
                "cost: denied: sts:AssumeRole: AccessDenied: no",
                "cost",
                "",
                "denied",
                "sts:AssumeRole",
                "AccessDenied: no",
            ),
            ("odd", "odd", "", "", "", ""),
        ] {
            let gap = Gap::read(text).unwrap();
            assert_eq!(
                (
                    gap.collector,
                    gap.region,
                    gap.class,
                    gap.action,
                    gap.message
                ),
                (collector, region, class, action, message)
            );
        }
        assert_eq!(Gap::read(""), None);
    }

    #[test]
    fn a_cause_names_its_action() {
        assert_eq!(
            cause_in_words("denied_by_scp", "ec2:DescribeInstances"),
            "a service control policy (SCP) denies it (ec2:DescribeInstances)"
        );
        assert_eq!(cause_in_words("crashed", ""), "the run crashed");
        assert_eq!(cause_in_words("eclipsed", ""), "eclipsed");
    }
}
