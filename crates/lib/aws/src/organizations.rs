//! AWS Organizations: who is in it, in which state, and where in the tree.
//!
//! Invariants: a listing ends as complete or as partial, and says so; no account is ever dropped in silence; the hot
//! path has no call per account. The endpoint is global (us-east-1 in the partition `aws`), whatever the hub's region.

use std::collections::{BTreeMap, HashMap};

use aws_config::SdkConfig;
use aws_sdk_organizations::types::Account;
use futures::{StreamExt, TryStreamExt, stream};
use polo_core::organization::{OrgAccount, OrgNode, OrgState, OrgTree, parents_of_path};
use polo_core::{AccountId, ErrorClass, RoleArn, Timestamp};
use tokio::sync::mpsc::UnboundedSender;

use crate::config::without_retries;
use crate::pages::Pages;
use crate::{AwsFailure, Backoff, Sessions, classify};

/// Branches of the tree that are read at once: Organizations throttles early, and answers colliding calls with
/// "another request is already in progress".
const BRANCHES: usize = 3;

/// Whether the caller's account is in an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Membership {
    /// It is in this one.
    In(OrganizationInfo),
    /// It is in none.
    NotInUse,
}

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationInfo {
    /// `o-…`.
    pub id: String,
    /// The management account, which also pays.
    pub management_account_id: AccountId,
}

/// How a listing ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// Every page was read: who isn't there is not in the organization.
    Complete,
    /// A page could not be read: nothing follows from absence.
    Partial(AwsFailure),
}

/// An answer of Organizations that cannot be worked with.
#[derive(Debug, thiserror::Error)]
pub enum OrganizationError {
    /// A call failed.
    #[error("Organizations cannot be read")]
    Aws(#[from] AwsFailure),
    /// Neither the state nor its retired predecessor came with an account.
    #[error(
        "account {account_id} is listed without State and without Status: nothing was changed, because without a \
         state every account would look the same"
    )]
    StateAbsent {
        /// The account.
        account_id: AccountId,
    },
    /// An account's id cannot be read.
    #[error("Organizations lists an account that cannot be told apart: {problem}")]
    Unreadable {
        /// What is wrong with it.
        problem: String,
    },
    /// The receiver of the pages is gone.
    #[error("the listing was given up: nobody receives its accounts any more")]
    NobodyListens,
}

/// A reader of one organization.
#[derive(Debug, Clone)]
pub struct OrganizationReader {
    client: aws_sdk_organizations::Client,
    backoff: Backoff,
}

impl OrganizationReader {
    /// Reads with the hub's own credentials: in the management account, as a delegated administrator, or through a
    /// resource-based delegation policy.
    pub fn new(config: &SdkConfig, backoff: Backoff) -> Self {
        Self {
            client: aws_sdk_organizations::Client::new(&without_retries(config)),
            backoff,
        }
    }

    /// Reads through a role in the management account or in a delegated administrator's.
    ///
    /// The role is assumed at the first call; a refusal comes out of that call as the failure of `sts:AssumeRole`.
    pub fn through_role(
        sessions: &Sessions,
        role: &RoleArn,
        session_name: &str,
        backoff: Backoff,
    ) -> Self {
        Self::new(&sessions.config_through(role, session_name), backoff)
    }

    /// The organization of the caller's account; any member account may ask.
    ///
    /// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html>
    pub async fn describe(&self) -> Result<Membership, OrganizationError> {
        const ACTION: &str = "organizations:DescribeOrganization";
        let answer = self
            .backoff
            .retry(|| async {
                self.client
                    .describe_organization()
                    .send()
                    .await
                    .map_err(|error| classify(ACTION, None, &error))
            })
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) if failure.class == ErrorClass::NotFound => {
                return Ok(Membership::NotInUse);
            }
            Err(failure) => return Err(failure.into()),
        };
        let unreadable = |problem: &str| OrganizationError::Unreadable {
            problem: problem.to_owned(),
        };
        let organization = answer
            .organization
            .ok_or_else(|| unreadable("DescribeOrganization answered without an organization"))?;
        let id = organization
            .id
            .ok_or_else(|| unreadable("the organization has no id"))?;
        let management_account_id = organization
            .master_account_id
            .unwrap_or_default()
            .parse()
            .map_err(|error| {
                unreadable(&format!("the organization's management account: {error}"))
            })?;
        Ok(Membership::In(OrganizationInfo {
            id,
            management_account_id,
        }))
    }

    /// Sends the organization's accounts, page by page as they arrive.
    ///
    /// 20 a page at most, one page after the other: this decides how long discovery takes, so the channel is unbounded
    /// and nothing holds the listing back. A failing page ends it as [`Listing::Partial`]; what was sent stays true.
    ///
    /// Errors: an account that cannot be understood ends the listing, since whatever followed from it would be wrong.
    /// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html>
    pub async fn list_accounts(
        &self,
        pages: &UnboundedSender<Vec<OrgAccount>>,
    ) -> Result<Listing, OrganizationError> {
        const ACTION: &str = "organizations:ListAccounts";
        let call = |token| self.client.list_accounts().set_next_token(token).send();
        let mut listed = Pages::repeated(ACTION, &self.backoff, call, |page| page.next_token());
        loop {
            let page = match listed.next().await {
                Ok(Some(page)) => page,
                Ok(None) => return Ok(Listing::Complete),
                Err(failure) => return Ok(Listing::Partial(failure)),
            };
            let accounts = page
                .accounts()
                .iter()
                .map(account)
                .collect::<Result<Vec<_>, _>>()?;
            if !accounts.is_empty() && pages.send(accounts).is_err() {
                return Err(OrganizationError::NobodyListens);
            }
        }
    }

    /// One account.
    ///
    /// Errors: [`ErrorClass::NotFound`] in the failure where the organization has no such account.
    /// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeAccount.html>
    pub async fn describe_account(
        &self,
        account_id: &AccountId,
    ) -> Result<OrgAccount, OrganizationError> {
        const ACTION: &str = "organizations:DescribeAccount";
        let answer = self
            .backoff
            .retry(|| async {
                self.client
                    .describe_account()
                    .account_id(account_id.as_str())
                    .send()
                    .await
                    .map_err(|error| classify(ACTION, None, &error))
            })
            .await?;
        match answer.account() {
            Some(found) => account(found),
            None => Err(OrganizationError::Unreadable {
                problem: format!("DescribeAccount of {account_id} answered without an account"),
            }),
        }
    }

    /// The root and the OUs above an account, outermost first: a call per level, so for single accounts only.
    ///
    /// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListParents.html>
    pub async fn list_parents(&self, account_id: &AccountId) -> Result<Vec<String>, AwsFailure> {
        const ACTION: &str = "organizations:ListParents";
        let mut chain: Vec<String> = Vec::new();
        let mut child = account_id.to_string();
        loop {
            let answer = self
                .backoff
                .retry(|| async {
                    self.client
                        .list_parents()
                        .child_id(&child)
                        .send()
                        .await
                        .map_err(|error| classify(ACTION, None, &error))
                })
                .await?;
            // Whatever is in an organization lies in exactly one place of it.
            let Some(parent) = answer.parents().first().and_then(|parent| parent.id()) else {
                return Err(AwsFailure::new(
                    ErrorClass::Bug,
                    ACTION,
                    "Unreadable",
                    format!("the answer names no parent of {child}"),
                ));
            };
            let is_root = parent.starts_with("r-");
            child = parent.to_owned();
            chain.push(child.clone());
            if is_root {
                chain.reverse();
                return Ok(chain);
            }
        }
    }

    /// The tree of roots and OUs: one call per node and page of 20, a few at once.
    ///
    /// Sources: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListRoots.html>,
    /// <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListOrganizationalUnitsForParent.html>
    pub async fn list_tree(&self) -> Result<OrgTree, AwsFailure> {
        let mut nodes = self.roots().await?;
        let mut level: Vec<String> = nodes.iter().map(|node| node.id.clone()).collect();
        while !level.is_empty() {
            let below: Vec<Vec<OrgNode>> = stream::iter(level)
                .map(|parent| async move { self.units_below(&parent).await })
                .buffer_unordered(BRANCHES)
                .try_collect()
                .await?;
            let below: Vec<OrgNode> = below.into_iter().flatten().collect();
            level = below.iter().map(|node| node.id.clone()).collect();
            nodes.extend(below);
        }
        Ok(OrgTree::new(nodes))
    }

    async fn roots(&self) -> Result<Vec<OrgNode>, AwsFailure> {
        const ACTION: &str = "organizations:ListRoots";
        let call = |token| self.client.list_roots().set_next_token(token).send();
        let mut pages = Pages::repeated(ACTION, &self.backoff, call, |page| page.next_token());
        let mut roots = Vec::new();
        while let Some(page) = pages.next().await? {
            for root in page.roots() {
                roots.push(node(ACTION, root.id(), root.name(), None)?);
            }
        }
        Ok(roots)
    }

    async fn units_below(&self, parent: &str) -> Result<Vec<OrgNode>, AwsFailure> {
        const ACTION: &str = "organizations:ListOrganizationalUnitsForParent";
        let call = |token| {
            let call = self.client.list_organizational_units_for_parent();
            call.parent_id(parent).set_next_token(token).send()
        };
        let mut pages = Pages::repeated(ACTION, &self.backoff, call, |page| page.next_token());
        let mut units = Vec::new();
        while let Some(page) = pages.next().await? {
            for unit in page.organizational_units() {
                units.push(node(ACTION, unit.id(), unit.name(), Some(parent))?);
            }
        }
        Ok(units)
    }

    /// The accounts directly below a root or an OU: 20 a page, all pages.
    ///
    /// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsForParent.html>
    pub async fn list_accounts_for_parent(
        &self,
        parent: &str,
    ) -> Result<Vec<AccountId>, OrganizationError> {
        const ACTION: &str = "organizations:ListAccountsForParent";
        let call = |token| {
            let call = self.client.list_accounts_for_parent().parent_id(parent);
            call.set_next_token(token).send()
        };
        let mut pages = Pages::repeated(ACTION, &self.backoff, call, |page| page.next_token());
        let mut accounts = Vec::new();
        while let Some(page) = pages.next().await? {
            for listed in page.accounts() {
                accounts.push(account_id(listed)?);
            }
        }
        Ok(accounts)
    }

    /// Where every account of the tree lies: the chain of root and OUs above it, outermost first. For organizations
    /// whose listing has no paths; a call per node of the tree, none per account.
    pub async fn placements(
        &self,
        tree: &OrgTree,
    ) -> Result<HashMap<AccountId, Vec<String>>, OrganizationError> {
        let nodes: Vec<String> = tree.nodes().iter().map(|node| node.id.clone()).collect();
        let by_node: Vec<(Vec<String>, Vec<AccountId>)> = stream::iter(nodes)
            .map(|node| async move {
                let accounts = self.list_accounts_for_parent(&node).await?;
                Ok::<_, OrganizationError>((tree.chain(&node), accounts))
            })
            .buffer_unordered(BRANCHES)
            .try_collect()
            .await?;
        Ok(by_node
            .into_iter()
            .flat_map(|(chain, accounts)| {
                accounts
                    .into_iter()
                    .map(move |account| (account, chain.clone()))
            })
            .collect())
    }

    /// An account's tags: a call per account, so within a budget only.
    ///
    /// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListTagsForResource.html>
    pub async fn list_tags(
        &self,
        account_id: &AccountId,
    ) -> Result<BTreeMap<String, String>, AwsFailure> {
        const ACTION: &str = "organizations:ListTagsForResource";
        let call = |token| {
            let call = self.client.list_tags_for_resource();
            call.resource_id(account_id.as_str())
                .set_next_token(token)
                .send()
        };
        let mut pages = Pages::repeated(ACTION, &self.backoff, call, |page| page.next_token());
        let mut tags = BTreeMap::new();
        while let Some(page) = pages.next().await? {
            for tag in page.tags() {
                tags.insert(tag.key().to_owned(), tag.value().to_owned());
            }
        }
        Ok(tags)
    }
}

fn node(
    action: &str,
    id: Option<&str>,
    name: Option<&str>,
    parent: Option<&str>,
) -> Result<OrgNode, AwsFailure> {
    let id = id.ok_or_else(|| {
        AwsFailure::new(
            ErrorClass::Bug,
            action,
            "Unreadable",
            "the answer names a root or an OU without an id",
        )
    })?;
    Ok(OrgNode {
        id: id.to_owned(),
        name: name.unwrap_or(id).to_owned(),
        parent_id: parent.map(str::to_owned),
    })
}

fn account_id(account: &Account) -> Result<AccountId, OrganizationError> {
    account
        .id()
        .unwrap_or_default()
        .parse()
        .map_err(|error| OrganizationError::Unreadable {
            problem: format!("{error}"),
        })
}

/// Reads an account. `Status` was retired on 2026-09-09 in favour of `State`, and counts only where `State` is absent.
fn account(account: &Account) -> Result<OrgAccount, OrganizationError> {
    let id = account_id(account)?;
    let word = account
        .state()
        .map(|state| state.as_str())
        .or_else(|| account.status().map(|status| status.as_str()))
        .filter(|word| !word.is_empty())
        .ok_or_else(|| OrganizationError::StateAbsent {
            account_id: id.clone(),
        })?;
    Ok(OrgAccount {
        arn: account.arn().unwrap_or_default().to_owned(),
        name: account.name().unwrap_or(id.as_str()).to_owned(),
        email: account.email().unwrap_or_default().to_owned(),
        state: OrgState::parse(word),
        // To the millisecond, which is what the registry keeps: more would differ from it in every listing.
        joined_at: account
            .joined_timestamp()
            .and_then(|at| at.to_millis().ok())
            .and_then(Timestamp::from_timestamp_millis),
        joined_method: account
            .joined_method()
            .map(|method| method.as_str().to_owned())
            .unwrap_or_default(),
        // An account lies in one place; an empty list says nothing of where.
        parents: account
            .paths()
            .first()
            .map(|path| parents_of_path(path))
            .filter(|parents| !parents.is_empty()),
        id,
    })
}
