//! Which operation of AWS a request is.

use percent_encoding::percent_decode_str;

use crate::http_server::Request;

/// A request to AWS that a proxy has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `PutObject`; of other services than S3 and `CloudFront` the name of the service.
    pub operation: String,
    /// The bucket of an operation of S3, the distribution of one of `CloudFront`, or nothing.
    pub place: String,
    /// The key of an object, decoded.
    pub key: String,
    /// What it asks for besides, such as `if-none-match: *`.
    pub conditions: Vec<String>,
    /// Nothing while it is on its way, and when the connection was cut.
    pub status: Option<u16>,
}

const CHANGES: [&str; 8] = [
    "PutObject",
    "CopyObject",
    "DeleteObject",
    "DeleteObjects",
    "CreateMultipartUpload",
    "UploadPart",
    "CompleteMultipartUpload",
    "CreateInvalidation",
];

const CONDITIONS: [&str; 3] = ["if-none-match", "if-match", "x-amz-copy-source-if-match"];

impl Call {
    pub fn of(request: &Request) -> Self {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let named = |name: &&str| Some(format!("{name}: {}", request.header(name)?));
        let conditions = CONDITIONS.iter().filter_map(named).collect();
        let new = |operation: String, place: &str, key: String| Self {
            operation,
            place: place.to_owned(),
            key,
            conditions,
            status: None,
        };
        match service(request).as_str() {
            "s3" => {
                let (bucket, key) = path.trim_start_matches('/').split_once('/').unwrap_or((&path[1..], ""));
                let key = percent_decode_str(key).decode_utf8_lossy().into_owned();
                new(of_s3(request, query, key.is_empty()).to_owned(), bucket, key)
            }
            "cloudfront" => {
                let parts: Vec<&str> = path.split('/').skip(2).collect();
                new(of_cloudfront(request, &parts), parts.get(1).copied().unwrap_or_default(), String::new())
            }
            other => new(other.to_owned(), "", String::new()),
        }
    }

    /// Whether it changes something that a site has.
    pub fn is_change(&self) -> bool {
        CHANGES.contains(&self.operation.as_str())
    }

    /// Whether its answer is in the form of `CloudFront`.
    pub fn is_of_cloudfront(&self) -> bool {
        ["Distribution", "Invalidation", "CachePolicy"].iter().any(|part| self.operation.contains(part))
    }
}

/// The service that a request was signed for: `…/20261122/us-east-1/s3/aws4_request`.
fn service(request: &Request) -> String {
    let signed = request.header("authorization").and_then(|text| text.split("/aws4_request").next());
    signed.and_then(|scope| scope.rsplit('/').next()).unwrap_or("unsigned").to_owned()
}

fn of_s3(request: &Request, query: &str, is_bucket: bool) -> &'static str {
    let names: Vec<&str> = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect();
    let has = |name: &str| names.contains(&name);
    let copies = request.header("x-amz-copy-source").is_some();
    match (request.method.as_str(), is_bucket) {
        ("GET", true) if has("list-type") => "ListObjectsV2",
        ("HEAD", true) => "HeadBucket",
        ("POST", true) if has("delete") => "DeleteObjects",
        ("GET", false) => "GetObject",
        ("HEAD", false) => "HeadObject",
        ("PUT", false) if has("partNumber") => "UploadPart",
        ("PUT", false) if copies => "CopyObject",
        ("PUT", false) => "PutObject",
        ("DELETE", false) if has("uploadId") => "AbortMultipartUpload",
        ("DELETE", false) => "DeleteObject",
        ("POST", false) if has("uploads") => "CreateMultipartUpload",
        ("POST", false) => "CompleteMultipartUpload",
        _ => "another of S3",
    }
}

/// `distribution`, `E…`, `invalidation`, `I…`
fn of_cloudfront(request: &Request, parts: &[&str]) -> String {
    let verb = if request.method == "GET" { "Get" } else { "Create" };
    let name = match parts {
        ["distribution", _] => "Distribution",
        ["distribution", _, "config"] => "DistributionConfig",
        ["distribution", _, "invalidation"] if request.method == "GET" => return "ListInvalidations".to_owned(),
        ["distribution", _, "invalidation", ..] => "Invalidation",
        ["cache-policy", _] => "CachePolicy",
        _ => return "another of CloudFront".to_owned(),
    };
    format!("{verb}{name}")
}
