//! `credentials`: a session of an environment's role for other programs, by the protocol of `credential_process`
//! ([reference](https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html)).

use secrecy::SecretString;
use serde_json::json;

use crate::cli;
use crate::domain::failure::Failure;
use crate::domain::role::RolePurpose;
use crate::session::Session;

/// The document that the other program reads.
///
/// # Errors
///
/// `invalid` where the role cannot be had, `failed` when AWS or GitHub cannot be asked.
pub async fn run(session: &Session<'_>, arguments: &cli::CredentialsArguments) -> Result<SecretString, Failure> {
    let context = session.context;
    let configuration = session.configuration()?;
    let target = configuration.identity(context, &arguments.environment)?;
    let access = if arguments.read_role { RolePurpose::Read } else { RolePurpose::Change };
    let credentials = session.identities(&configuration).credentials(&target, access).await?;
    let expires = credentials.expiry().and_then(|time| jiff::Timestamp::try_from(time).ok());
    let document = json!({
        "Version": 1,
        "AccessKeyId": credentials.access_key_id(),
        "SecretAccessKey": credentials.secret_access_key(),
        "SessionToken": credentials.session_token(),
        "Expiration": expires.map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
    });
    Ok(format!("{document:#}").into())
}
