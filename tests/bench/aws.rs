//! STS and EC2 of one account with instances in each of its regions.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::Router;
use axum::extract::Form;
use axum::routing::post;
use tokio::net::TcpListener;

use crate::generator::REGIONS;

/// The account.
pub(crate) const ACCOUNT: &str = "123456789012";
/// Instances in each region.
pub(crate) const INSTANCES: usize = 10;

const ASSUMED: &str = "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser>\
    <Arn>arn:aws:sts::123456789012:assumed-role/prod-PoloReadRole/polo</Arn><AssumedRoleId>AROAFAKE:polo</AssumedRoleId>\
    </AssumedRoleUser><Credentials><AccessKeyId>ASIAFAKE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
    <SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>\
    </AssumeRoleResponse>";

/// Serves until the bench ends; returns the address.
pub(crate) async fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().route("/", post(answer));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

async fn answer(Form(parameters): Form<BTreeMap<String, String>>) -> String {
    match parameters.get("Action").map_or("", String::as_str) {
        "AssumeRole" => ASSUMED.to_owned(),
        "DescribeRegions" => regions(),
        "DescribeInstances" => instances(),
        other => format!("<{other}Response/>"),
    }
}

fn regions() -> String {
    let mut items = String::new();
    for region in REGIONS {
        write!(items, "<item><regionName>{region}</regionName><optInStatus>opt-in-not-required</optInStatus></item>").unwrap();
    }
    format!("<DescribeRegionsResponse><regionInfo>{items}</regionInfo></DescribeRegionsResponse>")
}

fn instances() -> String {
    let mut items = String::new();
    for number in 0..INSTANCES {
        write!(
            items,
            "<item><reservationId>r-{number:017x}</reservationId><ownerId>{ACCOUNT}</ownerId><instancesSet><item>\
             <instanceId>i-{number:017x}</instanceId><imageId>ami-bff32ccc</imageId>\
             <instanceState><code>16</code><name>running</name></instanceState><instanceType>m7g.large</instanceType>\
             <launchTime>2026-05-08T16:46:19.000Z</launchTime></item></instancesSet></item>"
        )
        .unwrap();
    }
    format!(
        "<DescribeInstancesResponse><reservationSet>{items}</reservationSet></DescribeInstancesResponse>"
    )
}
