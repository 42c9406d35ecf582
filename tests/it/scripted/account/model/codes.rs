//! The errors that every operation may answer, which no model names.

/// Of all services.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html>
/// <https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html>
const ALL: [&str; 17] = [
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InternalFailure",
    "MalformedHttpRequestException",
    "NotAuthorized",
    "OptInRequired",
    "RequestAbortedException",
    "RequestEntityTooLargeException",
    "RequestExpired",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "ThrottlingException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationError",
    "ValidationException",
];

/// Of the protocols with JSON: what `DynamoDB`, whose pages are about the wire, says of signatures and documents.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>, and
/// `InvalidSignatureException` of
/// <https://docs.aws.amazon.com/storagegateway/latest/userguide/AWSStorageGatewayAPIErrorResponses.html>
const JSON: [&str; 4] = [
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "SerializationException",
];

/// Of the query protocol. <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html> has the longest
/// list; `AccessDenied` and `SignatureDoesNotMatch` are how STS and IAM refuse:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>
const QUERY: [&str; 14] = [
    "AccessDenied",
    "ExpiredToken",
    "InvalidAction",
    "InvalidClientTokenId",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "InvalidQueryParameter",
    "MalformedQueryString",
    "MissingAction",
    "MissingAuthenticationToken",
    "MissingParameter",
    "RequestLimitExceeded",
    "SignatureDoesNotMatch",
    "Throttling",
];

/// Whether any operation of a service may answer this code.
pub fn is_common(code: &str, is_query: bool) -> bool {
    let more: &[&str] = if is_query { &QUERY } else { &JSON };
    ALL.contains(&code) || more.contains(&code)
}
