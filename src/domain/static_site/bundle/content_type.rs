//! What a file of a site is, by its name: the header `Content-Type`.

/// What `mime_guess` does not know, or knows by another name than browsers and linters ask for. Sources: the
/// [media types of IANA](https://www.iana.org/assignments/media-types/media-types.xhtml), for scripts
/// [RFC 9239](https://www.rfc-editor.org/rfc/rfc9239), for manifests
/// [the W3C](https://www.w3.org/TR/appmanifest/#media-type-registration).
const BY_EXTENSION: [(&str, &str); 18] = [
    ("js", "text/javascript"),
    ("mjs", "text/javascript"),
    ("cjs", "text/javascript"),
    ("map", "application/json"),
    ("webmanifest", "application/manifest+json"),
    ("wasm", "application/wasm"),
    ("ico", "image/vnd.microsoft.icon"),
    ("avif", "image/avif"),
    ("webp", "image/webp"),
    ("jxl", "image/jxl"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("ttf", "font/ttf"),
    ("otf", "font/otf"),
    ("xml", "application/xml"),
    // Segments of a video. `mime_guess` takes them for a format of televisions.
    ("ts", "video/mp2t"),
    ("br", UNKNOWN),
    ("gz", "application/gzip"),
];

/// Files whose names have no extension, and which others look for
/// ([universal links](https://developer.apple.com/documentation/xcode/supporting-associated-domains)).
const BY_NAME: [(&str, &str); 1] = [("apple-app-site-association", "application/json")];

/// A file of which nothing is known.
const UNKNOWN: &str = "application/octet-stream";

/// The type of a file by its name, with the charset of what is text: UTF-8.
pub(super) fn content_type(file_name: &str) -> String {
    let by_name = BY_NAME.iter().find(|(name, _)| *name == file_name).map(|(_, found)| *found);
    let found = by_name.or_else(|| by_extension(file_name)).unwrap_or(UNKNOWN);
    if is_text(found) { format!("{found}; charset=utf-8") } else { found.to_owned() }
}

fn by_extension(file_name: &str) -> Option<&'static str> {
    let extension = file_name.rsplit_once('.')?.1.to_ascii_lowercase();
    let own = BY_EXTENSION.iter().find(|(known, _)| *known == extension).map(|(_, found)| *found);
    own.or_else(|| mime_guess::from_ext(&extension).first_raw())
}

/// Whether a type is of text, which browsers read in the charset that the header names.
fn is_text(content_type: &str) -> bool {
    const TEXTS: [&str; 3] = ["application/json", "application/xml", "application/javascript"];
    let is_structured = ["+json", "+xml"].iter().any(|suffix| content_type.ends_with(suffix));
    content_type.starts_with("text/") || is_structured || TEXTS.contains(&content_type)
}

/// Whether builders put compressed twins beside files of a type. Of others, such as `a.tar` beside `a.tar.gz`, each is a file
/// of its own.
pub(super) fn has_twins(content_type: &str) -> bool {
    content_type.contains("charset=") || content_type == "application/wasm"
}

/// Whether a type is that of a page.
pub fn is_page(content_type: &str) -> bool {
    ["text/html", "application/xhtml+xml"].iter().any(|page| content_type.starts_with(page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_that_browsers_ask_for() {
        for (name, expected) in [
            ("index.html", "text/html; charset=utf-8"),
            ("INDEX.HTML", "text/html; charset=utf-8"),
            ("page.htm", "text/html; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.mjs", "text/javascript; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("a.js.map", "application/json; charset=utf-8"),
            ("data.json", "application/json; charset=utf-8"),
            ("site.webmanifest", "application/manifest+json; charset=utf-8"),
            ("logo.svg", "image/svg+xml; charset=utf-8"),
            ("feed.rss", "application/rss+xml; charset=utf-8"),
            ("sitemap.xml", "application/xml; charset=utf-8"),
            ("robots.txt", "text/plain; charset=utf-8"),
            ("a.wasm", "application/wasm"),
            ("favicon.ico", "image/vnd.microsoft.icon"),
            ("a.png", "image/png"),
            ("a.jpg", "image/jpeg"),
            ("a.avif", "image/avif"),
            ("a.webp", "image/webp"),
            ("a.woff2", "font/woff2"),
            ("a.ttf", "font/ttf"),
            ("a.mp4", "video/mp4"),
            ("a.ts", "video/mp2t"),
            ("a.pdf", "application/pdf"),
            ("apple-app-site-association", "application/json; charset=utf-8"),
            ("a.gz", "application/gzip"),
            ("a.br", UNKNOWN),
            ("CNAME", UNKNOWN),
            ("a.", UNKNOWN),
            (".nojekyll", UNKNOWN),
            ("a.no-such-type", UNKNOWN),
        ] {
            assert_eq!(content_type(name), expected, "{name}");
        }
    }
}
