//! One organization: listed page by page, checked while pages still arrive, then compared with what is known.

use std::collections::HashMap;

use chrono::TimeDelta;
use polo_aws::{
    Listing, Membership, OrganizationError, OrganizationInfo, OrganizationReader, session_name,
};
use polo_core::organization::{OrgAccount, OrgTree, OuFilter};
use polo_core::reconcile::{AccountFacts, Reconciliation, reconcile};
use polo_core::{AccountId, Invocation, RoleArn, RoleKind, Timestamp};
use polo_runtime::access::{CheckPlan, Checks, not_yet_made, store_checks};
use polo_runtime::config::OrganizationConfig;
use polo_runtime::{Context, FunctionError};
use polo_store::accounts::AccountRow;
use polo_store::facts::ListingResult;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use uuid::Uuid;

use crate::facts::Frame;
use crate::report::{Discovered, Record, record};
use crate::tags;

/// Where accounts do not name their place, it is read OU by OU this often.
const PLACEMENTS_LAST: TimeDelta = TimeDelta::days(1);

/// The reader of an organization: the hub itself, or through the configured role.
pub(crate) fn reader(
    context: &Context,
    organization: &OrganizationConfig,
    sweep_id: Uuid,
) -> OrganizationReader {
    match &organization.role_arn {
        None => OrganizationReader::new(&context.aws, context.backoff),
        Some(role) => {
            let sessions = context.sessions.with_external_id(
                organization
                    .external_id
                    .clone()
                    .or_else(|| context.config.external_id.clone()),
            );
            let name = session_name(context.function, &sweep_id.simple().to_string());
            OrganizationReader::through_role(&sessions, role, &name, context.backoff)
        }
    }
}

/// The organization that the reader sees, which has to be the configured one.
pub(crate) async fn describe(
    reader: &OrganizationReader,
    organization: &OrganizationConfig,
) -> Result<OrganizationInfo, FunctionError> {
    let info = match reader.describe().await.map_err(listing_error)? {
        Membership::In(info) => info,
        Membership::NotInUse => {
            return Err(FunctionError::Listing {
                error_type: "OrganizationNotInUse",
                message: "the hub's account is in no organization: create one, give POLO_ORGANIZATION_ROLE_ARN, or set \
                          POLO_MODE to explicit or single"
                    .to_owned(),
            });
        }
    };
    match &organization.id {
        Some(expected) if *expected != info.id => Err(FunctionError::Listing {
            error_type: "OrganizationMismatch",
            message: format!(
                "POLO_ORGANIZATIONS names {expected}, but these credentials see {}: correct the id or the role_arn",
                info.id
            ),
        }),
        _ => Ok(info),
    }
}

pub(crate) fn listing_error(error: OrganizationError) -> FunctionError {
    match error {
        OrganizationError::Aws(failure) => FunctionError::Call(failure),
        OrganizationError::StateAbsent { .. } => FunctionError::Listing {
            error_type: "AccountStateAbsent",
            message: error.to_string(),
        },
        OrganizationError::Unreadable { .. } | OrganizationError::NobodyListens => {
            FunctionError::Listing {
                error_type: "ListingUnreadable",
                message: error.to_string(),
            }
        }
    }
}

/// Discovers one organization.
pub(crate) async fn discover(
    context: &Context,
    organization: &OrganizationConfig,
    invocation: &Invocation,
) -> Result<Discovered, FunctionError> {
    let store = &context.store;
    // The version first: what is written under it was read after it.
    let version = store.version().await?;
    let started_at = context.clock.now();
    let reader = reader(context, organization, invocation.sweep_id);
    let info = describe(&reader, organization).await?;
    let known = store.account_facts().await?;
    let registry: HashMap<String, AccountRow> = store
        .accounts()
        .await?
        .into_iter()
        .map(|row| (row.account_id.clone(), row))
        .collect();
    let filter = organization.filter();
    let frame = Frame {
        config: &context.config,
        organization_id: &info.id,
        management_account_id: &info.management_account_id,
        filter: &filter,
        home_region: context
            .aws
            .region()
            .map(|region| region.as_ref())
            .unwrap_or_default(),
    };

    let checks = Checks::begin(context, invocation.sweep_id);
    let (pages, arriving) = unbounded_channel();
    let listing = async {
        let listing = reader.list_accounts(&pages).await;
        // The receiver below ends when the last sender is gone.
        drop(pages);
        listing
    };
    let checking = check_while_listing(context, invocation, &frame, &registry, arriving, &checks);
    let (listing, tree, seen) = tokio::join!(listing, reader.list_tree(), checking);

    let fail = |error: FunctionError| async {
        let nothing = Reconciliation::default();
        let outcome = Record {
            sweep_id: invocation.sweep_id,
            organization_id: &info.id,
            started_at,
            listing: ListingResult::Failed,
            accounts_seen: 0,
            reconciliation: &nothing,
            placements_read_at: None,
            problem: Some((error.error_type().to_owned(), error.chain())),
        };
        // The listing's own error is told; that its record failed too is in the log.
        if let Err(unrecorded) = record(context, outcome).await {
            tracing::error!(
                error = unrecorded.chain(),
                "the failed discovery could not be recorded"
            );
        }
        error
    };
    let listing = match listing.map_err(listing_error) {
        Ok(listing) => listing,
        Err(error) => return Err(fail(error).await),
    };
    let tree = match tree {
        Ok(tree) => tree,
        Err(failure) => return Err(fail(failure.into()).await),
    };
    let Listed { accounts, asked } = seen?;
    let placed = match place(context, &reader, &info, &tree, &known, &accounts).await {
        Ok(placed) => placed,
        Err(error) => return Err(fail(error).await),
    };

    let complete = listing == Listing::Complete;
    let seen: Vec<AccountFacts> = accounts
        .iter()
        .zip(&placed.parents)
        .map(|(account, parents)| frame.facts(account, parents, &tree))
        .collect();
    ask_the_rest(context, invocation, &registry, &seen, &asked, &checks).await?;
    let reconciliation = reconcile(
        started_at,
        &info.id,
        &known,
        seen,
        complete,
        invocation.accept_removals,
    );

    store
        .note_discoveries(
            started_at,
            reconciliation
                .discovered
                .iter()
                .map(|facts| &facts.account_id),
        )
        .await?;
    let changed = reconciliation.changed.iter().map(|change| &change.facts);
    store
        .write_account_facts(version, reconciliation.discovered.iter().chain(changed))
        .await?;
    let tags_read = tags::read(
        context,
        &reader,
        version,
        &reconciliation.discovered,
        &accounts,
    )
    .await?;
    let checks = checks.finish().await?;
    store_checks(context, &checks).await?;

    let failure = match listing {
        Listing::Complete => None,
        Listing::Partial(failure) => Some(failure),
    };
    let problem = failure
        .as_ref()
        .map(|failure| (failure.class.to_string(), failure.to_string()));
    let refused = reconciliation.refused.clone();
    let refusal = refused
        .as_ref()
        .map(|refused| ("mass_removal".to_owned(), refused.to_string()));
    record(
        context,
        Record {
            sweep_id: invocation.sweep_id,
            organization_id: &info.id,
            started_at,
            listing: if complete {
                ListingResult::Complete
            } else {
                ListingResult::Partial
            },
            accounts_seen: accounts.len(),
            reconciliation: &reconciliation,
            placements_read_at: placed.read_at,
            problem: problem.or(refusal),
        },
    )
    .await?;
    if let Some(failure) = failure {
        // What was seen is stored and counts; the function fails, so that the rest is asked for again.
        return Err(failure.into());
    }
    Ok(Discovered {
        organization_id: info.id,
        accounts_seen: accounts.len(),
        reconciliation,
        checks: checks.len(),
        tags_read,
        tree: Some(tree),
        refused,
    })
}

/// What a listing brought, and which accounts' checks were asked for on the way.
struct Listed {
    accounts: Vec<OrgAccount>,
    asked: Vec<AccountId>,
}

/// Receives pages and asks for the checks of new and due accounts at once, wherever their place is already known.
async fn check_while_listing(
    context: &Context,
    invocation: &Invocation,
    frame: &Frame<'_>,
    registry: &HashMap<String, AccountRow>,
    mut pages: UnboundedReceiver<Vec<OrgAccount>>,
    checks: &Checks,
) -> Result<Listed, FunctionError> {
    let everything = *frame.filter == OuFilter::default();
    let mut listed = Listed {
        accounts: Vec::new(),
        asked: Vec::new(),
    };
    while let Some(page) = pages.recv().await {
        let mut plans = Vec::new();
        for account in &page {
            let in_scope = everything
                || account
                    .parents
                    .as_deref()
                    .is_some_and(|parents| frame.filter.admits(parents));
            if !in_scope || account.state.ends_monitoring() {
                continue;
            }
            let built = RoleArn::new(
                frame.partition(account),
                account.id.clone(),
                &context.config.read_role_name,
            );
            if let Some(plan) = plan(context, registry, &account.id, frame.organization_id, built)?
            {
                listed.asked.push(account.id.clone());
                plans.push(plan);
            }
        }
        for plan in not_yet_made(context, invocation.sweep_id, plans).await? {
            checks.ask(plan);
        }
        listed.accounts.extend(page);
    }
    Ok(listed)
}

/// Asks for the checks of accounts whose place was not known while they were listed.
async fn ask_the_rest(
    context: &Context,
    invocation: &Invocation,
    registry: &HashMap<String, AccountRow>,
    seen: &[AccountFacts],
    asked: &[AccountId],
    checks: &Checks,
) -> Result<(), FunctionError> {
    let mut plans = Vec::new();
    for facts in seen {
        let ended = polo_core::organization::OrgState::parse(&facts.org_state).ends_monitoring();
        if asked.contains(&facts.account_id) || !facts.in_scope || ended {
            continue;
        }
        let organization_id = facts.organization_id.as_str();
        let built = facts.read_role_arn.clone();
        plans.extend(plan(
            context,
            registry,
            &facts.account_id,
            organization_id,
            built,
        )?);
    }
    for plan in not_yet_made(context, invocation.sweep_id, plans).await? {
        checks.ask(plan);
    }
    Ok(())
}

/// The check of an account's read role, if it is new or due. Its place and state have been looked at already.
pub(crate) fn plan(
    context: &Context,
    registry: &HashMap<String, AccountRow>,
    account_id: &AccountId,
    organization_id: &str,
    built: RoleArn,
) -> Result<Option<CheckPlan>, FunctionError> {
    let known = registry.get(account_id.as_str());
    let now = context.clock.now();
    let (role, status_before, denials_before) = match known {
        None => (built, None, 0),
        Some(row) if row.excluded_by_operator => return Ok(None),
        Some(row) if row.next_check_at.is_some_and(|at| at > now) => return Ok(None),
        Some(row) => (row.read_role()?, Some(row.status()?), row.denials_in_a_row),
    };
    Ok(Some(CheckPlan {
        account_id: account_id.clone(),
        kind: RoleKind::Read,
        role,
        external_id: context.config.external_id_of(organization_id),
        status_before,
        denials_before,
    }))
}

/// Where each account lies, in the order of the listing.
struct Placed {
    parents: Vec<Vec<String>>,
    read_at: Option<Timestamp>,
}

/// `Account.Paths` where it is given; else what was read OU by OU within the last day; else that is read now.
async fn place(
    context: &Context,
    reader: &OrganizationReader,
    info: &OrganizationInfo,
    tree: &OrgTree,
    known: &HashMap<AccountId, AccountFacts>,
    accounts: &[OrgAccount],
) -> Result<Placed, FunctionError> {
    let named: Option<Vec<Vec<String>>> = accounts
        .iter()
        .map(|account| account.parents.clone())
        .collect();
    if let Some(parents) = named {
        return Ok(Placed {
            parents,
            read_at: None,
        });
    }
    let now = context.clock.now();
    let remembered: Option<Vec<Vec<String>>> = accounts
        .iter()
        .map(|account| {
            account
                .parents
                .clone()
                .or_else(|| known.get(&account.id).map(|facts| facts.parents.clone()))
        })
        .collect();
    let read_at = context.store.placements_read_at(&info.id).await?;
    if let (Some(parents), Some(at)) = (remembered, read_at)
        && now - at < PLACEMENTS_LAST
    {
        return Ok(Placed {
            parents,
            read_at: None,
        });
    }
    let placements = reader.placements(tree).await.map_err(listing_error)?;
    let parents = accounts
        .iter()
        .map(|account| {
            // An account that moved between the two listings is found by the next one.
            let read = || placements.get(&account.id).cloned();
            account.parents.clone().or_else(read).unwrap_or_default()
        })
        .collect();
    Ok(Placed {
        parents,
        read_at: Some(now),
    })
}
