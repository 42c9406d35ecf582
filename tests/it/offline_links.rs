//! Every link of every page leads somewhere: relative links of Markdown to files and headings, and what code, workflows
//! and scripts say of pages to those pages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use comrak::Anchorizer;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::Regex;

use crate::harness::files_below;
use crate::workflows::own;

/// What has no pages of this repository: what tools make, and files that are input of tests.
const SKIPPED: [&str; 4] = ["target", ".git", "node_modules", "tests"];

/// Files of the repository, from its root, in directories that are not skipped.
fn files(extensions: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut directories = vec![own("")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let is_link = path.is_symlink();
            if path.is_dir() && !is_link && !SKIPPED.contains(&name) {
                directories.push(path);
            } else if path.is_file() && extensions.iter().any(|extension| name.ends_with(extension)) {
                found.push(path.strip_prefix(own("")).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// A page, as GitHub reads it.
struct Page {
    links: Vec<String>,
    anchors: BTreeSet<String>,
}

impl Page {
    fn parse(text: &str) -> Self {
        let mut page = Self { links: Vec::new(), anchors: BTreeSet::new() };
        let (mut heading, mut anchorizer) = (None::<String>, Anchorizer::new());
        for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES) {
            if let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event {
                page.links.push(dest_url.into_string());
            } else if let Event::Start(Tag::Heading { .. }) = event {
                heading = Some(String::new());
            } else if let Event::End(TagEnd::Heading(_)) = event {
                page.anchors.insert(anchorizer.anchorize(&heading.take().unwrap()));
            } else if let (Event::Text(text) | Event::Code(text), Some(heading)) = (&event, &mut heading) {
                heading.push_str(text);
            } else if let Event::Html(html) | Event::InlineHtml(html) = event {
                page.anchors.extend(named(&html));
            }
        }
        page
    }
}

/// The anchors that HTML in a page sets.
fn named(html: &str) -> Vec<String> {
    let anchor = Regex::new(r#"<a (?:id|name)="([^"]+)""#).unwrap();
    anchor.captures_iter(html).map(|found| found[1].to_owned()).collect()
}

/// A path without `.` and `..`. `None`: it leads out of the repository.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => normal.pop().then_some(())?,
            Component::Normal(part) => normal.push(part),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    Some(normal)
}

/// What is wrong with a link of a page.
fn wrong(page: &str, link: &str, pages: &BTreeMap<String, Page>) -> Option<String> {
    let is_elsewhere = link.contains("://") || link.starts_with("mailto:");
    if is_elsewhere {
        return None;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let directory = Path::new(page).parent().unwrap();
    let target = if path.is_empty() { Some(PathBuf::from(page)) } else { normal(&directory.join(path)) };
    let Some(target) = target.filter(|target| own(target.to_str().unwrap()).exists()) else {
        return Some(format!("{page}: {link}: there is no such file"));
    };
    let is_directory = own(target.to_str().unwrap()).is_dir();
    let target = if is_directory { target.join("README.md") } else { target };
    let lacks = |found: &Page| !anchor.is_empty() && !found.anchors.contains(anchor);
    match pages.get(target.to_str().unwrap()) {
        Some(found) if lacks(found) => Some(format!("{page}: {link}: there is no such heading")),
        None if is_directory && !anchor.is_empty() => Some(format!("{page}: {link}: a directory has no heading")),
        _ => None,
    }
}

fn pages() -> BTreeMap<String, Page> {
    let read = |path: String| {
        let page = Page::parse(&std::fs::read_to_string(own(&path)).unwrap());
        (path, page)
    };
    files(&[".md"]).into_iter().map(read).collect()
}

#[test]
fn every_link_of_a_page_leads_to_a_file_and_a_heading() {
    let pages = pages();
    assert!(pages.len() > 30 && pages.contains_key("README.md"), "{:?}", pages.keys());
    let all = pages.iter().flat_map(|(path, page)| page.links.iter().map(move |link| (path, link)));
    let wrong: Vec<String> = all.filter_map(|(path, link)| wrong(path, link, &pages)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The names of headings, as GitHub makes them.
#[test]
fn a_heading_has_the_anchor_of_github() {
    let cases = [
        ("# The action", "the-action"),
        ("### `id-token` (error)", "id-token-error"),
        ("## \"It says X, do Y\"", "it-says-x-do-y"),
        ("## What it asks AWS for?", "what-it-asks-aws-for"),
        ("## A  b – c", "a--b--c"),
        ("## `${vars.NAME}` & _more_", "varsname--more"),
        ("## [Gates](x.md)", "gates"),
        ("## shipgate.toml", "shipgatetoml"),
        ("## a_b", "a_b"),
        ("<a id=\"old\"></a>", "old"),
    ];
    for (text, anchor) in cases {
        let page = Page::parse(text);
        assert!(page.anchors.contains(anchor), "{text}: {:?}", page.anchors);
    }
    let twice = Page::parse("# Same\n\n# Same\n");
    assert_eq!(twice.anchors, ["same", "same-1"].map(str::to_owned).into());
    let code = Page::parse("```sh\n# no heading\n[no](link)\n```\n\n[a](b.md) ![c](d.png) [e][f]\n\n[f]: g.md#h\n");
    assert_eq!((code.anchors.len(), code.links), (0, ["b.md", "d.png", "g.md#h"].map(str::to_owned).into()));
}

/// The test itself: what is wrong is found.
#[test]
fn a_link_to_nowhere_is_found() {
    let pages = pages();
    let is_wrong = |link: &str| wrong("docs/gates/README.md", link, &pages).is_some();
    for link in ["../nowhere.md", "../../../outside.md", "#no-such-heading", "../iam/README.md#nor-here", "../../src#x"]
    {
        assert!(is_wrong(link), "{link}");
    }
    for link in ["https://example.com/x#y", "#keys", "../iam/", "../../examples/cloudshop/shipgate.toml", "../../src"] {
        assert!(!is_wrong(link), "{link}");
    }
}

/// Pages of this repository that a text names: `docs/x/README.md#heading`, `docs/x/`, or in backticks `docs/x`.
fn mentioned(text: &str) -> Vec<String> {
    let mention =
        Regex::new(r"(?:^|[^\w/.-])((?:docs|schema|examples)/(?:[\w./-]*\.(?:md|json)(?:#[\w-]+)?|[\w./-]+/))")
            .unwrap();
    let quoted = Regex::new(r"`(docs/[\w./-]+)`").unwrap();
    let url =
        Regex::new(r"github(?:usercontent)?\.com/[^/\s]+/shipgate/(?:blob/|tree/)?[^/\s]+/((?:docs|schema)/[\w./#-]+)")
            .unwrap();
    let all = [mention, quoted, url];
    all.iter().flat_map(|form| form.captures_iter(text).map(|found| found[1].to_owned()).collect::<Vec<_>>()).collect()
}

#[test]
fn every_page_that_code_names_is_there() {
    let pages = pages();
    let mut texts = files(&[".rs", ".yml", ".sh", ".py", ".toml", ".mjs"]);
    for directory in ["scripts", "tests/it", ".ci"] {
        let below = files_below(&own(directory));
        texts.extend(below.iter().map(|path| path.strip_prefix(own("")).unwrap().to_str().unwrap().to_owned()));
    }
    texts.retain(|path| !path.ends_with("offline_links.rs"));
    let mut count = 0;
    let mut missing = Vec::new();
    for path in texts {
        let Ok(text) = std::fs::read_to_string(own(&path)) else { continue };
        for mention in mentioned(&text) {
            count += 1;
            // As a link from the root.
            missing.extend(wrong("README.md", &mention, &pages).map(|_| format!("{path}: {mention}")));
        }
    }
    assert!(count > 30, "{count}");
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn what_code_says_of_pages_is_found() {
    let text = "//! See docs/iam/README.md#keys and `docs/parallel`; docs/gates/, https://git-scm.com/docs/git.md \
                \"docs/a\"\n\
                https://github.com/shipgate/shipgate/blob/main/docs/x.md schema/shipgate.schema.json";
    let expected =
        ["docs/iam/README.md#keys", "docs/gates/", "schema/shipgate.schema.json", "docs/parallel", "docs/x.md"];
    assert_eq!(mentioned(text), expected);
}
