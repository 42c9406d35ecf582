//! A static site behind the seam.

use super::client::S3;
use crate::domain::configured::Configured as _;
use crate::domain::contract::{ReadValues, WrittenValues};
use crate::domain::failure::Failure;
use crate::domain::iam::rights::Place;
use crate::domain::names::{ComponentName, Region};
use crate::domain::plan::{ComponentPlan, ImagePlan, PlanError};
use crate::domain::proof::Whereabouts;
use crate::domain::release::ReleaseName;
use crate::domain::static_site::live::{CURRENT, Live};
use crate::domain::static_site::names::BucketName;
use crate::domain::static_site::plan::{plan, running};
use crate::domain::static_site::{Target, iam};
use crate::domain::target::Component;
use crate::domain::view::status::ComponentStatus;
use crate::kinds::{Answer, Driver, Needs, Observed, Planned};
use crate::observe::{Cloud, Files};

impl Driver for Target {
    fn observe<'a>(
        &'a self,
        component: &'a Component,
        cloud: &'a Cloud,
        _files: &'a Files,
        _release: Option<&'a ReleaseName>,
    ) -> Answer<'a, Box<dyn Observed>> {
        Box::pin(async move {
            let live = live(cloud, self).await?;
            Ok(Box::new(ObservedSite { component: component.clone(), target: self.clone(), live }) as Box<dyn Observed>)
        })
    }

    fn status<'a>(&'a self, cloud: &'a Cloud) -> Answer<'a, ComponentStatus> {
        Box::pin(async move {
            let live = live(cloud, self).await?;
            Ok(ComponentStatus {
                running_release: running(live.as_ref()),
                since: live.map(|live| live.since),
                whereabouts: Whereabouts::default(),
                last: None,
                holds: Vec::new(),
                drift: None,
                remarks: Vec::new(),
            })
        })
    }

    fn written_values(&self, _read: &dyn Fn(&str) -> Option<String>) -> Option<WrittenValues> {
        Some(WrittenValues { read: Self::values(self).into(), is_searched: false })
    }

    fn values<'a>(&'a self, _cloud: &'a Cloud) -> Answer<'a, ReadValues> {
        Box::pin(std::future::ready(Ok(Self::values(self).into())))
    }

    fn needs<'a>(
        &'a self,
        _component: &'a Component,
        place: &'a Place,
        _seen: (&'a Cloud, &'a Files),
    ) -> Answer<'a, Needs> {
        let rights = iam::needs(&self.bucket, &self.artifacts, place);
        Box::pin(std::future::ready(Ok(Needs { rights, missing: None })))
    }
}

/// The release that a site serves. Absent: none that shipgate put there.
async fn live(cloud: &Cloud, target: &Target) -> Result<Option<Live>, Failure> {
    let s3: S3 = cloud.client()?;
    for (bucket, key) in [(&target.bucket, "bucket"), (&target.artifacts, "artifacts")] {
        if !s3.bucket_exists(bucket).await? {
            return Err(missing(bucket, key));
        }
    }
    let Some(text) = s3.small_object(&target.artifacts, CURRENT).await? else { return Ok(None) };
    Live::read(&text).map(Some).map_err(|why| {
        Failure::failed(format!("which release `{}` serves is not known", target.bucket))
            .cause(format!("object `{CURRENT}` of bucket `{}` cannot be read: {why}", target.artifacts))
            .hint("restore the object, or use the version of shipgate that wrote it")
    })
}

fn missing(bucket: &BucketName, key: &str) -> Failure {
    Failure::failed(format!("bucket `{bucket}` does not exist"))
        .hint(format!("create it (shipgate never does), or correct `{key}`, `prefix`, `region` or the account"))
}

/// A site that was looked at.
#[derive(Debug, Clone)]
struct ObservedSite {
    component: Component,
    target: Target,
    live: Option<Live>,
}

impl Observed for ObservedSite {
    fn name(&self) -> &ComponentName {
        &self.component.name
    }

    fn node(&self) -> Option<&str> {
        self.component.kind.node()
    }

    fn console(&self, region: &Region) -> Option<String> {
        self.target.console(region)
    }

    fn plan(self: Box<Self>, _images: &[ImagePlan], release: &ReleaseName) -> Result<Box<dyn Planned>, PlanError> {
        let plan = plan(&self.component, &self.target, self.live.as_ref(), release);
        Ok(Box::new(PlannedSite { observed: *self, plan }))
    }
}

/// A site with its plan.
#[derive(Debug, Clone)]
struct PlannedSite {
    observed: ObservedSite,
    plan: ComponentPlan,
}

impl Planned for PlannedSite {
    fn plan(&self) -> &ComponentPlan {
        &self.plan
    }

    fn observed(&self) -> &dyn Observed {
        &self.observed
    }

    fn values(&self) -> Result<ReadValues, Failure> {
        Ok(self.observed.target.values().into())
    }

    fn refine(&self, _images: &[ImagePlan]) -> Result<Box<dyn Planned>, PlanError> {
        Ok(Box::new(self.clone()))
    }
}
