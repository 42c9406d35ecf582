//! The rules on who deploys the backend of a branch, and who uses it.

use std::collections::{BTreeMap, BTreeSet};

use super::ampx::{Ampx, COMMAND, ampx, literal, option};
use super::reached::Reached;
use super::shell::BranchSet;
use super::specification::{App, Specification};
use super::surroundings::{AmplifyContext, place, text};
use super::walk::ReachedCommand;
use super::workflows::{AmplifyWorkflow, Deployer};
use crate::domain::amplify::seen::SeenApp;
use crate::domain::check::{CheckFinding, Findings, Rule, Severity};
use crate::domain::nearest::nearest;

/// Who deploys and uses the backends of an app.
struct Backends<'a> {
    app: &'a App,
    around: &'a AmplifyContext<'a>,
    /// What the build itself deploys.
    own: Vec<Deployer<'a>>,
    /// What workflows deploy.
    others: Vec<Deployer<'a>>,
    /// Each `generate outputs`, with the branch that it names.
    outputs: Vec<(&'a ReachedCommand, Option<String>)>,
    /// Whether a deploy that cannot work stands somewhere: another rule has it.
    is_tried: bool,
}

/// Judges all apps.
pub fn judge(
    specification: &Specification,
    all: &[Reached],
    workflows: &[AmplifyWorkflow],
    around: &AmplifyContext<'_>,
    findings: &mut Findings,
) {
    for (number, app) in specification.apps.iter().enumerate() {
        let backends = Backends::of(app, number, all, workflows, around);
        backends.two_deployers(findings);
        backends.not_deployed(specification, findings);
        backends.outputs(findings);
        backends.cycle(findings);
        backends.as_configured(findings);
    }
}

impl<'a> Backends<'a> {
    fn of(
        app: &'a App,
        number: usize,
        all: &'a [Reached],
        workflows: &'a [AmplifyWorkflow],
        around: &'a AmplifyContext<'a>,
    ) -> Self {
        let ids = around.values(app, "app-id");
        let is_of_app = |deployer: &Deployer<'_>| {
            deployer.app_id.as_deref().zip(ids.as_ref()).is_none_or(|(id, own)| own.contains(id))
        };
        let others = workflows.iter().flat_map(AmplifyWorkflow::deployers).filter(is_of_app).collect();
        let mut backends = Self { app, around, own: Vec::new(), others, outputs: Vec::new(), is_tried: false };
        for reached in all.iter().filter(|reached| reached.app == number) {
            let run = &reached.run;
            let Some((command, arguments)) = ampx(run) else { continue };
            let branch = option(&arguments, "--branch");
            match command {
                Ampx::Deploy { is_misspelled } => {
                    backends.is_tried = true;
                    if !is_misspelled {
                        let named = branch.as_deref().and_then(literal);
                        let branches = named.map_or(run.branches.clone(), |name| BranchSet::only([name.to_owned()]));
                        backends.own.push(Deployer { branches, app_id: None, run });
                    }
                }
                Ampx::Outputs => {
                    // The backend of another app is none of shipgate.
                    let id = option(&arguments, "--app-id");
                    let id = id.as_deref().and_then(literal);
                    let own = around.values(app, "app-id").unwrap_or_default();
                    if option(&arguments, "--stack").is_none() && id.is_none_or(|id| own.contains(id)) {
                        backends.outputs.push((run, branch));
                    }
                }
                Ampx::Config | Ampx::Other => {}
            }
        }
        backends
    }

    /// C5: two deploys of one stack meet.
    fn two_deployers(&self, findings: &mut Findings) {
        let (seen, all) = (self.around.seen(self.app), self.around.all_seen(self.app));
        for own in &self.own {
            let Some(other) = self.others.iter().find(|other| other.branches.meets(&own.branches)) else { continue };
            let both = own.branches.and(&other.branches);
            let is_built = |seen: &&SeenApp| {
                let mut meant = seen.branches.iter().filter(|branch| both.has(branch.name.as_str()));
                meant.any(|branch| branch.is_built_by_push)
            };
            let is_known = seen.iter().any(is_built);
            if all.is_some() && !is_known {
                continue;
            }
            let place = other.run.spot.place();
            let file = other.run.spot.script.file();
            let message = format!(
                "the build deploys the backend, and so does {file}:{}: two deploys of one stack at a time fail{}",
                place.line,
                own.run.reached()
            );
            let hint = "let one of them deploy: where it is the workflow, write `npx ampx generate outputs --branch \
                        $AWS_BRANCH --app-id $AWS_APP_ID` here, and turn the auto-build of the branch off";
            let finding = own.run.spot.finding(Rule::BuildSpecTwoDeployers, message, hint);
            findings.found(if is_known { finding.at_level(Severity::Error) } else { finding });
        }
    }

    /// Whether somebody outside of the build deploys.
    fn is_deployed_elsewhere(&self) -> bool {
        !self.others.is_empty() || self.around.other_system().is_some()
    }

    /// C6: what is committed counts, and it deploys no backend.
    fn not_deployed(&self, specification: &Specification, findings: &mut Findings) {
        let Some(backend) = self.around.backend(self.app) else { return };
        let components = self.around.components(self.app);
        let is_shared =
            !components.is_empty() && components.iter().all(|component| component.texts.contains_key("backend-from"));
        if self.is_tried || !self.outputs.is_empty() || is_shared || self.is_deployed_elsewhere() {
            return;
        }
        let key = if self.app.get(&["backend"]).is_some() { "backend" } else { "frontend" };
        let message = format!(
            "nothing deploys {backend}: amplify.yml overrides what Amplify would detect, and has no command for it{}",
            self.app.suffix()
        );
        let hint = format!("add `{COMMAND}` to `backend.phases.build.commands`, after `npm ci`");
        findings.found(specification.finding(Rule::BuildSpecBackendNotDeployed, &self.app.path(&[key]), message, hint));
    }

    fn is_deployed(&self, branch: &str) -> bool {
        self.own.iter().chain(&self.others).any(|deployer| deployer.branches.has(branch))
    }

    /// C7: outputs of a backend that is not there.
    fn outputs(&self, findings: &mut Findings) {
        let configured = self.around.values(self.app, "branch");
        let seen = self.around.all_seen(self.app);
        let has = |seen: &SeenApp, name: &str| seen.branches.iter().any(|branch| branch.name.as_str() == name);
        let is_here = self.around.backend(self.app).is_some() && self.around.other_system().is_none();
        for (run, branch) in &self.outputs {
            let Some(branch) = branch else { continue };
            let found = |message: String, hint: String, level: Severity| {
                let message = format!("{message}{}", run.reached());
                let spot = run.spot.part(&format!("--branch {branch}"));
                spot.finding(Rule::BuildSpecOutputsBranch, message, hint).at_level(level)
            };
            let Some(name) = literal(branch) else {
                let meets = |deployer: &&Deployer<'_>| deployer.branches.meets(&run.branches);
                if is_here && !self.own.iter().chain(&self.others).any(|it| meets(&it)) {
                    let message = "the outputs of the branch's own backend are fetched, and nothing here deploys it";
                    let hint = format!("write `{COMMAND}`, or `--branch` with the branch whose backend is shared");
                    findings.found(found(message.to_owned(), hint, Severity::Warning));
                }
                continue;
            };
            if seen.as_ref().is_some_and(|seen| !seen.iter().any(|seen| has(seen, name))) {
                let message = format!("the app has no branch `{name}`, so its outputs cannot be fetched");
                let hint = "name a branch of the app whose backend is deployed".to_owned();
                findings.found(found(message, hint, Severity::Error));
            } else if configured.as_ref().is_some_and(|configured| !configured.contains(name)) {
                let names = configured.iter().flatten().copied();
                let hint = nearest(name, names.clone()).map_or_else(
                    || format!("name one of the branches that are: {}", quoted(names)),
                    |meant| format!("write `--branch {meant}`, if that is meant"),
                );
                let message = format!("`{name}` is the branch of no environment in {}", self.around.configuration());
                findings.found(found(message, hint, Severity::Warning));
            } else if is_here && !self.is_deployed(name) {
                let message = format!("the outputs of `{name}` are fetched, and nothing here deploys its backend");
                let hint = format!("let a build of `{name}` run `{COMMAND}`, or name the branch whose backend is used");
                findings.found(found(message, hint, Severity::Warning));
            }
        }
    }

    /// The branch whose backend each branch uses, with the command.
    fn uses(&self) -> BTreeMap<String, (String, &'a ReachedCommand)> {
        let mut names: BTreeSet<String> = self.outputs.iter().filter_map(|(_, branch)| branch.clone()).collect();
        names.extend(self.outputs.iter().flat_map(|(run, _)| run.branches.named().map(str::to_owned)));
        names.extend(self.around.values(self.app, "branch").into_iter().flatten().map(str::to_owned));
        let mut uses = BTreeMap::new();
        for (run, to) in self.outputs.iter().filter(|(run, _)| run.branches.is_exact) {
            let Some(to) = to.as_deref().and_then(literal) else { continue };
            for from in names.iter().filter(|name| *name != to && run.branches.has(name) && !self.is_deployed(name)) {
                uses.insert(from.clone(), (to.to_owned(), *run));
            }
        }
        uses
    }

    /// C8: no app in the circle has a backend.
    fn cycle(&self, findings: &mut Findings) {
        let uses = self.uses();
        if let Some(circle) = circle(&uses.iter().map(|(from, (to, _))| (from.as_str(), to.as_str())).collect())
            && let Some((_, run)) = uses.get(&circle[0])
        {
            findings.found(run.spot.finding(Rule::BuildSpecShareCycle, cycle_message(&circle), CYCLE_HINT));
        }
        let components = self.around.components(self.app);
        let configured = components
            .iter()
            .filter_map(|component| Some((component.environment.as_str(), text(component, "backend-from")?)));
        if let Some(circle) = circle(&configured.collect())
            && let Some(first) = components.iter().find(|component| component.environment == circle[0])
        {
            let finding = CheckFinding::new(Rule::BuildSpecShareCycle, cycle_message(&circle), CYCLE_HINT);
            findings.found(finding.in_file(self.around.configuration(), Some(place(first, "backend-from"))));
        }
    }

    /// What the configuration says is shared is shared by the build, too.
    fn as_configured(&self, findings: &mut Findings) {
        let components = self.around.components(self.app);
        for component in &components {
            let (Some(from), Some(branch)) = (text(component, "backend-from"), text(component, "branch")) else {
                continue;
            };
            let (environment, file) = (&component.environment, self.around.configuration());
            let source = components.iter().find(|source| source.environment == from);
            let Some(source) = source.and_then(|source| text(source, "branch")) else { continue };
            let hint =
                format!("write `npx ampx generate outputs --branch {source} --app-id $AWS_APP_ID` for `{branch}`");
            let deploys = self.own.iter().find(|own| own.run.branches.is_exact && own.run.branches.has(branch));
            if let Some(own) = deploys {
                let message = format!(
                    "the build of `{branch}` deploys a backend of its own, and {file} says that `{environment}` uses that \
                     of `{from}`"
                );
                findings.found(own.run.spot.finding(Rule::BuildSpecBackendFrom, message, &hint));
            }
            for (run, to) in &self.outputs {
                let to = to.as_deref().and_then(literal).filter(|to| *to != source);
                if let Some(to) = to.filter(|_| run.branches.is_exact && run.branches.has(branch)) {
                    let message = format!(
                        "the build of `{branch}` uses the backend of `{to}`, and {file} says that `{environment}` uses \
                         that of `{from}`"
                    );
                    findings.found(run.spot.finding(Rule::BuildSpecBackendFrom, message, &hint));
                }
            }
        }
    }
}

const CYCLE_HINT: &str = "let one of them deploy a backend of its own";

fn cycle_message(circle: &[String]) -> String {
    let names: Vec<String> = circle.iter().chain(circle.first()).map(|name| format!("`{name}`")).collect();
    format!("each uses the backend of the next, and none has one: {}", names.join(" → "))
}

/// The first circle, beginning at its first member.
fn circle(uses: &BTreeMap<&str, &str>) -> Option<Vec<String>> {
    uses.keys().find_map(|start| {
        let mut passed = vec![*start];
        while let Some(next) = passed.last().and_then(|last| uses.get(last)) {
            if next == start {
                return Some(passed.into_iter().map(str::to_owned).collect());
            }
            if passed.contains(next) {
                return None;
            }
            passed.push(next);
        }
        None
    })
}

fn quoted<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
