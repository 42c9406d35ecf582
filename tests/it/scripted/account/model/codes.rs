//! The errors that every operation may answer, which no model names.

/// Of all services. <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html>
const ALL: [&str; 16] = [
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
];

/// Of the protocols with JSON, as other services that speak them list them:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>, and the second of
/// <https://docs.aws.amazon.com/storagegateway/latest/userguide/AWSStorageGatewayAPIErrorResponses.html>
const JSON: [&str; 3] =
    ["IncompleteSignatureException", "InvalidSignatureException", "MissingAuthenticationTokenException"];

/// Of the query protocol. <https://docs.aws.amazon.com/cloudsearch/latest/developerguide/CommonErrors.html> lists them,
/// but for `AccessDenied`, `ExpiredToken` and `SignatureDoesNotMatch`: the codes with which STS and IAM refuse, which no
/// list of theirs has.
const QUERY: [&str; 13] = [
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
    "SignatureDoesNotMatch",
    "Throttling",
];

/// Whether any operation of a service may answer this code.
pub fn is_common(code: &str, is_query: bool) -> bool {
    let more: &[&str] = if is_query { &QUERY } else { &JSON };
    ALL.contains(&code) || more.contains(&code)
}
