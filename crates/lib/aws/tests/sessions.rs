//! AssumeRole on the wire: what is asked, what is believed, what is cached, and what a refusal amounts to.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_credential_types::provider::ProvideCredentials as _;
use polo_aws::{Clock, SessionSettings, Sessions, list_regions, session_name};
use polo_core::{ErrorClass, RoleArn, Timestamp};
use polo_testkit::aws::{
    FakeAws, Reply, assume_role, assume_role_answering_for, assume_role_denied, regions_page,
};

const NOW: i64 = 1_800_000_000; // 2027-01-15T08:00:00Z
const IN_AN_HOUR: &str = "2027-01-15T09:00:00Z";

fn role(account: &str) -> RoleArn {
    format!("arn:aws:iam::{account}:role/team/dev-PoloReadRole")
        .parse()
        .unwrap()
}

/// Sessions over the fake, and the seconds that have gone by.
fn sessions(fake: &FakeAws) -> (Sessions, Arc<AtomicI64>) {
    let elapsed = Arc::new(AtomicI64::new(0));
    let seconds = Arc::clone(&elapsed);
    let clock = Clock::from_fn(move || {
        Timestamp::from_timestamp(NOW + seconds.load(Ordering::SeqCst), 0).unwrap()
    });
    let settings = SessionSettings {
        external_id: Some("polo-example".into()),
        ..SessionSettings::default()
    };
    (Sessions::new(&fake.config(), settings, clock), elapsed)
}

#[tokio::test(start_paused = true)]
async fn an_assumed_role_names_its_account_and_says_until_when() {
    let fake = FakeAws::new();
    fake.on("sts", "AssumeRole", |call| assume_role(call, IN_AN_HOUR));
    let (sessions, _) = sessions(&fake);
    let name = session_name("access verifier", "run/1");
    let assumed = sessions
        .assume_fresh(&role("123456789012"), &name)
        .await
        .unwrap();
    assert_eq!(
        assumed.assumed_role_arn,
        "arn:aws:sts::123456789012:assumed-role/dev-PoloReadRole/polo-access-verifier-run-1"
    );
    assert_eq!(assumed.expires_at.timestamp(), NOW + 3_600);
    assert_eq!(assumed.credentials.access_key_id(), "ASIA123456789012");

    let calls = fake.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(
        calls[0].parameter("RoleArn"),
        role("123456789012").to_string()
    );
    assert_eq!(calls[0].parameter("ExternalId"), "polo-example");
    assert_eq!(
        calls[0].parameter("DurationSeconds"),
        "",
        "chained roles get an hour, the default"
    );
    assert!(
        calls[0].uri.contains("sts.us-east-1.amazonaws.com"),
        "{}",
        calls[0].uri
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_for_another_account_is_refused() {
    let fake = FakeAws::new();
    fake.on("sts", "AssumeRole", |call| {
        assume_role_answering_for(call, "999999999999", IN_AN_HOUR)
    });
    let (sessions, _) = sessions(&fake);
    let failure = sessions
        .assume_fresh(&role("123456789012"), "polo-x")
        .await
        .unwrap_err();
    assert_eq!(failure.class, ErrorClass::WrongAccount);
    assert!(
        failure.message.contains("123456789012") && failure.message.contains("999999999999"),
        "{failure}"
    );
    assert_eq!(fake.calls().len(), 1, "asking again would not help");
}

#[tokio::test(start_paused = true)]
async fn a_throttled_or_unanswered_call_is_made_again_and_a_denied_one_is_not() {
    let fake = FakeAws::new();
    let mut attempt = 0;
    fake.on("sts", "AssumeRole", move |call| {
        attempt += 1;
        match attempt {
            1 => Reply::throttled(),
            2 => Reply::no_answer(),
            3 => Reply::no_connection(),
            4 => Reply::error(500, "InternalFailure", "no"),
            5 => assume_role(call, IN_AN_HOUR),
            _ => assume_role_denied(call),
        }
    });
    let (sessions, _) = sessions(&fake);
    sessions
        .assume_fresh(&role("123456789012"), "polo-x")
        .await
        .unwrap();
    assert_eq!(fake.calls().len(), 5);

    let failure = sessions
        .assume_fresh(&role("123456789012"), "polo-x")
        .await
        .unwrap_err();
    assert_eq!(
        (failure.class, failure.code.as_str()),
        (ErrorClass::Denied, "AccessDenied")
    );
    assert_eq!(failure.request_id.as_deref(), Some("fake-request-id"));
    assert_eq!(failure.action, "sts:AssumeRole");
    assert_eq!(fake.calls().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn failures_keep_the_class_that_the_wire_gives_them() {
    let denied = "User: arn:aws:sts::111122223333:assumed-role/hub/polo is not authorized to perform: sts:AssumeRole \
                  on resource: arn:aws:iam::123456789012:role/r";
    let cases = [
        (
            Reply::error(
                403,
                "AccessDenied",
                &format!("{denied} with an explicit deny in a service control policy"),
            ),
            ErrorClass::DeniedByScp,
        ),
        (
            Reply::error(
                403,
                "AccessDenied",
                &format!("{denied} with an explicit deny in a resource control policy"),
            ),
            ErrorClass::DeniedByRcp,
        ),
        (
            Reply::error(
                403,
                "RegionDisabledException",
                "STS is not activated in this region for account:123456789012.",
            ),
            ErrorClass::RegionDisabled,
        ),
        (
            Reply::error(
                403,
                "ExpiredToken",
                "The security token included in the request is expired",
            ),
            ErrorClass::ExpiredToken,
        ),
        (
            Reply::error(
                403,
                "InvalidClientTokenId",
                "The security token included in the request is invalid",
            ),
            ErrorClass::InvalidToken,
        ),
        (
            Reply::error(400, "ValidationError", "1 validation error detected"),
            ErrorClass::Config,
        ),
        (Reply::throttled(), ErrorClass::Throttled),
        (Reply::no_answer(), ErrorClass::Timeout),
        (Reply::no_connection(), ErrorClass::Network),
        (
            Reply::with_status(503, "<html>Service Unavailable</html>"),
            ErrorClass::Service,
        ),
        (
            Reply::with_status(200, "<html>a proxy's page</html>"),
            ErrorClass::Bug,
        ),
        (
            Reply::with_status(403, "<html>a proxy's page</html>"),
            ErrorClass::Bug,
        ),
        (
            Reply::ok("<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>"),
            ErrorClass::Bug,
        ),
    ];
    for (reply, class) in cases {
        let fake = FakeAws::new();
        let shown = format!("{reply:?}");
        fake.on("sts", "AssumeRole", move |_| reply.clone());
        let (sessions, _) = sessions(&fake);
        let failure = sessions
            .assume_fresh(&role("123456789012"), "polo-x")
            .await
            .unwrap_err();
        assert_eq!(failure.class, class, "{shown} became {failure}");
        assert!(!failure.message.is_empty(), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_is_shared_until_five_minutes_before_it_ends_and_checks_never_share() {
    let fake = FakeAws::new();
    fake.on("sts", "AssumeRole", |call| assume_role(call, IN_AN_HOUR));
    let (sessions, elapsed) = sessions(&fake);
    let role = role("123456789012");

    // Many at once ask once.
    let opened =
        futures::future::join_all((0..20).map(|_| sessions.session_for(&role, "polo-a"))).await;
    assert!(opened.iter().all(Result::is_ok));
    assert_eq!(fake.calls().len(), 1);

    elapsed.store(3_600 - 301, Ordering::SeqCst);
    sessions.session_for(&role, "polo-a").await.unwrap();
    assert_eq!(fake.calls().len(), 1);
    elapsed.store(3_600 - 300, Ordering::SeqCst);
    sessions.session_for(&role, "polo-a").await.unwrap();
    assert_eq!(fake.calls().len(), 2);

    elapsed.store(0, Ordering::SeqCst);
    sessions.assume_fresh(&role, "polo-b").await.unwrap();
    sessions.assume_fresh(&role, "polo-b").await.unwrap();
    assert_eq!(fake.calls().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_refused_session_is_not_remembered() {
    let fake = FakeAws::new();
    let mut attempt = 0;
    fake.on("sts", "AssumeRole", move |call| {
        attempt += 1;
        if attempt == 1 {
            assume_role_denied(call)
        } else {
            assume_role(call, IN_AN_HOUR)
        }
    });
    let (sessions, _) = sessions(&fake);
    let role = role("123456789012");
    assert!(sessions.session_for(&role, "polo-a").await.is_err());
    assert!(sessions.session_for(&role, "polo-a").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_sessions_clients_use_its_credentials_region_and_renew_them() {
    let fake = FakeAws::new();
    fake.on("sts", "AssumeRole", |call| assume_role(call, IN_AN_HOUR))
        .on("ec2", "DescribeRegions", |_| {
            regions_page(&[("us-east-1", "opt-in-not-required")])
        });
    let (sessions, elapsed) = sessions(&fake);
    let session = sessions
        .session_for(&role("123456789012"), "polo-a")
        .await
        .unwrap();
    let config = session.config("eu-central-1");
    list_regions(&config, &Default::default()).await.unwrap();
    elapsed.store(3_500, Ordering::SeqCst);
    list_regions(&config, &Default::default()).await.unwrap();

    let described = fake.calls_of("DescribeRegions");
    assert!(
        described
            .iter()
            .all(|call| call.account_id() == Some("123456789012")
                && call.region == "eu-central-1"
                && call.uri.contains("ec2.eu-central-1."))
    );
    assert_eq!(fake.calls_of("AssumeRole").len(), 2);
    let provider = config.credentials_provider().unwrap();
    assert!(provider.provide_credentials().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_refused_renewal_shows_as_the_failure_of_assume_role() {
    let fake = FakeAws::new();
    let mut attempt = 0;
    fake.on("sts", "AssumeRole", move |call| {
        attempt += 1;
        if attempt == 1 {
            assume_role(call, IN_AN_HOUR)
        } else {
            assume_role_denied(call)
        }
    });
    let (sessions, elapsed) = sessions(&fake);
    let session = sessions
        .session_for(&role("123456789012"), "polo-a")
        .await
        .unwrap();
    elapsed.store(3_600, Ordering::SeqCst);
    let failure = list_regions(&session.config("us-east-1"), &Default::default())
        .await
        .unwrap_err();
    assert_eq!(
        (failure.class, failure.action.as_str()),
        (ErrorClass::Denied, "sts:AssumeRole")
    );
}
