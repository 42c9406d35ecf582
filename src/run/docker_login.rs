//! What docker starts under the name `docker-credential-shipgate-login` during a build of shipgate: it asks the process that
//! builds. The protocol is that of [`super::docker_credential`].

use std::process::ExitCode;

use super::docker_credential::{server, show};
use crate::clients::docker::login;
use crate::commands::docker_credential::NOT_FOUND;
use crate::context::Context;
use crate::domain::failure::Failure;

pub fn run() -> ExitCode {
    let word = std::env::args().nth(1).unwrap_or_default();
    let answer = match word.as_str() {
        "get" => get(),
        "list" => Ok("{}".to_owned()),
        _ => Err(Failure::failed("shipgate keeps no logins")),
    };
    show(answer)
}

fn get() -> Result<String, Failure> {
    let server = server()?;
    let socket = Context::from_process()?.docker_login();
    let socket = socket.ok_or_else(|| Failure::failed("only a build of shipgate can use this helper"))?;
    match login::ask(&socket, &server) {
        Ok(Some(document)) => Ok(document),
        Ok(None) => Err(Failure::failed(NOT_FOUND)),
        Err(error) => Err(Failure::failed(format!("shipgate does not answer: {error}"))),
    }
}
