//! What a failed AWS call amounts to.
//!
//! Invariant: the only place that reads AWS error codes. A code that is not known here is [`ErrorClass::Bug`], never
//! a denial: a status must not change on an answer that nobody has read.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use polo_core::text::clip;
use polo_core::{ErrorClass, error_chain, innermost_cause};

/// The longest message of a cause that AWS did not word.
const MESSAGE_CHARACTERS: usize = 300;

/// A failed AWS call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{action} failed ({class}): {code}: {message}")]
pub struct AwsFailure {
    /// What kind of trouble it is.
    pub class: ErrorClass,
    /// The operation in IAM's words, as `ec2:DescribeInstances`.
    pub action: String,
    /// AWS's error code, or a name of ours where no answer came (`Timeout`, `NoConnection`, `Unreadable`).
    pub code: String,
    /// AWS's message, or what the HTTP client says.
    pub message: String,
    /// AWS's id of the request, for a support case.
    pub request_id: Option<String>,
}

impl AwsFailure {
    /// A failure that this code itself found in an answer.
    pub fn new(
        class: ErrorClass,
        action: impl Into<String>,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            class,
            action: action.into(),
            code: code.into(),
            message: message.into(),
            request_id: None,
        }
    }
}

/// Reads a failed call.
///
/// `action` is the operation as IAM names it. `region` is the region that was asked, for a call with assumed
/// credentials in a member account; `None` for a call with the hub's own. It decides one case: credentials that STS
/// has just issued and that a region refuses as unknown mean that the account has not enabled this region, if it is
/// one that has to be enabled ([`needs_opt_in`]).
pub fn classify<E>(
    action: &str,
    region: Option<&str>,
    error: &SdkError<E, HttpResponse>,
) -> AwsFailure
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    // Credentials that could not be fetched arrive wrapped; the failure inside names the call that failed.
    if let Some(inner) = find_source::<AwsFailure>(error) {
        return inner.clone();
    }
    let request_id = error.request_id().map(str::to_owned);
    let unanswered = |class, code: &str| AwsFailure {
        class,
        action: action.to_owned(),
        code: code.to_owned(),
        // The layers above the innermost cause say only that they failed, and their debug output fills a screen.
        message: clip(&error_chain(innermost_cause(error)), MESSAGE_CHARACTERS).into_owned(),
        request_id: request_id.clone(),
    };
    if let Some(credentials) = find_source::<CredentialsError>(error) {
        let class = match credentials {
            CredentialsError::ProviderTimedOut(_) => ErrorClass::Timeout,
            _ => ErrorClass::Config,
        };
        return unanswered(class, "NoCredentials");
    }
    match error {
        SdkError::ConstructionFailure(_) => unanswered(ErrorClass::Bug, "NotSent"),
        SdkError::TimeoutError(_) => unanswered(ErrorClass::Timeout, "Timeout"),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            unanswered(ErrorClass::Timeout, "Timeout")
        }
        SdkError::DispatchFailure(failure) if failure.is_user() => {
            unanswered(ErrorClass::Config, "NotSent")
        }
        SdkError::DispatchFailure(_) => unanswered(ErrorClass::Network, "NoConnection"),
        // The body broke off, or is not of the protocol at all.
        SdkError::ResponseError(response) => match response.raw().status().as_u16() {
            500.. => unanswered(ErrorClass::Service, "Unreadable"),
            _ if find_source::<std::io::Error>(error).is_some() => {
                unanswered(ErrorClass::Network, "Unreadable")
            }
            _ => unanswered(ErrorClass::Bug, "Unreadable"),
        },
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            let Some(code) = service.err().code().filter(|code| !code.is_empty()) else {
                let class = match status {
                    429 => ErrorClass::Throttled,
                    408 => ErrorClass::Timeout,
                    500.. => ErrorClass::Service,
                    _ => ErrorClass::Bug,
                };
                return AwsFailure {
                    message: format!("HTTP status {status} without an error code"),
                    ..unanswered(class, "Unreadable")
                };
            };
            let message = service.err().message().unwrap_or_default();
            AwsFailure {
                class: class_of(code, message, Some(status), region),
                action: action.to_owned(),
                code: code.to_owned(),
                message: message.to_owned(),
                request_id,
            }
        }
        // The enum may grow.
        _ => unanswered(ErrorClass::Bug, "Unreadable"),
    }
}

/// The class of an AWS error code.
///
/// Sources: <https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html>,
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>,
/// <https://docs.aws.amazon.com/organizations/latest/APIReference/CommonErrors.html>,
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>,
/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>
pub(crate) fn class_of(
    code: &str,
    message: &str,
    status: Option<u16>,
    region: Option<&str>,
) -> ErrorClass {
    // The JSON protocols may prefix a namespace; EC2 used to prefix the side that is at fault.
    let code = code.rsplit('#').next().unwrap_or(code);
    let code = code
        .strip_prefix("Client.")
        .or_else(|| code.strip_prefix("Server."))
        .unwrap_or(code);
    let lower = message.to_ascii_lowercase();

    if is_throttle(code) || lower.contains("request is already in progress") {
        return ErrorClass::Throttled;
    }
    match code {
        "RegionDisabledException" => return ErrorClass::RegionDisabled,
        // An account that is still being set up, or a service that it never subscribed to.
        "OptInRequired"
        | "SubscriptionRequiredException"
        // Cost Explorer, in its first day or where there is nothing to tell of.
        | "DataUnavailableException"
        | "PendingVerification"
        | "NotSignedUp"
        | "AccountNotReadyException" => return ErrorClass::NotReady,
        // The credentials are not known where they were shown.
        "AuthFailure"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId" => {
            return match region {
                Some(region) if needs_opt_in(region) => ErrorClass::RegionDisabled,
                _ => ErrorClass::InvalidToken,
            };
        }
        "InvalidToken"
        | "InvalidTokenException"
        | "InvalidSecurity"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => return ErrorClass::InvalidToken,
        // A request signed too long ago is as good as one with credentials that ran out.
        "ExpiredToken"
        | "ExpiredTokenException"
        | "ExpiredTokenError"
        | "RequestExpired"
        | "RequestTimeTooSkewed"
        | "TokenRefreshRequired" => return ErrorClass::ExpiredToken,
        "RequestTimeout" | "RequestTimeoutException" | "GatewayTimeout" => {
            return ErrorClass::Timeout;
        }
        "AWSOrganizationsNotInUseException" => return ErrorClass::NotFound,
        _ => {}
    }
    if is_denial(code) {
        // AWS names the kind of policy, for implicit and explicit denials alike:
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
        return if lower.contains("service control policy") {
            ErrorClass::DeniedByScp
        } else if lower.contains("resource control policy") {
            ErrorClass::DeniedByRcp
        } else {
            ErrorClass::Denied
        };
    }
    if is_service_fault(code) || status.is_some_and(|status| status >= 500) {
        return ErrorClass::Service;
    }
    if code.contains("NotFound")
        || code.starts_with("NoSuch")
        || code.ends_with("DoesNotExist")
        || code.ends_with("DoesNotExistException")
        // SageMaker has no code of its own for what is not there.
        || (code == "ValidationException" && lower.starts_with("could not find"))
    {
        return ErrorClass::NotFound;
    }
    if code.starts_with("Validation")
        || code.starts_with("Invalid")
        || code.starts_with("Malformed")
        || code.starts_with("Missing")
        || code.starts_with("Unsupported")
        || matches!(
            code,
            "AuthorizationHeaderMalformed"
                // A secret whose key is disabled or gone.
                | "DecryptionFailure"
                | "EntryTooLarge"
                | "IllegalLocationConstraintException"
                | "PackedPolicyTooLarge"
                | "PackedPolicyTooLargeException"
                | "PermanentRedirect"
                | "UnknownOperationException"
                | "UnknownParameter"
        )
    {
        return ErrorClass::Config;
    }
    ErrorClass::Bug
}

/// The SDK's own list of throttling codes, and what Organizations and StackSets say when calls collide.
fn is_throttle(code: &str) -> bool {
    code.starts_with("Throttl")
        || matches!(
            code,
            "BandwidthLimitExceeded"
                | "ConcurrentModificationException"
                | "DependencyThrottle"
                | "EC2ThrottledException"
                | "LimitExceededException"
                | "OperationInProgressException"
                | "PriorRequestNotComplete"
                | "ProvisionedThroughputExceededException"
                | "RequestLimitExceeded"
                | "RequestThrottled"
                | "RequestThrottledException"
                | "SlowDown"
                | "TooManyRequests"
                | "TooManyRequestsException"
                | "TransactionInProgressException"
        )
}

fn is_denial(code: &str) -> bool {
    code.starts_with("AccessDenied")
        || code.starts_with("NotAuthorized")
        || matches!(
            code,
            "AccountProblem"
                | "AllAccessDisabled"
                | "AuthorizationError"
                | "AuthorizationErrorException"
                | "Blocked"
                | "ForbiddenException"
                | "UnauthorizedOperation"
                | "UnauthorizedException"
        )
}

fn is_service_fault(code: &str) -> bool {
    matches!(
        code,
        "InternalError"
            | "InternalException"
            | "InternalFailure"
            | "InternalServerError"
            | "InternalServerErrorException"
            | "InternalServerException"
            | "InternalServiceError"
            | "InternalServiceException"
            | "InternalServiceFault"
            | "ServerInternal"
            | "ServiceException"
            | "ServiceUnavailable"
            | "ServiceUnavailableException"
            | "Unavailable"
    )
}

/// Whether an account has to enable this region before it can be used.
///
/// The regions that are always on are the ones from before 20 March 2019, a closed list, and those of the other
/// partitions.
///
/// Source: <https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html>
pub fn needs_opt_in(region: &str) -> bool {
    const ALWAYS_ON: [&str; 17] = [
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    ];
    polo_core::Partition::of_region(region).as_str() == "aws"
        && region.parse::<polo_core::Region>().is_ok()
        && !ALWAYS_ON.contains(&region)
}

/// The first error of type `T` among the sources of `error`.
fn find_source<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut at = Some(error);
    while let Some(current) = at {
        if let Some(found) = current.downcast_ref::<T>() {
            return Some(found);
        }
        at = current.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use ErrorClass::*;

    use super::*;

    #[test]
    fn every_known_code_has_its_class() {
        #[rustfmt::skip]
        let table: [(&str, &str, Option<u16>, ErrorClass); 83] = [
            ("AccessDenied", "User: arn:aws:sts::1:assumed-role/a/b is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::2:role/r", Some(403), Denied),
            ("AccessDeniedException", "You don't have permissions to access this resource.", Some(400), Denied),
            ("com.amazonaws.organizations#AccessDeniedException", "no", Some(400), Denied),
            ("UnauthorizedOperation", "You are not authorized to perform this operation.", Some(403), Denied),
            ("Client.UnauthorizedOperation", "You are not authorized to perform this operation.", Some(403), Denied),
            ("AuthorizationError", "no", Some(403), Denied),
            ("AuthorizationErrorException", "no", Some(403), Denied),
            ("NotAuthorizedForSourceException", "no", None, Denied),
            ("NotAuthorizedForDetailTypeException", "no", None, Denied),
            ("ForbiddenException", "no", Some(403), Denied),
            ("AccountProblem", "no", Some(403), Denied),
            ("Blocked", "Your account is currently blocked.", Some(403), Denied),
            ("AccessDenied", "User: x is not authorized to perform: ec2:DescribeInstances with an explicit deny in an identity-based policy", Some(403), Denied),
            ("AccessDenied", "User: x is not authorized to perform: sts:AssumeRole on resource: y with an explicit deny in a service control policy", Some(403), DeniedByScp),
            ("AccessDeniedException", "User: x is not authorized to perform: y because no service control policy allows the y action", Some(400), DeniedByScp),
            ("UnauthorizedOperation", "You are not authorized to perform this operation. User: x is not authorized to perform: ec2:DescribeInstances with an explicit deny in a service control policy. Encoded authorization failure message: abc", Some(403), DeniedByScp),
            ("AccessDenied", "User: x is not authorized to perform: sts:AssumeRole on resource: y with an explicit deny in a resource control policy", Some(403), DeniedByRcp),
            ("AccessDenied", "User: x is not authorized to perform: y because no resource control policy allows the y action", Some(403), DeniedByRcp),
            ("OptInRequired", "You are not subscribed to this service.", Some(403), NotReady),
            ("SubscriptionRequiredException", "The AWS Access Key Id needs a subscription for the service", Some(400), NotReady),
            ("PendingVerification", "Your request is being verified.", Some(400), NotReady),
            ("NotSignedUp", "no", Some(403), NotReady),
            ("RegionDisabledException", "STS is not activated in this region for account:1.", Some(403), RegionDisabled),
            ("AuthFailure", "AWS was not able to validate the provided access credentials", Some(401), InvalidToken),
            ("UnrecognizedClientException", "The security token included in the request is invalid.", Some(400), InvalidToken),
            ("InvalidClientTokenId", "The security token included in the request is invalid", Some(403), InvalidToken),
            ("InvalidAccessKeyId", "no", Some(403), InvalidToken),
            ("InvalidToken", "The provided token is malformed or otherwise invalid.", Some(400), InvalidToken),
            ("SignatureDoesNotMatch", "no", Some(403), InvalidToken),
            ("InvalidSignatureException", "no", Some(400), InvalidToken),
            ("IncompleteSignature", "no", Some(400), InvalidToken),
            ("MissingAuthenticationToken", "no", Some(403), InvalidToken),
            ("ExpiredToken", "The security token included in the request is expired", Some(403), ExpiredToken),
            ("ExpiredTokenException", "The security token included in the request is expired", Some(400), ExpiredToken),
            ("RequestExpired", "Request has expired.", Some(400), ExpiredToken),
            ("RequestTimeTooSkewed", "no", Some(403), ExpiredToken),
            ("Throttling", "Rate exceeded", Some(400), Throttled),
            ("ThrottlingException", "Rate exceeded", Some(400), Throttled),
            ("ThrottledException", "Rate exceeded", Some(429), Throttled),
            ("DependencyThrottle", "Rate exceeded", Some(400), Throttled),
            ("DataUnavailableException", "The requested data is unavailable.", Some(400), NotReady),
            ("TooManyRequestsException", "AWS Organizations can't complete your request because another request is already in progress.", Some(400), Throttled),
            ("RequestLimitExceeded", "Request limit exceeded.", Some(503), Throttled),
            ("SlowDown", "Please reduce your request rate.", Some(503), Throttled),
            ("RequestThrottled", "no", Some(400), Throttled),
            ("EC2ThrottledException", "no", Some(400), Throttled),
            ("LimitExceededException", "You made too many calls in a short period of time.", Some(400), Throttled),
            ("ConcurrentModificationException", "The target of the operation is currently being modified by a different request.", Some(400), Throttled),
            ("OperationInProgressException", "Another Operation on StackSet is in progress", Some(409), Throttled),
            ("Anything", "Another request is already in progress.", Some(400), Throttled),
            ("RequestTimeout", "no", Some(400), Timeout),
            ("InternalFailure", "no", Some(500), Service),
            ("InternalFailure", "no", None, Service),
            ("InternalError", "no", Some(500), Service),
            ("InternalServerException", "no", Some(500), Service),
            ("ServiceUnavailable", "no", Some(503), Service),
            ("Server.Unavailable", "no", Some(503), Service),
            ("ServiceException", "no", Some(500), Service),
            ("SomethingNew", "no", Some(502), Service),
            ("NoSuchEntity", "The role cannot be found.", Some(404), NotFound),
            ("NoSuchBucket", "no", Some(404), NotFound),
            ("AccountNotFoundException", "no", Some(400), NotFound),
            ("StackSetNotFoundException", "StackSet polo-roles not found", Some(404), NotFound),
            ("ResourceNotFoundException", "no", Some(404), NotFound),
            ("InvalidInstanceID.NotFound", "no", Some(400), NotFound),
            ("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.", Some(400), NotFound),
            ("ValidationError", "1 validation error detected", Some(400), Config),
            ("ValidationException", "Could not find endpoint \"arn:aws:sagemaker:us-east-1:1:endpoint/e\".", Some(400), NotFound),
            ("ValidationException", "no", Some(400), Config),
            ("InvalidInputException", "no", Some(400), Config),
            ("InvalidParameterValue", "no", Some(400), Config),
            ("InvalidAction", "no", Some(400), Config),
            ("InvalidArgument", "no", None, Config),
            ("MalformedDetail", "Detail is malformed.", None, Config),
            ("MalformedPolicyDocument", "no", Some(400), Config),
            ("MissingParameter", "no", Some(400), Config),
            ("PackedPolicyTooLarge", "no", Some(400), Config),
            ("UnsupportedOperation", "no", Some(400), Config),
            ("UnsupportedAPIEndpointException", "no", Some(400), Config),
            ("DecryptionFailure", "Secrets Manager can't decrypt the protected secret text.", Some(400), Config),
            ("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.", Some(400), Config),
            ("SomethingNew", "no", Some(400), Bug),
            ("RedactionFailure", "Redacting the CloudTrail event failed.", None, Bug),
        ];
        for (code, message, status, class) in table {
            assert_eq!(
                class_of(code, message, status, None),
                class,
                "{code}: {message}"
            );
        }
    }

    #[test]
    fn credentials_unknown_to_a_region_mean_a_disabled_region_only_where_one_can_be() {
        for code in [
            "AuthFailure",
            "UnrecognizedClientException",
            "InvalidClientTokenId",
        ] {
            for (region, class) in [
                (Some("ap-east-1"), RegionDisabled),
                (Some("me-central-1"), RegionDisabled),
                (Some("us-east-1"), InvalidToken),
                (Some("eu-west-3"), InvalidToken),
                (Some("cn-north-1"), InvalidToken),
                (Some("us-gov-west-1"), InvalidToken),
                (Some("global"), InvalidToken),
                // With the hub's own credentials: the hub runs there, so the region is enabled.
                (None, InvalidToken),
            ] {
                assert_eq!(
                    class_of(code, "no", Some(401), region),
                    class,
                    "{code} {region:?}"
                );
            }
        }
    }

    #[test]
    fn no_code_that_this_table_does_not_know_is_a_denial() {
        for code in ["", "Weird", "DeniedMaybe", "Access"] {
            assert_eq!(class_of(code, "", Some(403), None), Bug, "{code}");
        }
    }
}
