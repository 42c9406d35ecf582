//! The apps of AWS Amplify of the account, and how its operations are named by methods and paths.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::world::{ACCOUNT, time};
use crate::http_server::Request;

/// An app.
#[derive(Debug, Clone, Default)]
pub struct App {
    pub region: String,
    pub variables: BTreeMap<String, String>,
    /// What the console has as its build specification.
    pub build_spec: Option<String>,
    pub platform: &'static str,
    /// The machine that builds it, where one is chosen.
    pub compute: Option<&'static str>,
    pub branches: BTreeMap<String, Branch>,
}

/// A branch of an app.
#[derive(Debug, Clone, Default)]
pub struct Branch {
    pub variables: BTreeMap<String, String>,
    pub builds: bool,
    /// Whether it is for a pull request.
    pub is_preview: bool,
    /// Its jobs, newest first. The first that succeeded is active.
    pub jobs: Vec<Job>,
}

/// A build of a branch.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: &'static str,
    pub commit: String,
    pub status: &'static str,
}

pub type Fault = (&'static str, &'static str);

/// The operation of a request, in the words of IAM, with its members. `None`: it is none of Amplify.
pub fn operation(request: &Request) -> Option<(String, Value)> {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let parts: Vec<String> = path
        .strip_prefix("/apps/")?
        .split('/')
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (name, mut body) = match (request.method.as_str(), parts.as_slice()) {
        ("GET", [app]) => ("GetApp", json!({"appId": app})),
        ("GET", [app, "branches"]) => ("ListBranches", json!({"appId": app})),
        ("GET", [app, "branches", branch, "jobs"]) => ("ListJobs", json!({"appId": app, "branchName": branch})),
        ("GET", [app, "branches", branch, "jobs", job]) => {
            ("GetJob", json!({"appId": app, "branchName": branch, "jobId": job}))
        }
        ("GET", [app, "branches", branch]) => ("GetBranch", json!({"appId": app, "branchName": branch})),
        _ => panic!("{request:?}"),
    };
    for (key, value) in query.split('&').filter_map(|field| field.split_once('=')) {
        let value = percent_decode_str(value).decode_utf8_lossy();
        body[key] = value.parse().map_or_else(|_| Value::from(value.as_ref()), |number: i64| Value::from(number));
    }
    Some((format!("amplify:{name}"), body))
}

/// When every job ended: 2026-11-01T12:00:00Z.
pub const ENDED: i64 = 1_793_534_400;

/// The job that a branch shows as the active one.
fn active(branch: &Branch) -> &'static str {
    branch.jobs.iter().find(|job| job.status == "SUCCEED").map_or("", |job| job.id)
}

/// What an account answers in which everything goes well. `region`: the one that the request is signed for.
pub fn good(apps: &BTreeMap<String, App>, name: &str, body: &Value, region: &str) -> Result<Value, Fault> {
    let id = body["appId"].as_str().unwrap();
    let app = apps.get(id).filter(|app| app.region == region).ok_or(("NotFoundException", "App not found."))?;
    let shown = |name: &str, branch: &Branch| {
        json!({
            "branchArn": format!("arn:aws:amplify:{region}:{ACCOUNT}:apps/{id}/branches/{name}"), "branchName": name,
            "description": "", "stage": if branch.is_preview { "PULL_REQUEST" } else { "PRODUCTION" }, "displayName": name, "enableNotification": false,
            "createTime": time(), "updateTime": time(), "environmentVariables": branch.variables,
            "enableAutoBuild": branch.builds, "customDomains": [], "framework": "", "activeJobId": active(branch),
            "totalNumberOfJobs": branch.jobs.len().to_string(), "enableBasicAuth": false, "ttl": "5", "enablePullRequestPreview": false,
        })
    };
    match name {
        "amplify:GetApp" => {
            let mut shown = json!({
                "appId": id, "appArn": format!("arn:aws:amplify:{region}:{ACCOUNT}:apps/{id}"), "name": "shop",
                "description": "", "repository": "https://github.com/o/shop", "platform": app.platform,
                "createTime": time(), "updateTime": time(), "environmentVariables": app.variables,
                "defaultDomain": format!("{id}.amplifyapp.com"), "enableBranchAutoBuild": true, "enableBasicAuth": false,
            });
            if let Some(machine) = app.compute {
                shown["jobConfig"] = json!({"buildComputeType": machine});
            }
            if let Some(text) = &app.build_spec {
                shown["buildSpec"] = Value::from(text.as_str());
            }
            Ok(json!({"app": shown}))
        }
        "amplify:GetBranch" => {
            let name = body["branchName"].as_str().unwrap();
            let branch = app.branches.get(name).ok_or(("NotFoundException", "Branch not found."))?;
            Ok(json!({"branch": shown(name, branch)}))
        }
        "amplify:ListBranches" => {
            let most = usize::try_from(body["maxResults"].as_u64().unwrap_or(50)).unwrap();
            let from =
                body["nextToken"].as_str().map_or(0, |token| token.strip_prefix("from-").unwrap().parse().unwrap());
            let some = app.branches.iter().skip(from).take(most);
            let mut page = json!({"branches": some.map(|(name, branch)| shown(name, branch)).collect::<Vec<Value>>()});
            if from + most < app.branches.len() {
                page["nextToken"] = Value::from(format!("from-{}", from + most));
            }
            Ok(page)
        }
        "amplify:GetJob" | "amplify:ListJobs" => {
            let branch_name = body["branchName"].as_str().unwrap();
            let branch = app.branches.get(branch_name).ok_or(("NotFoundException", "Branch not found."))?;
            let shown = |job: &Job| {
                let mut shown = json!({
                    "jobArn": format!("arn:aws:amplify:{region}:{ACCOUNT}:apps/{id}/branches/{branch_name}/jobs/{}", job.id),
                    "jobId": job.id, "commitId": job.commit, "commitMessage": "", "commitTime": ENDED - 90,
                    "startTime": ENDED - 60, "status": job.status, "jobType": "RELEASE",
                });
                if ["SUCCEED", "FAILED", "CANCELLED"].contains(&job.status) {
                    shown["endTime"] = Value::from(ENDED);
                }
                shown
            };
            if name == "amplify:ListJobs" {
                let most = usize::try_from(body["maxResults"].as_u64().unwrap_or(50)).unwrap();
                return Ok(json!({"jobSummaries": branch.jobs.iter().take(most).map(shown).collect::<Vec<Value>>()}));
            }
            let job = branch
                .jobs
                .iter()
                .find(|job| job.id == body["jobId"])
                .ok_or(("NotFoundException", "Job not found."))?;
            Ok(json!({"job": {"summary": shown(job), "steps": []}}))
        }
        other => panic!("{other} is not scripted"),
    }
}
