//! Stopping. The first process of a container gets no default signal handlers:
//! without this, SIGTERM does nothing and every rollout waits until ECS kills the task.

use std::thread;

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};

/// Runs `action`, once, when somebody asks this process to stop.
pub fn when_asked(action: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(|error| format!("cannot listen for SIGTERM: {error}"))?;
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            action();
        }
    });
    Ok(())
}
