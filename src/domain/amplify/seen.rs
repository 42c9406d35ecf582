//! An app as AWS shows it, for rules that know more with it.

use super::names::{AppId, BranchName, Compute, Platform};

/// What AWS answers when it is asked for an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppLookup {
    /// Its id.
    pub app_id: AppId,
    /// The region where it was asked for.
    pub region: String,
    /// The app. `None`: there is no such app.
    pub app: Option<SeenApp>,
}

/// An app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenApp {
    /// Its id.
    pub app_id: AppId,
    /// How it is served.
    pub platform: Option<Platform>,
    /// The machine that builds it. `None`: not known.
    pub compute: Option<Compute>,
    /// All of its branches.
    pub branches: Vec<SeenBranch>,
}

/// A branch of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenBranch {
    /// Its name.
    pub name: BranchName,
    /// Whether each push builds it
    /// ([`enableAutoBuild`](https://docs.aws.amazon.com/amplify/latest/APIReference/API_Branch.html)).
    pub is_built_by_push: bool,
    /// Whether Amplify made it for a pull request, and takes it away again.
    pub is_preview: bool,
}
