//! A stack's status: read, or a failure.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

use polo_aws::Backoff;
use polo_aws::stack_status::stack_status;
use polo_core::ErrorClass;
use polo_testkit::aws::{FakeAws, Reply};

const STACK: &str = "arn:aws:cloudformation:us-east-1:111122223333:stack/dev-polo/51af3dc0";

fn answer(stacks: &str) -> Reply {
    Reply::ok(format!(
        "<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">\
         <DescribeStacksResult><Stacks>{stacks}</Stacks></DescribeStacksResult></DescribeStacksResponse>"
    ))
}

#[tokio::test(start_paused = true)]
async fn the_status_is_aws_s_own_word() {
    let fake = FakeAws::new();
    fake.queue(
        "cloudformation",
        "DescribeStacks",
        [
            Reply::throttled(),
            answer(
                "<member><StackName>dev-polo</StackName><CreationTime>2026-11-21T10:00:00Z</CreationTime>\
                 <StackStatus>UPDATE_ROLLBACK_IN_PROGRESS</StackStatus></member>",
            ),
        ],
    );
    let status = stack_status(&fake.config(), STACK, &Backoff::default()).await;
    assert_eq!(status.as_deref(), Ok("UPDATE_ROLLBACK_IN_PROGRESS"));
    assert_eq!(fake.calls()[1].parameter("StackName"), STACK);
}

#[tokio::test(start_paused = true)]
async fn no_status_is_a_failure() {
    for (reply, class) in [
        (answer(""), ErrorClass::Bug),
        (
            Reply::error(400, "ValidationError", "Stack with id x does not exist"),
            ErrorClass::Config,
        ),
        (
            Reply::error(403, "AccessDenied", "not authorized"),
            ErrorClass::Denied,
        ),
    ] {
        let fake = FakeAws::new();
        fake.queue("cloudformation", "DescribeStacks", [reply]);
        let failure = stack_status(&fake.config(), STACK, &Backoff::default())
            .await
            .unwrap_err();
        assert_eq!(failure.class, class, "{failure}");
        assert_eq!(failure.action, "cloudformation:DescribeStacks");
    }
}
