//! Builds and pushes through the docker command line.

mod config;
mod error;
pub mod login;

use std::ffi::OsString;

use camino::{Utf8Path, Utf8PathBuf};

pub use self::config::{DockerConfig, UserDocker};
pub use self::error::DockerError;
use super::process::{Processes, ProgramCall, ProgramEnd};
use crate::domain::gate::Permit;
use crate::domain::image::{Digest, ImageRepository, ImageTag};

/// An engine that answers.
#[derive(Debug, Clone)]
pub struct Docker {
    processes: Processes,
    directory: Utf8PathBuf,
    buildx: bool,
}

/// An image to build and push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DockerBuild {
    /// The build context.
    pub context: Utf8PathBuf,
    /// The Dockerfile. `None`: the one in the context.
    pub dockerfile: Option<Utf8PathBuf>,
    /// The platforms. Empty: the engine's own.
    pub platforms: Vec<String>,
    /// Build arguments.
    pub arguments: Vec<(String, String)>,
    /// Labels.
    pub labels: Vec<(String, String)>,
    /// Where it goes.
    pub repository: ImageRepository,
    /// The tag it gets: the release's.
    pub tag: ImageTag,
}

impl Docker {
    /// Finds out whether docker can build here, and with what.
    ///
    /// # Errors
    ///
    /// docker is not installed, or its engine does not answer.
    pub async fn detect(processes: Processes, directory: &Utf8Path) -> Result<Self, DockerError> {
        let mut docker = Self { processes, directory: directory.to_owned(), buildx: false };
        let version = docker.run(&[], ["version", "--format", "{{.Server.Version}}"], |_| {}).await?;
        if !version.success {
            return Err(DockerError::NoEngine { output: version.tail });
        }
        docker.buildx = docker.run(&[], ["buildx", "version"], |_| {}).await?.success;
        Ok(docker)
    }

    /// Builds an image, pushes it, and returns the digest that the registry was given.
    ///
    /// # Errors
    ///
    /// The build or a push fails.
    pub async fn build_and_push(
        &self,
        request: &DockerBuild,
        config: &DockerConfig,
        _permit: Permit<'_>,
        on_line: impl FnMut(&str),
    ) -> Result<Digest, DockerError> {
        let work = async {
            if self.buildx {
                self.build_with_buildx(request, config, on_line).await
            } else {
                self.build_then_push(request, config, on_line).await
            }
        };
        tokio::select! {
            digest = work => digest,
            never = config.serve() => match never {},
        }
    }

    async fn build_with_buildx(
        &self,
        request: &DockerBuild,
        config: &DockerConfig,
        on_line: impl FnMut(&str),
    ) -> Result<Digest, DockerError> {
        let mut arguments: Vec<OsString> = ["buildx", "build", "--push", "--progress=plain"].map(OsString::from).into();
        arguments.extend(["--metadata-file".into(), config.metadata_file().into()]);
        arguments.extend(build_arguments(request));
        let build = self.run(&config.variables(), arguments, on_line).await?;
        if !build.success {
            return Err(DockerError::build("buildx build", build));
        }
        config.read_digest()
    }

    async fn build_then_push(
        &self,
        request: &DockerBuild,
        config: &DockerConfig,
        mut on_line: impl FnMut(&str),
    ) -> Result<Digest, DockerError> {
        if request.platforms.len() > 1 {
            return Err(DockerError::SeveralPlatforms);
        }
        let mut arguments: Vec<OsString> = vec!["build".into()];
        arguments.extend(build_arguments(request));
        let build = self.run(&config.variables(), arguments, &mut on_line).await?;
        if !build.success {
            return Err(DockerError::build("build", build));
        }
        let reference = reference(request);
        let push = self.run(&config.variables(), ["push", &reference], &mut on_line).await?;
        if !push.success {
            return Err(DockerError::Push { reference, code: push.code, output: push.tail });
        }
        pushed_digest(&push.stdout, &request.tag).ok_or(DockerError::NoDigest { reference })
    }

    async fn run<A: Into<OsString>>(
        &self,
        variables: &[(&'static str, OsString)],
        arguments: impl IntoIterator<Item = A>,
        on_line: impl FnMut(&str),
    ) -> Result<ProgramEnd, DockerError> {
        let invocation = ProgramCall {
            program: "docker",
            arguments: arguments.into_iter().map(Into::into).collect(),
            directory: self.directory.clone(),
            variables: variables.iter().map(|(name, value)| ((*name).into(), value.clone())).collect(),
        };
        Ok(self.processes.run_guarded(&invocation, on_line).await?)
    }
}

/// The digest that a push of a tag gave to the registry, as `docker push` prints it at its end
/// ([example](https://docs.docker.com/reference/cli/docker/image/push/#push-a-new-image-to-a-registry)). What the engine has
/// under the name afterwards may be the image of another run, which builds the same commit at the same time.
fn pushed_digest(output: &str, tag: &ImageTag) -> Option<Digest> {
    let prefix = format!("{tag}: digest: ");
    output.lines().rev().find_map(|line| line.trim().strip_prefix(&prefix)?.split_whitespace().next()?.parse().ok())
}

/// What the image is called: repository and tag.
fn reference(request: &DockerBuild) -> String {
    format!("{}:{}", request.repository, request.tag)
}

/// The arguments that `docker build` and `docker buildx build` share.
fn build_arguments(request: &DockerBuild) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    let mut option = |name: &str, value: String| arguments.extend([OsString::from(name), OsString::from(value)]);
    if let Some(dockerfile) = &request.dockerfile {
        option("--file", dockerfile.to_string());
    }
    if !request.platforms.is_empty() {
        option("--platform", request.platforms.join(","));
    }
    for (name, value) in &request.arguments {
        option("--build-arg", format!("{name}={value}"));
    }
    for (name, value) in &request.labels {
        option("--label", format!("{name}={value}"));
    }
    option("--tag", reference(request));
    arguments.extend(["--".into(), request.context.clone().into()]);
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_prints_the_digest_of_its_tag() {
        let digest = Digest::of("x");
        let output =
            format!("The push refers to repository [localhost:1/app]\nab: Pushed\nv1: digest: {digest} size: 528\n");
        assert_eq!(pushed_digest(&output, &"v1".parse().unwrap()), Some(digest));
        assert_eq!(pushed_digest(&output, &"1".parse().unwrap()), None);
        assert_eq!(pushed_digest("v1: digest: sha256:1 size: 528", &"v1".parse().unwrap()), None);
    }

    #[test]
    fn arguments_are_whole_values_and_the_context_comes_last() {
        let request = DockerBuild {
            context: "/a path/ünïcode".into(),
            dockerfile: Some("/a path/Dockerfile".into()),
            platforms: vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()],
            arguments: vec![("RELEASE".to_owned(), "$(touch x) \"y\"".to_owned())],
            labels: vec![("a".to_owned(), "b".to_owned())],
            repository: ImageRepository { host: "localhost:1".to_owned(), name: "app".parse().unwrap() },
            tag: "v1".parse().unwrap(),
        };
        let arguments = build_arguments(&request);
        assert_eq!(
            arguments,
            [
                "--file",
                "/a path/Dockerfile",
                "--platform",
                "linux/amd64,linux/arm64",
                "--build-arg",
                "RELEASE=$(touch x) \"y\"",
                "--label",
                "a=b",
                "--tag",
                "localhost:1/app:v1",
                "--",
                "/a path/ünïcode",
            ]
        );
    }
}
