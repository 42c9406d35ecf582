//! `build`: the bundles of static sites, made where no credential can be had. The job that deploys takes them by their
//! digests.

use crate::cli;
use crate::context::Context;
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::step::{StepId, StepVerb};
use crate::domain::view::build::{BuiltBundle, BuiltSites};
use crate::domain::workflow::Endpoint;
use crate::kinds::{Buildable as _, Building};
use crate::observe;
use crate::session::Session;

/// Variables with which the SDK of AWS finds credentials
/// ([environment variables](https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html#EVarSettings)).
const CREDENTIALS: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
];

/// Builds the static sites that are asked for, and writes a bundle of each.
///
/// # Errors
///
/// `invalid`: the configuration, the working tree, or a job in which a credential can be had; `failed`: a build, or a bundle
/// cannot be written.
pub async fn run(session: &Session<'_>, arguments: &cli::BuildArguments) -> Result<BuiltSites, Failure> {
    let context = session.context;
    no_credentials(context)?;
    let configuration = session.configuration()?;
    let builds = configuration.builds(context, arguments.environment.as_deref(), &arguments.components)?;
    let directory = &configuration.directory;
    let built: Vec<_> = builds.iter().map(|(_, build)| directory.join(&build.directory)).collect();
    let git = session.git(directory);
    let release = observe::release(&git, &built, arguments.allow_dirty, (session.clock)()).await?;
    session.events.emit(RunEvent::ReleaseChosen(release.clone()));
    let to = context.directory.join(&arguments.to);
    std::fs::create_dir_all(&to).map_err(|error| {
        Failure::failed(format!("the directory `{}` cannot be made", arguments.to))
            .cause(error.to_string())
            .hint("correct `--to`: it names a directory that gets a file for each site")
    })?;
    let mut bundles = Vec::new();
    for (component, build) in &builds {
        let file = format!("{component}.tar");
        let step = StepId::new(StepVerb::Bundle, component);
        let events = session.events;
        let building = Building { component, release: &release, directory, context, events };
        let bundle = events.step(&step, build.build_into(building, to.join(&file))).await?;
        bundles.push(BuiltBundle { path: arguments.to.join(file), ..bundle });
    }
    Ok(BuiltSites { release, bundles })
}

/// Makes sure that in a workflow no code that the build runs can become anybody at AWS: it is whatever the packages of the
/// site's dependencies have in them.
fn no_credentials(context: &Context) -> Result<(), Failure> {
    if !context.in_actions() {
        return Ok(());
    }
    if context.endpoint() != Endpoint::Absent {
        return Err(Failure::invalid("a site is not built in a job that can get a token for AWS")
            .cause("its dependencies run in the build, and could assume the role of the job")
            .hint(
                "remove `permissions: id-token: write` from the job that builds, and deploy its bundle in another job",
            ));
    }
    let Some(found) = CREDENTIALS.into_iter().find(|name| context.variable(name).is_some()) else { return Ok(()) };
    Err(Failure::invalid(format!("a site is not built in a job that has credentials of AWS (`{found}`)"))
        .cause("its dependencies run in the build, and could use them")
        .hint("build in a job without them, and deploy its bundle in another job"))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::domain::outcome::Outcome;

    #[test]
    fn no_job_that_can_have_a_credential_builds() {
        let of = |variables: &[(&str, &str)]| {
            let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
            no_credentials(&Context::new(variables, "/".into(), false, false))
        };
        let in_actions = ("GITHUB_ACTIONS", "true");
        assert_eq!(of(&[in_actions, ("AWS_REGION", "us-east-1")]), Ok(()));
        assert_eq!(of(&[("AWS_ACCESS_KEY_ID", "AKIA")]), Ok(()), "a laptop has some");
        let endpoint = ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"];
        for name in endpoint.into_iter().chain(CREDENTIALS) {
            let refused = of(&[in_actions, (name, "canary")]).unwrap_err();
            assert_eq!(refused.outcome, Outcome::Invalid, "{name}");
            assert!(!format!("{refused:?}").contains("canary"));
        }
    }
}
