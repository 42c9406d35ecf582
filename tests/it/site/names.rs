//! The files of a small site, as a bundler leaves them: names with a hash of the content, pages that name them.

/// The files of a version by their paths. Each page is as long in every version, as pages of bundlers are.
pub fn version(number: u32) -> Vec<(String, String)> {
    let hash = hash(number);
    let page = |title: &str| {
        format!(
            "<!doctype html><html><head><title>{title}</title>\
             <script type=\"module\" src=\"/assets/index-{hash}.js\"></script>\
             <link rel=\"stylesheet\" href=\"/assets/index-{hash}.css\"></head><body></body></html>\n"
        )
    };
    let file = |path: &str, content: String| (path.to_owned(), content);
    vec![
        file(&format!("assets/index-{hash}.js"), format!("document.title += \" {hash}\";\n")),
        file(&format!("assets/index-{hash}.css"), format!("body {{ --version: \"{hash}\"; }}\n")),
        file("assets/logo-D3adB33f.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n".to_owned()),
        file("robots.txt", "User-agent: *\nDisallow:\n".to_owned()),
        file("sw.js", format!("const version = \"{hash}\";\n")),
        file("about/index.html", page("About")),
        file("index.html", page("Shop")),
    ]
}

/// Eight letters and digits, others for each version.
fn hash(number: u32) -> String {
    let mixed = number.wrapping_mul(2_654_435_761) ^ 0x5bd1_e995;
    format!("{mixed:08x}")
}

#[test]
fn versions_have_pages_of_one_length_that_name_other_assets() {
    let [first, second] = [1, 2].map(|number| {
        let files = version(number);
        files.into_iter().find(|(path, _)| path == "index.html").unwrap().1
    });
    assert_eq!(first.len(), second.len());
    assert_eq!(super::visitor::assets(&first).len(), 2);
    assert!(super::visitor::assets(&first).iter().all(|asset| !super::visitor::assets(&second).contains(asset)));
}
