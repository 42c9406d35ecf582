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
    pub branches: BTreeMap<String, Branch>,
}

/// A branch of an app.
#[derive(Debug, Clone, Default)]
pub struct Branch {
    pub variables: BTreeMap<String, String>,
    pub builds: bool,
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
        ("GET", [app, "branches", branch]) => ("GetBranch", json!({"appId": app, "branchName": branch})),
        _ => panic!("{request:?}"),
    };
    for (key, value) in query.split('&').filter_map(|field| field.split_once('=')) {
        let value = percent_decode_str(value).decode_utf8_lossy();
        body[key] = value.parse().map_or_else(|_| Value::from(value.as_ref()), |number: i64| Value::from(number));
    }
    Some((format!("amplify:{name}"), body))
}

/// What an account answers in which everything goes well. `region`: the one that the request is signed for.
pub fn good(apps: &BTreeMap<String, App>, name: &str, body: &Value, region: &str) -> Result<Value, Fault> {
    let id = body["appId"].as_str().unwrap();
    let app = apps.get(id).filter(|app| app.region == region).ok_or(("NotFoundException", "App not found."))?;
    let shown = |name: &str, branch: &Branch| {
        json!({
            "branchArn": format!("arn:aws:amplify:{region}:{ACCOUNT}:apps/{id}/branches/{name}"), "branchName": name,
            "description": "", "stage": "PRODUCTION", "displayName": name, "enableNotification": false,
            "createTime": time(), "updateTime": time(), "environmentVariables": branch.variables,
            "enableAutoBuild": branch.builds, "customDomains": [], "framework": "", "activeJobId": "1",
            "totalNumberOfJobs": "1", "enableBasicAuth": false, "ttl": "5", "enablePullRequestPreview": false,
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
            let branches: Vec<Value> = app.branches.iter().map(|(name, branch)| shown(name, branch)).collect();
            Ok(json!({"branches": branches}))
        }
        other => panic!("{other} is not scripted"),
    }
}
