//! Bundles of static sites, as inputs of the action: by digest, or not at all.

use proptest::prelude::*;

use crate::offline_action_inputs::Case;

const ONE: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const TWO: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

#[test]
fn each_bundle_is_named_with_the_digest_that_came_with_it() {
    let case = Case::new();
    for (object, options) in [
        (format!(r#"{{"site":"{ONE}"}}"#), vec![format!("--bundle=site=/a dir/site.tar@{ONE}")]),
        (
            format!("\n {{ \"a.b-c_D\" :\t\"{ONE}\" ,\r\n \"0\":\"{TWO}\" }} \n"),
            vec![format!("--bundle=a.b-c_D=/a dir/a.b-c_D.tar@{ONE}"), format!("--bundle=0=/a dir/0.tar@{TWO}")],
        ),
        ("{}".to_owned(), vec![]),
        (" { } ".to_owned(), vec![]),
        (" \n".to_owned(), vec![]),
    ] {
        let arguments = case.arguments(&[("bundles", &object), ("bundle-directory", "/a dir")]);
        assert_eq!(arguments[1..], options, "{object}");
    }
}

#[test]
fn what_is_no_object_of_digests_is_refused() {
    let case = Case::new();
    let long = "a".repeat(65);
    for object in [
        "[]".to_owned(),
        "{".to_owned(),
        "}".to_owned(),
        "null".to_owned(),
        "site".to_owned(),
        format!("\"site\":\"{ONE}\""),
        format!(r#"{{"site":"{ONE}",}}"#),
        format!(r#"{{,"site":"{ONE}"}}"#),
        format!(r#"{{"site":"{ONE}" "b":"{TWO}"}}"#),
        format!(r#"{{"site":"{ONE}"}} {{}}"#),
        format!(r#"{{"site":"{ONE}a"}}"#),
        format!(r#"{{"site":"{}"}}"#, &ONE[..70]),
        format!(r#"{{"site":"{}"}}"#, ONE.to_uppercase()),
        format!(r#"{{"site":"{}"}}"#, ONE.replace("sha256", "md5")),
        format!(r#"{{"site":["{ONE}"]}}"#),
        r#"{"site":1}"#.to_owned(),
        format!(r#"{{"":"{ONE}"}}"#),
        format!(r#"{{"{long}":"{ONE}"}}"#),
        format!(r#"{{"../x":"{ONE}"}}"#),
        format!(r#"{{"a/b":"{ONE}"}}"#),
        format!(r#"{{"a=b":"{ONE}"}}"#),
        format!(r#"{{"a b":"{ONE}"}}"#),
        format!(r#"{{"-x":"{ONE}"}}"#),
        format!(r#"{{"\u0061":"{ONE}"}}"#),
        format!(r#"{{"é":"{ONE}"}}"#),
        format!(r#"{{"$(touch owned)":"{ONE}"}}"#),
    ] {
        let error = case.refusal(&[("bundles", &object), ("bundle-directory", "x")]);
        assert!(error.starts_with("the input bundles is not a JSON object of digests by component: "), "{error}");
    }
    let twice = format!(r#"{{"site":"{ONE}","site":"{TWO}"}}"#);
    let error = case.refusal(&[("bundles", &twice), ("bundle-directory", "x")]);
    assert!(error.starts_with("the input bundles names component \"site\" twice\n"), "{error}");
    case.nothing_was_made();
}

#[test]
fn nobody_guesses_where_bundles_are() {
    let case = Case::new();
    let bundles = format!(r#"{{"site":"{ONE}"}}"#);
    for inputs in [&[("bundles", bundles.as_str())][..], &[("command", "build")]] {
        let error = case.refusal(inputs);
        assert!(error.starts_with("the input bundle-directory is empty\n"), "{error}");
    }
    let error = case.refusal(&[("command", "build"), ("bundle-directory", "x"), ("bundles", &bundles)]);
    assert!(error.starts_with("the input bundles is not for `build`"), "{error}");
}

#[test]
fn a_build_takes_its_components_where_nothing_becomes_an_option() {
    let case = Case::new();
    let inputs = [
        ("command", "build"),
        ("bundle-directory", "a dir"),
        ("environment", "stage"),
        ("config", "ops/shipgate.toml"),
        ("component", "site, --help\n$(touch owned)"),
        ("extra-args", "--allow-dirty"),
    ];
    let expected = [
        "build",
        "--to=a dir",
        "--environment=stage",
        "--config=ops/shipgate.toml",
        "--allow-dirty",
        "--",
        "site",
        "--help",
        "$(touch owned)",
    ];
    assert_eq!(case.arguments(&inputs), expected);
    assert_eq!(case.arguments(&[("command", "build"), ("bundle-directory", "-x")]), ["build", "--to=-x", "--"]);
    case.nothing_was_made();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a component may be called and wherever its file is, the program gets just that.
    #[test]
    fn any_bundles_arrive_whole(
        names in prop::collection::btree_map("[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "[0-9a-f]{64}", 1..6),
        directory in "[a-z@=$'\" ]{1,12}",
        space in prop::sample::select(vec!["", " ", "\n", "\t"]),
    ) {
        let case = Case::new();
        let pairs = names.iter().map(|(name, digest)| format!("\"{name}\"{space}:{space}\"sha256:{digest}\""));
        let object = format!("{{{space}{}{space}}}", pairs.collect::<Vec<_>>().join(&format!("{space},{space}")));
        let options = names.iter().map(|(name, digest)| format!("--bundle={name}={directory}/{name}.tar@sha256:{digest}"));
        let arguments = case.arguments(&[("bundles", &object), ("bundle-directory", &directory)]);
        prop_assert_eq!(&arguments[1..], &options.collect::<Vec<_>>()[..]);
        case.nothing_was_made();
    }
}
