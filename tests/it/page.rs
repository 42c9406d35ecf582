//! The pages of `tests/golden/pages`, which the program wrote, as people see them: turned into HTML as GitHub does, and
//! laid out by a browser. Each is kept as a picture in `target/pages`. Without a browser these tests fail.

pub mod browser;
mod html;
mod screenshot;

use std::path::Path;

use self::browser::{Browser, Seen, WIDTH};
use crate::scripted_golden::PAGES;

/// Where the pictures go.
pub const PICTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/pages");

/// A page in Markdown, as the program wrote it.
fn written(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/pages/{name}.md"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Shows the pages of a command, keeps a picture of each, and insists on what has to be true of all of them.
fn assert_readable(command: &str) {
    let mut browser = Browser::start();
    std::fs::create_dir_all(PICTURES).unwrap();
    let names: Vec<&&str> = PAGES.iter().filter(|name| name.split('-').next() == Some(command)).collect();
    assert!(!names.is_empty(), "no page is of {command}");
    for name in names {
        let markdown = written(name);
        let seen = browser.lay_out(&html::page(&markdown));
        let (picture, colours) = browser.picture(&seen);
        std::fs::write(format!("{PICTURES}/{name}.png"), picture).unwrap();
        let wrong = wrong_with(&markdown, &seen);
        assert!(wrong.is_empty(), "{name}: {wrong:#?}\n{markdown}");
        assert!(colours > 10, "the picture of {name} has {colours} colours");
    }
}

/// All that is wrong with a page as it was laid out.
fn wrong_with(markdown: &str, seen: &Seen) -> Vec<String> {
    let count = |text: &str| markdown.lines().filter(|line| line.starts_with(text)).count();
    let mut wrong = Vec::new();
    let mut expect = |is_right: bool, what: String| wrong.extend((!is_right).then_some(what));
    let begins = seen.headings.first().is_some_and(|heading| !heading.is_empty() && seen.text.starts_with(heading));
    expect(seen.first == "H2" && begins, format!("it begins with {:?}", seen.first));
    expect(
        seen.headings.len() == count("## ") + count("### "),
        format!("of its headings these are shown: {:?}", seen.headings),
    );
    expect(seen.width <= WIDTH, format!("it is {} pixels wide", seen.width));
    expect(seen.too_wide.is_empty(), format!("it scrolls sideways in {:?}", seen.too_wide));
    expect(seen.raw.is_empty(), format!("Markdown is left in its text: {:?}", seen.raw));
    expect(seen.links.iter().all(|link| link.starts_with("https://")), format!("it links to {:?}", seen.links));
    expect(seen.images == 0, format!("it has {} images", seen.images));
    let alerts = count("> [!");
    expect(seen.alerts.len() == alerts, format!("of {alerts} boxes these are shown: {:?}", seen.alerts));
    expect(
        seen.alerts.iter().all(|alert| alert.is_framed && alert.text.contains('\n')),
        format!("a box has no frame: {:?}", seen.alerts),
    );
    let folds = markdown.matches("<details>").count();
    expect(seen.folds.len() == folds, format!("of {folds} folded parts these are shown: {:?}", seen.folds));
    expect(
        seen.folds.iter().all(|fold| !fold.title.is_empty() && !fold.shows_more),
        format!("a part is not folded: {:?}", seen.folds),
    );
    wrong
}

#[test]
#[ignore = "needs chromium: scripts/test"]
fn page_of_a_deploy_is_readable() {
    assert_readable("deploy");
}

#[test]
#[ignore = "needs chromium: scripts/test"]
fn page_of_a_promotion_is_readable() {
    assert_readable("promote");
}

#[test]
#[ignore = "needs chromium: scripts/test"]
fn page_of_a_rollback_is_readable() {
    assert_readable("rollback");
}

#[test]
#[ignore = "needs chromium: scripts/test"]
fn page_of_an_unhold_is_readable() {
    assert_readable("unhold");
}

#[test]
#[ignore = "needs chromium: scripts/test"]
fn page_of_a_check_is_readable() {
    assert_readable("check");
}

#[test]
#[ignore = "needs chromium: scripts/test"]
fn page_of_a_command_that_changes_nothing_is_readable() {
    for command in ["status", "history", "whoami"] {
        assert_readable(command);
    }
}

/// The test itself: a page with all that is wrong is not let through.
#[test]
#[ignore = "needs chromium: scripts/test"]
fn page_that_is_wrong_is_seen_to_be() {
    let mut browser = Browser::start();
    let wide = "x".repeat(400);
    let markdown = format!(
        "text first\n\n## head\n\n<h3>own</h3>\n\na **b* c\n\n<details open><summary></summary>\n\nshown\n\n</details>\n\n\
         | {wide} |\n| --- |\n| a |\n\n[x](javascript:alert) [y](http://x.example) ![z](https://x.example/z.png)\n\n> [!OTHER]\n> a\n\n\
         <script>document.body.remove()</script><img src=x onerror=\"document.body.remove()\">\n"
    );
    let wrong = wrong_with(&markdown, &browser.lay_out(&html::page(&markdown))).join("\n");
    for part in [
        "it begins with",
        "headings",
        "scrolls sideways",
        "Markdown is left",
        "it links to",
        "images",
        "boxes",
        "folded",
    ] {
        assert!(wrong.contains(part), "{part} is not in\n{wrong}");
    }
    assert_eq!(wrong_with("## head\n", &browser.lay_out(&html::page("## head\n"))), [""; 0]);
    let nothing = browser.lay_out("");
    assert!(nothing.first.is_empty(), "{nothing:?}");
}
