//! CloudShop's backend: one binary, one image, three jobs.
//!
//! `serve` (the default) answers HTTP, `worker` runs beside it without a port,
//! and `migrate` prepares the database once, before a new release takes traffic.

mod log;
mod migrate;
mod serve;
mod shop;
mod stop;
mod worker;

use std::{env, process::ExitCode};

fn main() -> ExitCode {
    let command = env::args().nth(1);
    let result = match command.as_deref() {
        None | Some("serve") => serve::run(),
        Some("worker") => worker::run(),
        Some("migrate") => return migrate::run(),
        Some(unknown) => Err(format!("unknown command `{unknown}`: use serve, worker or migrate")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            log::problem(&problem);
            ExitCode::FAILURE
        }
    }
}
