//! An active account with one region in which there are no load balancers, until a test puts some there.
//!
//! Both generations share service and operations at AWS; here every answer is of one generation.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use config_elb::ConfigElb;
use polo_testkit::aws::{Call, Reply};
use polo_testkit::collector;
use serde_json::Value;

const SERVICE: &str = "elasticloadbalancing";

/// A generation, by the version of its API.
pub(crate) const V2: &str = "2015-12-01";
/// The older one.
pub(crate) const CLASSIC: &str = "2012-06-01";

/// The listings, each with its list's element.
pub(crate) const LISTINGS: [(&str, &str, &str); 3] = [
    (V2, "DescribeTargetGroups", "TargetGroups"),
    (V2, "DescribeLoadBalancers", "LoadBalancers"),
    (CLASSIC, "DescribeLoadBalancers", "LoadBalancerDescriptions"),
];

type Rules = HashMap<(&'static str, &'static str), Box<dyn FnMut(&Call) -> Reply + Send>>;

/// The world of a test.
pub(crate) struct World {
    inner: collector::World<ConfigElb>,
    rules: Arc<Mutex<Rules>>,
}

impl Deref for World {
    type Target = collector::World<ConfigElb>;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl World {
    /// An account in which there is nothing.
    pub(crate) async fn empty() -> Self {
        let world = Self {
            inner: collector::World::new().await,
            rules: Arc::default(),
        };
        for operation in [
            "DescribeTargetGroups",
            "DescribeLoadBalancers",
            "DescribeTags",
            "DescribeTargetHealth",
            "DescribeInstanceHealth",
        ] {
            let rules = Arc::clone(&world.rules);
            world.aws.on(SERVICE, operation, move |call| {
                let version = call.parameter("Version");
                let mut rules = rules.lock().unwrap();
                let rule = rules
                    .iter_mut()
                    .find(|((of, named), _)| *of == version && *named == operation);
                let (_, rule) = rule.unwrap_or_else(|| panic!("no {operation} of {version}"));
                rule(call)
            });
        }
        for (version, operation, list) in LISTINGS {
            world.answers(version, operation, page(operation, list, "", None));
        }
        for version in [V2, CLASSIC] {
            let none = page("DescribeTags", "TagDescriptions", "", None);
            world.answers(version, "DescribeTags", none);
        }
        world.answers(V2, "DescribeTargetHealth", targets(&[]));
        world.answers(CLASSIC, "DescribeInstanceHealth", instances(&[]));
        world
    }

    /// One operation of one generation is answered by this from now on.
    pub(crate) fn on(
        &self,
        version: &'static str,
        operation: &'static str,
        answer: impl FnMut(&Call) -> Reply + Send + 'static,
    ) {
        let mut rules = self.rules.lock().unwrap();
        rules.insert((version, operation), Box::new(answer));
    }

    /// It answers with this.
    pub(crate) fn answers(&self, version: &'static str, operation: &'static str, reply: Reply) {
        self.on(version, operation, move |_| reply.clone());
    }

    /// It answers with these pages; the marker of a page is its number.
    pub(crate) fn answers_pages(
        &self,
        version: &'static str,
        operation: &'static str,
        pages: Vec<Reply>,
    ) {
        self.on(version, operation, move |call| {
            let asked: usize = call.parameter("Marker").parse().unwrap_or(0);
            pages[asked].clone()
        });
    }

    /// It is throttled once, then answers with this.
    pub(crate) fn throttles_once(
        &self,
        version: &'static str,
        operation: &'static str,
        reply: Reply,
    ) {
        let mut throttled = false;
        self.on(version, operation, move |_| {
            if std::mem::replace(&mut throttled, true) {
                reply.clone()
            } else {
                throttling()
            }
        });
    }

    /// A listing shows these items.
    pub(crate) fn lists(&self, version: &'static str, operation: &'static str, items: &[String]) {
        let list = LISTINGS
            .into_iter()
            .find(|(of, named, _)| *of == version && *named == operation);
        let (_, _, list) = list.unwrap();
        self.answers(
            version,
            operation,
            page(operation, list, &items.concat(), None),
        );
    }

    /// The requests of one operation of one generation.
    pub(crate) fn calls(&self, version: &str, operation: &str) -> Vec<Call> {
        let mut calls = self.aws.calls_of(operation);
        calls.retain(|call| call.parameter("Version") == version);
        calls
    }

    /// The attributes of one resource as `v_resources` shows them.
    pub(crate) async fn attributes(&self, id: &str) -> Value {
        let rows = self.resources().await;
        let found = rows.iter().find(|row| row["resource_id"] == id);
        found.unwrap_or_else(|| panic!("no row of {id}"))["attributes"].clone()
    }
}

/// A page of a listing, or an answer that has none.
pub(crate) fn page(operation: &str, list: &str, items: &str, marker: Option<&str>) -> Reply {
    let marker = marker
        .map(|marker| format!("<NextMarker>{marker}</NextMarker>"))
        .unwrap_or_default();
    Reply::ok(format!(
        "<{operation}Response><{operation}Result><{list}>{items}</{list}>{marker}</{operation}Result>\
         <ResponseMetadata><RequestId>f9880f01-7852-629d-a6c3-3ae2-666a409287e6dc0c</RequestId></ResponseMetadata>\
         </{operation}Response>"
    ))
}

/// The ARN of the application load balancer `name`.
pub(crate) fn balancer_arn(name: &str) -> String {
    format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/{name}/1")
}

/// The ARN of the target group `name`.
pub(crate) fn group_arn(name: &str) -> String {
    format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/1")
}

/// An item of a listing: of the second generation a load balancer `app/<name>/1` or a target group `<name>/1`.
pub(crate) fn item(version: &str, operation: &str, name: &str) -> String {
    match (version, operation) {
        (V2, "DescribeTargetGroups") => group(name, &[]),
        (V2, _) => balancer(name),
        _ => classic(name, &[]),
    }
}

/// The id of the row of such an item.
pub(crate) fn id(version: &str, operation: &str, name: &str) -> String {
    match (version, operation) {
        (V2, "DescribeTargetGroups") => format!("{name}/1"),
        (V2, _) => format!("app/{name}/1"),
        _ => name.to_owned(),
    }
}

/// An application load balancer.
pub(crate) fn balancer(name: &str) -> String {
    format!(
        "<member><LoadBalancerArn>{}</LoadBalancerArn><LoadBalancerName>{name}</LoadBalancerName>\
         <CreatedTime>2016-03-25T21:26:12.920Z</CreatedTime><State><Code>active</Code></State>\
         <Type>application</Type></member>",
        balancer_arn(name)
    )
}

/// A target group of these load balancers.
pub(crate) fn group(name: &str, balancers: &[&str]) -> String {
    let arns: String = balancers
        .iter()
        .map(|name| format!("<member>{}</member>", balancer_arn(name)))
        .collect();
    format!(
        "<member><TargetGroupArn>{}</TargetGroupArn><TargetGroupName>{name}</TargetGroupName>\
         <LoadBalancerArns>{arns}</LoadBalancerArns></member>",
        group_arn(name)
    )
}

/// A classic load balancer with these instances.
pub(crate) fn classic(name: &str, instances: &[&str]) -> String {
    let instances: String = instances
        .iter()
        .map(|id| format!("<member><InstanceId>{id}</InstanceId></member>"))
        .collect();
    format!(
        "<member><LoadBalancerName>{name}</LoadBalancerName><Instances>{instances}</Instances></member>"
    )
}

/// An answer of DescribeTargetHealth: a target per state.
pub(crate) fn targets(states: &[&str]) -> Reply {
    let members: String = states
        .iter()
        .map(|state| {
            format!("<member><TargetHealth><State>{state}</State></TargetHealth></member>")
        })
        .collect();
    page(
        "DescribeTargetHealth",
        "TargetHealthDescriptions",
        &members,
        None,
    )
}

/// An answer of DescribeInstanceHealth: an instance per state.
pub(crate) fn instances(states: &[&str]) -> Reply {
    let members: String = states
        .iter()
        .map(|state| format!("<member><State>{state}</State></member>"))
        .collect();
    page("DescribeInstanceHealth", "InstanceStates", &members, None)
}

/// The resources that a DescribeTags asks about.
pub(crate) fn asked_about(call: &Call) -> Vec<String> {
    let mut asked: Vec<String> = call
        .parameters
        .iter()
        .filter(|(name, _)| name.contains(".member."))
        .map(|(_, value)| value.clone())
        .collect();
    asked.sort();
    asked
}

/// Tags of each resource that a DescribeTags asks about: `named` after itself.
pub(crate) fn named(call: &Call) -> Reply {
    let element = if call.parameter("Version") == V2 {
        "ResourceArn"
    } else {
        "LoadBalancerName"
    };
    let members: String = asked_about(call)
        .iter()
        .map(|id| {
            format!(
                "<member><{element}>{id}</{element}><Tags><member><Key>named</Key><Value>{id}</Value></member></Tags></member>"
            )
        })
        .collect();
    page("DescribeTags", "TagDescriptions", &members, None)
}

/// The refusal of one operation.
pub(crate) fn denied(operation: &str) -> Reply {
    Reply::error(
        403,
        "AccessDenied",
        &format!(
            "User: arn:aws:sts::123456789012:assumed-role/dev-PoloReadRole/polo is not authorized to perform: \
             elasticloadbalancing:{operation} because no identity-based policy allows the \
             elasticloadbalancing:{operation} action"
        ),
    )
}

/// The answer to too many requests.
pub(crate) fn throttling() -> Reply {
    Reply::error(400, "Throttling", "Rate exceeded")
}
