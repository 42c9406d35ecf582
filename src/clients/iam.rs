//! AWS IAM, as far as it explains why a role cannot be assumed.

use aws_config::SdkConfig;
use serde_json::Value;

use super::aws::{AwsError, call};
use crate::domain::role::RoleArn;

/// AWS IAM.
#[derive(Debug, Clone)]
pub struct Iam {
    client: aws_sdk_iam::Client,
}

impl Iam {
    /// A client.
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: aws_sdk_iam::Client::new(config) }
    }

    /// A role's trust policy, which IAM hands out with its characters escaped as in a URL
    /// ([GetRole](https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html)).
    ///
    /// # Errors
    ///
    /// The call failed, or the answer is not about this role, or has no policy.
    pub async fn trust_policy(&self, role: &RoleArn) -> Result<Value, AwsError> {
        let output = call("iam:GetRole", role.name(), self.client.get_role().role_name(role.name()).send()).await?;
        // Asked by name alone, IAM describes the role in the account of the caller.
        let found = output.role().filter(|found| found.arn() == role.as_str());
        let document = found.and_then(|role| role.assume_role_policy_document()).unwrap_or_default();
        let text = percent_encoding::percent_decode_str(document).decode_utf8_lossy();
        serde_json::from_str(&text).map_err(|_| AwsError::unexpected("iam:GetRole", "the answer has no trust policy"))
    }
}
