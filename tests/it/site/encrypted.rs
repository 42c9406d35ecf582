//! S3 with a key of KMS, which the local cloud does not have: an `ETag` is the same for the same object, and no hash of what is
//! in it. Here each one is turned around on its way out, and back on its way in.

use std::fmt::Write as _;
use std::io;

use super::forward;
use crate::http_server::{Answer, Request};

/// The headers that name an object by its `ETag`.
const NAMING: [&str; 4] =
    ["if-match", "if-none-match", "x-amz-copy-source-if-match", "x-amz-copy-source-if-none-match"];

/// The answer of `address`, as of a bucket that is encrypted with a key.
pub async fn forward(address: &str, request: &Request) -> io::Result<Answer> {
    let mut request = request.clone();
    for (name, value) in &mut request.headers {
        if NAMING.contains(&name.as_str()) {
            *value = turned(value);
        }
    }
    let mut answer = forward::forward(address, &request).await?;
    for (name, value) in &mut answer.headers {
        if name == "etag" {
            *value = turned(value);
        }
    }
    let is_document = answer.headers.iter().any(|(name, value)| name == "content-type" && value.contains("/xml"));
    if is_document && let Ok(text) = String::from_utf8(answer.body.clone()) {
        answer.body = in_document(&text).into_bytes();
    }
    Ok(answer
        .with("x-amz-server-side-encryption", "aws:kms")
        .with("x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:us-east-1:000000000000:key/1234"))
}

/// A quoted hash from its end to its beginning; anything else as it is.
fn turned(value: &str) -> String {
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(hash) => format!("\"{}\"", hash.chars().rev().collect::<String>()),
        None => value.to_owned(),
    }
}

/// The same of each `ETag` in a document.
fn in_document(text: &str) -> String {
    let mut parts = text.split("<ETag>");
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (tag, rest) = part.split_once("</ETag>").expect("an ETag has an end");
        let plain = tag.replace("&quot;", "\"");
        let _written = write!(all, "<ETag>{}</ETag>{rest}", turned(&plain).replace('"', "&quot;"));
    }
    all
}

#[test]
fn an_etag_is_turned_around_and_back() {
    assert_eq!((turned("\"abc-2\"").as_str(), turned("*").as_str()), ("\"2-cba\"", "*"));
    let list = "<A><ETag>&quot;ab&quot;</ETag><B/><ETag>\"cd\"</ETag></A>";
    assert_eq!(in_document(list), "<A><ETag>&quot;ba&quot;</ETag><B/><ETag>&quot;dc&quot;</ETag></A>");
}
