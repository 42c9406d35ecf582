//! Who knows whom: no circle between modules, one direction between rooms, and a `domain` that only computes.

use std::path::Path;

use crate::modules::circles::circles;
use crate::modules::mentions::{Mention, Named};
use crate::modules::purity::{PURE, impurities};
use crate::modules::source::Crate;
use crate::modules::table::{self, faults, violations};
use crate::modules::types::repeated;

/// This crate.
fn this_crate() -> (Crate, Vec<Mention>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = Crate::read(&|file| std::fs::read_to_string(root.join(file)).ok());
    let mentions = source.mentions();
    assert!(source.modules.len() > 200 && mentions.len() > 5000, "{} modules", source.modules.len());
    (source, mentions)
}

/// A crate of a few files.
fn sample(files: &[(&str, &str)]) -> (Crate, Vec<Mention>) {
    let text =
        |path: &str| files.iter().find(|(name, _)| format!("src/{name}") == path).map(|(_, text)| (*text).into());
    let source = Crate::read(&text);
    let mentions = source.mentions();
    (source, mentions)
}

#[track_caller]
fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}\n{}", found.join("\n"));
}

#[test]
fn modules_form_no_circle() {
    let (source, mentions) = this_crate();
    assert_none("move what they share to a module that knows neither", &circles(&source, &mentions));
}

#[test]
fn rooms_know_what_the_table_of_the_architecture_says_and_no_more() {
    let (source, mentions) = this_crate();
    let table = table::read(include_str!("../../ARCHITECTURE.md"));
    assert_none("the table of ARCHITECTURE.md", &faults(&table, &source));
    assert_none("pass it as an argument, or move it down", &violations(&table, &source, &mentions));
}

#[test]
fn the_domain_only_computes() {
    let (source, mentions) = this_crate();
    let found = impurities("domain", PURE, &source, &mentions);
    assert_none("move it to src/clients, src/kinds or src/context.rs", &found);
}

/// The names that are defined more than once all the same, each with the reason.
const REPEATED: &[(&str, &str)] = &[("Keys", "`each_kind!` names the keys of a kind by the module of the kind")];

#[test]
fn a_name_stands_for_one_type() {
    let (source, _) = this_crate();
    let repeated = repeated(&source);
    let lines: Vec<String> = repeated.iter().map(|(name, modules)| format!("{name}: {}", modules.join(", "))).collect();
    let is_known = |line: &&String| REPEATED.iter().any(|(name, _)| line.starts_with(&format!("{name}: ")));
    let unknown: Vec<String> = lines.iter().filter(|line| !is_known(line)).cloned().collect();
    assert_none("name each by what it is", &unknown);
    for (name, reason) in REPEATED {
        assert!(repeated.contains_key(*name), "{name} is defined once: remove it from the list ({reason})");
    }
}

#[test]
fn a_name_of_two_types_is_seen() {
    let (source, _) = sample(&[
        ("lib.rs", "mod a; mod b; mod c { pub(super) type Thing = u8; } #[cfg(test)] mod tests { enum Other {} }"),
        ("a.rs", "pub struct Thing; struct Other; fn f() { struct Inner; }"),
        ("b.rs", "use crate::a::Thing; trait Part {} struct Inner; const THING: u8 = 1;"),
    ]);
    let found: Vec<(String, Vec<String>)> = repeated(&source).into_iter().collect();
    assert_eq!(found, [("Thing".to_owned(), vec!["a".to_owned(), "c".to_owned()])]);
}

/// One place each, as the checks show it.
fn shown(files: &[(&str, &str)]) -> Vec<String> {
    let (source, mentions) = sample(files);
    let inside = mentions.iter().filter(|mention| matches!(mention.named, Named::Item(_)));
    inside.map(|mention| source.describe(mention)).collect()
}

#[test]
fn a_name_is_seen_wherever_it_stands() {
    for named in [
        "use crate::b::Thing;",
        "use super::b::{self, Thing as Other};",
        "use crate::b::*;",
        "use crate::b; fn f() -> b::Thing { todo!() }",
        "fn f() { crate::b::Thing::new(); }",
        "fn f() { use super::b; b::Thing::new(); }",
        "fn f(thing: &impl Fn(crate::b::Thing)) {}",
        "fn f() { assert_eq!(1, crate::b::NUMBER, \"{}\", 2); }",
        "macro_rules! m { ($a:expr) => { $crate::b::{Thing, run}($a) }; }",
        "macro_rules! each { ($use:ident) => { $use! { (B, b, 1) } }; } \
         macro_rules! one { ($(($x:ident, $module:ident, $y:literal)),*) => { $(type $x = super::$module::Thing;)* } }",
        "#[derive(Deserialize)] struct A { #[serde(deserialize_with = \"crate::b::read\")] number: u8 }",
        "mod inner { struct A(super::super::b::Thing); }",
        "#[cfg(not(test))] use crate::b::Thing;",
    ] {
        let found = shown(&[("lib.rs", "mod a; mod b;"), ("a.rs", named), ("b/mod.rs", "pub struct Thing;")]);
        assert!(
            found.iter().any(|edge| edge.starts_with("src/a.rs:1: a") && edge.ends_with(" knows b")),
            "{named}: {found:?}"
        );
    }
}

#[test]
fn what_is_no_name_of_another_module_is_not_seen() {
    for unnamed in [
        "#[cfg(test)] mod tests { use crate::b::Thing; }",
        "#[cfg(test)] use crate::b::Thing;",
        "pub use crate::b::Thing;",
        "pub use super::b::{Thing, run}; fn f(run: u8) -> u8 { log!(run); run }",
        "mod b { pub struct Thing; } fn f() -> b::Thing { todo!() }",
        "/// [`crate::b::Thing`]\nfn f() { \"crate::b::Thing\"; x.b::<u8>(); }",
    ] {
        let found =
            shown(&[("lib.rs", "mod a; mod b;"), ("a.rs", unnamed), ("b.rs", "pub struct Thing; pub fn run() {}")]);
        let is_other = |edge: &String| edge.ends_with(" knows b");
        assert!(!found.iter().any(is_other), "{unnamed}: {found:?}");
    }
}

#[test]
fn a_name_that_is_passed_on_counts_for_the_module_that_defines_it() {
    let found = shown(&[
        ("lib.rs", "mod a; mod b; pub use a::f;"),
        ("a.rs", "\nuse crate::b::{Deep, deep}; fn f() -> Deep { deep() }"),
        ("b.rs", "mod c; mod deep; pub use self::c::*; pub use deep::deep;"),
        ("b/c.rs", "mod d; pub use d::Renamed as Deep;"),
        ("b/c/d.rs", "pub struct Renamed;"),
        ("b/deep.rs", "pub fn deep() {}"),
    ]);
    assert_eq!(found, ["src/a.rs:2: a knows b::c::d", "src/a.rs:2: a knows b::deep"]);
}

#[test]
fn a_circle_is_named_with_its_members_and_places() {
    let (source, mentions) = sample(&[
        ("lib.rs", "mod a; mod b; mod c; mod other;"),
        ("a.rs", "use crate::b::B;\npub struct A(B);"),
        ("b.rs", "\npub struct B(Box<super::c::C>);"),
        ("c.rs", "pub struct C(crate::other::Passed, u8);"),
        ("other.rs", "pub use crate::a::A as Passed;"),
    ]);
    let words = "a circle of a, b, c\n  src/a.rs:1: a knows b\n  src/b.rs:2: b knows c\n  src/c.rs:1: c knows a";
    assert_eq!(circles(&source, &mentions), [words]);
}

#[test]
fn a_module_and_a_part_of_it_can_be_a_circle_and_a_facade_is_none() {
    let parent = "mod part; pub use part::Part; pub struct Whole;";
    let part = ("a/part.rs", "pub struct Part(super::Whole);");
    let circles_with = |own: &str| {
        let parent = format!("{parent} {own}");
        let (source, mentions) = sample(&[("lib.rs", "mod a;"), ("a.rs", &parent), part]);
        circles(&source, &mentions).len()
    };
    assert_eq!(circles_with(""), 0);
    assert_eq!(circles_with("struct Both(Part);"), 1);
    assert_eq!(circles_with("fn f() { each!(Part::new()); }"), 1);
}

#[test]
fn a_forbidden_direction_a_missing_row_and_an_unused_permission_are_found() {
    let files = [
        ("lib.rs", "mod high; mod low;"),
        ("high.rs", "mod part; use crate::low::plain::Plain;"),
        ("high/part.rs", "use crate::low::secret::Secret;"),
        ("low.rs", "pub mod plain; pub mod secret;"),
        ("low/plain.rs", "pub struct Plain;"),
        ("low/secret.rs", "pub struct Secret;\npub use crate::high::High;"),
    ];
    let (source, mentions) = sample(&files);
    let found = |rows: &str| {
        let table = table::read(&format!("Text\n\n| module | may know |\n|---|---|\n{rows}\nText"));
        [faults(&table, &source), violations(&table, &source, &mentions)].concat()
    };
    let up = "src/low/secret.rs:2: low::secret knows high";
    assert_eq!(found("| `high` | `low` |\n| `low` | nothing |"), [up]);
    let secret = "src/high/part.rs:1: high::part knows low::secret";
    let but = found("| `high` | `low`, but not `low::secret` |\n| `low` | nothing |");
    assert_eq!(but, [secret, up]);
    assert_eq!(found("| `high::part` | `low` |\n| `high` | `low::plain` |\n| `low` | nothing |"), [up]);
    let unused = "`low::plain` does not know `high`: take it out of the table";
    let below = "`high` does not stand below `low::plain`, which may know it";
    let rows = "| `high` | `low` |\n| `low::plain` | `high` |\n| `low` | nothing |";
    assert_eq!(found(rows), [below, up, unused]);
    let missing = ["`low` has no row", "`low` does not stand below `high`, which may know it"];
    assert_eq!(found("| `high` | `low` |"), missing);
    assert!(
        found("| `high` | `lower` |\n| `low` | nothing |")
            .contains(&"there is no module `lower` (in the row of `high`)".to_owned())
    );
}

#[test]
fn whatever_is_more_than_computing_is_found() {
    for impure in [
        "async fn f() {}",
        "fn f() { async { 1 }; }",
        "use tokio::time::sleep;",
        "pub use std::fs;",
        "fn f() { std::fs::read(\"a\"); }",
        "fn f() { println!(\"a\"); }",
        "macro_rules! m { () => { std::env::var(\"A\") }; }",
        "macro_rules! m { () => { eprintln!(\"A\") }; }",
        "fn f() { env!(\"HOME\"); }",
        "use std::time::Instant;",
        "use jiff::Timestamp; fn f() { Timestamp::now(); }",
        "use jiff::Timestamp; const CLOCK: fn() -> Timestamp = Timestamp::now;",
        "fn f(path: &Path) -> bool { path.exists() }",
    ] {
        let (source, mentions) = sample(&[("lib.rs", "mod pure;"), ("pure.rs", impure)]);
        let allowed = impurities("pure", &["jiff::Timestamp"], &source, &mentions);
        assert!(allowed.iter().any(|found| found.starts_with("src/pure.rs:1: ")), "{impure}: {allowed:?}");
    }
    let pure = "use jiff::Timestamp; fn f(at: Timestamp) -> String { format!(\"{}\", at.as_second()) }";
    let (source, mentions) = sample(&[("lib.rs", "mod pure;"), ("pure.rs", pure)]);
    assert_eq!(impurities("pure", &["jiff::Timestamp"], &source, &mentions), [] as [&str; 0]);
    let unused = impurities("pure", &["jiff::Timestamp", "std::mem"], &source, &mentions);
    assert_eq!(unused, ["pure does not take std::mem: take it off the list"]);
}
