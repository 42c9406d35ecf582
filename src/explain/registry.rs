//! Why a registry does not do what it should, or what it has cannot be used.

use super::{Explain, explained};
use crate::clients::registry::{FailedCall, RegistryError, RegistrySide};
use crate::domain::failure::{CauseKind, Failure};

explained!(RegistryError);

impl Explain for RegistryError {
    fn before(&self) -> Failure {
        let (kind, hint) = (kind(self), hint(self));
        let failure = Failure::failed(self.to_string()).of(kind);
        let failure = failure.causes(self.details(), self.code(), hint.clone());
        let failure = hint.into_iter().fold(failure, Failure::hint);
        Failure { is_transient: self.is_transient(), ..failure }
    }
}

fn kind(error: &RegistryError) -> CauseKind {
    if let RegistryError::Repeated { error, .. } = error {
        return kind(error);
    }
    if let RegistryError::Call(call) = error
        && (call.is_denied() || call.denied_action().is_some())
    {
        return CauseKind::Permission;
    }
    if error.is_transient() { CauseKind::Dependency } else { CauseKind::Environment }
}

fn hint(error: &RegistryError) -> Option<String> {
    const REBUILD: &str = "deploy an image that docker or buildx built";
    const LATER: &str = "run it again; if it stays, check the registry";
    let hint = match error {
        RegistryError::Call(call) => return Some(of_call(call)),
        RegistryError::Repeated { error, .. } => return hint(error),
        RegistryError::Broken { .. } => "run it again; what is there is not sent again",
        RegistryError::NoRepository { .. } => {
            "create it, or write `create-repository = true` in the component's configuration"
        }
        RegistryError::NoImage { .. } => {
            "a lifecycle rule or a person deleted it: choose a release whose image still exists, or deploy this one again"
        }
        RegistryError::NoBlob { .. } => "deploy the release again, so that its image is complete",
        RegistryError::ForgedManifest { .. } => {
            "the registry or something before it changes what it stores: nothing of it may be used"
        }
        RegistryError::ForgedBlob { .. } => {
            "the registry or something before it changes what it stores: build and deploy the image again"
        }
        RegistryError::NotAnImage { .. }
        | RegistryError::TooManyPlatforms { .. }
        | RegistryError::TooManyParts { .. } => REBUILD,
        RegistryError::NotKept { .. } => LATER,
        RegistryError::TagTaken { tag, .. } => {
            return Some(format!(
                "find out who put it there; delete the tag `{tag}` if it is not needed, and run it again"
            ));
        }
        RegistryError::Name { .. }
        | RegistryError::Digest(_)
        | RegistryError::Referrers { .. }
        | RegistryError::NotMoved { .. } => return None,
    };
    Some(hint.to_owned())
}

/// The most specific of what is known: the action that AWS names, where the password goes, what may be missing.
fn of_call(call: &FailedCall) -> String {
    if let Some(action) = call.denied_action() {
        return format!("allow `{action}` on {}", repository(call.side));
    }
    if call.is_login_refused() {
        return "the password of Amazon ECR goes to the registry's own address alone: check SHIPGATE_REGISTRY_HOSTS, and \
                the proxy between this machine and the registry"
            .to_owned();
    }
    if call.is_denied() {
        return format!("allow {}", permissions(call.side));
    }
    "run it again; if it stays, check the registry and its address".to_owned()
}

fn permissions(side: RegistrySide) -> &'static str {
    match side {
        RegistrySide::Source => {
            "`ecr:BatchGetImage` and `ecr:GetDownloadUrlForLayer` on the repository it reads: statement ReadImages of \
             `shipgate iam policy`"
        }
        RegistrySide::Target => {
            "`ecr:BatchGetImage`, `ecr:BatchCheckLayerAvailability`, `ecr:InitiateLayerUpload`, \
             `ecr:UploadLayerPart`, `ecr:CompleteLayerUpload` and `ecr:PutImage` on the repository it writes: \
             statements ReadImages and WriteImages of `shipgate iam policy`"
        }
    }
}

fn repository(side: RegistrySide) -> &'static str {
    match side {
        RegistrySide::Source => "the repository it reads",
        RegistrySide::Target => "the repository it writes",
    }
}

#[cfg(test)]
mod tests {
    use oci_client::errors::OciDistributionError;

    use super::*;
    use crate::domain::outcome::Outcome::Failed;
    use crate::explain::tests::{assert_explained, has_source};

    fn answered(code: u16, message: &str) -> OciDistributionError {
        OciDistributionError::ServerError { code, url: String::new(), message: message.to_owned() }
    }

    fn call(side: RegistrySide, source: OciDistributionError) -> RegistryError {
        let (host, action) = ("r.example".to_owned(), "read r.example/app:v1".to_owned());
        RegistryError::Call(Box::new(FailedCall { host, action, side, source }))
    }

    #[test]
    fn each_refused_request_is_explained() {
        use CauseKind::{Dependency, Environment, Permission};
        let named = "User: x is not authorized to perform: ecr:PutImage on resource: y";
        let login = OciDistributionError::AuthenticationFailure("elsewhere".to_owned());
        for (side, source, kind, code, hint) in [
            (
                RegistrySide::Source,
                answered(403, ""),
                Permission,
                "http-403",
                "allow `ecr:BatchGetImage` and `ecr:GetDownload",
            ),
            (
                RegistrySide::Target,
                answered(401, ""),
                Permission,
                "http-401",
                "`ecr:PutImage` on the repository it writes",
            ),
            (
                RegistrySide::Target,
                answered(403, named),
                Permission,
                "http-403",
                "allow `ecr:PutImage` on the repository it writes",
            ),
            (RegistrySide::Source, login, Permission, "http-401", "check SHIPGATE_REGISTRY_HOSTS"),
            (RegistrySide::Source, answered(503, "down"), Dependency, "http-503", "check the registry and its address"),
            (RegistrySide::Target, answered(400, "no"), Environment, "http-400", "check the registry and its address"),
        ] {
            let error = call(side, source);
            assert_explained(&error, (Failed, kind, Some(code), hint));
            assert_eq!(error.before().reason, "registry r.example cannot read r.example/app:v1");
            assert_eq!(error.is_transient(), kind == Dependency);
            assert!(has_source::<OciDistributionError>(&error));
        }
    }

    #[test]
    fn what_is_missing_or_forged_is_explained() {
        let gone = || {
            let body = r#"{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "gone"}]}"#;
            Box::new(answered(404, body))
        };
        let name = || "r.example/app@sha256:1".to_owned();
        let code = Some("MANIFEST_UNKNOWN");
        let taken = RegistryError::TagTaken { repository: name(), tag: "v1".to_owned(), found: name(), wanted: name() };
        let unknown = "x".parse::<crate::domain::image::Digest>().unwrap_err();
        for (error, code, hint) in [
            (RegistryError::NoRepository { repository: name(), source: gone() }, code, "`create-repository = true`"),
            (
                RegistryError::NoImage { image: name(), source: gone() },
                code,
                "choose a release whose image still exists",
            ),
            (RegistryError::NoBlob { name: name(), source: gone() }, code, "deploy the release again"),
            (RegistryError::ForgedManifest { manifest: name(), source: gone() }, code, "nothing of it may be used"),
            (RegistryError::ForgedBlob { name: name(), difference: "longer".to_owned() }, None, "build and deploy"),
            (RegistryError::TooManyPlatforms { name: name(), platforms: 101 }, None, "docker or buildx built"),
            (RegistryError::TooManyParts { image: name() }, None, "docker or buildx built"),
            (RegistryError::NotKept { what: name() }, None, "check the registry"),
            (RegistryError::NotMoved { tag: name(), digest: name() }, None, ""),
            (RegistryError::Digest(unknown), None, ""),
            (taken, None, "delete the tag `v1`"),
        ] {
            assert_explained(&error, (Failed, CauseKind::Environment, code, hint));
        }
    }

    #[test]
    fn a_way_that_breaks_again_and_again_is_a_dependency() {
        let (host, action) = ("r.example".to_owned(), "take a layer".to_owned());
        let broken = RegistryError::Broken { host, action, why: vec!["it did nothing for 9 s".to_owned()] };
        let error = RegistryError::Repeated { error: Box::new(broken), times: 4 };
        assert_explained(&error, (Failed, CauseKind::Dependency, None, "what is there is not sent again"));
        assert_eq!(error.before().causes[1].text, "it was begun 4 times");
        assert!(error.is_transient());
        assert!(has_source::<Box<RegistryError>>(&error));
    }
}
