//! A hold is a change too.
//! error: E0308

use shipgate::authorization::*;

pub async fn holds(session: &Writable, component: &Component, hold: &Hold) {
    let _holds = driver(component).put_hold(session, hold).await;
}
