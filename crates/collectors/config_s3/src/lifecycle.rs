//! What a bucket's lifecycle rules amount to. Pure.
//!
//! Invariant: a rule that is not enabled does nothing and counts for nothing but the number of rules.

use std::collections::BTreeSet;

use aws_sdk_s3::types::{ExpirationStatus, LifecycleRule, TransitionStorageClass};
use serde_json::{Value, json};

/// The rules in a few words. Of several periods after which incomplete uploads are aborted the shortest is told.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html>
pub(crate) fn summary(rules: &[LifecycleRule]) -> Value {
    let enabled: Vec<&LifecycleRule> = rules
        .iter()
        .filter(|rule| rule.status == ExpirationStatus::Enabled)
        .collect();
    let any = |does: fn(&LifecycleRule) -> bool| enabled.iter().any(|rule| does(rule));
    let transitions = enabled
        .iter()
        .flat_map(|rule| rule.transitions())
        .filter_map(|transition| transition.storage_class());
    let noncurrent_transitions = enabled
        .iter()
        .flat_map(|rule| rule.noncurrent_version_transitions())
        .filter_map(|transition| transition.storage_class());
    let mut summary = json!({
        "rules": rules.len(),
        "rules_enabled": enabled.len(),
        "rules_for_a_part": enabled.iter().filter(|rule| is_for_a_part(rule)).count(),
        "expires_current_objects": any(expires_current_objects),
        "expires_noncurrent_versions": any(|rule| rule.noncurrent_version_expiration().is_some()),
        "transitions_to": words(transitions),
        "noncurrent_transitions_to": words(noncurrent_transitions),
    });
    let aborts_after = enabled
        .iter()
        .filter_map(|rule| {
            rule.abort_incomplete_multipart_upload()?
                .days_after_initiation()
        })
        .min();
    if let Some(days) = aborts_after {
        summary["aborts_incomplete_uploads_after_days"] = days.into();
    }
    summary
}

/// By age or on a day. A rule that only clears away delete markers expires no object.
fn expires_current_objects(rule: &LifecycleRule) -> bool {
    rule.expiration()
        .is_some_and(|expiration| expiration.days().is_some() || expiration.date().is_some())
}

/// Whether a rule is for some of the bucket's objects only: by prefix, tag or size.
fn is_for_a_part(rule: &LifecycleRule) -> bool {
    // Rules written before there were filters have a prefix of their own.
    #[allow(deprecated, reason = "AWS still answers with it")]
    let prefix = rule.prefix();
    let some = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
    some(prefix)
        || rule.filter().is_some_and(|filter| {
            some(filter.prefix())
                || filter.tag().is_some()
                || filter.object_size_greater_than().is_some()
                || filter.object_size_less_than().is_some()
                || filter.and().is_some()
        })
}

/// AWS's words, each once, in an order that does not depend on that of the rules.
fn words<'a>(classes: impl Iterator<Item = &'a TransitionStorageClass>) -> BTreeSet<&'a str> {
    classes.map(TransitionStorageClass::as_str).collect()
}
