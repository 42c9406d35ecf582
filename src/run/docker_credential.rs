//! What docker starts under the name `docker-credential-shipgate`. The protocol has neither options nor JSON reports:
//! what is wrong goes to standard output as one line, and docker shows it.

use std::io::Read as _;
use std::process::ExitCode;

use super::signals::until_interrupted;
use crate::commands::docker_credential::{self, HelperRequest};
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::sink;

/// Longer than any address of a registry.
const LONGEST_SERVER: u64 = 4096;

pub fn run() -> ExitCode {
    let word = std::env::args().nth(1).unwrap_or_default();
    if word == "version" {
        sink::data(concat!("shipgate ", env!("CARGO_PKG_VERSION")));
        return ExitCode::SUCCESS;
    }
    show(answer(&word))
}

/// Docker takes standard output for the answer, and for the reason where the exit code says that there is none.
pub(super) fn show(answer: Result<String, Failure>) -> ExitCode {
    match answer {
        Ok(text) => {
            sink::credential(&text);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            sink::data(&failure.brief());
            ExitCode::FAILURE
        }
    }
}

fn answer(word: &str) -> Result<String, Failure> {
    let question = match word {
        "get" => HelperRequest::Get(server()?),
        "list" => HelperRequest::List,
        "store" | "erase" => HelperRequest::Keep,
        _ => return Err(Failure::invalid("docker asks for get, list, store, erase or version")),
    };
    let context = Context::from_process()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::failed("the program cannot start").cause(error.to_string()))?;
    runtime.block_on(until_interrupted(docker_credential::run(&context, &question)))
}

pub(super) fn server() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().take(LONGEST_SERVER).read_to_string(&mut text);
    read.map_err(|error| Failure::invalid("docker names no registry").cause(error.to_string()))?;
    Ok(text.trim().to_owned())
}
