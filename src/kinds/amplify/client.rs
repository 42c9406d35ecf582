//! AWS Amplify, as far as an app and its branches are looked at.
//!
//! Source: the [API reference](https://docs.aws.amazon.com/amplify/latest/APIReference/API_Operations.html).

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_amplify::types::{App, Branch, JobSummary, Stage};
use secrecy::SecretString;

use crate::clients::aws::{AwsError, call, timestamp};
use crate::domain::amplify::jobs::{BranchBuild, BuildState};
use crate::domain::amplify::names::{AppId, BranchName};
use crate::domain::amplify::seen::{SeenApp, SeenBranch};
use crate::domain::amplify::values::Variables;
use crate::observe::AwsClient;

/// What AWS answers where there is no such app or branch.
const NOT_FOUND: &str = "NotFoundException";
/// How many branches Amplify shows at once, at most
/// ([`maxResults`](https://docs.aws.amazon.com/amplify/latest/APIReference/API_ListBranches.html)).
const PAGE: i32 = 50;

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
        Ok(self.get_app(app).await?.map(|app| variables(app.environment_variables)))
    }

    /// An app with all of its branches. `None`: there is no such app.
    ///
    /// # Errors
    ///
    /// A call failed for another reason.
    pub async fn app(&self, id: &AppId) -> Result<Option<SeenApp>, AwsError> {
        const OPERATION: &str = "amplify:ListBranches";
        let Some(app) = self.get_app(id).await? else { return Ok(None) };
        let mut pages = self.client.list_branches().app_id(id.as_str()).max_results(PAGE).into_paginator().send();
        let mut branches = Vec::new();
        while let Some(page) = pages.next().await {
            for branch in page.map_err(|error| AwsError::new(OPERATION, error))?.branches {
                let is_preview = branch.stage == Stage::PullRequest || branch.source_branch.is_some();
                let name =
                    branch.branch_name.parse().map_err(|_| AwsError::returned(OPERATION, "a branch without a name"))?;
                branches.push(SeenBranch { name, is_built_by_push: branch.enable_auto_build, is_preview });
            }
        }
        Ok(Some(SeenApp {
            app_id: id.clone(),
            platform: app.platform.as_str().parse().ok(),
            compute: app.job_config.and_then(|config| config.build_compute_type.as_str().parse().ok()),
            branches,
        }))
    }

    async fn get_app(&self, app: &AppId) -> Result<Option<App>, AwsError> {
        const OPERATION: &str = "amplify:GetApp";
        let request = self.client.get_app().app_id(app.as_str());
        match call(OPERATION, app.as_str(), request.send()).await {
            Ok(output) => Ok(Some(output.app.ok_or_else(|| AwsError::returned(OPERATION, "no app"))?)),
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
        Ok(self.get_branch(app, branch).await?.map(|branch| variables(branch.environment_variables)))
    }

    /// The id of the build that a branch names as active, if it names one. `None`: the app has no such branch, or there is
    /// no such app.
    ///
    /// # Errors
    ///
    /// The call failed for another reason.
    pub async fn active_job(&self, app: &AppId, branch: &BranchName) -> Result<Option<Option<String>>, AwsError> {
        let branch = self.get_branch(app, branch).await?;
        Ok(branch.map(|branch| Some(branch.active_job_id).filter(|id| !id.is_empty())))
    }

    /// A build of a branch. `None`: there is none of that id.
    ///
    /// # Errors
    ///
    /// The call failed for another reason.
    pub async fn job(&self, app: &AppId, branch: &BranchName, id: &str) -> Result<Option<BranchBuild>, AwsError> {
        const OPERATION: &str = "amplify:GetJob";
        let request = self.client.get_job().app_id(app.as_str()).branch_name(branch.as_str()).job_id(id);
        match call(OPERATION, branch.as_str(), request.send()).await {
            Ok(output) => {
                let summary = output.job.and_then(|job| job.summary);
                Ok(Some(job(summary.ok_or_else(|| AwsError::returned(OPERATION, "no summary of a job"))?)))
            }
            Err(error) if error.is(NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The first build of a branch in AWS's list, which has the newest first. `None`: there was none yet.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn newest_job(&self, app: &AppId, branch: &BranchName) -> Result<Option<BranchBuild>, AwsError> {
        let request = self.client.list_jobs().app_id(app.as_str()).branch_name(branch.as_str()).max_results(1);
        let output = call("amplify:ListJobs", branch.as_str(), request.send()).await?;
        Ok(output.job_summaries.into_iter().next().map(job))
    }

    async fn get_branch(&self, app: &AppId, branch: &BranchName) -> Result<Option<Branch>, AwsError> {
        const OPERATION: &str = "amplify:GetBranch";
        let request = self.client.get_branch().app_id(app.as_str()).branch_name(branch.as_str());
        match call(OPERATION, branch.as_str(), request.send()).await {
            Ok(output) => Ok(Some(output.branch.ok_or_else(|| AwsError::returned(OPERATION, "no branch"))?)),
            Err(error) if error.is(NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn job(summary: JobSummary) -> BranchBuild {
    BranchBuild {
        state: BuildState::of(summary.status.as_str()),
        ended: timestamp(summary.end_time.as_ref()),
        id: summary.job_id,
        commit: summary.commit_id,
    }
}

fn variables(found: HashMap<String, String>) -> Variables {
    found.into_iter().map(|(name, value)| (name, SecretString::from(value))).collect()
}
