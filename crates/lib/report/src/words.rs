//! Stored words as people read them. Invariant: a word that this version does not know stays as it is.

/// A status: `no access`.
pub fn status(polo_status: &str) -> &str {
    match polo_status {
        "no_access" => "no access",
        "pending_setup" => "pending setup",
        other => other,
    }
}

/// How a run or a place ended, or how an expected collector stands.
pub fn outcome(outcome: &str) -> &str {
    match outcome {
        "region_disabled" => "region not enabled",
        "not_enabled" => "service not in use",
        crate::collectors::NEVER_RAN => "never ran",
        crate::collectors::PAYER_ONLY => "asked at the payer only",
        other => other,
    }
}

/// A stack instance by its status and detailed status.
///
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackInstance.html>
pub fn stack_instance<'a>(status: &'a str, detailed: &'a str) -> &'a str {
    match (status, detailed) {
        ("CURRENT", _) => "deployed",
        (_, "PENDING") => "waiting for its deployment",
        (_, "RUNNING") => "being deployed",
        (_, "FAILED" | "FAILED_IMPORT") => "its deployment failed",
        (_, "CANCELLED") => "its deployment was cancelled",
        (_, "SKIPPED_SUSPENDED_ACCOUNT") => "skipped: the account is suspended",
        ("INOPERABLE", _) | (_, "INOPERABLE") => {
            "inoperable: CloudFormation can no longer update it"
        }
        ("OUTDATED", _) => "not up to date",
        (status, _) => status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_words_become_words_and_unknown_ones_stay() {
        assert_eq!(status("no_access"), "no access");
        assert_eq!(status("active"), "active");
        assert_eq!(outcome("not_enabled"), "service not in use");
        assert_eq!(outcome("complete"), "complete");
        assert_eq!(stack_instance("CURRENT", "SUCCEEDED"), "deployed");
        assert_eq!(
            stack_instance("OUTDATED", "FAILED"),
            "its deployment failed"
        );
        assert_eq!(stack_instance("NEW_WORD", ""), "NEW_WORD");
        assert_eq!(stack_instance("", ""), "");
    }
}
