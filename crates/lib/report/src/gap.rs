//! Gaps in words.

use polo_core::ErrorClass;
use polo_store::accounts::Gap;

/// What happened, without the place: `a service control policy (SCP) denies it (ec2:DescribeInstances)`.
pub fn cause(gap: &Gap<'_>) -> String {
    cause_in_words(gap.class, gap.action)
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
    fn a_cause_names_its_action() {
        assert_eq!(
            cause_in_words("denied_by_scp", "ec2:DescribeInstances"),
            "a service control policy (SCP) denies it (ec2:DescribeInstances)"
        );
        assert_eq!(cause_in_words("crashed", ""), "the run crashed");
        assert_eq!(cause_in_words("eclipsed", ""), "eclipsed");
    }
}
