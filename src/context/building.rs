//! The environment of a build of a site: what its tools need to run, by name. Everything else stays out, since no list can
//! name all that holds a credential, and since what a build takes from the environment would not be the same bytes elsewhere.

use std::ffi::OsString;

use super::{Context, PATH};

/// The person, the language, the time, directories for what is temporary, and how the network is reached.
const MACHINE: [&str; 24] = [
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TERM",
    "TMPDIR",
    "TEMP",
    "TMP",
    "CI",
    "SOURCE_DATE_EPOCH",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Where tools that build are, and what they keep from one build to the next.
const TOOLS: [&str; 34] = [
    "RUNNER_TEMP",
    "RUNNER_TOOL_CACHE",
    "NODE_OPTIONS",
    "NODE_EXTRA_CA_CERTS",
    "NVM_DIR",
    "VOLTA_HOME",
    "ASDF_DIR",
    "ASDF_DATA_DIR",
    "MISE_DATA_DIR",
    "COREPACK_HOME",
    "npm_config_cache",
    "npm_config_registry",
    "npm_config_loglevel",
    "PNPM_HOME",
    "YARN_CACHE_FOLDER",
    "BUN_INSTALL",
    "DENO_DIR",
    "GEM_HOME",
    "GEM_PATH",
    "BUNDLE_PATH",
    "RBENV_ROOT",
    "PYENV_ROOT",
    "VIRTUAL_ENV",
    "PIP_CACHE_DIR",
    "JAVA_HOME",
    "GOROOT",
    "GOPATH",
    "GOCACHE",
    "GOMODCACHE",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "DOTNET_ROOT",
    "NUGET_PACKAGES",
];

impl Context {
    /// The environment that the build of a site gets: nothing that is not named here, so no credential of AWS, of GitHub, of a
    /// registry of packages or of an agent of SSH.
    pub fn build_environment(&self) -> Vec<(OsString, OsString)> {
        let is_wanted = |name: &str| MACHINE.contains(&name) || TOOLS.contains(&name) || name.starts_with("LC_");
        let given = self.all.iter().filter(|(name, _)| name.to_str().is_some_and(is_wanted)).cloned();
        self.path().map(|path| (PATH.into(), path)).into_iter().chain(given).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_gets_what_tools_need_and_no_credential() {
        let secret = [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_PROFILE",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "ACTIONS_RUNTIME_TOKEN",
            "GITHUB_TOKEN",
            "GITHUB_OUTPUT",
            "GITHUB_ENV",
            "GITHUB_PATH",
            "GH_TOKEN",
            "SHIPGATE_VARS",
            "NPM_TOKEN",
            "NODE_AUTH_TOKEN",
            "npm_config__authToken",
            "NPM_CONFIG_USERCONFIG",
            "YARN_NPM_AUTH_TOKEN",
            "SSH_AUTH_SOCK",
            "DOCKER_CONFIG",
            "VITE_API_URL",
            "LCX",
        ];
        let given = ["HOME", "LC_ALL", "NODE_OPTIONS", "npm_config_cache", "CI"];
        let variables = secret.iter().chain(&given).map(|name| ((*name).into(), "value".into()));
        let path: (OsString, OsString) = ("PATH".into(), "/usr/bin:node_modules/.bin:".into());
        let context = Context::new(variables.chain([path]), "/".into(), false, false);
        let mut seen: Vec<String> = Vec::new();
        for (name, value) in context.build_environment() {
            assert_eq!(value == "/usr/bin", name == "PATH", "{name:?}");
            seen.push(name.into_string().unwrap());
        }
        seen.sort();
        assert_eq!(seen, ["CI", "HOME", "LC_ALL", "NODE_OPTIONS", "PATH", "npm_config_cache"]);
    }
}
