//! The values of other environments, which contracts compare with.

use std::time::Duration;

use tokio::time::timeout;

use crate::domain::contract::OtherEnvironment;
use crate::domain::contract::environment::shares;
use crate::domain::failure::Failure;
use crate::domain::names::{ComponentName, EnvironmentName};
use crate::domain::role::RolePurpose;
use crate::domain::target::EnvironmentTarget;
use crate::kinds::driver;
use crate::observe::{self, Identities};
use crate::together::each;

/// How long it may take to enter another environment, and to read it: a comparison is never worth more.
const LONGEST: Duration = Duration::from_secs(30);

/// Reads the values of some components in other environments, with the role for looking. What cannot be read is only not
/// known. `environments`: each as it is configured, or why that is not known here.
pub async fn others(
    identities: &Identities<'_>,
    environments: &[(EnvironmentName, Result<EnvironmentTarget, Failure>)],
    components: &[ComponentName],
) -> Vec<OtherEnvironment> {
    let read = async |(name, target): &(EnvironmentName, Result<EnvironmentTarget, Failure>)| {
        let unread = |why: &str| OtherEnvironment::unread(name.clone(), target.as_ref().ok(), components, why);
        match target {
            Ok(target) => match timeout(LONGEST, read(identities, target, components)).await {
                Ok(Ok(other)) => other,
                Ok(Err(failure)) => unread(&failure.brief()),
                Err(_) => unread(&format!("it was not read within {} s", LONGEST.as_secs())),
            },
            Err(failure) => unread(&failure.brief()),
        }
    };
    each(environments, read).await
}

async fn read(
    identities: &Identities<'_>,
    target: &EnvironmentTarget,
    components: &[ComponentName],
) -> Result<OtherEnvironment, Failure> {
    let cloud = observe::cloud(identities, target, RolePurpose::Read).await?;
    let wanted = target.components.iter().filter(|component| components.contains(&component.name));
    let values = each(wanted, async |component| {
        let read = driver(component).values(&cloud).await;
        (component.name.clone(), read.map(|read| read.values).map_err(|failure| failure.brief()))
    });
    let values = values.await.into_iter().collect();
    Ok(OtherEnvironment { name: target.environment.clone(), values, shares: shares(target) })
}
