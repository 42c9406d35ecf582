//! Why docker does not build or push.

use super::{Explain, explained};
use crate::clients::docker::DockerError;
use crate::clients::process::ProcessError;
use crate::domain::failure::{CauseKind, Failure};

explained!(DockerError);

impl Explain for DockerError {
    fn before(&self) -> Failure {
        let hint = hint(self);
        let failure = Failure::failed(self.to_string()).of(kind(self));
        let failure = failure.causes(self.details(), code(self), hint.map(str::to_owned));
        hint.into_iter().fold(failure, Failure::hint)
    }
}

fn kind(error: &DockerError) -> CauseKind {
    match error {
        DockerError::Build { .. }
        | DockerError::Push { .. }
        | DockerError::NoMetadata
        | DockerError::NoDigest { .. } => CauseKind::Build,
        DockerError::Process(_)
        | DockerError::NoEngine { .. }
        | DockerError::Configuration(_)
        | DockerError::SeveralPlatforms => CauseKind::Environment,
    }
}

fn code(error: &DockerError) -> Option<String> {
    let (DockerError::Build { code, .. } | DockerError::Push { code, .. }) = error else { return None };
    code.map(|code| format!("exit-{code}"))
}

fn hint(error: &DockerError) -> Option<&'static str> {
    Some(match error {
        DockerError::Process(ProcessError::NotFound(_)) => {
            "install docker and put it on PATH: the image has to be built"
        }
        DockerError::NoEngine { .. } => "start the engine, or point DOCKER_HOST at one: the image has to be built",
        DockerError::SeveralPlatforms => "install the buildx plugin of docker, or name one platform",
        DockerError::Push { .. } => {
            "check that the registry is reachable, that the repository takes this tag, and that pushing is allowed: \
             `ecr:InitiateLayerUpload`, `ecr:UploadLayerPart`, `ecr:CompleteLayerUpload`, `ecr:PutImage`"
        }
        DockerError::NoMetadata | DockerError::NoDigest { .. } => "run it again; `-v` shows every call",
        // Which build that was is said where it was begun.
        DockerError::Process(ProcessError::Other { .. })
        | DockerError::Configuration(_)
        | DockerError::Build { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outcome::Outcome::Failed;
    use crate::explain::tests::{assert_explained, has_source};

    #[test]
    fn each_way_to_get_no_image_is_explained() {
        use CauseKind::{Build, Environment};
        let (output, reference) = (|| vec!["error: no".to_owned()], || "r.example/app:v1".to_owned());
        let build = |code| DockerError::Build { command: "build", code, output: output() };
        let no_space = || std::io::Error::other("no space");
        for (error, kind, code, hint) in [
            (ProcessError::NotFound("docker").into(), Environment, None, "install docker"),
            (ProcessError::Other { program: "docker", source: no_space() }.into(), Environment, None, ""),
            (DockerError::NoEngine { output: output() }, Environment, None, "start the engine"),
            (no_space().into(), Environment, None, ""),
            (DockerError::SeveralPlatforms, Environment, None, "name one platform"),
            (build(Some(1)), Build, Some("exit-1"), ""),
            (build(None), Build, None, ""),
            (
                DockerError::Push { reference: reference(), code: Some(1), output: output() },
                Build,
                Some("exit-1"),
                "`ecr:PutImage`",
            ),
            (DockerError::NoMetadata, Build, None, "run it again"),
            (DockerError::NoDigest { reference: reference() }, Build, None, "run it again"),
        ] {
            assert_explained(&error, (Failed, kind, code, hint));
        }
        assert_eq!(build(None).before().reason, "`docker build` failed");
        assert!(has_source::<std::io::Error>(&DockerError::from(no_space())));
    }
}
