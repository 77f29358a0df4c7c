//! A wire-level AWS for tests: real SDK clients, and an HTTP connector that answers instead of the network.
//!
//! Invariants: an operation without a rule answers an error that names it, so nothing passes by accident; every
//! request is recorded; nothing sleeps (the SDK's retries wait zero, simulated latency is Tokio time that a test
//! pauses with `start_paused`).
//!
//! The bodies are AWS's published shapes; [`Reply::error`] is rendered in the protocol of the call that it answers.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use tokio::sync::Notify;

/// The access key id of the hub's own credentials.
pub const HUB_ACCESS_KEY: &str = "AKIAHUB";

/// A recorded request.
#[derive(Debug, Clone)]
pub struct Call {
    /// The service as it signs: `sts`, `organizations`, `ec2`, `cloudformation`, `events`, `iam`, `s3`, …
    pub service: String,
    /// The region as it signs.
    pub region: String,
    /// The operation: of `X-Amz-Target`, `Action` or the path; for S3 as [`s3_operation`] tells it.
    pub operation: String,
    /// Whose credentials signed it: [`HUB_ACCESS_KEY`], or `ASIA<account id>` after [`assume_role`].
    pub access_key: String,
    /// The parameters of a query protocol, `Action` and `Version` included.
    pub parameters: BTreeMap<String, String>,
    /// The body of a JSON or CBOR protocol; null for the others.
    pub json: Value,
    /// The host, path and query asked.
    pub uri: String,
    protocol: Protocol,
}

impl Call {
    /// A parameter of the call, whichever the protocol; empty where it has none of this name.
    pub fn parameter(&self, name: &str) -> String {
        match (self.parameters.get(name), self.json.get(name)) {
            (Some(text), _) => text.clone(),
            (None, Some(Value::String(text))) => text.clone(),
            (None, Some(other)) => other.to_string(),
            (None, None) => String::new(),
        }
    }

    /// The bucket that a call of S3 is about, in the host or in the path; empty where it is about none.
    pub fn bucket(&self) -> &str {
        let rest = self.uri.split_once("://").map_or("", |(_, rest)| rest);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        match host.split_once(".s3.") {
            Some((bucket, _)) => bucket,
            None => path.split(['?', '/']).next().unwrap_or(""),
        }
    }

    /// The account whose assumed credentials signed the call; none for the hub's own.
    pub fn account_id(&self) -> Option<&str> {
        self.access_key.strip_prefix("ASIA")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Json,
    Query,
    Ec2,
    RestXml,
    RestJson,
    Cbor,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply(Content);

#[derive(Debug, Clone)]
enum Content {
    Body {
        status: u16,
        text: String,
    },
    Error {
        status: u16,
        code: String,
        message: String,
    },
    NoConnection,
    NoAnswer,
}

impl Reply {
    /// HTTP 200 with this body.
    pub fn ok(body: impl Into<String>) -> Self {
        Self::with_status(200, body)
    }

    /// HTTP 200 with this JSON.
    pub fn json(body: Value) -> Self {
        Self::ok(body.to_string())
    }

    /// Any status with any body.
    pub fn with_status(status: u16, body: impl Into<String>) -> Self {
        Self(Content::Body {
            status,
            text: body.into(),
        })
    }

    /// An AWS error, in the form of the call's protocol.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self(Content::Error {
            status,
            code: code.to_owned(),
            message: message.to_owned(),
        })
    }

    /// The call is throttled, in the words of the usual code.
    pub fn throttled() -> Self {
        Self::error(400, "ThrottlingException", "Rate exceeded")
    }

    /// The connection is refused.
    pub fn no_connection() -> Self {
        Self(Content::NoConnection)
    }

    /// The read times out.
    pub fn no_answer() -> Self {
        Self(Content::NoAnswer)
    }
}

type Rule = Box<dyn FnMut(&Call) -> Reply + Send>;

/// An answer that is given but does not arrive before the test says so: see [`FakeAws::hold`].
#[derive(Clone)]
pub struct Hold {
    operation: String,
    region: String,
    reached: Arc<Notify>,
    released: Arc<Notify>,
}

impl Hold {
    /// Waits until the call has been made and answered.
    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Lets the answer arrive.
    pub fn release(&self) {
        self.released.notify_one();
    }
}

/// The fake. Clones share rules and records.
#[derive(Clone, Default)]
pub struct FakeAws {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    rules: Mutex<HashMap<(String, String), Rule>>,
    calls: Mutex<Vec<Call>>,
    latency: Mutex<Duration>,
    holds: Mutex<Vec<Hold>>,
    under_way: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl fmt::Debug for FakeAws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeAws")
    }
}

impl FakeAws {
    /// An AWS that knows no operation yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers an operation by asking `answer` each time. A later rule for the same operation replaces the earlier.
    ///
    /// `service` is the signing name: `sts`, `organizations`, `ec2`, `cloudformation`, `events`, `iam`, `s3`,
    /// `elasticloadbalancing` (classic and v2, told apart by the parameter `Version`), `sagemaker`, `tagging`, `ce`,
    /// `savingsplans`, `monitoring` (CloudWatch), `logs`.
    pub fn on(
        &self,
        service: &str,
        operation: &str,
        answer: impl FnMut(&Call) -> Reply + Send + 'static,
    ) -> &Self {
        lock(&self.shared.rules)
            .insert((service.to_owned(), operation.to_owned()), Box::new(answer));
        self
    }

    /// Answers an operation with these, one after the other; afterwards it has no rule.
    pub fn queue(
        &self,
        service: &str,
        operation: &str,
        replies: impl IntoIterator<Item = Reply>,
    ) -> &Self {
        let mut replies: VecDeque<Reply> = replies.into_iter().collect();
        self.on(service, operation, move |call| {
            replies.pop_front().unwrap_or_else(|| no_rule(call))
        })
    }

    /// How long every answer takes, in Tokio's time.
    pub fn latency(&self, latency: Duration) -> &Self {
        *lock(&self.shared.latency) = latency;
        self
    }

    /// Keeps back the answer to the next call of an operation in a region. AWS has answered by then: what the answer
    /// shows is how things were when the call was made.
    pub fn hold(&self, operation: &str, region: &str) -> Hold {
        let hold = Hold {
            operation: operation.to_owned(),
            region: region.to_owned(),
            reached: Arc::default(),
            released: Arc::default(),
        };
        lock(&self.shared.holds).push(hold.clone());
        hold
    }

    /// The hold that this call runs into; it is in nobody else's way afterwards.
    fn hold_of(&self, call: &Call) -> Option<Hold> {
        let mut holds = lock(&self.shared.holds);
        let at = holds
            .iter()
            .position(|hold| hold.operation == call.operation && hold.region == call.region)?;
        Some(holds.remove(at))
    }

    /// A configuration whose clients talk to this fake: `us-east-1`, static credentials, no time-outs, three attempts
    /// without a pause.
    pub fn config(&self) -> SdkConfig {
        let credentials = Credentials::new(HUB_ACCESS_KEY, "secret", None, None, "fake");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(self.clone())
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(3)
                    .with_initial_backoff(Duration::ZERO)
                    .with_max_backoff(Duration::ZERO),
            )
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build()
    }

    /// Every request so far, in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared.calls).clone()
    }

    /// The requests of one operation.
    pub fn calls_of(&self, operation: &str) -> Vec<Call> {
        self.calls()
            .into_iter()
            .filter(|call| call.operation == operation)
            .collect()
    }

    /// The most requests that were under way at the same time.
    pub fn most_at_once(&self) -> usize {
        self.shared.most_at_once.load(Ordering::SeqCst)
    }

    fn answer(&self, call: Call) -> Reply {
        // Taken out while it runs, so that a rule may look at the fake itself.
        let key = (call.service.clone(), call.operation.clone());
        lock(&self.shared.calls).push(call.clone());
        let rule = lock(&self.shared.rules).remove(&key);
        let Some(mut rule) = rule else {
            return no_rule(&call);
        };
        let reply = rule(&call);
        lock(&self.shared.rules).entry(key).or_insert(rule);
        reply
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn no_rule(call: &Call) -> Reply {
    Reply::error(
        400,
        "NoRuleInFakeAws",
        &format!(
            "the test has no answer for {}:{}",
            call.service, call.operation
        ),
    )
}

impl HttpClient for FakeAws {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for FakeAws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let fake = self.clone();
        let call = read(&request);
        HttpConnectorFuture::new(async move {
            let gauge = Gauge::enter(&fake.shared);
            let latency = *lock(&fake.shared.latency);
            if !latency.is_zero() {
                tokio::time::sleep(latency).await;
            }
            let protocol = call.protocol;
            let hold = fake.hold_of(&call);
            let reply = fake.answer(call);
            if let Some(hold) = hold {
                hold.reached.notify_one();
                hold.released.notified().await;
            }
            drop(gauge);
            respond(protocol, reply)
        })
    }
}

/// Counts a request while it is under way, however it ends.
struct Gauge<'a>(&'a Shared);

impl<'a> Gauge<'a> {
    fn enter(shared: &'a Shared) -> Self {
        let now = shared.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most_at_once.fetch_max(now, Ordering::SeqCst);
        Self(shared)
    }
}

impl Drop for Gauge<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

fn read(request: &HttpRequest) -> Call {
    let header = |name| request.headers().get(name).unwrap_or_default();
    // AWS4-HMAC-SHA256 Credential=<key>/<date>/<region>/<service>/aws4_request, SignedHeaders=…
    let scope: Vec<&str> = header("authorization")
        .split_once("Credential=")
        .and_then(|(_, rest)| rest.split(',').next())
        .unwrap_or_default()
        .split('/')
        .collect();
    let scoped = |index: usize| (*scope.get(index).unwrap_or(&"")).to_owned();
    let (access_key, region, service) = (scoped(0), scoped(2), scoped(3));
    let body = request.body().bytes().unwrap_or_default();
    let text = String::from_utf8_lossy(body);
    let target = header("x-amz-target");
    let mut parameters = BTreeMap::new();
    let mut json = Value::Null;
    let path = request.uri().split_once("://").map_or("", |(_, rest)| rest);
    let path = path.find('/').map_or("/", |at| &path[at..]);
    let path = path.split('?').next().unwrap_or(path);
    let (protocol, operation) = if let Some((_, operation)) = target.rsplit_once('.') {
        json = serde_json::from_str(&text).unwrap_or_default();
        (Protocol::Json, operation.to_owned())
    } else if header("content-type").starts_with("application/x-www-form-urlencoded") {
        parameters = text
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (decode(name), decode(value)))
            .collect();
        let operation = parameters.get("Action").cloned().unwrap_or_default();
        let protocol = if service == "ec2" {
            Protocol::Ec2
        } else {
            Protocol::Query
        };
        (protocol, operation)
    } else if header("smithy-protocol") == "rpc-v2-cbor" {
        json = crate::cbor::to_json(body);
        (Protocol::Cbor, last_segment(path))
    } else if service == "s3" {
        let query = request.uri().split_once('?').map_or("", |(_, query)| query);
        parameters = query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decode(name), decode(value)))
            .collect();
        (
            Protocol::RestXml,
            s3_operation(request.method(), &parameters),
        )
    } else {
        json = serde_json::from_str(&text).unwrap_or_default();
        (Protocol::RestJson, last_segment(path))
    };
    Call {
        service,
        region,
        operation,
        access_key,
        parameters,
        json,
        uri: request.uri().to_owned(),
        protocol,
    }
}

/// `POST /DescribeSavingsPlans` and `POST /service/…/operation/GetMetricData` name the operation at their end.
fn last_segment(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// S3 names an operation by its method and a subresource.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html>
fn s3_operation(method: &str, parameters: &BTreeMap<String, String>) -> String {
    let named = [
        ("location", "GetBucketLocation"),
        ("tagging", "GetBucketTagging"),
        ("versioning", "GetBucketVersioning"),
        ("lifecycle", "GetBucketLifecycleConfiguration"),
        ("encryption", "GetBucketEncryption"),
        ("publicAccessBlock", "GetPublicAccessBlock"),
    ];
    let found = named
        .into_iter()
        .find(|(subresource, _)| method == "GET" && parameters.contains_key(*subresource));
    match (found, parameters.get("x-id")) {
        (Some((_, operation)), _) => operation.to_owned(),
        (None, Some(operation)) => operation.clone(),
        (None, None) => format!("{method} {parameters:?}"),
    }
}

/// Undoes the encoding of form parameters.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
                std::str::from_utf8(&digits)
                    .ok()
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                    .unwrap_or(b'?')
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn respond(protocol: Protocol, reply: Reply) -> Result<HttpResponse, ConnectorError> {
    let (status, body) = match reply.0 {
        Content::Body { status, text } => (status, encoded(protocol, text)),
        Content::Error {
            status,
            code,
            message,
        } => (
            status,
            encoded(protocol, error_body(protocol, &code, &message)),
        ),
        Content::NoConnection => {
            return Err(ConnectorError::io("connection refused".into()));
        }
        Content::NoAnswer => {
            return Err(ConnectorError::timeout("no answer in time".into()));
        }
    };
    let status =
        StatusCode::try_from(status).map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, body);
    let content_type = match protocol {
        Protocol::Json => "application/x-amz-json-1.1",
        Protocol::RestJson => "application/json",
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => "text/xml",
        Protocol::Cbor => "application/cbor",
    };
    if matches!(protocol, Protocol::Cbor) {
        response
            .headers_mut()
            .insert("smithy-protocol", "rpc-v2-cbor");
    }
    response.headers_mut().insert("content-type", content_type);
    response
        .headers_mut()
        .insert("x-amzn-requestid", "fake-request-id");
    Ok(response)
}

/// A body as it travels. Tests write CBOR as JSON.
fn encoded(protocol: Protocol, text: String) -> SdkBody {
    match protocol {
        Protocol::Cbor => {
            let json: Value =
                serde_json::from_str(&text).expect("an answer in CBOR is written as JSON");
            SdkBody::from(crate::cbor::from_json(&json))
        }
        Protocol::Json
        | Protocol::Query
        | Protocol::Ec2
        | Protocol::RestXml
        | Protocol::RestJson => SdkBody::from(text),
    }
}

fn error_body(protocol: Protocol, code: &str, message: &str) -> String {
    let message_xml = escape(message);
    match protocol {
        Protocol::Json | Protocol::RestJson | Protocol::Cbor => {
            json!({"__type": code, "message": message}).to_string()
        }
        Protocol::Query => format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message_xml}</Message></Error>\
             <RequestId>fake-request-id</RequestId></ErrorResponse>"
        ),
        Protocol::Ec2 => format!(
            "<Response><Errors><Error><Code>{code}</Code><Message>{message_xml}</Message></Error></Errors>\
             <RequestID>fake-request-id</RequestID></Response>"
        ),
        Protocol::RestXml => format!(
            "<Error><Code>{code}</Code><Message>{message_xml}</Message><RequestId>fake-request-id</RequestId></Error>"
        ),
    }
}

/// Text as it stands in XML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// An AssumeRole that succeeds: credentials `ASIA<account id>` for the account that the role's ARN names, until
/// `expires_at` (RFC 3339).
pub fn assume_role(call: &Call, expires_at: &str) -> Reply {
    let role_arn = call.parameter("RoleArn");
    let account_id = role_arn.split(':').nth(4).unwrap_or_default().to_owned();
    assume_role_answering_for(call, &account_id, expires_at)
}

/// The same, but the answer speaks for `account_id`, whichever was asked for.
pub fn assume_role_answering_for(call: &Call, account_id: &str, expires_at: &str) -> Reply {
    let role_arn = call.parameter("RoleArn");
    let role = role_arn.rsplit('/').next().unwrap_or_default();
    let session = call.parameter("RoleSessionName");
    Reply::ok(format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
         <AssumedRoleUser><Arn>arn:aws:sts::{account_id}:assumed-role/{role}/{session}</Arn>\
         <AssumedRoleId>AROAFAKE:{session}</AssumedRoleId></AssumedRoleUser>\
         <Credentials><AccessKeyId>ASIA{account_id}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
         <SessionToken>token</SessionToken><Expiration>{expires_at}</Expiration></Credentials>\
         </AssumeRoleResult><ResponseMetadata><RequestId>fake-request-id</RequestId></ResponseMetadata>\
         </AssumeRoleResponse>"
    ))
}

/// An AssumeRole that is refused as STS does it for a missing role, another trust policy and another external id.
pub fn assume_role_denied(call: &Call) -> Reply {
    Reply::error(
        403,
        "AccessDenied",
        &format!(
            "User: arn:aws:sts::111122223333:assumed-role/dev-polo-access-verifier/polo is not authorized to perform: \
             sts:AssumeRole on resource: {}",
            call.parameter("RoleArn")
        ),
    )
}

/// An account as `ListAccounts` and `DescribeAccount` show it, `ACTIVE` by `State` and by `Status`; change what the
/// test is about.
pub fn organization_account(id: &str) -> Value {
    json!({
        "Id": id,
        "Arn": format!("arn:aws:organizations::111122223333:account/o-exampleorgid/{id}"),
        "Email": format!("{id}@example.com"),
        "Name": format!("account {id}"),
        "State": "ACTIVE",
        "Status": "ACTIVE",
        "Paths": [format!("o-exampleorgid/r-examplerootid/ou-examplerootid-00000001/{id}/")],
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": 1_700_000_000.123
    })
}

/// A page of `ListAccounts`.
pub fn accounts_page(accounts: &[Value], next_token: Option<&str>) -> Reply {
    let mut page = json!({"Accounts": accounts});
    if let Some(token) = next_token {
        page["NextToken"] = token.into();
    }
    Reply::json(page)
}

/// A page of EC2's `DescribeRegions`: name and opt-in status.
pub fn regions_page(regions: &[(&str, &str)]) -> Reply {
    let items: String = regions
        .iter()
        .map(|(name, status)| {
            format!(
                "<item><regionName>{name}</regionName><regionEndpoint>ec2.{name}.amazonaws.com</regionEndpoint>\
                 <optInStatus>{status}</optInStatus></item>"
            )
        })
        .collect();
    Reply::ok(format!(
        "<DescribeRegionsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
         <requestId>fake-request-id</requestId><regionInfo>{items}</regionInfo></DescribeRegionsResponse>"
    ))
}

/// A page of an EC2 Describe call: `set` is the list's element (`volumeSet`), `items` its `<item>` elements.
pub fn ec2_page(operation: &str, set: &str, items: &str, next_token: Option<&str>) -> Reply {
    let next = next_token
        .map(|token| format!("<nextToken>{}</nextToken>", escape(token)))
        .unwrap_or_default();
    Reply::ok(format!(
        "<{operation}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
         <requestId>fake-request-id</requestId><{set}>{items}</{set}>{next}</{operation}Response>"
    ))
}

/// EC2's refusal of one action, as an identity policy that lacks it, or a policy of the organization, words it.
pub fn ec2_denied(action: &str, because: &str) -> Reply {
    Reply::error(
        403,
        "UnauthorizedOperation",
        &format!(
            "You are not authorized to perform this operation. User: \
             arn:aws:sts::123456789012:assumed-role/dev-PoloReadRole/polo is not authorized to perform: {action} \
             because {because}"
        ),
    )
}
