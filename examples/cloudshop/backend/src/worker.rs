//! `worker`: the same release doing work in the background, without a port.

use std::{
    sync::mpsc::{RecvTimeoutError, channel},
    time::Duration,
};

use crate::{log, shop, stop};

const PAUSE: Duration = Duration::from_secs(5);

pub fn run() -> Result<(), String> {
    let (running, stopped) = channel::<()>();
    stop::when_asked(move || drop(running))?;

    let release = shop::release();
    log::line(format_args!("worker: release {release} started"));
    // The wait ends early when the other side of the channel is dropped.
    while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
        log::line(format_args!("worker: release {release} looked for orders, none waiting"));
    }
    log::line("worker: asked to stop, stopping");
    Ok(())
}
