//! The ECR API, as far as registry v2 does not do it: credentials and repositories.

use aws_config::SdkConfig;
use aws_sdk_ecr::types::{ImageIdentifier, ImageTagMutability};
use base64::Engine as _;
use secrecy::SecretString;

use super::aws::{AwsError, call};
use crate::domain::gate::Permit;
use crate::domain::names::RepositoryName;

/// Amazon ECR of one account and region.
#[derive(Debug, Clone)]
pub struct Ecr {
    client: aws_sdk_ecr::Client,
}

/// The login of a registry: a user with a password, for twelve hours.
#[derive(Debug, Clone)]
pub struct RegistryLogin {
    /// The registry's AWS name.
    pub host: String,
    /// The user, `AWS`.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

impl RegistryLogin {
    /// That of a registry that is asked for nothing. It is valid nowhere.
    pub fn unused(host: String) -> Self {
        Self { host, user: String::new(), password: String::new().into() }
    }
}

impl Ecr {
    /// A client.
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: aws_sdk_ecr::Client::new(config) }
    }

    /// Credentials for registry v2 of this account and region
    /// ([GetAuthorizationToken](https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html)).
    ///
    /// # Errors
    ///
    /// The call failed, or its answer is not what AWS documents.
    pub async fn login(&self) -> Result<RegistryLogin, AwsError> {
        let request = self.client.get_authorization_token();
        let output = call("ecr:GetAuthorizationToken", "the registry", request.send()).await?;
        let unusable = || AwsError::returned("ecr:GetAuthorizationToken", "no usable token");
        let data = output.authorization_data().first().ok_or_else(unusable)?;
        let token = data.authorization_token().ok_or_else(unusable)?;
        let decoded = base64::engine::general_purpose::STANDARD.decode(token).map_err(|_| unusable())?;
        let text = String::from_utf8(decoded).map_err(|_| unusable())?;
        let (user, password) = text.split_once(':').ok_or_else(unusable)?;
        let endpoint = data.proxy_endpoint().ok_or_else(unusable)?;
        let host = endpoint.split("://").last().unwrap_or_default().trim_end_matches('/').to_owned();
        Ok(RegistryLogin { host, user: user.to_owned(), password: password.into() })
    }

    /// Whether a repository exists. Asks for an image that need not be there, because a role that reads images may do that.
    ///
    /// # Errors
    ///
    /// The call failed for another reason.
    pub async fn repository_exists(&self, name: &RepositoryName) -> Result<bool, AwsError> {
        let image = ImageIdentifier::builder().image_tag("latest").build();
        let request = self.client.batch_get_image().repository_name(name.as_str()).image_ids(image);
        match call("ecr:BatchGetImage", name.as_str(), request.send()).await {
            Ok(_) => Ok(true),
            Err(error) if error.is("RepositoryNotFoundException") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether no tag of a repository can ever be moved. A repository that lets some be moved is not one.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn is_immutable(&self, name: &RepositoryName) -> Result<bool, AwsError> {
        let request = self.client.describe_repositories().repository_names(name.as_str());
        let output = call("ecr:DescribeRepositories", name.as_str(), request.send()).await?;
        let mutability = output.repositories().first().and_then(|repository| repository.image_tag_mutability());
        Ok(mutability == Some(&ImageTagMutability::Immutable))
    }

    /// Creates a repository. That somebody was faster is fine.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn create_repository(&self, name: &RepositoryName, _permit: Permit<'_>) -> Result<(), AwsError> {
        let request = self.client.create_repository().repository_name(name.as_str());
        match call("ecr:CreateRepository", name.as_str(), request.send()).await {
            Ok(_) => Ok(()),
            Err(error) if error.is("RepositoryAlreadyExistsException") => Ok(()),
            Err(error) => Err(error),
        }
    }
}
