//! STS, and the token endpoint of the runner.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::trust::{Asker, lets_in};
use super::{ACCOUNT, Call};
use crate::http_server::{Answer, Request};

/// What a job of GitHub sends to the token endpoint.
pub const REQUEST_TOKEN: &str = "canary-request-token";
/// In the place of a token's signature.
const SIGNATURE: &str = "canary-oidc-token";

/// What STS and the token endpoint know.
#[derive(Debug)]
pub struct Sts {
    /// What the job's tokens say.
    pub claims: Value,
    /// The roles whose sessions were made, in order. Their number is part of the access key.
    pub sessions: Vec<String>,
    /// How long sessions last, whatever was asked for.
    pub lasts: Duration,
    /// The tokens that were exchanged.
    pub exchanged: Vec<String>,
    /// The trust policy of every role.
    pub trust: String,
    /// The trust policies that are enforced, by the role's ARN: no other role is there. None: each caller gets a session.
    pub trusts: BTreeMap<String, Value>,
    tokens: usize,
}

impl Sts {
    pub fn new() -> Self {
        let claims = json!({
            "iss": "https://token.actions.githubusercontent.com",
            "sub": "repo:shop/cloudshop:ref:refs/heads/main",
            "repository": "shop/cloudshop",
            "ref": "refs/heads/main",
        });
        let lasts = Duration::from_hours(1);
        let (sessions, exchanged) = (Vec::new(), Vec::new());
        // Every role has one.
        let trust = json!({"Version": "2012-10-17", "Statement": []}).to_string();
        Self { claims, sessions, lasts, exchanged, trust, trusts: BTreeMap::new(), tokens: 0 }
    }

    /// A token, another one each time.
    pub fn token(&mut self, request: &Request) -> Answer {
        if request.header("authorization") != Some(&format!("Bearer {REQUEST_TOKEN}")) {
            return Answer::new(401, "");
        }
        let audience = request.target.split("audience=").nth(1).unwrap_or("https://github.com/shop");
        self.tokens += 1;
        let mut claims = self.claims.clone();
        claims["aud"] = json!(audience);
        claims["jti"] = json!(self.tokens.to_string());
        let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
        Answer::new(200, json!({"count": 1, "value": format!("e30.{payload}.{SIGNATURE}")}).to_string())
    }

    pub fn answer(&mut self, call: &Call) -> Answer {
        match call.operation.as_str() {
            "sts:GetCallerIdentity" => {
                let arn = self.arn(call);
                let inner =
                    format!("<Arn>{arn}</Arn><UserId>AIDAEXAMPLEOFAUSER001</UserId><Account>{ACCOUNT}</Account>");
                xml("GetCallerIdentity", &inner)
            }
            operation @ ("sts:AssumeRole" | "sts:AssumeRoleWithWebIdentity") => {
                if let Some(token) = call.body["WebIdentityToken"].as_str() {
                    self.exchanged.push(token.to_owned());
                }
                let role = call.body["RoleArn"].as_str().unwrap();
                if !self.trusts.is_empty() && !self.is_trusted(call, role) {
                    return call.error(403, "AccessDenied", &format!("Not authorized to perform {operation}"));
                }
                self.session(operation.trim_start_matches("sts:"), role)
            }
            "iam:GetRole" => {
                let (role, trust) = (call.body["RoleName"].as_str().unwrap(), &self.trust);
                let trust: String = url::form_urlencoded::byte_serialize(trust.as_bytes()).collect();
                // IAM writes a blank as %20.
                let trust = trust.replace('+', "%20");
                let arn = format!("arn:aws:iam::{ACCOUNT}:role/{role}");
                let inner = format!(
                    "<Role><Path>/</Path><RoleName>{role}</RoleName><RoleId>AROAEXAMPLEOFAROLE001</RoleId><Arn>{arn}</Arn>\
                     <CreateDate>2026-01-01T00:00:00Z</CreateDate>\
                     <AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument></Role>"
                );
                xml("GetRole", &inner)
            }
            other => panic!("{other} is not scripted"),
        }
    }

    /// Whether the role's policy lets the caller in.
    fn is_trusted(&self, call: &Call, role: &str) -> bool {
        let Some(policy) = self.trusts.get(role) else { return false };
        match call.body["WebIdentityToken"].as_str() {
            Some(token) => {
                let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
                lets_in(policy, role, Asker::Token(&serde_json::from_slice(&payload).unwrap()))
            }
            None => self.role_of(call).is_some_and(|caller| lets_in(policy, role, Asker::Role(caller))),
        }
    }

    fn session(&mut self, operation: &str, role: &str) -> Answer {
        self.sessions.push(role.to_owned());
        let expires = now() + self.lasts;
        let expires = jiff::Timestamp::try_from(UNIX_EPOCH + expires).unwrap();
        xml(
            operation,
            &format!(
                "<Credentials><AccessKeyId>ASIASESSION{:09}</AccessKeyId><SecretAccessKey>canary-role-secret-key\
                 </SecretAccessKey><SessionToken>canary-role-session-token</SessionToken>\
                 <Expiration>{}</Expiration></Credentials>",
                self.sessions.len(),
                expires.strftime("%Y-%m-%dT%H:%M:%SZ")
            ),
        )
    }

    /// The role whose session signed a call.
    fn role_of(&self, call: &Call) -> Option<&String> {
        let number = call.access_key.as_deref()?.strip_prefix("ASIASESSION")?;
        self.sessions.get(number.parse::<usize>().ok()? - 1)
    }

    /// Who signed a call.
    pub fn arn(&self, call: &Call) -> String {
        match self.role_of(call) {
            Some(role) => {
                let name = role.rsplit('/').next().unwrap();
                format!("arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session")
            }
            None => format!("arn:aws:iam::{ACCOUNT}:user/tester"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a session ends at a time")]
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

fn xml(operation: &str, inner: &str) -> Answer {
    let body = format!(
        "<{operation}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{operation}Result>{inner}\
         </{operation}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{operation}Response>"
    );
    Answer::new(200, body).with("Content-Type", "text/xml")
}

/// The fields of a form.
pub fn form(text: &str) -> Value {
    let fields = url::form_urlencoded::parse(text.as_bytes());
    Value::Object(fields.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect())
}
