//! What a page names: the scripts and styles that a browser fetches for it.
//!
//! Only tags count, as a browser reads them: names in comments, in texts, and in what a browser with scripts does not render
//! (`noscript`, `template`) are left out. What scripts load themselves is not known here.

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{StartTag, Token, Tokenizer};
use indexmap::IndexMap;
use indexmap::map::Entry;
use url::Url;

use crate::domain::limits::SITE_NAMES;

/// What a page names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageReferences {
    /// The addresses that it names, without fragments, in its order, and what each is to it.
    pub names: IndexMap<Url, Role>,
    /// Whether there is more than is looked at.
    pub is_cut: bool,
    /// Whether the page itself has addresses without TLS asked for with it.
    pub upgrades: bool,
}

/// What an address is to the page that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A script, or a module that one imports.
    Script,
    /// A style.
    Style,
    /// Anything that the page works without: images, icons, fonts, its manifest.
    Other,
}

impl PageReferences {
    /// Reads a page. `address`: where it was found.
    pub fn read(html: &[u8], address: &Url) -> Self {
        let mut reader =
            TagReader { base: address.clone(), has_base: false, hidden: Vec::new(), page: Self::default() };
        let mut emitter = DefaultEmitter::<()>::default();
        // What is in a script or a style is no tag.
        emitter.naively_switch_states(true);
        for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
            if reader.page.is_cut {
                break;
            }
            match token {
                Token::StartTag(tag) => reader.start(&tag),
                Token::EndTag(tag) => reader.end(&tag.name),
                Token::String(_) | Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
            }
        }
        reader.page
    }

    /// The scripts and styles.
    pub fn needed(&self) -> impl Iterator<Item = (&Url, Role)> {
        self.names.iter().map(|(url, role)| (url, *role)).filter(|(_, role)| *role != Role::Other)
    }

    /// What a page with TLS names without it, and so does not get: scripts and styles.
    pub fn blocked<'a>(&'a self, address: &Url) -> impl Iterator<Item = &'a Url> {
        let is_at_stake = address.scheme() == "https" && !self.upgrades;
        let names = self.needed().map(|(url, _)| url);
        names.filter(move |url| is_at_stake && url.scheme() == "http" && !is_here(url))
    }
}

/// Whether an address is of this machine, which browsers trust without TLS.
fn is_here(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// Reads tags in their order.
struct TagReader {
    base: Url,
    has_base: bool,
    /// The elements that are open and hide what is in them.
    hidden: Vec<&'static str>,
    page: PageReferences,
}

impl TagReader {
    fn start(&mut self, tag: &StartTag<()>) {
        // For a browser with scripts all in it is text.
        if self.hidden.last() == Some(&"noscript") {
            return;
        }
        let name = tag.name.to_ascii_lowercase();
        match name.as_slice() {
            b"template" => self.hidden.push("template"),
            b"noscript" => self.hidden.push("noscript"),
            _ if !self.hidden.is_empty() => {}
            b"base" => self.base(tag),
            b"meta" => self.meta(tag),
            b"script" if is_run(tag) => self.name(tag, "src", Role::Script),
            b"link" => self.link(tag),
            b"img" | b"iframe" | b"source" | b"video" | b"audio" | b"embed" => self.name(tag, "src", Role::Other),
            _ => {}
        }
    }

    fn end(&mut self, name: &[u8]) {
        if self.hidden.last().is_some_and(|open| open.as_bytes() == name.to_ascii_lowercase()) {
            self.hidden.pop();
        }
    }

    /// The first one says what all addresses after it are relative to.
    fn base(&mut self, tag: &StartTag<()>) {
        let Some(base) = text(tag, "href").filter(|_| !self.has_base) else { return };
        self.has_base = true;
        if let Some(base) = self.base.join(base.trim()).ok().filter(|base| !base.cannot_be_a_base()) {
            self.base = base;
        }
    }

    fn meta(&mut self, tag: &StartTag<()>) {
        let is_policy =
            text(tag, "http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("content-security-policy"));
        let content = text(tag, "content").unwrap_or_default();
        self.page.upgrades |= is_policy && content.contains("upgrade-insecure-requests");
    }

    fn link(&mut self, tag: &StartTag<()>) {
        let rel = text(tag, "rel").unwrap_or_default().to_ascii_lowercase();
        let is = |word: &str| rel.split_ascii_whitespace().any(|other| other == word);
        let kind = text(tag, "as").unwrap_or_default().to_ascii_lowercase();
        let role = if is("stylesheet") && !is("alternate") {
            Role::Style
        } else if is("modulepreload") {
            Role::Script
        } else if is("preload") {
            match kind.as_str() {
                "script" => Role::Script,
                "style" => Role::Style,
                _ => Role::Other,
            }
        } else if is("icon") || is("manifest") {
            Role::Other
        } else {
            return;
        };
        self.name(tag, "href", role);
    }

    fn name(&mut self, tag: &StartTag<()>, attribute: &str, role: Role) {
        let Some(written) = text(tag, attribute) else { return };
        let Ok(mut url) = self.base.join(written.trim()) else { return };
        if written.trim().is_empty() || !matches!(url.scheme(), "http" | "https") {
            return;
        }
        url.set_fragment(None);
        let is_full = self.page.names.len() >= SITE_NAMES.count();
        match self.page.names.entry(url) {
            Entry::Occupied(mut known) => {
                let role = role.min(*known.get());
                known.insert(role);
            }
            Entry::Vacant(_) if is_full => self.page.is_cut = true,
            Entry::Vacant(place) => {
                place.insert(role);
            }
        }
    }
}

/// An attribute as text. A value that is no UTF-8 is none.
fn text(tag: &StartTag<()>, attribute: &str) -> Option<String> {
    let value = tag.attributes.get(attribute.as_bytes())?;
    std::str::from_utf8(&value.value).ok().map(str::to_owned)
}

/// Whether a browser runs a script: data in a page has a type that is none of a program
/// ([`type`](https://html.spec.whatwg.org/multipage/scripting.html#attr-script-type)).
fn is_run(tag: &StartTag<()>) -> bool {
    let Some(kind) = text(tag, "type") else { return true };
    let kind = kind.trim().to_ascii_lowercase();
    kind.is_empty() || kind == "module" || kind.ends_with("javascript") || kind.ends_with("ecmascript")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(html: &str) -> PageReferences {
        PageReferences::read(html.as_bytes(), &Url::parse("https://shop.example/docs/index.html").unwrap())
    }

    fn named(html: &str) -> Vec<(String, Role)> {
        read(html).names.into_iter().map(|(url, role)| (url.to_string(), role)).collect()
    }

    #[test]
    fn what_a_browser_fetches_is_named() {
        use Role::{Other, Script, Style};
        for (html, url, role) in [
            ("<script src=/assets/a.js></script>", "https://shop.example/assets/a.js", Script),
            ("<SCRIPT SRC='a.js'>", "https://shop.example/docs/a.js", Script),
            ("<script type=module crossorigin src=\"../a.js\">", "https://shop.example/a.js", Script),
            ("<script src=//cdn.example/a.js>", "https://cdn.example/a.js", Script),
            ("<script src=http://cdn.example/a.js>", "http://cdn.example/a.js", Script),
            ("<script src=/a.js?v=1#x>", "https://shop.example/a.js?v=1", Script),
            ("<script src='/a b&amp;ü.js'>", "https://shop.example/a%20b&%C3%BC.js", Script),
            ("<link rel=modulepreload href=/a.js>", "https://shop.example/a.js", Script),
            ("<link rel=preload as=script href=/a.js>", "https://shop.example/a.js", Script),
            ("<link rel='StyleSheet x' href=/a.css>", "https://shop.example/a.css", Style),
            ("<link rel=preload as=style href=/a.css>", "https://shop.example/a.css", Style),
            ("<link rel=preload as=font href=/a.woff2>", "https://shop.example/a.woff2", Other),
            ("<link rel='shortcut icon' href=/a.ico>", "https://shop.example/a.ico", Other),
            ("<link rel=manifest href=/a.json>", "https://shop.example/a.json", Other),
            ("<img src=http://img.example/a.png>", "http://img.example/a.png", Other),
            ("<base href=/app/><base href=/no/><script src=a.js>", "https://shop.example/app/a.js", Script),
            ("<base href=https://cdn.example/v1/><script src=a.js>", "https://cdn.example/v1/a.js", Script),
            ("<template></template><script src=/a.js>", "https://shop.example/a.js", Script),
            ("<noscript><template></noscript><script src=/a.js>", "https://shop.example/a.js", Script),
            ("<img src=/a.js><script src=/a.js>", "https://shop.example/a.js", Script),
        ] {
            assert_eq!(named(html), [(url.to_owned(), role)], "{html}");
        }
    }

    #[test]
    fn what_a_browser_does_not_fetch_is_not_named() {
        for html in [
            "<!-- <script src=/a.js></script> -->",
            "<script>document.write('<script src=/a.js>')</script>",
            "<style>/* <link rel=stylesheet href=/a.css> */</style>",
            "<title><script src=/a.js></script></title>",
            "<textarea><script src=/a.js></script></textarea>",
            "<noscript><link rel=stylesheet href=/a.css></noscript>",
            "<template><template></template><script src=/a.js></script></template>",
            "<script type=application/json src=/a.js></script>",
            "<script src=''></script><script src></script><script></script>",
            "<script src=data:text/javascript,1></script>",
            "<script src=blob:https://shop.example/1></script>",
            "<script src=https://[></script>",
            "<link rel=canonical href=/a><link rel=prefetch href=/b.js><link rel='alternate stylesheet' href=/c.css>",
            "<link rel=stylesheet><link href=/a.css>",
            "<a href=/a.js>a.js</a>",
            "&lt;script src=/a.js&gt;",
            "",
        ] {
            assert_eq!(named(html), [], "{html}");
        }
    }

    #[test]
    fn work_is_bounded() {
        let most = SITE_NAMES.count();
        let many: Vec<String> = (0..most + 5).map(|number| format!("<script src=/{number}.js></script>")).collect();
        let page = read(&many.concat());
        assert_eq!((page.names.len(), page.is_cut), (most, true));
        assert!(!read("<script src=/a.js></script><script src=/a.js></script>").is_cut);
    }

    #[test]
    fn what_a_browser_blocks_on_a_page_with_tls_is_found() {
        let blocked = |html: &str, address: &str| {
            let address = Url::parse(address).unwrap();
            let page = PageReferences::read(html.as_bytes(), &address);
            page.blocked(&address).map(Url::to_string).collect::<Vec<_>>()
        };
        let script = "<script src=http://cdn.example/a.js></script><img src=http://cdn.example/a.png>";
        assert_eq!(blocked(script, "https://shop.example/"), ["http://cdn.example/a.js"]);
        assert_eq!(blocked(script, "http://shop.example/"), [""; 0]);
        assert_eq!(blocked("<script src=http://localhost:3000/a.js></script>", "https://shop.example/"), [""; 0]);
        let upgrade = "<meta http-equiv=Content-Security-Policy content='upgrade-insecure-requests'>";
        assert_eq!(blocked(&format!("{upgrade}{script}"), "https://shop.example/"), [""; 0]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let page = PageReferences::read(&bytes, &Url::parse("https://shop.example/").unwrap());
            prop_assert!(page.names.len() <= 300);
        }

        #[test]
        fn any_tags_are_read(html in "(<(script|link|base|template|noscript|meta|!--)? ?(src|href|rel)?=?[/a\\.:'\"]{0,5}>?){0,20}") {
            for (url, _) in read(&html).names {
                prop_assert!(matches!(url.scheme(), "http" | "https"), "{url}");
            }
        }
    }
}
