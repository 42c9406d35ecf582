//! What the shop answers, without the network.

use std::{env, fs};

use serde_json::{Value, json};

/// Which release this is: the image says so, see the Dockerfile.
pub fn release() -> String {
    env::var("RELEASE").unwrap_or_else(|_| "unknown".into())
}

pub struct Shop {
    pub release: String,
    pub healthy: bool,
    products: String,
    /// The origins whose pages may read the answers.
    origins: Vec<String>,
}

pub struct Reply {
    pub status: u16,
    pub body: String,
}

impl Shop {
    pub fn open() -> Result<Self, String> {
        let path = env::var("PRODUCTS_FILE").unwrap_or_else(|_| "/products.json".into());
        let products =
            fs::read_to_string(&path).map_err(|error| format!("cannot read the products in {path}: {error}"))?;
        // A release with a broken list must fail when it starts, not when a customer asks.
        serde_json::from_str::<Value>(&products).map_err(|error| format!("{path} is not JSON: {error}"))?;
        let origins = env::var("CORS_ORIGINS").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        Ok(Self { release: release(), healthy: env::var("UNHEALTHY").as_deref() != Ok("1"), products, origins })
    }

    pub fn reply(&self, method: &str, url: &str) -> Reply {
        let path = url.split('?').next().unwrap_or(url);
        match (method, path) {
            ("GET" | "HEAD", "/health") => self.health(),
            // Browsers ask before they let a page of another origin read an answer.
            ("OPTIONS", "/health" | "/products") => Reply { status: 200, body: String::new() },
            ("GET" | "HEAD", "/products") => Reply { status: 200, body: self.products.clone() },
            _ => Reply { status: 404, body: json!({ "error": "not found", "path": path }).to_string() },
        }
    }

    /// The headers that let a page of an origin read the answer.
    pub fn leave<'s>(&'s self, origin: Option<&str>) -> Vec<(&'static str, &'s str)> {
        let allowed = self.origins.iter().find(|allowed| Some(allowed.as_str()) == origin);
        let allowed = allowed.map(|allowed| ("Access-Control-Allow-Origin", allowed.as_str()));
        allowed.into_iter().chain([("Vary", "Origin")]).collect()
    }

    fn health(&self) -> Reply {
        let (status, word) = if self.healthy { (200, "ok") } else { (503, "unhealthy") };
        Reply { status, body: json!({ "status": word, "release": self.release }).to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop(healthy: bool) -> Shop {
        Shop {
            release: "abc123".into(),
            healthy,
            products: r#"[{"name":"Lamp"}]"#.into(),
            origins: vec!["http://shop.example".into()],
        }
    }

    #[test]
    fn pages_of_the_shop_alone_may_read_answers() {
        let shop = shop(true);
        let allowed = ("Access-Control-Allow-Origin", "http://shop.example");
        assert_eq!(shop.leave(Some("http://shop.example")), [allowed, ("Vary", "Origin")]);
        for other in [Some("http://shop.example.evil"), Some("null"), None] {
            assert_eq!(shop.leave(other), [("Vary", "Origin")]);
        }
        assert_eq!(shop.reply("OPTIONS", "/products").status, 200);
    }

    #[test]
    fn health_names_the_release() {
        let reply = shop(true).reply("GET", "/health?from=probe");
        assert_eq!(reply.status, 200);
        assert_eq!(reply.body, r#"{"release":"abc123","status":"ok"}"#);
    }

    #[test]
    fn an_unhealthy_shop_says_so() {
        assert_eq!(shop(false).reply("GET", "/health").status, 503);
    }

    #[test]
    fn products_are_served_as_they_are_in_the_file() {
        assert_eq!(shop(true).reply("GET", "/products").body, r#"[{"name":"Lamp"}]"#);
    }

    #[test]
    fn anything_else_is_not_found() {
        assert_eq!(shop(true).reply("GET", "/").status, 404);
        assert_eq!(shop(true).reply("POST", "/products").status, 404);
    }
}
