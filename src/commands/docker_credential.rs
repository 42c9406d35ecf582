//! `docker-credential-shipgate`: the registry's password for docker, by the protocol of credential helpers
//! ([reference](https://github.com/docker/docker-credential-helpers#development)).

use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::clients::ecr::Ecr;
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::names::{AccountId, Region};
use crate::domain::role::{RoleArn, RolePurpose};
use crate::domain::target::EnvironmentTarget;
use crate::observe::{Configuration, Identities};

/// Which environment's role logs in, where several have the same registry.
pub const ENVIRONMENT: &str = "SHIPGATE_ENVIRONMENT";
/// What docker understands as "nothing is known of this registry", word for word.
pub const NOT_FOUND: &str = "credentials not found in native keychain";

/// What docker asks a helper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HelperRequest {
    /// The login of a registry.
    Get(String),
    /// The registries whose logins are kept.
    List,
    /// To keep or forget a login: none is kept.
    Keep,
}

/// What docker reads.
///
/// # Errors
///
/// The registry is none of the configured environments', or no login is possible.
pub async fn run(context: &Context, question: &HelperRequest) -> Result<String, Failure> {
    match question {
        HelperRequest::List => Ok("{}".to_owned()),
        HelperRequest::Keep => Err(Failure::failed("shipgate keeps no logins: it makes one whenever docker asks")),
        HelperRequest::Get(server) => {
            let (account, region) = registry(context, server)?.ok_or_else(|| Failure::failed(NOT_FOUND))?;
            let configuration = Configuration::load(context, None)?;
            let target = environment(context, &configuration, &account, &region)?;
            let identities = Identities::new(context, &configuration.directory, configuration.promotions());
            let identity = identities.enter(&target, RolePurpose::Change).await?;
            // A password is for one account's registry in one region.
            if identity.caller.account != account || target.region != region {
                return Err(Failure::failed(NOT_FOUND));
            }
            let login = Ecr::new(&identity.config).login().await?;
            context.masks().hide_login(&login);
            let answer = json!({
                "ServerURL": server,
                "Username": login.user,
                "Secret": login.password.expose_secret(),
            });
            Ok(answer.to_string())
        }
    }
}

/// The account and the region of a registry of AWS, by its name or by the address that it has locally.
fn registry(context: &Context, server: &str) -> Result<Option<(AccountId, Region)>, Failure> {
    let host = server.split_once("://").map_or(server, |(_, rest)| rest).split('/').next().unwrap_or_default();
    let addresses = context.registry_addresses()?;
    Ok(parse(addresses.name_of(host).unwrap_or(host)))
}

/// `ACCOUNT.dkr.ecr.REGION.amazonaws.com`, also with `dkr.ecr-fips`, and `ACCOUNT.dkr-ecr.REGION.on.aws`
/// ([endpoints](https://docs.aws.amazon.com/general/latest/gr/ecr.html)).
fn parse(host: &str) -> Option<(AccountId, Region)> {
    let mut parts = host.split('.');
    let account = parts.next()?.parse().ok()?;
    let region = match (parts.next()?, parts.next()?) {
        ("dkr", "ecr" | "ecr-fips") => parts.next()?,
        ("dkr-ecr" | "dkr-ecr-fips", region) => region,
        _ => return None,
    };
    let rest: Vec<&str> = parts.collect();
    let is_aws = matches!(rest.as_slice(), ["amazonaws", "com" | "eu"] | ["amazonaws", "com", "cn"] | ["on", "aws"]);
    is_aws.then(|| Some((account, region.parse().ok()?)))?
}

/// The environment that has this registry. Where several have it, [`ENVIRONMENT`] decides: their roles differ.
fn environment(
    context: &Context,
    configuration: &Configuration,
    account: &AccountId,
    region: &Region,
) -> Result<EnvironmentTarget, Failure> {
    if let Some(name) = context.variable(ENVIRONMENT) {
        return configuration.services(context, name, &[]);
    }
    let has_it = |target: &EnvironmentTarget| {
        let own = target.account.as_ref().or(target.roles.role.as_ref().map(RoleArn::account));
        target.region == *region && own == Some(account)
    };
    let all = configuration.environments().into_iter();
    let found: Vec<EnvironmentTarget> =
        all.filter_map(|name| configuration.services(context, &name, &[]).ok()).filter(has_it).collect();
    match <[EnvironmentTarget; 1]>::try_from(found) {
        Ok([target]) => Ok(target),
        Err(found) if found.is_empty() => Err(Failure::failed(NOT_FOUND)),
        Err(_) => Err(Failure::invalid(format!("several environments have this registry: set {ENVIRONMENT} to one"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_of_aws_are_known_by_their_names() {
        for (host, region) in [
            ("123456789012.dkr.ecr.us-east-1.amazonaws.com", Some("us-east-1")),
            ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", Some("us-gov-west-1")),
            ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("123456789012.dkr-ecr.eu-west-1.on.aws", Some("eu-west-1")),
            ("123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example", None),
            ("12345.dkr.ecr.us-east-1.amazonaws.com", None),
            ("ghcr.io", None),
            ("", None),
        ] {
            let found = parse(host);
            assert_eq!(found.as_ref().map(|(_, region)| region.as_str()), region, "{host}");
        }
    }
}
