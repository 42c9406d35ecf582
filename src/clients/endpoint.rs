//! Where secrets may be sent: over TLS anywhere, and without it to this machine alone.

use std::net::IpAddr;

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use reqwest::Url;

use crate::domain::probe::shown_url;

/// The services that credentials and tokens are sent to, by shipgate and by the SDK to find credentials, as their names are written
/// at the end of `AWS_ENDPOINT_URL_…`
/// ([service-specific endpoints](https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html)).
const SERVICES: [(&str, &str); 8] = [
    ("CloudWatch Logs", "CLOUDWATCH_LOGS"),
    ("ECR", "ECR"),
    ("ECS", "ECS"),
    ("IAM", "IAM"),
    ("Signin", "SIGNIN"),
    ("SSO", "SSO"),
    ("SSO OIDC", "SSO_OIDC"),
    ("STS", "STS"),
];
/// Every address for AWS begins so.
const PREFIX: &str = "AWS_ENDPOINT_URL";
/// Is never set: asked for in the place of [`PREFIX`], so that the profile alone answers.
const NONE: &str = "SHIPGATE_NO_ENDPOINT_URL";

/// An address for AWS that secrets would be sent to without encryption.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is not an https address: {address}")]
pub struct EndpointError {
    /// What names the address: a variable, or a setting of the profile.
    pub name: String,
    /// The address, without credentials in it.
    pub address: String,
}

/// Whether what is sent to an address is encrypted or stays on this machine.
pub fn is_private(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && url.host_str().is_some_and(is_here))
}

fn is_here(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse();
    host == "localhost" || address.is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Refuses addresses for AWS that would let others read what is sent there. `variables`: those that begin with
/// `AWS_ENDPOINT_URL`, by name.
///
/// # Errors
///
/// An address of a variable or of the profile is not private.
pub fn check<'v>(config: &SdkConfig, variables: impl Iterator<Item = (&'v str, &'v str)>) -> Result<(), EndpointError> {
    let mut has_address = false;
    for (name, address) in variables {
        let service = name.strip_prefix(PREFIX).unwrap_or_default();
        has_address |= service.is_empty();
        if service.is_empty() || SERVICES.iter().any(|(_, known)| service.strip_prefix('_') == Some(known)) {
            check_one(name, address)?;
        }
    }
    // A variable for all services goes before the profile.
    let profile = config.service_config().filter(|_| !has_address);
    for (id, _) in SERVICES {
        let key = ServiceConfigKey::builder().service_id(id).profile("endpoint_url").env(NONE).build().ok();
        if let Some(address) = profile.zip(key).and_then(|(profile, key)| profile.load_config(key)) {
            check_one("`endpoint_url` of the AWS profile", &address)?;
        }
    }
    Ok(())
}

/// The address of a service, by its id, as the SDK finds it in a variable or in the profile.
pub fn of_service(config: &SdkConfig, id: &'static str) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(id).profile("endpoint_url").env(PREFIX).build().ok();
    config.service_config().zip(key).and_then(|(service, key)| service.load_config(key))
}

/// Refuses that address.
///
/// # Errors
///
/// The address is not private.
pub fn check_service(config: &SdkConfig, id: &'static str) -> Result<(), EndpointError> {
    let address = of_service(config, id);
    address.map_or(Ok(()), |address| check_one(&format!("the endpoint of {id}"), &address))
}

fn check_one(name: &str, address: &str) -> Result<(), EndpointError> {
    if Url::parse(address).is_ok_and(|url| is_private(&url)) {
        return Ok(());
    }
    Err(EndpointError { name: name.to_owned(), address: shown_url(address) })
}

#[cfg(test)]
mod tests {
    use aws_types::service_config::LoadServiceConfig;

    use super::*;

    #[test]
    fn without_tls_only_this_machine_is_private() {
        for (url, private) in [
            ("https://sts.amazonaws.com", true),
            ("http://localhost:4566", true),
            ("http://LOCALHOST", true),
            ("http://127.0.0.1:1/x", true),
            ("http://127.8.8.8", true),
            ("http://127.1", true),
            ("http://[::1]:4566", true),
            ("http://aws.example", false),
            ("http://localhost.example", false),
            ("http://127.0.0.1.example", false),
            ("http://localhost@aws.example", false),
            ("http://10.0.0.1", false),
            ("http://0.0.0.0", false),
            ("http://[::2]", false),
            ("ftp://localhost", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(is_private(&Url::parse(url).unwrap()), private, "{url}");
        }
    }

    #[test]
    fn variables_are_checked_for_the_services_that_are_asked() {
        let config = SdkConfig::builder().build();
        let refused = |name: &str, address: &str| check(&config, [(name, address)].into_iter()).err();
        for (name, address) in [
            ("AWS_ENDPOINT_URL", "http://aws.example:4566"),
            ("AWS_ENDPOINT_URL_STS", "http://user:canary@sts.example/"),
            ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "logs.example"),
        ] {
            let error = refused(name, address).unwrap();
            assert!(error.to_string().starts_with(name) && !error.to_string().contains("canary"), "{error:?}");
        }
        assert!(refused("AWS_ENDPOINT_URL", "http://localhost:4566").is_none());
        assert!(refused("AWS_ENDPOINT_URL_DYNAMODB", "http://dynamodb.example").is_none());
    }

    /// What the SDK finds for a service.
    #[derive(Debug)]
    struct SdkEndpoint(&'static str);

    impl LoadServiceConfig for SdkEndpoint {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            (key.service_id() == "S3" && key.env() == PREFIX).then(|| self.0.to_owned())
        }
    }

    #[test]
    fn the_address_of_a_kinds_own_service_is_checked() {
        let with = |address| {
            let mut builder = SdkConfig::builder();
            builder.set_service_config(Some(SdkEndpoint(address)));
            builder.build()
        };
        assert!(check_service(&with("https://s3.example"), "S3").is_ok());
        assert!(check_service(&with("http://s3.example"), "DynamoDB").is_ok());
        let error = check_service(&with("http://user:canary@s3.example"), "S3").unwrap_err();
        assert_eq!(error.to_string(), "the endpoint of S3 is not an https address: http://s3.example/");
    }
}
