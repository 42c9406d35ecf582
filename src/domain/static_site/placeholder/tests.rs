//! Releases as builders leave them, with values put in.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::integrity::Hash;
use super::*;
use crate::domain::image::Digest;
use crate::domain::placeholder::PlaceholderValues;
use crate::domain::static_site::bundle::{Cache, SiteFile, SitePath};

const MARKER: &str = "https://shipgate-placeholder-api-url.invalid";
const STAGE: &str = "https://api.stage.example.com";

type TestFiles = BTreeMap<String, String>;

fn files(files: &[(&str, &str)]) -> TestFiles {
    files.iter().map(|(path, text)| ((*path).to_owned(), text.replace("MARKER", MARKER))).collect()
}

fn with_bytes(files: &BTreeMap<String, Vec<u8>>, values: &PlaceholderValues) -> Result<FilledSite, Unfillable> {
    let file = |(path, bytes): (&String, &Vec<u8>)| {
        let path: SitePath = path.parse().unwrap();
        let about = (Digest::of(bytes), bytes.len() as u64);
        let file = SiteFile::new(&path, about, |other| files.contains_key(other));
        (path, file)
    };
    let manifest: BTreeMap<_, _> = files.iter().map(file).collect();
    let searched = manifest.iter().filter(|(_, file)| Unfilled::is_searched(file));
    let bytes = searched.map(|(path, _)| (path.clone(), files[path.as_str()].clone())).collect();
    fill(&Unfilled { files: &manifest, bytes: &bytes }, values)
}

fn try_filled(files: &TestFiles, values: &[(&str, &str)]) -> Result<FilledSite, Unfillable> {
    let files = files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
    with_bytes(&files, &PlaceholderValues::sample(values))
}

/// What is served of a release with one value: paths, and texts where they are others than before.
fn filled(unfilled: &TestFiles, value: &str) -> TestFiles {
    served(unfilled, &try_filled(unfilled, &[("API_URL", value)]).unwrap())
}

fn served(unfilled: &TestFiles, filled: &FilledSite) -> TestFiles {
    let by_digest: BTreeMap<Digest, &String> = unfilled.values().map(|text| (Digest::of(text), text)).collect();
    let of = |(path, file): (&SitePath, &SiteFile)| {
        let new = filled.bodies.get(&file.digest).map(|bytes| String::from_utf8(bytes.clone()).unwrap());
        let text = new.unwrap_or_else(|| by_digest[&file.digest].clone());
        assert_eq!((Digest::of(&text), text.len() as u64), (file.digest.clone(), file.size), "{path}");
        (path.to_string(), text)
    };
    filled.manifest.files.iter().map(of).collect()
}

/// The only path that begins and ends so.
#[track_caller]
fn only<'f>(files: &'f TestFiles, begins: &str, ends: &str) -> &'f str {
    let found: Vec<_> = files.keys().filter(|path| path.starts_with(begins) && path.ends_with(ends)).collect();
    let [path] = found.as_slice() else { panic!("{begins}…{ends}: {found:?} of {:?}", files.keys()) };
    path
}

/// A site as Vite leaves it: an entry that loads a part, which has the marker and takes from the entry.
fn vite() -> TestFiles {
    files(&[
        (
            "index.html",
            "<script type=module src=\"/assets/index-BkTfQwXy.js\"></script><link rel=stylesheet href=/assets/index-DqRs7tUv.css>",
        ),
        (
            "assets/index-BkTfQwXy.js",
            "import(\"./api-C1dEf2Gh.js\");export const a=1;\n//# sourceMappingURL=index-BkTfQwXy.js.map",
        ),
        ("assets/index-BkTfQwXy.js.map", "{\"file\":\"index-BkTfQwXy.js\"}"),
        ("assets/api-C1dEf2Gh.js", "import{a}from\"./index-BkTfQwXy.js\";fetch(`MARKER/users`)"),
        ("assets/other-Q1w2E3r4.js", "import \"./lib-Zx9Cv8Bn.js\""),
        ("assets/lib-Zx9Cv8Bn.js", "1"),
        ("assets/index-DqRs7tUv.css", "a{background:url(/assets/logo-K8jH7gF6.svg)}"),
        ("assets/logo-K8jH7gF6.svg", "<svg/>"),
        ("robots.txt", "User-agent: *"),
    ])
}

#[test]
fn a_value_is_put_in_and_names_follow_through_a_circle() {
    let unfilled = vite();
    let filled = filled(&unfilled, STAGE);
    let (entry, part) = (only(&filled, "assets/index-", ".js"), only(&filled, "assets/api-", ".js"));
    assert_ne!((entry, part), ("assets/index-BkTfQwXy.js", "assets/api-C1dEf2Gh.js"));
    let name = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    assert!(filled[part].contains(&format!("fetch(`{STAGE}/users`)")), "{}", filled[part]);
    assert!(filled[part].contains(&name(entry)) && filled[entry].contains(&name(part)));
    assert!(filled["index.html"].contains(&format!("src=\"/{entry}\"")), "{}", filled["index.html"]);
    assert_eq!(only(&filled, "assets/index-", ".map"), format!("{entry}.map"));
    for same in ["assets/other-Q1w2E3r4.js", "assets/lib-Zx9Cv8Bn.js", "assets/index-DqRs7tUv.css", "robots.txt"] {
        assert_eq!(filled[same], unfilled[same]);
    }
    assert_eq!(filled.len(), unfilled.len());
}

#[test]
fn each_place_has_other_names_for_what_changes_and_the_same_for_the_rest() {
    let unfilled = vite();
    let [stage, again, production] = [STAGE, STAGE, "https://api.example.com"].map(|value| filled(&unfilled, value));
    assert_eq!(stage, again);
    let paths = |files: &TestFiles| files.keys().cloned().collect::<BTreeSet<_>>();
    let both: BTreeSet<_> = paths(&stage).intersection(&paths(&production)).cloned().collect();
    let unchanged = unfilled.keys().filter(|path| {
        !["assets/index-BkTfQwXy.js", "assets/index-BkTfQwXy.js.map", "assets/api-C1dEf2Gh.js"].contains(&path.as_str())
    });
    assert_eq!(both, unchanged.cloned().collect());
}

/// What is in no path from a file to another leaves its name alone.
#[test]
fn a_change_elsewhere_renames_nothing() {
    let before = filled(&vite(), STAGE);
    let mut unfilled = vite();
    unfilled.insert("assets/lib-Zx9Cv8Bn.js".to_owned(), "2".to_owned());
    unfilled.get_mut("index.html").unwrap().push(' ');
    let after = filled(&unfilled, STAGE);
    assert_eq!(only(&before, "assets/index-", ".js"), only(&after, "assets/index-", ".js"));
    // What the entry leads to counts.
    let mut unfilled = vite();
    unfilled.get_mut("assets/api-C1dEf2Gh.js").unwrap().push(' ');
    assert_ne!(only(&before, "assets/index-", ".js"), only(&filled(&unfilled, STAGE), "assets/index-", ".js"));
}

#[test]
fn names_follow_in_all_that_builders_write() {
    let name = "a-BkTfQwXy.js";
    for (path, text) in [
        ("x.html", "<link rel=modulepreload href=/assets/a-BkTfQwXy.js>"),
        ("x.html", "<script type=importmap>{\"imports\":{\"a\":\"/assets/a-BkTfQwXy.js\"}}</script>"),
        ("x.css", "@import url('a-BkTfQwXy.js')"),
        ("x.json", "{\"files\":{\"main.js\":\"/assets/a-BkTfQwXy.js\"}}"),
        ("x.json", "{\"a\":\"\\/assets\\/a-BkTfQwXy.js\"}"),
        ("x.webmanifest", "{\"start_url\":\"/?a-BkTfQwXy.js\"}"),
        ("x.svg", "<image href=\"a-BkTfQwXy.js\"/>"),
        ("x.xml", "<loc>https://example.com/assets/a-BkTfQwXy.js</loc>"),
        ("x.txt", "assets%2Fa-BkTfQwXy.js"),
        ("x.js", "__vite__mapDeps=[\"assets/a-BkTfQwXy.js\",\"assets/a-BkTfQwXy.js\"]"),
        ("x.js", "e=>\"assets/a-\"+{7:\"BkTfQwXy\"}[e]+\".js\""),
        ("ü/日本.js", "“a-BkTfQwXy.js”"),
    ] {
        let unfilled = files(&[(&format!("assets/{name}"), "\"MARKER\""), (path, text)]);
        let filled = filled(&unfilled, STAGE);
        let new = only(&filled, "assets/a-", ".js").strip_prefix("assets/a-").unwrap().trim_end_matches(".js");
        assert_eq!(filled[path], text.replace("BkTfQwXy", new), "{text}");
    }
}

#[test]
fn a_value_stands_in_texts_of_each_kind() {
    for (path, text) in [
        ("a.js", "a=\"MARKER\";b='MARKER/b';c=`${MARKER}`"),
        ("a.html", "<meta content=\"connect-src MARKER\"><a href=MARKER/x>"),
        ("a.css", "@import url(MARKER/a.css)"),
        ("a.json", "{\"url\":\"MARKER\"}"),
        ("a.svg", "<a href=\"MARKER\"/>"),
        ("a", "MARKER"),
    ] {
        let unfilled = files(&[(path, text)]);
        assert_eq!(filled(&unfilled, STAGE)[path], text.replace("MARKER", STAGE));
    }
}

#[test]
fn a_name_that_begins_another_is_left_alone() {
    let unfilled = files(&[
        ("assets/a-BkTfQwXy.js", "\"MARKER\""),
        ("assets/a-BkTfQwXyZ1234567.js", "1"),
        ("assets/a-8e8b2a4c.js", "1"),
        ("assets/a-8e8b2a4c1f2e3d4c.js", "\"MARKER\""),
        ("index.html", "a-BkTfQwXy.js a-BkTfQwXyZ1234567.js a-8e8b2a4c.js a-8e8b2a4c1f2e3d4c.js"),
    ]);
    let filled = filled(&unfilled, STAGE);
    let page = &filled["index.html"];
    assert!(page.contains("a-BkTfQwXyZ1234567.js") && page.contains("a-8e8b2a4c.js "), "{page}");
    assert!(!page.contains("a-BkTfQwXy.js") && !page.contains("a-8e8b2a4c1f2e3d4c"), "{page}");
    assert!(page.split(' ').all(|name| filled.contains_key(&format!("assets/{name}"))), "{page}");
}

#[test]
fn integrity_is_that_of_the_new_bytes() {
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        let (script, other) = (format!("\"{MARKER}\""), "1".to_owned());
        let inner = format!("sri={{7:\"{}\"}};import('./a-BkTfQwXy.js')", hash.of(script.as_bytes()));
        let page = format!(
            "<script src=/assets/b-C1dEf2Gh.js integrity=\"{} {}\"></script>",
            hash.of(inner.as_bytes()),
            hash.of(other.as_bytes())
        );
        let unfilled = files(&[
            ("assets/a-BkTfQwXy.js", &script),
            ("assets/b-C1dEf2Gh.js", &inner),
            ("other.js", &other),
            ("index.html", &page),
        ]);
        let filled = filled(&unfilled, STAGE);
        let (a, b) = (only(&filled, "assets/a-", ".js"), only(&filled, "assets/b-", ".js"));
        assert!(filled[b].contains(&hash.of(filled[a].as_bytes())));
        assert!(filled["index.html"].contains(&hash.of(filled[b].as_bytes())), "{}", filled["index.html"]);
        assert!(filled["index.html"].contains(&hash.of(other.as_bytes())), "what did not change stays");
    }
}

#[test]
fn a_policy_allows_the_scripts_that_its_page_has_then() {
    let (script, style) = (format!("fetch(\"{MARKER}/a\");import(\"/assets/a-BkTfQwXy.js\")"), "a{}");
    let [of_script, of_style] = [script.as_str(), style].map(|part| Hash::Sha256.of(part.as_bytes()));
    let page = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"script-src '{of_script}'; style-src '{of_style}'\">\
         <style>{style}</style><script>{script}</script>"
    );
    let filled = filled(&files(&[("index.html", &page), ("assets/a-BkTfQwXy.js", "MARKER")]), STAGE);
    let new = &filled["index.html"];
    let part = new.split("<script>").nth(1).unwrap().trim_end_matches("</script>");
    assert!(part.starts_with(&format!("fetch(\"{STAGE}/a\")")), "{new}");
    assert!(new.contains(&Hash::Sha256.of(part.as_bytes())) && new.contains(&of_style), "{new}");
    assert!(!new.contains(&of_script) && !new.contains("BkTfQwXy"), "{new}");
}

#[test]
fn a_precache_list_says_what_changed() {
    let old = "0123456789abcdef0123456789abcdef";
    let worker = format!(
        "precacheAndRoute([{{url:\"index.html\",revision:\"{old}\"}},{{url:\"about.html\",revision:\"{old}\"}},\
         {{url:\"assets/a-BkTfQwXy.js\",revision:null}}])"
    );
    let unfilled = files(&[
        ("assets/a-BkTfQwXy.js", "\"MARKER\""),
        ("index.html", "<script src=/assets/a-BkTfQwXy.js></script>"),
        ("about.html", "about"),
        ("sw.js", &worker),
    ]);
    let revision = |value: &str| {
        let filled = filled(&unfilled, value);
        let script = only(&filled, "assets/a-", ".js");
        let text = &filled["sw.js"];
        assert!(text.contains(&format!("url:\"{script}\",revision:null")), "{text}");
        assert!(text.contains(&format!("url:\"about.html\",revision:\"{old}\"")), "{text}");
        let start = text.find("revision:\"").unwrap() + "revision:\"".len();
        text[start..start + 32].to_owned()
    };
    let revisions = BTreeSet::from([old.to_owned(), revision(STAGE), revision("https://api.example.com")]);
    assert_eq!(revisions.len(), 3);
}

#[test]
fn a_file_that_cannot_be_renamed_is_asked_for_again() {
    let unfilled = files(&[
        ("_app/immutable/workers/myworker.js", "\"MARKER\""),
        ("assets/orphan-BkTfQwXy.js", "\"MARKER\""),
        ("index.html", "/_app/immutable/workers/myworker.js"),
    ]);
    let filled = try_filled(&unfilled, &[("API_URL", STAGE)]).unwrap();
    assert_eq!((filled.changed, filled.renamed), (2, 0));
    for (path, file) in filled.manifest.files {
        assert_eq!(file.cache, Cache::Revalidate, "{path}");
    }
}

#[test]
fn compressed_forms_of_what_changes_are_left_out() {
    let unfilled = files(&[
        ("assets/a-BkTfQwXy.js", "\"MARKER\""),
        ("assets/a-BkTfQwXy.js.br", "br"),
        ("assets/a-BkTfQwXy.css", "a{}"),
        ("assets/a-BkTfQwXy.css.gz", "gz"),
        ("index.html", "a-BkTfQwXy.js"),
        ("index.html.gz", "gz"),
        ("about.html", "about"),
        ("about.html.gz", "gz"),
    ]);
    let filled = try_filled(&unfilled, &[("API_URL", STAGE)]).unwrap();
    let left_out: Vec<_> = filled.left_out.iter().map(SitePath::as_str).collect();
    assert_eq!(left_out, ["assets/a-BkTfQwXy.js.br", "index.html.gz"]);
    let style = only(&served(&unfilled, &filled), "assets/a-", ".css").to_owned();
    assert!(filled.manifest.files.contains_key(&format!("{style}.gz").parse().unwrap()), "it did not change");
}

#[test]
fn what_cannot_be_filled_is_refused() {
    let other = MARKER.replace("api", "cdn");
    let hashes = Hash::Sha256.of(b"x");
    for (unfilled, expected) in [
        (files(&[("a.js", "1")]), "no file that is served has the marker of placeholder `API_URL`".to_owned()),
        (
            files(&[("a.js", "1\n\"ü MARKER\"+\"X\"".replace('X', &other).as_str())]),
            "a.js:2:51: the marker of placeholder `CDN_URL`, which has no value".to_owned(),
        ),
        (
            files(&[("a.js", &format!("MARKER {}", MARKER.replace('/', "\\/")))]),
            "a.js:1:56: a marker that is cut or written in another form".to_owned(),
        ),
        (
            files(&[
                ("assets/a-BkTfQwXy.js", "MARKER"),
                ("index.html", "a-BkTfQwXy.js"),
                ("ngsw.json", &format!("{{\"hashTable\":{{\"/index.html\":\"{hashes}\"}}}}")),
            ]),
            "`ngsw.json` has a hash of `index.html`, which changes".to_owned(),
        ),
    ] {
        assert_eq!(try_filled(&unfilled, &[("API_URL", STAGE)]).unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_file_that_is_no_text_is_refused_where_it_would_change() {
    let values = PlaceholderValues::sample(&[("API_URL", STAGE)]);
    let with = |path: &str, text: &str| {
        let wasm = [b"\0asm\xff".as_slice(), text.as_bytes()].concat();
        let files = BTreeMap::from([
            ("assets/a-BkTfQwXy.js".to_owned(), MARKER.as_bytes().to_vec()),
            ("index.html".to_owned(), b"a-BkTfQwXy.js".to_vec()),
            (path.to_owned(), wasm),
        ]);
        with_bytes(&files, &values)
    };
    assert!(matches!(with("a.wasm", MARKER), Err(Unfillable::NoText { .. })));
    assert!(matches!(with("a.wasm", "a-BkTfQwXy.js"), Err(Unfillable::NoText { .. })));
    assert!(with("a.wasm", "other").is_ok());
}

/// A site of scripts that name each other in any way: what each names, and whether it has the marker.
fn graph() -> impl Strategy<Value = Vec<(Vec<usize>, bool)>> {
    proptest::collection::vec((proptest::collection::vec(0_usize..8, 0..4), any::<bool>()), 8)
}

/// A name as Rollup would give it, others for each number.
fn script(number: usize) -> String {
    format!("assets/s{number}-Bk{number}fQw{number}y.js")
}

proptest! {
    /// No page or script names a file that is not there, whatever the graph; no marker and no old name is left; and the
    /// same comes to the same.
    #[test]
    fn what_is_served_is_whole(graph in graph()) {
        let body = |(names, marked): &(Vec<usize>, bool)| {
            let imports: Vec<String> = names.iter().map(|other| format!("import \"/{}\";", script(*other))).collect();
            let mut text = imports.concat();
            if *marked { text.push_str(MARKER) }
            text
        };
        let mut unfilled: TestFiles = graph.iter().enumerate().map(|(number, one)| (script(number), body(one))).collect();
        unfilled.insert("index.html".to_owned(), format!("{MARKER} {}", script(0)));
        let once = try_filled(&unfilled, &[("API_URL", STAGE)]).unwrap();
        prop_assert_eq!(&once, &try_filled(&unfilled, &[("API_URL", STAGE)]).unwrap());
        let filled = served(&unfilled, &once);
        for (path, text) in &filled {
            prop_assert!(!text.contains(MARKER), "{}", path);
            for name in text.split('"').filter(|part| part.starts_with("/assets/")) {
                prop_assert!(filled.contains_key(&name[1..]), "{} names {}", path, name);
            }
        }
        prop_assert_eq!(filled.len(), unfilled.len());
        // What caches keep for ever has another name for other bytes.
        let other = try_filled(&unfilled, &[("API_URL", "https://api.example.com")]).unwrap();
        for (path, file) in &once.manifest.files {
            let there = other.manifest.files.get(path);
            prop_assert!(file.cache == Cache::Revalidate || there.is_none_or(|there| there == file), "{}", path);
        }
    }
}
