//! One organization: listed page by page, checked while pages still arrive, then compared with what is known.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
use polo_access::checks::{CheckPlan, Checks, not_yet_made};
use polo_aws::{
    Listing, Membership, OrganizationError, OrganizationInfo, OrganizationReader, session_name,
};
use polo_core::organization::{OrgAccount, OrgTree, OuFilter};
use polo_core::reconcile::{AccountFacts, Reconciliation, reconcile};
use polo_core::{AccountId, Invocation, PoloStatus, RoleArn, RoleKind, Timestamp};
use polo_runtime::config::OrganizationConfig;
use polo_runtime::{Context, FunctionError};
use polo_store::facts::ListingResult;
use polo_store::registry::Registry;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use uuid::Uuid;

use crate::facts::Frame;
use crate::report::{Discovered, Record, record};
use crate::tags;

/// The organization of a record where neither settings nor AWS say which one it is.
const UNKNOWN: &str = "unknown";

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
    registry: &Registry,
) -> Result<Discovered, FunctionError> {
    let store = &context.store;
    // The version first: what is written under it was read after it.
    let version = store.version().await?;
    let started_at = context.clock.now();
    let reader = reader(context, organization, invocation.sweep_id);
    let info = match describe(&reader, organization).await {
        Ok(info) => info,
        Err(error) => {
            let configured = organization.id.as_deref().unwrap_or(UNKNOWN);
            return Err(failed(context, invocation, configured, started_at, error).await);
        }
    };
    let before = Before::read(context, registry).await?;
    let filter = organization.filter();
    let frame = Frame {
        config: &context.config,
        organization_id: &info.id,
        management_account_id: &info.management_account_id,
        filter: &filter,
        home_partition: context.home_partition(),
    };

    let checks = Checks::begin(context, invocation.sweep_id);
    let (pages, arriving) = unbounded_channel();
    let listing = async {
        let listing = reader.list_accounts(&pages).await;
        // The receiver below ends when the last sender is gone.
        drop(pages);
        listing
    };
    let checking = check_while_listing(context, invocation, &frame, &before, arriving, &checks);
    let (listing, tree, seen) = tokio::join!(listing, reader.list_tree(), checking);

    let fail = |error| failed(context, invocation, &info.id, started_at, error);
    // What stopped the receiver stopped the listing too, and is the cause to be told.
    let Listed { accounts, asked } = match seen {
        Ok(seen) => seen,
        Err(error) => return Err(fail(error).await),
    };
    let listing = match listing.map_err(listing_error) {
        Ok(listing) => listing,
        Err(error) => return Err(fail(error).await),
    };
    let tree = match tree {
        Ok(tree) => tree,
        Err(failure) => return Err(fail(failure.into()).await),
    };
    let placed = match place(context, &reader, &info, &tree, &before.facts, &accounts).await {
        Ok(placed) => placed,
        Err(error) => return Err(fail(error).await),
    };

    let complete = listing == Listing::Complete;
    let seen: Vec<AccountFacts> = accounts
        .iter()
        .zip(&placed.parents)
        .map(|(account, parents)| frame.facts(account, parents, &tree))
        .collect();
    ask_the_rest(context, invocation, &before, &seen, &asked, &checks).await?;
    let reconciliation = reconcile(
        started_at,
        &info.id,
        &before.facts,
        seen,
        complete,
        invocation.accept_removals,
    );

    store.apply(version, started_at, &reconciliation).await?;
    let new: Vec<&AccountId> = reconciliation
        .discovered
        .iter()
        .map(|facts| &facts.account_id)
        .collect();
    let tags_read = tags::read(context, &reader, version, &new, &accounts).await?;
    let checks = checks.finish(context).await?;

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
    Ok(Discovered {
        organization_id: info.id,
        accounts_seen: accounts.len(),
        reconciliation,
        checks: checks.into_iter().map(|check| check.account_id).collect(),
        tags_read,
        tree: Some(tree),
        // What was seen is stored and told; the function fails, so that the rest is asked for again.
        problem: failure
            .map(FunctionError::from)
            .or_else(|| refused.map(FunctionError::from)),
    })
}

/// Records a discovery that came to nothing, and hands its error on.
async fn failed(
    context: &Context,
    invocation: &Invocation,
    organization_id: &str,
    started_at: Timestamp,
    error: FunctionError,
) -> FunctionError {
    let nothing = Reconciliation::default();
    let outcome = Record {
        sweep_id: invocation.sweep_id,
        organization_id,
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
}

/// What a listing brought, and which accounts' checks were asked for on the way.
#[derive(Default)]
struct Listed {
    accounts: Vec<OrgAccount>,
    asked: HashSet<AccountId>,
}

/// Receives pages and asks for the checks of new and due accounts at once, wherever their place is already known.
async fn check_while_listing(
    context: &Context,
    invocation: &Invocation,
    frame: &Frame<'_>,
    before: &Before<'_>,
    mut pages: UnboundedReceiver<Vec<OrgAccount>>,
    checks: &Checks,
) -> Result<Listed, FunctionError> {
    let everything = *frame.filter == OuFilter::default();
    let mut listed = Listed::default();
    let mut seen = HashSet::new();
    while let Some(mut page) = pages.recv().await {
        // An account that moves while it is being listed may be on two pages.
        page.retain(|account| seen.insert(account.id.clone()));
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
            if let Some(plan) = before.plan(context, &account.id, frame.organization_id, built)? {
                listed.asked.insert(account.id.clone());
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
    before: &Before<'_>,
    seen: &[AccountFacts],
    asked: &HashSet<AccountId>,
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
        plans.extend(before.plan(context, &facts.account_id, organization_id, built)?);
    }
    for plan in not_yet_made(context, invocation.sweep_id, plans).await? {
        checks.ask(plan);
    }
    Ok(())
}

/// What was known of accounts before the listing.
pub(crate) struct Before<'a> {
    pub(crate) facts: HashMap<AccountId, AccountFacts>,
    registry: &'a Registry,
}

impl<'a> Before<'a> {
    /// The facts now, because another organization's discovery may have just written some, and the registry of this sweep.
    pub(crate) async fn read(
        context: &Context,
        registry: &'a Registry,
    ) -> Result<Self, FunctionError> {
        Ok(Self {
            facts: context.store.account_facts().await?,
            registry,
        })
    }

    /// The check of an account's read role, if it is new or due. Its place and state have been looked at already.
    pub(crate) fn plan(
        &self,
        context: &Context,
        account_id: &AccountId,
        organization_id: &str,
        built: RoleArn,
    ) -> Result<Option<CheckPlan>, FunctionError> {
        let now = context.clock.now();
        let (role, status_before, denials_before) = match self.registry.account(account_id) {
            None => (built, None, 0),
            Some(row) if row.excluded_by_operator => return Ok(None),
            Some(row) => {
                let in_force = row.read_role()?;
                let facts = self.facts.get(account_id);
                let is_override = facts.is_some_and(|facts| facts.read_role_arn != in_force);
                let role = if is_override { in_force } else { built };
                let status = row.status()?;
                // What was known of an account that is back, or of a role that is another now, does not count.
                let anew = status == PoloStatus::Excluded || role.to_string() != row.polo_read_role;
                if !anew && row.next_check_at.is_some_and(|at| at > now) {
                    return Ok(None);
                }
                (role, Some(status), row.denials_in_a_row)
            }
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
    let known_place = |account: &OrgAccount| {
        let parents = known.get(&account.id).map(|facts| &facts.parents);
        parents.filter(|parents| !parents.is_empty()).cloned()
    };
    let remembered: Option<Vec<Vec<String>>> = accounts
        .iter()
        .map(|account| account.parents.clone().or_else(|| known_place(account)))
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
            let read = || placements.get(&account.id).cloned();
            let named = account.parents.clone().or_else(read);
            // One that moved while the OUs were read is in none of them: where it was is the better guess, and an
            // account without any place is looked for again by the next run.
            named.or_else(|| known_place(account)).unwrap_or_default()
        })
        .collect();
    Ok(Placed {
        parents,
        read_at: Some(now),
    })
}
