//! Listing an organization: what a page may do, and what may be concluded from it.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

use std::collections::HashMap;

use polo_aws::{
    Backoff, Clock, Listing, Membership, OrganizationError, OrganizationReader, SessionSettings,
    Sessions,
};
use polo_core::organization::{OrgAccount, OrgState};
use polo_core::{AccountId, ErrorClass, Timestamp};
use polo_testkit::aws::{
    FakeAws, HUB_ACCESS_KEY, Reply, accounts_page, assume_role, assume_role_denied,
    organization_account,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

fn reader(fake: &FakeAws) -> OrganizationReader {
    OrganizationReader::new(&fake.config(), Backoff::default())
}

fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

/// Lists everything; the accounts that were sent, and how it ended.
async fn list(fake: &FakeAws) -> (Vec<OrgAccount>, Result<Listing, OrganizationError>) {
    let (sender, mut pages) = mpsc::unbounded_channel();
    let end = reader(fake).list_accounts(&sender).await;
    drop(sender);
    let mut seen = Vec::new();
    while let Some(page) = pages.recv().await {
        seen.extend(page);
    }
    (seen, end)
}

fn without(mut account: Value, fields: &[&str]) -> Value {
    for field in fields {
        account.as_object_mut().unwrap().remove(*field);
    }
    account
}

#[tokio::test(start_paused = true)]
async fn pages_are_read_to_the_end_and_empty_ones_too() {
    let fake = FakeAws::new();
    fake.queue(
        "organizations",
        "ListAccounts",
        [
            accounts_page(&[organization_account("111111111111")], Some("2")),
            accounts_page(&[], Some("3")),
            Reply::throttled(),
            accounts_page(&[organization_account("001111111113")], None),
        ],
    );
    let (seen, end) = list(&fake).await;
    assert_eq!(end.unwrap(), Listing::Complete);
    assert_eq!(
        seen.iter().map(|a| a.id.as_str()).collect::<Vec<_>>(),
        ["111111111111", "001111111113"]
    );
    let first = &seen[0];
    assert_eq!(
        (first.name.as_str(), first.email.as_str(), &first.state),
        (
            "account 111111111111",
            "111111111111@example.com",
            &OrgState::Active
        )
    );
    assert_eq!(
        first.parents.as_deref(),
        Some(
            &[
                "r-examplerootid".to_owned(),
                "ou-examplerootid-00000001".to_owned()
            ][..]
        )
    );
    assert_eq!(first.joined_at.unwrap().timestamp(), 1_700_000_000);
    assert_eq!(first.joined_method, "CREATED");

    let calls = fake.calls();
    let tokens: Vec<String> = calls.iter().map(|c| c.parameter("NextToken")).collect();
    assert_eq!(tokens, ["", "2", "3", "3"]);
    assert!(calls.iter().all(|c| c.region == "us-east-1"
        && c.access_key == HUB_ACCESS_KEY
        && c.uri.contains("organizations.us-east-1.")));
}

#[tokio::test(start_paused = true)]
async fn a_failing_second_page_leaves_what_was_seen_and_says_partial() {
    let fake = FakeAws::new();
    fake.on("organizations", "ListAccounts", |call| {
        if call.parameter("NextToken").is_empty() {
            accounts_page(&[organization_account("111111111111")], Some("2"))
        } else {
            Reply::error(
                400,
                "AccessDeniedException",
                "You don't have permissions to access this resource.",
            )
        }
    });
    let (seen, end) = list(&fake).await;
    assert_eq!(seen.len(), 1);
    match end.unwrap() {
        Listing::Partial(failure) => assert_eq!(
            (failure.class, failure.action.as_str()),
            (ErrorClass::Denied, "organizations:ListAccounts")
        ),
        Listing::Complete => panic!("a listing with a failed page is not complete"),
    }
}

#[tokio::test(start_paused = true)]
async fn throttling_without_end_is_partial_not_short() {
    let fake = FakeAws::new();
    fake.on("organizations", "ListAccounts", |call| {
        if call.parameter("NextToken").is_empty() {
            accounts_page(&[organization_account("111111111111")], Some("2"))
        } else {
            Reply::error(
                400,
                "TooManyRequestsException",
                "AWS Organizations can't complete your request because another request is already in progress.",
            )
        }
    });
    let (seen, end) = list(&fake).await;
    assert_eq!(seen.len(), 1);
    assert!(
        matches!(end.unwrap(), Listing::Partial(failure) if failure.class == ErrorClass::Throttled)
    );
}

#[tokio::test(start_paused = true)]
async fn a_page_that_names_itself_as_the_next_is_partial() {
    let fake = FakeAws::new();
    fake.on("organizations", "ListAccounts", |_| {
        accounts_page(&[organization_account("111111111111")], Some("again"))
    });
    let (_, end) = list(&fake).await;
    assert!(matches!(end.unwrap(), Listing::Partial(failure) if failure.class == ErrorClass::Bug));
    assert_eq!(fake.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn states_are_read_from_state_then_from_status_and_unknown_ones_are_kept() {
    let mut unknown = organization_account("111111111111");
    unknown["State"] = "HIBERNATED".into();
    let mut closed = organization_account("111111111112");
    closed["State"] = "CLOSED".into();
    closed["Status"] = "SUSPENDED".into();
    let mut old = without(organization_account("111111111113"), &["State"]);
    old["Status"] = "SUSPENDED".into();
    let new = without(organization_account("111111111114"), &["Status"]);
    let fake = FakeAws::new();
    fake.queue(
        "organizations",
        "ListAccounts",
        [accounts_page(&[unknown, closed, old, new], None)],
    );
    let (seen, end) = list(&fake).await;
    assert_eq!(end.unwrap(), Listing::Complete);
    assert_eq!(
        seen.into_iter().map(|a| a.state).collect::<Vec<_>>(),
        [
            OrgState::Other("HIBERNATED".into()),
            OrgState::Closed,
            OrgState::Suspended,
            OrgState::Active
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_account_without_any_state_aborts_and_is_named() {
    let fake = FakeAws::new();
    fake.queue(
        "organizations",
        "ListAccounts",
        [accounts_page(
            &[
                organization_account("111111111111"),
                without(organization_account("111111111112"), &["State", "Status"]),
            ],
            None,
        )],
    );
    let (seen, end) = list(&fake).await;
    assert!(seen.is_empty(), "nothing of the page counts");
    let error = end.unwrap_err();
    assert!(
        matches!(&error, OrganizationError::StateAbsent { account_id } if account_id.as_str() == "111111111112")
    );
    assert!(error.to_string().contains("111111111112"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_account_without_paths_or_with_a_broken_id_is_not_guessed_at() {
    let fake = FakeAws::new();
    fake.queue(
        "organizations",
        "ListAccounts",
        [
            accounts_page(
                &[without(organization_account("111111111111"), &["Paths"])],
                None,
            ),
            accounts_page(&[organization_account("11111111111")], None),
        ],
    );
    let (seen, _) = list(&fake).await;
    assert_eq!(seen[0].parents, None);
    let (_, end) = list(&fake).await;
    assert!(
        matches!(end, Err(OrganizationError::Unreadable { problem }) if problem.contains("11111111111"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_nobody_receives_stops() {
    let fake = FakeAws::new();
    fake.on("organizations", "ListAccounts", |_| {
        accounts_page(&[organization_account("111111111111")], Some("2"))
    });
    let (sender, pages) = mpsc::unbounded_channel();
    drop(pages);
    assert!(matches!(
        reader(&fake).list_accounts(&sender).await,
        Err(OrganizationError::NobodyListens)
    ));
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_organization_and_its_absence_are_told_apart() {
    let fake = FakeAws::new();
    fake.queue(
        "organizations",
        "DescribeOrganization",
        [
            Reply::json(json!({"Organization": {
                "Id": "o-exampleorgid",
                "Arn": "arn:aws:organizations::111122223333:organization/o-exampleorgid",
                "FeatureSet": "ALL",
                "MasterAccountArn": "arn:aws:organizations::111122223333:account/o-exampleorgid/111122223333",
                "MasterAccountId": "111122223333",
                "MasterAccountEmail": "root@example.com"
            }})),
            Reply::error(
                400,
                "AWSOrganizationsNotInUseException",
                "Your account is not a member of an organization.",
            ),
            Reply::error(
                400,
                "AccessDeniedException",
                "You don't have permissions to access this resource.",
            ),
        ],
    );
    let reader = reader(&fake);
    match reader.describe().await.unwrap() {
        Membership::In(info) => assert_eq!(
            (info.id.as_str(), info.management_account_id.as_str()),
            ("o-exampleorgid", "111122223333")
        ),
        Membership::NotInUse => panic!("it is in one"),
    }
    assert_eq!(reader.describe().await.unwrap(), Membership::NotInUse);
    assert!(
        matches!(reader.describe().await, Err(OrganizationError::Aws(failure)) if failure.class == ErrorClass::Denied)
    );
}

/// Root with two OUs, one of them with a child on a second page; two accounts.
fn tree(fake: &FakeAws) {
    fake.on("organizations", "ListRoots", |_| {
        Reply::json(json!({"Roots": [{"Id": "r-b", "Name": "Root",
            "Arn": "arn:aws:organizations::111122223333:root/o-exampleorgid/r-b", "PolicyTypes": []}]}))
    });
    let mut throttles = 0;
    fake.on(
        "organizations",
        "ListOrganizationalUnitsForParent",
        move |call| {
            throttles += 1;
            if throttles == 2 {
                return Reply::error(400, "TooManyRequestsException", "Too many requests");
            }
            let unit = |id: &str, name: &str| json!({"Id": id, "Name": name, "Arn": "arn"});
            match (
                call.parameter("ParentId").as_str(),
                call.parameter("NextToken").as_str(),
            ) {
                ("r-b", "") => Reply::json(
                    json!({"OrganizationalUnits": [unit("ou-b-1", "Workloads")], "NextToken": "2"}),
                ),
                ("r-b", "2") => {
                    Reply::json(json!({"OrganizationalUnits": [unit("ou-b-2", "Security")]}))
                }
                ("ou-b-1", "") => Reply::json(json!({"OrganizationalUnits": [], "NextToken": "2"})),
                ("ou-b-1", "2") => {
                    Reply::json(json!({"OrganizationalUnits": [unit("ou-b-3", "Prod")]}))
                }
                _ => Reply::json(json!({"OrganizationalUnits": []})),
            }
        },
    );
    fake.on("organizations", "ListAccountsForParent", |call| match call
        .parameter("ParentId")
        .as_str()
    {
        "ou-b-3" => accounts_page(&[organization_account("111111111111")], None),
        "r-b" => accounts_page(&[organization_account("111122223333")], None),
        _ => accounts_page(&[], None),
    });
}

#[tokio::test(start_paused = true)]
async fn the_tree_is_read_whole_and_places_every_account() {
    let fake = FakeAws::new();
    tree(&fake);
    let reader = reader(&fake);
    let tree = reader.list_tree().await.unwrap();
    assert_eq!(tree.nodes().len(), 4);
    assert_eq!(
        tree.path_of_names(&tree.chain("ou-b-3")),
        "Root/Workloads/Prod"
    );
    let placements = reader.placements(&tree).await.unwrap();
    let chain = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        placements,
        HashMap::from([
            (id("111111111111"), chain("r-b ou-b-1 ou-b-3")),
            (id("111122223333"), chain("r-b")),
        ])
    );
    assert_eq!(
        fake.calls_of("ListAccountsForParent").len(),
        4,
        "one per node, none per account"
    );
}

#[tokio::test(start_paused = true)]
async fn a_tree_with_an_unreadable_branch_is_a_failure() {
    let fake = FakeAws::new();
    tree(&fake);
    fake.on("organizations", "ListOrganizationalUnitsForParent", |_| {
        Reply::error(
            400,
            "AccessDeniedException",
            "You don't have permissions to access this resource.",
        )
    });
    let failure = reader(&fake).list_tree().await.unwrap_err();
    assert_eq!(
        (failure.class, failure.action.as_str()),
        (
            ErrorClass::Denied,
            "organizations:ListOrganizationalUnitsForParent"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn one_account_can_be_looked_up_with_its_place_and_tags() {
    let fake = FakeAws::new();
    fake.queue(
        "organizations",
        "DescribeAccount",
        [
            Reply::json(json!({"Account": organization_account("111111111111")})),
            Reply::error(
                400,
                "AccountNotFoundException",
                "You specified an account that doesn't exist.",
            ),
        ],
    )
    .on("organizations", "ListParents", |call| {
        let (parent, kind) = match call.parameter("ChildId").as_str() {
            "111111111111" => ("ou-b-3", "ORGANIZATIONAL_UNIT"),
            "ou-b-3" => ("ou-b-1", "ORGANIZATIONAL_UNIT"),
            _ => ("r-b", "ROOT"),
        };
        Reply::json(json!({"Parents": [{"Id": parent, "Type": kind}]}))
    })
    .queue(
        "organizations",
        "ListTagsForResource",
        [
            Reply::json(json!({"Tags": [{"Key": "owner", "Value": "finops"}], "NextToken": "2"})),
            Reply::json(json!({"Tags": [{"Key": "stage", "Value": ""}]})),
        ],
    );
    let reader = reader(&fake);
    let account = id("111111111111");
    assert_eq!(reader.describe_account(&account).await.unwrap().id, account);
    assert!(
        matches!(reader.describe_account(&account).await, Err(OrganizationError::Aws(failure)) if failure.class == ErrorClass::NotFound)
    );
    assert_eq!(
        reader.list_parents(&account).await.unwrap(),
        ["r-b", "ou-b-1", "ou-b-3"]
    );
    let tags = reader.list_tags(&account).await.unwrap();
    assert_eq!(
        tags.into_iter().collect::<Vec<_>>(),
        [
            ("owner".into(), "finops".into()),
            ("stage".into(), String::new())
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_listing_role_is_assumed_first_and_its_refusal_is_named() {
    let fake = FakeAws::new();
    let mut attempt = 0;
    fake.on("sts", "AssumeRole", move |call| {
        attempt += 1;
        if attempt == 1 {
            assume_role(call, "2027-01-15T09:00:00Z")
        } else {
            assume_role_denied(call)
        }
    })
    .on("organizations", "ListAccounts", |_| {
        accounts_page(&[organization_account("111111111111")], None)
    });
    let clock = Clock::from_fn(|| Timestamp::from_timestamp(1_800_000_000, 0).unwrap());
    let role = "arn:aws:iam::111122223333:role/polo-listing"
        .parse()
        .unwrap();
    for expected in ["complete", "partial"] {
        let sessions = Sessions::new(&fake.config(), SessionSettings::default(), clock.clone());
        let reader =
            OrganizationReader::through_role(&sessions, &role, "polo-test", Backoff::default());
        let (sender, _pages) = mpsc::unbounded_channel();
        match (expected, reader.list_accounts(&sender).await.unwrap()) {
            ("complete", Listing::Complete) => {
                let calls = fake.calls_of("ListAccounts");
                assert_eq!(calls[0].account_id(), Some("111122223333"));
            }
            ("partial", Listing::Partial(failure)) => assert_eq!(
                (failure.class, failure.action.as_str()),
                (ErrorClass::Denied, "sts:AssumeRole")
            ),
            other => panic!("{other:?}"),
        }
    }
}
