//! STS and EC2 of one account that is as large as a test wants: one region, instances, nothing else.
//!
//! Invariant: a page is made when it is asked for, so the test's own memory stays small too.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::Router;
use axum::extract::{Form, State};
use axum::routing::post;
use tokio::net::TcpListener;

/// The account.
pub(crate) const ACCOUNT: &str = "123456789012";

const REGIONS: &str = "<DescribeRegionsResponse><regionInfo><item><regionName>us-east-1</regionName>\
    <optInStatus>opt-in-not-required</optInStatus></item></regionInfo></DescribeRegionsResponse>";
const ASSUMED: &str = "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser>\
    <Arn>arn:aws:sts::123456789012:assumed-role/dev-PoloReadRole/polo</Arn><AssumedRoleId>AROAFAKE:polo</AssumedRoleId>\
    </AssumedRoleUser><Credentials><AccessKeyId>ASIAFAKE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
    <SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>\
    </AssumeRoleResponse>";

/// The account's API.
pub(crate) struct Account {
    /// Where it answers.
    pub(crate) url: String,
}

impl Account {
    /// Serves until the test's runtime ends.
    pub(crate) async fn with_instances(count: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().route("/", post(answer)).with_state(count);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url }
    }
}

async fn answer(
    State(count): State<usize>,
    Form(parameters): Form<BTreeMap<String, String>>,
) -> String {
    let parameter = |name: &str| parameters.get(name).map_or("", String::as_str);
    match parameter("Action") {
        "AssumeRole" => ASSUMED.to_owned(),
        "DescribeRegions" => REGIONS.to_owned(),
        "DescribeInstances" => {
            let first: usize = parameter("NextToken").parse().unwrap_or(0);
            let size: usize = parameter("MaxResults").parse().unwrap_or(1_000);
            instances(first, (first + size).min(count), count)
        }
        other => format!("<{other}Response/>"),
    }
}

fn instances(first: usize, end: usize, count: usize) -> String {
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
             <item><key>aws:autoscaling:groupName</key><value>search-workers-production-blue</value></item>\
             </tagSet></item></instancesSet></item>"
        )
        .unwrap();
    }
    page.push_str("</reservationSet>");
    if end < count {
        write!(page, "<nextToken>{end}</nextToken>").unwrap();
    }
    page + "</DescribeInstancesResponse>"
}
