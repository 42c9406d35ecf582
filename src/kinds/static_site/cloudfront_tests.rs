//! The client against a server in this process, with answers as AWS documents them.

use std::sync::{Arc, Mutex};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::*;
use crate::clients::aws::AwsErrorKind;
use crate::domain::static_site::distribution::{Behaviour, Caching, ErrorPage};
use crate::http_server::{Answer, Request, serve};

const DISTRIBUTION: &str = r#"<?xml version="1.0"?>
<Distribution xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">
  <Id>E2QWRUHAPOMQZL</Id><ARN>arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL</ARN>
  <Status>InProgress</Status><LastModifiedTime>2026-11-20T10:00:00Z</LastModifiedTime>
  <InProgressInvalidationBatches>0</InProgressInvalidationBatches>
  <DomainName>d111111abcdef8.cloudfront.net</DomainName>
  <DistributionConfig>
    <CallerReference>x</CallerReference>
    <Aliases><Quantity>1</Quantity><Items><CNAME>shop.example</CNAME></Items></Aliases>
    <DefaultRootObject>index.html</DefaultRootObject>
    <Origins><Quantity>2</Quantity><Items>
      <Origin><Id>site</Id><DomainName>stage-site.s3.us-east-1.amazonaws.com</DomainName><OriginPath>/v1</OriginPath></Origin>
      <Origin><Id>api</Id><DomainName>api.example</DomainName><OriginPath></OriginPath></Origin>
    </Items></Origins>
    <OriginGroups><Quantity>1</Quantity><Items><OriginGroup><Id>both</Id>
      <FailoverCriteria><StatusCodes><Quantity>1</Quantity><Items><StatusCode>500</StatusCode></Items></StatusCodes></FailoverCriteria>
      <Members><Quantity>2</Quantity><Items>
        <OriginGroupMember><OriginId>site</OriginId></OriginGroupMember>
        <OriginGroupMember><OriginId>api</OriginId></OriginGroupMember>
      </Items></Members></OriginGroup></Items></OriginGroups>
    <DefaultCacheBehavior>
      <TargetOriginId>both</TargetOriginId><ViewerProtocolPolicy>redirect-to-https</ViewerProtocolPolicy>
      <FunctionAssociations><Quantity>1</Quantity><Items><FunctionAssociation>
        <FunctionARN>arn:aws:cloudfront::123456789012:function/x</FunctionARN><EventType>viewer-request</EventType>
      </FunctionAssociation></Items></FunctionAssociations>
      <CachePolicyId>658327ea</CachePolicyId>
    </DefaultCacheBehavior>
    <CacheBehaviors><Quantity>2</Quantity><Items>
      <CacheBehavior><PathPattern>/old/*</PathPattern><TargetOriginId>site</TargetOriginId>
        <ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy>
        <ForwardedValues><QueryString>true</QueryString><Cookies><Forward>none</Forward></Cookies></ForwardedValues>
        <MinTTL>60</MinTTL><DefaultTTL>300</DefaultTTL><MaxTTL>600</MaxTTL></CacheBehavior>
      <CacheBehavior><PathPattern>/x/*</PathPattern><TargetOriginId>site</TargetOriginId>
        <ViewerProtocolPolicy>https-only</ViewerProtocolPolicy><CachePolicyId>secret</CachePolicyId></CacheBehavior>
    </Items></CacheBehaviors>
    <CustomErrorResponses><Quantity>2</Quantity><Items>
      <CustomErrorResponse><ErrorCode>403</ErrorCode><ResponsePagePath>/index.html</ResponsePagePath>
        <ResponseCode>200</ResponseCode><ErrorCachingMinTTL>300</ErrorCachingMinTTL></CustomErrorResponse>
      <CustomErrorResponse><ErrorCode>404</ErrorCode><ResponsePagePath></ResponsePagePath><ResponseCode></ResponseCode></CustomErrorResponse>
    </Items></CustomErrorResponses>
    <Comment></Comment><Enabled>true</Enabled>
  </DistributionConfig>
</Distribution>"#;

const POLICY: &str = r#"<?xml version="1.0"?>
<CachePolicy xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Id>658327ea</Id>
  <LastModifiedTime>2026-11-20T10:00:00Z</LastModifiedTime>
  <CachePolicyConfig><Name>Managed-CachingOptimized</Name><DefaultTTL>86400</DefaultTTL><MaxTTL>31536000</MaxTTL>
    <MinTTL>1</MinTTL>
    <ParametersInCacheKeyAndForwardedToOrigin><EnableAcceptEncodingGzip>true</EnableAcceptEncodingGzip>
      <HeadersConfig><HeaderBehavior>none</HeaderBehavior></HeadersConfig>
      <CookiesConfig><CookieBehavior>none</CookieBehavior></CookiesConfig>
      <QueryStringsConfig><QueryStringBehavior>none</QueryStringBehavior></QueryStringsConfig>
    </ParametersInCacheKeyAndForwardedToOrigin></CachePolicyConfig>
</CachePolicy>"#;

fn invalidation(status: &str) -> Answer {
    let batch = "<InvalidationBatch><Paths><Quantity>1</Quantity><Items><Path>/</Path></Items></Paths>\
                 <CallerReference>r</CallerReference></InvalidationBatch>";
    let text = format!(
        "<Invalidation xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Id>I1</Id><Status>{status}</Status>\
         <CreateTime>2026-11-20T10:00:00Z</CreateTime>{batch}</Invalidation>"
    );
    Answer::new(201, text)
}

fn error(status: u16, code: &str) -> Answer {
    let text = format!(
        "<ErrorResponse xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>as the test wants it</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    );
    Answer::new(status, text)
}

/// A client whose requests are answered here, and the requests. Pauses before another attempt are short.
fn client(answer: impl Fn(usize, &Request) -> Answer + Send + 'static) -> (CloudFront, Arc<Mutex<Vec<Request>>>) {
    let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
    let seen = Arc::clone(&requests);
    let server = serve(move |request| {
        let mut seen = seen.lock().unwrap();
        seen.push(request.clone());
        answer(seen.len() - 1, request)
    });
    let retries = RetryConfig::standard().with_max_attempts(5).with_initial_backoff(Duration::from_millis(1));
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .sleep_impl(TokioSleep::new())
        .retry_config(retries)
        .endpoint_url(format!("http://{}", server.address))
        .build();
    (CloudFront::new(&config), requests)
}

/// Keeps where requests go, and who signed them for which region.
#[derive(Debug, Clone, Default)]
struct RecordedRequests(Arc<Mutex<Vec<(String, String)>>>);

impl HttpConnector for RecordedRequests {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let signed = request.headers().get("authorization").unwrap_or_default().to_owned();
        self.0.lock().unwrap().push((request.uri().to_owned(), signed));
        HttpConnectorFuture::ready(Err(ConnectorError::user("as the test wants it".into())))
    }
}

#[tokio::test]
async fn an_environment_of_any_region_asks_the_one_service() {
    let kept = RecordedRequests::default();
    let connector = SharedHttpConnector::new(kept.clone());
    let http = http_client_fn(move |_: &HttpConnectorSettings, _: &RuntimeComponents| connector.clone());
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http)
        .build();
    assert!(CloudFront::new(&config).distribution(&id()).await.is_err());
    let requests = kept.0.lock().unwrap();
    let (uri, signed) = &requests[0];
    assert!(uri.starts_with("https://cloudfront.amazonaws.com/"), "{uri}");
    assert!(signed.contains("/us-east-1/cloudfront/aws4_request"), "{signed}");
}

fn id() -> DistributionId {
    "E2QWRUHAPOMQZL".parse().unwrap()
}

async fn invalidate(client: &CloudFront) -> Result<InvalidationId, AwsError> {
    client.invalidate(&id(), &["/".to_owned(), "/a&b".to_owned()], "r", Permit::of_test()).await
}

#[tokio::test]
async fn a_distribution_is_read_with_its_policies() {
    let (client, _) = client(|_, request| match request.target.rsplit('/').next().unwrap() {
        "658327ea" => Answer::new(200, POLICY),
        "secret" => error(403, "AccessDenied"),
        _ => Answer::new(200, DISTRIBUTION),
    });
    let found = client.distribution(&id()).await.unwrap().unwrap();
    assert_eq!(
        (found.domain.as_str(), found.aliases.as_slice()),
        ("d111111abcdef8.cloudfront.net", &["shop.example".to_owned()][..])
    );
    assert_eq!((found.is_enabled, found.is_deployed), (true, false));
    assert_eq!(found.origins[0].path, "/v1");
    assert_eq!(found.default_root_object.as_deref(), Some("index.html"));
    assert_eq!(found.default.origins, ["site", "api"]);
    assert!(found.default.has_functions && !found.default.allows_http);
    let optimized = Caching::Known {
        policy: Some("Managed-CachingOptimized".to_owned()),
        least: Duration::from_secs(1),
        usual: Some(Duration::from_hours(24)),
        most: Some(Duration::from_hours(24 * 365)),
        has_query_strings: false,
    };
    assert_eq!(found.default.caching, optimized);
    let legacy = Caching::Known {
        policy: None,
        least: Duration::from_mins(1),
        usual: Some(Duration::from_mins(5)),
        most: Some(Duration::from_mins(10)),
        has_query_strings: true,
    };
    let old = Behaviour {
        pattern: Some("/old/*".to_owned()),
        origins: vec!["site".to_owned()],
        allows_http: true,
        has_functions: false,
        caching: legacy,
    };
    assert_eq!(found.others[0], old);
    let Caching::Unknown { policy, why } = &found.others[1].caching else { panic!("{:?}", found.others[1]) };
    assert!(policy == "secret" && why.contains("AccessDenied"), "{why}");
    let page = ErrorPage {
        status: 403,
        page: Some("/index.html".to_owned()),
        answered: Some(200),
        least: Duration::from_mins(5),
    };
    let plain = ErrorPage { status: 404, page: None, answered: None, least: Duration::from_secs(10) };
    assert_eq!(found.errors, [page, plain]);
}

#[tokio::test]
async fn a_distribution_that_is_not_there_is_none() {
    let (client, _) = client(|_, _| error(404, "NoSuchDistribution"));
    assert_eq!(client.distribution(&id()).await.unwrap(), None);
    let (client, _) = self::client(|_, _| error(403, "AccessDenied"));
    assert_eq!(client.distribution(&id()).await.unwrap_err().kind, AwsErrorKind::Denied);
}

#[tokio::test]
async fn an_invalidation_is_asked_for_until_it_is_taken_with_the_same_reference() {
    let (client, requests) = client(|number, _| match number {
        0 => error(503, "ServiceUnavailable"),
        1 => error(400, "TooManyInvalidationsInProgress"),
        2 => Answer::hang_up(),
        _ => invalidation("InProgress"),
    });
    assert_eq!(invalidate(&client).await.unwrap().as_str(), "I1");
    let requests = requests.lock().unwrap();
    assert_eq!(requests.len(), 4);
    let body = String::from_utf8_lossy(&requests[0].body);
    assert!(body.contains("<CallerReference>r</CallerReference>") && body.contains("<Path>/a&amp;b</Path>"), "{body}");
    assert!(body.contains("<Quantity>2</Quantity>"), "{body}");
    assert!(requests.iter().all(|request| request.body == requests[0].body));
}

#[tokio::test]
async fn what_is_not_invalidated_is_explained() {
    for (status, code, attempts, hint) in [
        (409, "InvalidationBatchAlreadyExists", 1, "another run has invalidated other paths"),
        (400, "TooManyInvalidationsInProgress", 5, "wait until other invalidations"),
        (400, "InvalidArgument", 1, "it invalidates what is left"),
        (403, "AccessDenied", 1, "allow `cloudfront:CreateInvalidation`"),
    ] {
        let (client, requests) = client(move |_, _| error(status, code));
        let error = invalidate(&client).await.unwrap_err();
        assert_eq!(requests.lock().unwrap().len(), attempts, "{code}");
        let failure = not_invalidated(&id(), error);
        assert_eq!(failure.reason, "distribution E2QWRUHAPOMQZL keeps what was there before");
        assert!(failure.hints.iter().any(|given| given.contains(hint)), "{code}: {failure:?}");
    }
}

#[tokio::test]
async fn an_invalidation_is_waited_for_and_no_longer_than_the_time() {
    let step = StepId::new(crate::domain::step::StepVerb::Probe, &"site".parse().unwrap());
    let made = InvalidationId("I1".to_owned());
    for (status, ended) in [
        ("Completed", Invalidation::Done),
        ("COMPLETED", Invalidation::Done),
        ("InProgress", Invalidation::InProgress),
        ("Whatever", Invalidation::InProgress),
    ] {
        let (client, _) = client(move |_, _| invalidation(status));
        let timeout = Duration::from_millis(200);
        let result = client.wait((&Events::silent(), &step), (&id(), &made), timeout).await;
        assert_eq!(result.unwrap(), ended, "{status}");
    }
    let (client, _) = client(|_, _| error(404, "NoSuchInvalidation"));
    assert!(client.wait((&Events::silent(), &step), (&id(), &made), PAUSE).await.is_err());
}
