//! The collectors of this build, from their manifests: a test names none that it is not about.

use polo_core::Scope;
use polo_store::collectors::manifests;

/// The ids of those that a sweep asks an account for that pays for nobody, sorted; what works on others' findings comes
/// with the next tick.
///
/// # Panics
/// Where a manifest breaks a rule.
#[must_use]
pub fn swept_collectors() -> Vec<String> {
    let manifests = manifests().expect("the manifests are valid").into_iter();
    manifests
        .filter(|collector| collector.scope != Scope::Payer && collector.after.is_empty())
        .map(|collector| collector.id.to_string())
        .collect()
}
