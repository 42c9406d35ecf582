//! A branch of an app of AWS Amplify behind the seam.

use super::absent::{missing_app, missing_branch};
use super::client::Amplify;
use super::status::status;
use crate::domain::amplify::seen::AppLookup;
use crate::domain::amplify::values::values;
use crate::domain::amplify::{Target, iam};
use crate::domain::check::AwsResource;
use crate::domain::configured::{Configured as _, OfKind as _};
use crate::domain::contract::ReadValues;
use crate::domain::failure::Failure;
use crate::domain::iam::rights::ResourceScope;
use crate::domain::release::ReleaseName;
use crate::domain::target::Component;
use crate::domain::view::status::ComponentStatus;
use crate::kinds::not_built::{kind, refuse};
use crate::kinds::{Driver, Needs, ObservedComponent, PendingAnswer};
use crate::observe::{Cloud, DefinitionFiles};

impl Driver for Target {
    fn can_be_planned(&self) -> bool {
        false
    }

    fn observe<'a>(
        &'a self,
        _component: &'a Component,
        _cloud: &'a Cloud,
        _files: &'a DefinitionFiles,
        _release: Option<&'a ReleaseName>,
    ) -> PendingAnswer<'a, Box<dyn ObservedComponent>> {
        refuse("a change", kind(self.kind()))
    }

    fn status<'a>(&'a self, cloud: &'a Cloud) -> PendingAnswer<'a, ComponentStatus> {
        Box::pin(status(cloud, self))
    }

    fn values<'a>(&'a self, cloud: &'a Cloud) -> PendingAnswer<'a, ReadValues> {
        Box::pin(read(cloud, self))
    }

    fn seen<'a>(&'a self, cloud: &'a Cloud) -> PendingAnswer<'a, AwsResource> {
        Box::pin(async move {
            let amplify: Amplify = cloud.client()?;
            let app = amplify.app(&self.app_id).await?;
            Ok(AwsResource::new(AppLookup { app_id: self.app_id.clone(), region: cloud.region().to_owned(), app }))
        })
    }

    fn needs<'a>(
        &'a self,
        _component: &'a Component,
        place: &'a ResourceScope,
        _seen: (&'a Cloud, &'a DefinitionFiles),
    ) -> PendingAnswer<'a, Needs> {
        let rights = iam::needs(&self.app_id, &self.branch, place).map_err(|error| {
            Failure::invalid(format!("a policy cannot name {}", self.place()))
                .cause(error.to_string())
                .hint("give the branch another name, or write the policy by hand")
        });
        Box::pin(std::future::ready(rights.map(|rights| Needs { rights, missing: None })))
    }
}

/// The variables of the branch, over those of its app.
async fn read(cloud: &Cloud, target: &Target) -> Result<ReadValues, Failure> {
    let amplify: Amplify = cloud.client()?;
    let app = amplify.app_variables(&target.app_id).await?;
    let app = app.ok_or_else(|| missing_app(cloud, target))?;
    let branch = amplify.branch_variables(&target.app_id, &target.branch).await?;
    let branch = branch.ok_or_else(|| missing_branch(cloud, target))?;
    Ok(values(target, app, branch).into())
}
