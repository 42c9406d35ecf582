use super::*;
use proptest::prelude::*;

fn is_one(path: &str) -> bool {
    let (directory, name) = path.rsplit_once('/').map_or(("", path), |(before, name)| (&path[..=before.len()], name));
    is_fingerprinted(directory, name)
}

#[test]
fn names_of_builders_are_fingerprinted() {
    for path in [
        // Vite, Astro, Nuxt, SvelteKit.
        "assets/index-BkTfQwXy.js",
        "assets/index-B1x9Za_c.css",
        "assets/vendor-D-9xK2aB.js",
        "shop/assets/index-DxY1abQd.js",
        "assets/logo-B1x9ZaQc.svg",
        "assets/index-8e8b2a4c.js",
        "_astro/hoisted.CvX3kq1Z.js",
        "_nuxt/DxY1abQd.js",
        "_nuxt/entry.8e8b2a4c.css",
        "_app/immutable/chunks/abc.js",
        "_app/immutable/nodes/0.BkTfQwXy.js",
        // Create React App and webpack.
        "static/js/main.8e8b2a4c.js",
        "static/js/main.8e8b2a4c.chunk.js",
        "static/js/787.1b2c3d4e.chunk.js.map",
        "static/media/logo.6ce24c58023cc2f8fd88fe9d219db6c6.svg",
        "js/app.0f1e2d3c4b5a69788796.js",
        "app.0f1e2d3c4b5a69788796.min.js",
        // Next.js.
        "_next/static/chunks/main-app-1a2b3c4d5e6f7a8b.js",
        "_next/static/chunks/0f2c_next_dist_8a1b2c3d._.js",
        "_next/static/css/0a1b2c3d4e5f6a7b.css",
        "_next/static/media/a34f9d1faa5f3315-s.p.woff2",
    ] {
        assert!(is_one(path), "{path}");
    }
    // Angular and esbuild, at the root.
    for path in ["main-5Z3XQ7LM.js", "chunk-4XJQ2ABC.js", "styles-5INURTSO.css", "main.3f2a1b4c5d6e7f80.js"] {
        assert!(is_one(path), "{path}");
    }
}

#[test]
fn names_of_people_are_not() {
    for path in [
        "index.html.js",
        "main.js",
        "js/chunk-vendors.js",
        "assets/chunk-vendors.js",
        "js/jquery-3.7.1.min.js",
        "assets/jquery-3.7.1.min.js",
        "assets/my-component-name.js",
        "assets/page-Dashboard.js",
        "assets/icon-DarkMode.css",
        "assets/js-polyfill.js",
        "assets/polyfill.js",
        "assets/app-version2.js",
        "assets/app-2026beta.js",
        "assets/app-my-lib-2.js",
        "assets/lib-i18nLang.js",
        "assets/lib-base64js.js",
        "assets/lib-utf8Tool.js",
        "assets/lib-k8sPanel.js",
        "assets/menu-AdminNav.js",
        "assets/menu-AddToBag.js",
        "assets/menu-NavBarUI.js",
        "assets/AddToBag.js",
        "static/js/AddToBag.js",
        "assets/BkTfQwXy.js",
        "reports/report-20261122.pdf",
        "assets/report-20261122.pdf",
        "assets/report-2026Q3v2.pdf",
        "assets/img-hero1080.jpg",
        "assets/banner-mobile02.png",
        "assets/logo-v2Final1.png",
        "assets/logo-DarkMode.svg",
        "assets/photo-20261122T1530.jpg",
        "photo-20261122T1530.jpg",
        "poster-decade90.png",
        "poster-cafe2024.png",
        "video-face2face.mp4",
        "2026abcd.pdf",
        "report-FY2627Q4.pdf",
        "build-4b825dc.js",
        "uploads/3f2504e0-4f89-11d3-9a0c-0305e82c3301.jpg",
        "assets/x-3f2504e0-4f89-11d3-9a0c-0305e82c3301.jpg",
        "uploads/photo-5f2b3c4d5e6f7a8b9c0d1e2f.jpg",
        "uploads/3f2504e04f8911d3.jpg",
        "assets/3f2504e04f8911d3.jpg",
        "index-BkTfQwXy.js",
        "js/index-B1x9ZaQc.js",
        "CHAPTER2.js",
        "js/book-CHAPTER2.js",
        "_next/static/my-build/_buildManifest.js",
        "noextension-8e8b2a4c",
        "assets/8e8b2a4c/main.js",
        "",
        ".",
        "ü-ÄÖÜäöüß.js",
    ] {
        assert!(!is_one(path), "{path}");
    }
}

proptest! {
    #[test]
    fn words_dates_and_versions_never_are(
        directory in "(assets/|static/js/|_nuxt/|img/|)",
        name in "([A-Z]?[a-z]{1,9}[-._]){0,3}([A-Z]?[a-z]{1,12}|[A-Z]?[a-z]{3,9}[0-9]{1,4}|[0-9]{1,14}|v?[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3})",
        extension in "(js|css|png|pdf|woff2)",
    ) {
        prop_assert!(!is_fingerprinted(&directory, &format!("{name}.{extension}")), "{directory}{name}.{extension}");
    }

    #[test]
    fn any_name_is_judged(directory in "(.{0,12}/)?", name in ".{0,24}") {
        is_fingerprinted(&directory, &name);
    }
}

#[test]
fn a_fingerprint_has_its_place() {
    for (path, expected) in [
        ("assets/index-BkTfQwXy.js", Some("BkTfQwXy")),
        ("assets/index-BkTfQwXy.js.map", Some("BkTfQwXy")),
        ("static/js/main.8e8b2a4c.chunk.js", Some("8e8b2a4c")),
        ("_next/static/chunks/fd9d1056-43a99842f08a5e17.js", Some("43a99842f08a5e17")),
        ("_next/static/media/a34f9d1faa5f3315-s.p.woff2", Some("a34f9d1faa5f3315")),
        ("_app/immutable/entry/start.D3JQoTqT.js", Some("D3JQoTqT")),
        ("_app/immutable/workers/myworker.js", None),
        ("main.js", None),
    ] {
        let (directory, name) = path.split_at(path.rfind('/').map_or(0, |at| at + 1));
        assert_eq!(fingerprint(directory, name).map(|range| &name[range]), expected, "{path}");
    }
}

/// How many of what Rollup writes are recognised: enough to be of use.
#[test]
fn most_fingerprints_are_recognised() {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    let mut seed = 7_u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ALPHABET[usize::try_from(seed >> 58).unwrap()] as char
    };
    let names: Vec<String> = (0..1000).map(|_| (0..8).map(|_| next()).collect()).collect();
    let recognised = |directory: &str, extension: &str| {
        names.iter().filter(|name| is_fingerprinted(directory, &format!("index-{name}.{extension}"))).count()
    };
    assert!(recognised("assets/", "js") > 700, "{}", recognised("assets/", "js"));
    assert!(recognised("assets/", "png") > 550, "{}", recognised("assets/", "png"));
    assert_eq!(recognised("js/", "png"), 0);
}
