//! `migrate`: the one-off task that runs before a new release takes traffic.

use std::{env, process::ExitCode};

use crate::{log, shop};

pub fn run() -> ExitCode {
    log::line(format_args!("migrate: release {}", shop::release()));
    log::line("migrate: add column products.price_cents, if it is missing");
    log::problem("note: no database is configured, so nothing was changed");
    // MIGRATE_EXIT rehearses a migration that fails.
    match exit_code() {
        Ok(0) => {
            log::line("migrate: done");
            ExitCode::SUCCESS
        }
        Ok(code) => {
            log::problem(format_args!("migrate: stopped with exit code {code}, as MIGRATE_EXIT asks"));
            ExitCode::from(code)
        }
        Err(problem) => {
            log::problem(problem);
            ExitCode::FAILURE
        }
    }
}

fn exit_code() -> Result<u8, String> {
    match env::var("MIGRATE_EXIT") {
        Ok(text) => text.parse().map_err(|_| format!("MIGRATE_EXIT is `{text}`, which is not an exit code (0 to 255)")),
        Err(_) => Ok(0),
    }
}
