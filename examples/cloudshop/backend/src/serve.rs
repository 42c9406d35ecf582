//! `serve`: the shop over HTTP.

use std::{env, sync::Arc, time::Instant};

use tiny_http::{Header, Request, Response, Server};

use crate::{log, shop::Shop, stop};

pub fn run() -> Result<(), String> {
    let shop = Shop::open()?;
    let port = port()?;
    let server = Server::http(("0.0.0.0", port)).map_err(|error| format!("cannot listen on port {port}: {error}"))?;
    let server = Arc::new(server);
    let listener = Arc::clone(&server);
    stop::when_asked(move || listener.unblock())?;

    log::line(format_args!("serve: release {} listens on port {port}{}", shop.release, variables()));
    for request in server.incoming_requests() {
        answer(&shop, request)?;
    }
    log::line("serve: asked to stop, stopping");
    Ok(())
}

fn port() -> Result<u16, String> {
    match env::var("PORT") {
        Ok(text) => text.parse().map_err(|_| format!("PORT is `{text}`, which is not a port number")),
        Err(_) => Ok(8000),
    }
}

/// The variables the environment sets, so that the log shows what a release was started with.
fn variables() -> String {
    ["SHOP_NAME", "LOG_LEVEL", "CORS_ORIGINS"]
        .iter()
        .filter_map(|name| env::var(name).ok().map(|value| format!(", {name}={value:?}")))
        .collect()
}

fn answer(shop: &Shop, request: Request) -> Result<(), String> {
    let started = Instant::now();
    let method = request.method().to_string();
    let url = request.url().to_owned();
    let origin = request.headers().iter().find(|header| header.field.equiv("Origin"));
    let origin = origin.map(|header| header.value.as_str().to_owned());
    let reply = shop.reply(&method, &url);
    let mut response = Response::from_string(reply.body).with_status_code(reply.status);
    for (name, value) in [("Content-Type", "application/json")].into_iter().chain(shop.leave(origin.as_deref())) {
        let header = Header::from_bytes(name, value).map_err(|()| format!("{name} is not a valid header"))?;
        response.add_header(header);
    }
    let outcome = match request.respond(response) {
        Ok(()) => String::new(),
        Err(error) => format!(" (client went away: {error})"),
    };
    log::line(format_args!("{method} {url} {} {:?}{outcome}", reply.status, started.elapsed()));
    Ok(())
}
