//! `credentials`: a session of an environment's role for other programs, by the protocol of `credential_process`
//! ([reference](https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html)).

use serde_json::{Value, json};

use crate::cli;
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::role::Access;
use crate::observe::{Configuration, Identities};

/// The document that the other program reads.
///
/// # Errors
///
/// `invalid` where the role cannot be had, `failed` when AWS or GitHub cannot be asked.
pub async fn run(context: &Context, global: &cli::Global, arguments: &cli::Credentials) -> Result<Value, Failure> {
    let configuration = Configuration::load(context, global.config.as_deref())?;
    let target = configuration.identity(context, &arguments.environment)?;
    let access = if arguments.read_role { Access::Read } else { Access::Change };
    let credentials = Identities::new(context, &configuration.directory).credentials(&target, access).await?;
    let expires = credentials.expiry().and_then(|time| jiff::Timestamp::try_from(time).ok());
    Ok(json!({
        "Version": 1,
        "AccessKeyId": credentials.access_key_id(),
        "SecretAccessKey": credentials.secret_access_key(),
        "SessionToken": credentials.session_token(),
        "Expiration": expires.map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
    }))
}
