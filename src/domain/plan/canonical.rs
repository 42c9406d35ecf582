//! The plan's digest: what it means, without what two honest looks may see differently. A contract.

use serde_json::{Value, json};

use super::image::{ImagePlan, ImageStep};
use super::moved::moved;
use super::{ComponentPlan, Intent, Plan, PlannedTags};
use crate::domain::image::Digest;
use crate::domain::settle::OnFailure;

/// The version of the canonical form: another one whenever the same plan gets another text.
const VERSION: u32 = 2;

impl<C: AsRef<ComponentPlan>> Plan<C> {
    /// The digest of what the plan means: release, target, inputs, preconditions and gate policy.
    ///
    /// Left out is what two honest looks at the same intention may see differently: whether the image is built yet or
    /// the revision registered, counts, clocks, and who looked.
    pub fn digest(&self) -> Digest {
        Digest::of(self.document())
    }

    /// What the digest is made from, byte for byte: JSON.
    pub fn document(&self) -> String {
        self.canonical().to_string()
    }

    /// What differs from another plan to this one, by name, each in a line. `shown`: the other's [`Self::document`].
    pub fn moved_since(&self, shown: &str) -> Vec<String> {
        moved(shown, &self.canonical())
    }

    /// What the digest is made from: keys in alphabetical order. Everything in it is spelled here, or is a name or a
    /// template in the form in which a configuration writes it.
    pub(super) fn canonical(&self) -> Value {
        let mut value = json!({
            "version": VERSION,
            "command": self.intent.as_str(),
            "source": match &self.intent {
                Intent::Promote { source } => Some(source.as_str()),
                Intent::Deploy | Intent::Rollback => None,
            },
            "app": self.app,
            "environment": self.environment.as_str(),
            "account": self.account,
            "region": self.region,
            "release": self.release.to_string(),
            "gates": self.policy.canonical(),
            "images": self.images.iter().map(|image| self.canonical_image(image)).collect::<Vec<_>>(),
            "components": self.components.iter().map(|component| canonical_component(component.as_ref())).collect::<Vec<_>>(),
        });
        // Only where there are any: a plan without keeps the digest that it had before there could be.
        if !self.overrides.is_empty() {
            let overrides = self.overrides.iter().map(|wanted| json!([wanted.gate.as_str(), wanted.reason]));
            value["overrides"] = overrides.collect();
        }
        if self.on_failure == OnFailure::Leave {
            value["on_failure"] = json!("leave");
        }
        // Those of a build are among its inputs.
        if self.intent != Intent::Deploy && !self.tags.is_empty() {
            value["tags"] = self.tags.iter().map(PlannedTags::canonical).collect();
        }
        value.sort_all_objects();
        value
    }

    /// What is built where a release is made; where one is moved, its digest.
    fn canonical_image(&self, plan: &ImagePlan) -> Value {
        let build = &plan.image.build;
        let args: Vec<[String; 2]> = build.args.iter().map(|(key, value)| [key.clone(), value.to_string()]).collect();
        let mut value = json!({ "component": plan.image.component, "repository": plan.repository.to_string() });
        let inputs = match (&self.intent, &plan.step) {
            (Intent::Promote { .. }, ImageStep::Reuse { image, .. } | ImageStep::Copy { image, .. }) => {
                json!({ "digest": image.digest })
            }
            _ => json!({
                "context": build.context.as_str(),
                "dockerfile": build.dockerfile.as_ref().map(|path| path.as_str()),
                "platforms": build.platforms,
                "args": args,
                "tags": build.tags.iter().map(ToString::to_string).collect::<Vec<_>>(),
            }),
        };
        value["inputs"] = inputs;
        value
    }
}

/// What a rollback holds follows from what ran and the release.
fn canonical_component(component: &ComponentPlan) -> Value {
    let mut value = component.canonical.clone();
    value.insert("name".to_owned(), json!(component.name));
    value.insert("kind".to_owned(), json!(component.kind));
    Value::Object(value)
}
