//! The rules about one value by itself. What is said of it never has any part of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::declared::{ArnRule, Rules, UrlRule};
use crate::domain::check::Rule;
use crate::domain::names::{AccountId, Region};
use crate::domain::role::Partition;

/// Where a value is, as far as an ARN has to fit it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Home<'a> {
    /// The account.
    pub account: Option<&'a AccountId>,
    /// The region.
    pub region: Option<&'a Region>,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractFault {
    /// The rule.
    pub rule: Rule,
    /// What the variable is or does, to follow its name.
    pub what: String,
    /// What to do.
    pub hint: String,
}

/// What is wrong with a text by the rules for its form.
pub fn faults(rules: &Rules, value: &str, home: Home<'_>) -> Vec<ContractFault> {
    let pattern = rules.matches.as_ref().filter(|pattern| !pattern.is_in(value)).map(|pattern| ContractFault {
        rule: Rule::ContractMatches,
        what: "does not match its pattern".to_owned(),
        hint: format!("set a value in which `{}` is found, or correct `matches`", pattern.as_str()),
    });
    let is_listed = rules.one_of.is_empty() || rules.one_of.iter().any(|allowed| allowed == value);
    let listed = (!is_listed).then(|| ContractFault {
        rule: Rule::ContractOneOf,
        what: "is none of the values that it may have".to_owned(),
        hint: format!("set one of {}, or add it to `one-of`", quoted(&rules.one_of)),
    });
    let url = rules.url.as_ref().and_then(|rule| url(rule, value).err());
    let arn = rules.arn.as_ref().and_then(|rule| arn(rule, value, home).err());
    [pattern, listed, url, arn].into_iter().flatten().collect()
}

/// What is wrong with a reference by the rules for its form: it may have to be an ARN.
pub fn faults_of_reference(rules: &Rules, reference: &str, home: Home<'_>) -> Option<ContractFault> {
    rules.arn.as_ref().and_then(|rule| arn(rule, reference, home).err())
}

fn quoted(texts: &[String]) -> String {
    texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
}

fn url(rule: &UrlRule, value: &str) -> Result<(), ContractFault> {
    let schemes = rule.schemes.iter().map(|scheme| format!("{scheme}://")).collect::<Vec<_>>().join("` or `");
    let fault = |what: &str, hint: String| ContractFault { rule: Rule::ContractUrl, what: what.to_owned(), hint };
    let address = || format!("set an address that begins with `{schemes}` and names a host");
    let parts = value.split_once("://");
    let (scheme, rest) = parts.ok_or_else(|| fault("is not an address", address()))?;
    if !rule.schemes.iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed)) {
        return Err(fault("is an address of another scheme", address()));
    }
    let hosts = hosts(rest).ok_or_else(|| fault("is not an address", address()))?;
    if !rule.local && hosts.iter().any(Host::is_local) {
        let hint = "set the address at which others reach it, or write `url = { schemes = …, local = true }`";
        return Err(fault("leads to the machine itself or into a private network", hint.to_owned()));
    }
    Ok(())
}

/// The host of an address.
#[derive(Debug, PartialEq, Eq)]
enum Host<'t> {
    Name(&'t str),
    Address(IpAddr),
}

impl Host<'_> {
    /// Whether it is the machine itself, or reached in a private network alone. Names of private zones of DNS are not known
    /// as such.
    fn is_local(&self) -> bool {
        match self {
            Self::Name(name) => {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                let own = ["localhost", "localhost.localdomain", "host.docker.internal", "host.containers.internal"];
                own.contains(&name.as_str()) || name.ends_with(".localhost")
            }
            Self::Address(IpAddr::V4(address)) => is_local(*address),
            Self::Address(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
                Some(address) => is_local(address),
                None => is_local_v6(*address),
            },
        }
    }
}

fn is_local(address: Ipv4Addr) -> bool {
    address.is_loopback() || address.is_private() || address.is_link_local() || address.octets()[0] == 0
}

fn is_local_v6(address: Ipv6Addr) -> bool {
    address.is_loopback() || address.is_unspecified() || address.is_unique_local() || address.is_unicast_link_local()
}

/// The hosts of what follows a scheme: databases may have several, with commas. `None`: it is no address.
fn hosts(rest: &str) -> Option<Vec<Host<'_>>> {
    if rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
    hosts.split(',').map(host).collect()
}

fn host(text: &str) -> Option<Host<'_>> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return is_port.then(|| address.parse().ok().map(IpAddr::V6).map(Host::Address)).flatten();
    }
    let (name, port) = text.rsplit_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || !name.chars().all(is_name) || !port.is_none_or(is_port) {
        return None;
    }
    // A name that ends in a number is an address (https://url.spec.whatwg.org/#ends-in-a-number-checker).
    let last = name.trim_end_matches('.').rsplit('.').next()?;
    if last.chars().all(|c| c.is_ascii_digit()) || last.starts_with("0x") {
        return name.parse().ok().map(IpAddr::V4).map(Host::Address);
    }
    Some(Host::Name(name))
}

fn is_port(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// Services of which something global is in one region, whatever the environment's: certificates and rules for
/// `CloudFront`
/// ([requirements](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html)).
const GLOBAL: [&str; 2] = ["acm", "wafv2"];

fn arn(rule: &ArnRule, value: &str, home: Home<'_>) -> Result<(), ContractFault> {
    let of = match rule {
        ArnRule::Any => String::new(),
        ArnRule::Of(service) => format!(" of `{service}`"),
    };
    let fault = |what: String, hint: &str| ContractFault { rule: Rule::ContractArn, what, hint: hint.to_owned() };
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    let is_arn = |parts: &[&str]| parts.iter().all(|part| !part.contains(char::is_whitespace));
    let (partition, service, region, account) = match parts.as_slice() {
        ["arn", partition, service, region, account, resource]
            if !resource.is_empty() && !partition.is_empty() && !service.is_empty() && is_arn(&parts) =>
        {
            (*partition, *service, *region, *account)
        }
        _ => return Err(fault(format!("is not an ARN{of}"), "set the whole ARN, as AWS shows it")),
    };
    if let ArnRule::Of(wanted) = rule
        && wanted != service
    {
        return Err(fault(format!("is not an ARN{of}, but of another service"), "set the right ARN, or correct `arn`"));
    }
    let hint =
        "set the ARN of what this environment has; where it belongs to another on purpose, write `matches` for `arn`";
    if home.account.is_some_and(|own| !account.is_empty() && account != own.as_str()) {
        return Err(fault("is an ARN of another account".to_owned(), hint));
    }
    let Some(own) = home.region else { return Ok(()) };
    if Partition::of(own).to_string() != partition {
        return Err(fault("is an ARN of another partition".to_owned(), hint));
    }
    if !region.is_empty() && region != own.as_str() && !(GLOBAL.contains(&service) && region == "us-east-1") {
        return Err(fault("is an ARN of another region".to_owned(), hint));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::declared::ValuePattern;
    use super::*;

    fn found(rules: &Rules, value: &str) -> String {
        let (account, region) = ("123456789012".parse().unwrap(), "eu-west-1".parse().unwrap());
        let faults = faults(rules, value, Home { account: Some(&account), region: Some(&region) });
        faults.iter().map(|fault| format!("{} {}", fault.rule, fault.what)).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn addresses_and_what_is_none() {
        let rules = |schemes: &[&str], local| {
            let schemes = schemes.iter().map(|&scheme| scheme.to_owned()).collect();
            Rules { url: Some(UrlRule { schemes, local }), ..Rules::default() }
        };
        let web = rules(&["https", "wss"], false);
        for right in [
            "https://api.shop.io",
            "HTTPS://api.shop.io:8443/a?b#c",
            "wss://a",
            "https://8.8.8.8/",
            "https://[2606:4700::1]/",
            "https://user:word@api.shop.io",
            "https://backend.shop.local",
            "https://localhost.shop.io",
            "https://bücher.de",
        ] {
            assert_eq!(found(&web, right), "", "{right}");
        }
        for (wrong, what) in [
            ("http://api.shop.io", "is an address of another scheme"),
            ("api.shop.io", "is not an address"),
            ("https://", "is not an address"),
            ("https:///path", "is not an address"),
            ("https://a b", "is not an address"),
            ("https://a:port", "is not an address"),
            ("https://300.1.1.1", "is not an address"),
            ("https://127.1", "is not an address"),
            ("https://user@", "is not an address"),
            ("https://localhost:3000", "leads to the machine itself or into a private network"),
            ("https://app.localhost", "leads to the machine itself or into a private network"),
            ("https://user@LOCALHOST./", "leads to the machine itself or into a private network"),
            ("https://127.0.0.1", "leads to the machine itself or into a private network"),
            ("https://10.0.0.1", "leads to the machine itself or into a private network"),
            ("https://172.31.0.1", "leads to the machine itself or into a private network"),
            ("https://192.168.1.1:8080/", "leads to the machine itself or into a private network"),
            ("https://169.254.169.254", "leads to the machine itself or into a private network"),
            ("https://0.0.0.0:80", "leads to the machine itself or into a private network"),
            ("https://[::1]:80", "leads to the machine itself or into a private network"),
            ("https://[fd00::1]", "leads to the machine itself or into a private network"),
            ("https://[::ffff:10.0.0.1]", "leads to the machine itself or into a private network"),
            ("https://a.shop.io,localhost/x", "leads to the machine itself or into a private network"),
        ] {
            assert_eq!(found(&web, wrong), format!("contract-url {what}"), "{wrong}");
        }
        assert_eq!(found(&rules(&["http"], true), "http://localhost:3000"), "");
        assert_eq!(found(&rules(&["postgres"], false), "postgres://u:p@a.rds.amazonaws.com:5432,b:5432/x"), "");
    }

    #[test]
    fn arns_and_what_is_none() {
        let rules = |arn| Rules { arn: Some(arn), ..Rules::default() };
        let secret = rules(ArnRule::Of("secretsmanager".to_owned()));
        for (value, what) in [
            ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf", ""),
            ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf:password::", ""),
            ("db-AbCdEf", "is not an ARN of `secretsmanager`"),
            ("arn:aws:secretsmanager:eu-west-1:123456789012:", "is not an ARN of `secretsmanager`"),
            (
                "arn:aws:ssm:eu-west-1:123456789012:parameter/a",
                "is not an ARN of `secretsmanager`, but of another service",
            ),
            ("arn:aws:secretsmanager:eu-west-1:210987654321:secret:db", "is an ARN of another account"),
            ("arn:aws:secretsmanager:us-east-1:123456789012:secret:db", "is an ARN of another region"),
            ("arn:aws-cn:secretsmanager:eu-west-1:123456789012:secret:db", "is an ARN of another partition"),
        ] {
            let expected = if what.is_empty() { String::new() } else { format!("contract-arn {what}") };
            assert_eq!(found(&secret, value), expected, "{value}");
        }
        for right in [
            "arn:aws:s3:::bucket",
            "arn:aws:iam::123456789012:role/a",
            "arn:aws:acm:us-east-1:123456789012:certificate/a",
        ] {
            assert_eq!(found(&rules(ArnRule::Any), right), "", "{right}");
        }
        assert_eq!(faults(&secret, "arn:aws-cn:secretsmanager:x:1:secret:a", Home::default()), []);
    }

    #[test]
    fn patterns_and_lists() {
        let rules = Rules {
            matches: Some(ValuePattern::new("^[a-z]+$").unwrap()),
            one_of: vec!["blue".to_owned(), "green".to_owned()],
            ..Rules::default()
        };
        assert_eq!(found(&rules, "blue"), "");
        assert_eq!(found(&rules, "red"), "contract-one-of is none of the values that it may have");
        assert_eq!(
            found(&rules, "Blue"),
            "contract-matches does not match its pattern | contract-one-of is none of the values that it may have"
        );
    }
}
