//! The places of a run, by the manifest's scope.

use polo_aws::regions::DESCRIBE_REGIONS;
use polo_aws::{AccountSession, AwsFailure, list_regions};
use polo_core::{CollectorManifest, ErrorClass, Place, Region, Scope};
use polo_runtime::Context;
use polo_store::StoreError;
use polo_store::regions::AccountRegion;

use crate::admit::Beginning;

/// Where a run looks, and a note for its reason if the regions are not the account's own answer.
pub(crate) struct Places {
    pub(crate) places: Vec<Place>,
    pub(crate) note: Option<String>,
}

impl Places {
    fn of(places: Vec<Place>) -> Self {
        Self { places, note: None }
    }

    fn of_regions(regions: impl IntoIterator<Item = Region>) -> Self {
        Self::of(regions.into_iter().map(Place::Region).collect())
    }
}

/// The places of a run; AWS's failure if no region is known.
pub(crate) async fn places(
    context: &Context,
    manifest: &CollectorManifest,
    beginning: &Beginning,
    session: &AccountSession,
) -> Result<Result<Places, AwsFailure>, StoreError> {
    let places = match manifest.scope {
        Scope::Account => vec![Place::Account],
        Scope::Payer => vec![Place::Payer],
        Scope::AccountAndPayer if beginning.pays => vec![Place::Account, Place::Payer],
        Scope::AccountAndPayer => vec![Place::Account],
        Scope::Region => return regions(context, beginning, session).await,
    };
    Ok(Ok(Places::of(places)))
}

async fn regions(
    context: &Context,
    beginning: &Beginning,
    session: &AccountSession,
) -> Result<Result<Places, AwsFailure>, StoreError> {
    if !beginning.run.regions.is_empty() {
        return Ok(Ok(Places::of_regions(beginning.run.regions.clone())));
    }
    let version = beginning.clock.version();
    let home = session.config(session.home_region());
    let failure = match list_regions(&home, &context.backoff).await {
        // Every account has some: an answer without any would make a run that asks nothing look complete.
        Ok(found) if !found.iter().any(|region| region.enabled) => AwsFailure::new(
            ErrorClass::Bug,
            DESCRIBE_REGIONS,
            "NoEnabledRegion",
            "the answer holds no region that the account has enabled",
        ),
        Ok(found) => {
            let found: Vec<AccountRegion> = found
                .into_iter()
                .map(|r| AccountRegion {
                    region: r.region,
                    opt_in_status: r.opt_in_status,
                    enabled: r.enabled,
                })
                .collect();
            context
                .store
                .write_account_regions(session.account_id(), version, &found)
                .await?;
            let enabled = found.into_iter().filter(|r| r.enabled).map(|r| r.region);
            return Ok(Ok(Places::of_regions(enabled)));
        }
        Err(failure) => failure,
    };
    // Denied is often an SCP that allows some regions only: what is configured or was seen last is asked instead.
    if beginning.known_regions.is_empty() {
        return Ok(Err(failure));
    }
    tracing::warn!(account.id = %session.account_id(), error = %failure, "regions as last known");
    let note = format!(
        "regions as last known: {}: {}: {}",
        failure.action, failure.code, failure.message
    );
    Ok(Ok(Places {
        note: Some(note),
        ..Places::of_regions(beginning.known_regions.clone())
    }))
}
