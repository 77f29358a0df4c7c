//! One account that is as large as a test wants: one region, and in it instances or log groups, nothing else.
//!
//! Invariant: a page is made when it is asked for, so the test's own memory stays small too.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use reqwest::Url;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The account.
pub(crate) const ACCOUNT: &str = "123456789012";

const REGIONS: &str = "<DescribeRegionsResponse><regionInfo><item><regionName>us-east-1</regionName>\
    <optInStatus>opt-in-not-required</optInStatus></item></regionInfo></DescribeRegionsResponse>";
const ASSUMED: &str = "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser>\
    <Arn>arn:aws:sts::123456789012:assumed-role/dev-PoloReadRole/polo</Arn><AssumedRoleId>AROAFAKE:polo</AssumedRoleId>\
    </AssumedRoleUser><Credentials><AccessKeyId>ASIAFAKE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
    <SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>\
    </AssumeRoleResponse>";

/// What it is full of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Holds {
    /// EC2 instances with so many tags of the longest value beside three short ones.
    Instances { count: usize, long_tags: usize },
    /// CloudWatch log groups with names of 400 characters.
    LogGroups { count: usize },
}

impl Holds {
    /// How many resources that are.
    pub(crate) fn count(self) -> usize {
        match self {
            Self::Instances { count, .. } | Self::LogGroups { count } => count,
        }
    }
}

/// The account's API.
pub(crate) struct Account {
    /// Where it answers.
    pub(crate) url: String,
    holds: watch::Sender<Holds>,
}

impl Account {
    /// Serves until the test's runtime ends.
    pub(crate) async fn that(holds: Holds) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, held) = watch::channel(holds);
        let app = Router::new().route("/", post(answer)).with_state(held);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, holds: sender }
    }

    /// It holds this from now on.
    pub(crate) fn becomes(&self, holds: Holds) {
        self.holds.send(holds).unwrap();
    }
}

async fn answer(
    State(held): State<watch::Receiver<Holds>>,
    headers: HeaderMap,
    body: String,
) -> String {
    let holds = *held.borrow();
    if headers.contains_key("x-amz-target") {
        let asked: Value = serde_json::from_str(&body).unwrap();
        return log_groups(&asked, holds).to_string();
    }
    let form = Url::parse(&format!("http://form/?{body}")).unwrap();
    let parameters: BTreeMap<_, _> = form.query_pairs().collect();
    let parameter = |name: &str| parameters.get(name).map_or("", AsRef::as_ref);
    match (parameter("Action"), holds) {
        ("AssumeRole", _) => ASSUMED.to_owned(),
        ("DescribeRegions", _) => REGIONS.to_owned(),
        ("DescribeInstances", Holds::Instances { count, long_tags }) => {
            let first: usize = parameter("NextToken").parse().unwrap_or(0);
            let size: usize = parameter("MaxResults").parse().unwrap_or(1_000);
            instances(first, (first + size).min(count), count, long_tags)
        }
        (other, _) => format!("<{other}Response/>"),
    }
}

fn log_groups(asked: &Value, holds: Holds) -> Value {
    let Holds::LogGroups { count } = holds else {
        return json!({});
    };
    let token = asked["nextToken"].as_str().unwrap_or("0");
    let first: usize = token.parse().unwrap();
    let end = (first + 50).min(count);
    let groups: Vec<Value> = (first..end)
        .map(|number| {
            json!({
                "logGroupName": format!("{number:0400}"), "creationTime": 1_700_000_000_000_u64, "storedBytes": number,
                "logGroupClass": "STANDARD"
            })
        })
        .collect();
    let next = (end < count).then(|| end.to_string());
    json!({ "logGroups": groups, "nextToken": next })
}

fn instances(first: usize, end: usize, count: usize, long_tags: usize) -> String {
    let long = "v".repeat(256);
    let mut page = String::from("<DescribeInstancesResponse><reservationSet>");
    for number in first..end {
        write!(
            page,
            "<item><reservationId>r-{number:017x}</reservationId><ownerId>{ACCOUNT}</ownerId><instancesSet><item>\
             <instanceId>i-{number:017x}</instanceId><imageId>ami-bff32ccc</imageId>\
             <instanceState><code>16</code><name>running</name></instanceState>\
             <privateDnsName>ip-192-168-1-88.ec2.internal</privateDnsName><instanceType>m7g.large</instanceType>\
             <launchTime>2026-05-08T16:46:19.000Z</launchTime>\
             <placement><availabilityZone>us-east-1c</availabilityZone><tenancy>default</tenancy></placement>\
             <subnetId>subnet-56f5f633</subnetId><vpcId>vpc-11112222</vpcId><architecture>arm64</architecture>\
             <platformDetails>Linux/UNIX</platformDetails><tagSet>\
             <item><key>Name</key><value>worker {number}</value></item>\
             <item><key>team</key><value>search</value></item>\
             <item><key>aws:autoscaling:groupName</key><value>search-workers-production-blue</value></item>"
        )
        .unwrap();
        for tag in 0..long_tags {
            write!(
                page,
                "<item><key>long {tag}</key><value>{long}</value></item>"
            )
            .unwrap();
        }
        page.push_str("</tagSet></item></instancesSet></item>");
    }
    page.push_str("</reservationSet>");
    if end < count {
        write!(page, "<nextToken>{end}</nextToken>").unwrap();
    }
    page + "</DescribeInstancesResponse>"
}
