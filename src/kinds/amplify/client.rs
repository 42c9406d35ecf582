//! AWS Amplify, as far as an app and its branches are looked at.
//!
//! Source: the [API reference](https://docs.aws.amazon.com/amplify/latest/APIReference/API_Operations.html).

use std::collections::HashMap;

use aws_config::SdkConfig;
use secrecy::SecretString;

use crate::clients::aws::{AwsError, call};
use crate::domain::amplify::names::{AppId, BranchName};
use crate::domain::amplify::values::Variables;
use crate::observe::AwsClient;

/// What AWS answers where there is no such app or branch.
const NOT_FOUND: &str = "NotFoundException";

/// AWS Amplify in one region.
#[derive(Debug, Clone)]
pub struct Amplify {
    client: aws_sdk_amplify::Client,
}

impl AwsClient for Amplify {
    const SERVICE: &'static str = "Amplify";

    fn new(config: &SdkConfig) -> Self {
        Self { client: aws_sdk_amplify::Client::new(config) }
    }
}

impl Amplify {
    /// The variables of an app. `None`: there is no such app.
    ///
    /// # Errors
    ///
    /// The call failed for another reason.
    pub async fn app_variables(&self, app: &AppId) -> Result<Option<Variables>, AwsError> {
        const OPERATION: &str = "amplify:GetApp";
        let request = self.client.get_app().app_id(app.as_str());
        match call(OPERATION, app.as_str(), request.send()).await {
            Ok(output) => {
                let app = output.app.ok_or_else(|| AwsError::returned(OPERATION, "no app"))?;
                Ok(Some(variables(app.environment_variables)))
            }
            Err(error) if error.is(NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The variables of a branch alone. `None`: the app has no such branch, or there is no such app.
    ///
    /// # Errors
    ///
    /// The call failed for another reason.
    pub async fn branch_variables(&self, app: &AppId, branch: &BranchName) -> Result<Option<Variables>, AwsError> {
        const OPERATION: &str = "amplify:GetBranch";
        let request = self.client.get_branch().app_id(app.as_str()).branch_name(branch.as_str());
        match call(OPERATION, branch.as_str(), request.send()).await {
            Ok(output) => {
                let branch = output.branch.ok_or_else(|| AwsError::returned(OPERATION, "no branch"))?;
                Ok(Some(variables(branch.environment_variables)))
            }
            Err(error) if error.is(NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn variables(found: HashMap<String, String>) -> Variables {
    found.into_iter().map(|(name, value)| (name, SecretString::from(value))).collect()
}
