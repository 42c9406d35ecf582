//! All that is said of each single mistake.

use super::*;

/// What is said of each change of the good file.
fn said(changes: &[(&str, &str)]) -> String {
    let said = |(old, new): &(&str, &str)| {
        let errors = refused(&with(old, new));
        for error in &errors {
            assert!(!error.hint.is_empty() && !error.message.ends_with('.'), "{error:?}");
        }
        format!("{}\n{}", new.replace('\n', "⏎"), reported(&errors))
    };
    changes.iter().map(said).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn names() {
    let changes = [
        (r#"app = "cloudshop""#, r#"app = "cloud shop""#),
        (r#"app = "cloudshop""#, r#"app = "${vars.APP}""#),
        (r#"app = "cloudshop""#, "app = 1"),
        (r#"app = "cloudshop""#, ""),
        (r#"app = "cloudshop""#, "app = \"cloudshop\"\nenviroments = {}"),
        ("[components.worker]", r#"[components."wor ker"]"#),
    ];
    insta::assert_snapshot!(said(&changes), @r#"
    app = "cloud shop"
    2:7 "cloud shop" | `app`: "cloud shop" is not an application name | correct it: it starts with a letter or digit and has letters, digits, `-`, `_`, `.`; at most 64

    app = "${vars.APP}"
    2:7 "${vars.APP}" | `app` cannot have variables | write the value itself

    app = 1
    2:7 1 | `app` must be a string, not an integer | write it in quotes: `app = "1"`


    1:1  | `app` is missing | add `app = "cloudshop"`

    app = "cloudshop"⏎enviroments = {}
    3:1 enviroments | unknown key `enviroments` | write `environments`, or remove it

    [components."wor ker"]
    13:13 "wor ker" | "wor ker" is not a component name | rename it: it starts with a letter or digit and has letters, digits, `-`, `_`, `.`; at most 64
    "#);
}

#[test]
fn kinds_of_component() {
    let changes = [
        ("kind = \"ecs\"\nimage", "image"),
        ("kind = \"ecs\"\nimage", "kind = \"stack\"\nimage"),
        ("kind = \"ecs\"\nimage", "kind = \"lambda\"\nimage"),
        ("kind = \"ecs\"\nimage", "kind = true\nimage"),
    ];
    insta::assert_snapshot!(said(&changes), @r#"
    image
    13:13 worker | `kind` is missing in `components.worker` | add `kind = "ecs"`

    kind = "stack"⏎image
    14:8 "stack" | `kind = "stack"` is not built yet | remove the component; only `kind = "ecs"`, `kind = "static-site"` and `kind = "amplify"` are built so far

    kind = "lambda"⏎image
    14:8 "lambda" | `lambda` is not a kind of component | write `kind = "ecs"`, `kind = "static-site"` or `kind = "amplify"`

    kind = true⏎image
    14:8 true | `kind` must be a string, not a boolean | write it in quotes: `kind = "true"`
    "#);
}

#[test]
fn where_images_come_from() {
    let changes = [
        (r#"image-from = "backend""#, ""),
        (r#"image-from = "backend""#, "image-from = \"backend\"\nbuild = { context = \".\" }"),
        (r#"image-from = "backend""#, r#"image-from = "bakend""#),
        (r#"image-from = "backend""#, r#"image-from = "worker""#),
        (r#"image-from = "backend""#, r#"image-from = "${vars.X}""#),
        (r#"image-from = "backend""#, "image-from = \"backend\"\nrepository = \"ab\"\ncreate-repository = true"),
        (r#"image-from = "backend""#, "image-from = \"backend\"\nreuse = \"own\""),
    ];
    insta::assert_snapshot!(said(&changes), @r#"
    13:13 worker | `worker` has neither `build` nor `image-from` | add `build = { context = "." }`, or `image-from` with the component whose image it runs too

    image-from = "backend"⏎build = { context = "." }
    15:14 "backend" | `worker` has both `build` and `image-from` | remove one of the two

    image-from = "bakend"
    15:14 "bakend" | there is no component `bakend` | write `backend`

    image-from = "worker"
    15:14 "worker" | `worker` cannot take its image from itself | name another component, or write `build`

    image-from = "${vars.X}"
    15:14 "${vars.X}" | `image-from` cannot have variables | write the value itself

    image-from = "backend"⏎repository = "ab"⏎create-repository = true
    16:14 "ab" | `repository` cannot be used with `image-from` | remove it; the image of `worker` is kept where `backend` says
    17:21 true | `create-repository` cannot be used with `image-from` | remove it; the image of `worker` is kept where `backend` says

    image-from = "backend"⏎reuse = "own"
    16:9 "own" | `reuse` cannot be used with `image-from` | remove it; the image of `worker` is kept where `backend` says
    "#);
}

#[test]
fn dependencies() {
    let kind = "kind = \"ecs\"\nimage";
    let changes = [
        (kind, "kind = \"ecs\"\ndepends-on = [\"bakend\", \"worker\", 3, \"${vars.X}\"]\nimage"),
        (kind, "kind = \"ecs\"\ndepends-on = [\"backend\", \"backend\"]\nimage"),
        (kind, "kind = \"ecs\"\ndepends-on = \"backend\"\nimage"),
        ("prefix = \"prod\"", "prefix = \"prod\"\ncomponents.worker.depends-on = [\"backend\"]"),
        ("kind = \"ecs\"\nbuild", "kind = \"ecs\"\nrebuild-per-environment = true\nbuild"),
    ];
    insta::assert_snapshot!(said(&changes), @r#"
    kind = "ecs"⏎depends-on = ["bakend", "worker", 3, "${vars.X}"]⏎image
    15:15 "bakend" | there is no component `bakend` | write `backend`
    15:25 "worker" | `worker` cannot depend on itself | remove it
    15:35 3 | `depends-on[2]` must be a string, not an integer | write it in quotes: `"3"`
    15:38 "${vars.X}" | `depends-on[3]` cannot have variables | write the value itself

    kind = "ecs"⏎depends-on = ["backend", "backend"]⏎image
    15:26 "backend" | `backend` is listed twice in `depends-on` | remove one of the two

    kind = "ecs"⏎depends-on = "backend"⏎image
    15:14 "backend" | `depends-on` must be a list, not a string | write it in brackets: `depends-on = [ … ]`

    prefix = "prod"⏎components.worker.depends-on = ["backend"]
    33:19 depends-on | `depends-on` cannot differ between environments | write it in `[components.worker]`

    kind = "ecs"⏎rebuild-per-environment = true⏎build
    6:1 rebuild-per-environment | unknown key `rebuild-per-environment` in `components.backend` | remove it; only `kind = "static-site"` has that key
    "#);
}

#[test]
fn builds() {
    let changes = [
        (r#"context = "backend", "#, ""),
        (r#"context = "backend""#, r#"context = "/srv""#),
        (r#"context = "backend""#, r#"context = "a/../../b""#),
        (r#"context = "backend""#, r#"context = """#),
        (r#"platforms = ["linux/amd64"]"#, r#"platforms = ["linux", "linux/AMD64", 3]"#),
        (r#"platforms = ["linux/amd64"]"#, r#"platforms = "linux/amd64""#),
        (r#"platforms = ["linux/amd64"]"#, r#"tags = ["v-${release.sha}", "a b"]"#),
        ("RELEASE = ", r#""A B" = "#),
    ];
    insta::assert_snapshot!(said(&changes), @r#"
    6:1 build | `context` is missing in `components.backend.build` | add `context = "."`

    context = "/srv"
    6:21 "/srv" | `context`: "/srv" is not a path inside the repository | correct it: it is relative to the configuration file, and stays inside that directory

    context = "a/../../b"
    6:21 "a/../../b" | `context`: "a/../../b" is not a path inside the repository | correct it: it is relative to the configuration file, and stays inside that directory

    context = ""
    6:21 "" | `context`: "" is not a path inside the repository | correct it: it is relative to the configuration file, and stays inside that directory

    platforms = ["linux", "linux/AMD64", 3]
    6:45 "linux" | `platforms`: "linux" is not a platform | correct it: it is like `linux/amd64` or `linux/arm/v7`
    6:54 "linux/AMD64" | `platforms`: "linux/AMD64" is not a platform | correct it: it is like `linux/amd64` or `linux/arm/v7`
    6:69 3 | `platforms[2]` must be a string, not an integer | write it in quotes: `"3"`

    platforms = "linux/amd64"
    6:44 "linux/amd64" | `platforms` must be a list, not a string | write it in brackets: `platforms = [ … ]`

    tags = ["v-${release.sha}", "a b"]
    6:60 "a b" | `tags`: "a b" is not an image tag | correct it: it starts with a letter, digit or `_`, and has those, `.` and `-`; at most 128

    "A B" = 
    6:70 "A B" | "A B" is not the name of a build argument | correct it: it has letters, digits and `_`, no variables
    "#);
}

#[test]
fn pre_deploy_commands() {
    let changes = [
        (r#""alembic", "upgrade", "head""#, ""),
        (r#""alembic", "upgrade", "head""#, r#""""#),
        (r#"["alembic", "upgrade", "head"]"#, r#""alembic upgrade head""#),
    ];
    insta::assert_snapshot!(said(&changes), @r#"
    8:14 [] | `pre-deploy` is empty | name the program to run, or remove the key

    ""
    8:15 "" | `pre-deploy`: "" is not a text that says something | correct it: it has at least one character

    "alembic upgrade head"
    8:14 "alembic upgrade head" | `pre-deploy` must be a list, not a string | write it in brackets: `pre-deploy = [ … ]`
    "#);
}

#[test]
fn variables() {
    let changes = [
        (r#""head""#, r#""${HOME}", "${vars}", "${env.A B}", "${secrets.X}", "${var.X}", "${""#),
        (r#""head""#, r#""${cfn.Stack.Output}", "${ssm./path}""#),
    ];
    insta::assert_snapshot!(said(&changes), @r#"
    "${HOME}", "${vars}", "${env.A B}", "${secrets.X}", "${var.X}", "${"
    8:38 ${HOME} | unknown variable `${HOME}` | write `${vars.NAME}`, `${env.NAME}`, `${app}`, `${environment.name}`, `${environment.prefix}`, `${release.sha}`, or `$${HOME}` for the text itself
    8:49 ${vars} | `${vars}` names no variable | write `${vars.NAME}`, the name of letters, digits and `_`
    8:60 ${env.A B} | `${env.A B}` names no variable | write `${env.NAME}`, the name of letters, digits and `_`
    8:74 ${secrets.X} | unknown variable `${secrets.X}` | hand the secret over as an environment variable, and write `${env.NAME}`
    8:90 ${var.X} | unknown variable `${var.X}` | write `${vars.X}`
    8:102 ${ | `pre-deploy[7]`: `${` is not closed by a `}` | close it with `}`, or write `$${` for the text itself

    "${cfn.Stack.Output}", "${ssm./path}"
    8:38 ${cfn.Stack.Output} | `${cfn.Stack.Output}` is not built yet | write the value itself, or take it from `${vars.NAME}`
    8:61 ${ssm./path} | `${ssm./path}` is not built yet | write the value itself, or take it from `${vars.NAME}`
    "#);
}

#[test]
fn settings() {
    let changes = [
        (r#"container = "web""#, r#"container = "w b""#),
        (r#"container = "web""#, r#"container = { name = "web" }"#),
        (r#"container = "web""#, r#"contaner = "web""#),
        (r#"container = "web""#, "container = \"web\"\ncreate-repository = \"yes\""),
        (r#"container = "web""#, "container = \"web\"\nreuse = \"mine\""),
        (r#"container = "web""#, "container = \"web\"\nreuse = true"),
        (r#"repository = "${environment.prefix}-cloudshop-backend""#, ""),
        (r#"repository = "${environment.prefix}-"#, r#"repository = "${environment.prefix}-${release.sha}-"#),
        (r#"task-definition = "ecs/worker.json""#, r#"task-definition = "../worker.json""#),
        (r#"timeout = "1h 30m""#, r#"timeout = "7h""#),
        (r#"timeout = "1h 30m""#, r#"timeout = "0s""#),
        (r#"timeout = "1h 30m""#, r#"timeout = "soon""#),
        (r#"timeout = "1h 30m""#, "timeout = 90"),
        (r#"timeout = "1h 30m""#, r#"missing-variables = "eror""#),
        (r#"timeout = "1h 30m""#, r#"missing-variables = "ignore""#),
        (r#"timeout = "1h 30m""#, r#"missing-variables = "${vars.MISSING}""#),
        (r#"timeout = "1h 30m""#, "missing-variables = true"),
    ];
    insta::assert_snapshot!(said(&changes), @r#"
    container = "w b"
    7:13 "w b" | `container`: "w b" is not a container name | correct it: it has letters, digits, `-` and `_`; at most 255

    container = { name = "web" }
    7:1 container | `container` must be a string, not a table | write one text in quotes

    contaner = "web"
    7:1 contaner | unknown key `contaner` in `components.backend` | write `container`, or remove it

    container = "web"⏎create-repository = "yes"
    8:21 "yes" | `create-repository` must be a boolean, not a string | write `create-repository = true` or `create-repository = false`

    container = "web"⏎reuse = "mine"
    8:9 "mine" | `reuse` must be `any` or `own`, not `mine` | write one of `any`, `own`

    container = "web"⏎reuse = true
    8:9 true | `reuse` must be a string, not a boolean | write it in quotes: `reuse = "true"`


    4:13 backend | `repository` is missing in `components.backend` | add `repository = "…"`

    repository = "${environment.prefix}-${release.sha}-
    9:37 ${release.sha} | `${release.sha}` cannot be used in `repository` | write it only in `args`, `tags`, `run` and `env` of a build, in `pre-deploy`, `runtime-config` and `calls`, and in probes

    task-definition = "../worker.json"
    17:19 "../worker.json" | `task-definition`: "../worker.json" is not a path inside the repository | correct it: it is relative to the configuration file, and stays inside that directory

    timeout = "7h"
    20:11 "7h" | `timeout`: "7h" is not a time to wait | correct it: it is like `90s` or `1h 30m`, more than nothing, at most `6h`

    timeout = "0s"
    20:11 "0s" | `timeout`: "0s" is not a time to wait | correct it: it is like `90s` or `1h 30m`, more than nothing, at most `6h`

    timeout = "soon"
    20:11 "soon" | `timeout`: "soon" is not a time to wait | correct it: it is like `90s` or `1h 30m`, more than nothing, at most `6h`

    timeout = 90
    20:11 90 | `timeout` must be a string, not an integer | write it in quotes: `timeout = "90"`

    missing-variables = "eror"
    20:21 "eror" | `missing-variables` must be `warning` or `error`, not `eror` | write `error`

    missing-variables = "ignore"
    20:21 "ignore" | `missing-variables` must be `warning` or `error`, not `ignore` | write one of `warning`, `error`

    missing-variables = "${vars.MISSING}"
    20:21 "${vars.MISSING}" | `missing-variables` cannot have variables | write the value itself

    missing-variables = true
    20:21 true | `missing-variables` must be a string, not a boolean | write it in quotes: `missing-variables = "true"`
    "#);
}

#[test]
fn environments() {
    let changes = [
        (r#"account = "123456789012""#, "account = 123456789012"),
        (r#"account = "123456789012""#, r#"account = "12345678901""#),
        (r#"account = "123456789012""#, "account = 012345678901"),
        ("region = \"us-east-1\"\n", ""),
        (r#"region = "us-east-1""#, r#"region = "us""#),
        (r#"region = "us-east-1""#, "region = 1979-05-27"),
        (r#"promotes-from = "stage""#, r#"promotes-from = "stag""#),
        (r#"promotes-from = "stage""#, r#"promotes-from = "production""#),
        (r#"account = "123456789012""#, r#"promotes-from = "production""#),
        (r#"prefix = "prod""#, r#"prefix = "${environment.prefix}""#),
        (
            "[environments.production]",
            "[environments.Stage]\nprefix = \"other\"\nregion = \"us-east-1\"\n[environments.production]",
        ),
        (
            "account = \"123456789012\"\n",
            "account = \"123456789012\"\nrole = \"arn:aws:iam::123456789012:role/x\"\n[environments.live]\n\
             region = \"us-east-1\"\npromotes-from = \"stage\"\nrole = \"arn:aws:iam::123456789012:role/x\"\n\
             gates.approval = \"none\"\n",
        ),
    ];
    insta::assert_snapshot!(said(&changes), @r#"
    account = 123456789012
    24:11 123456789012 | `account` must be a string, not an integer | write it in quotes: `account = "123456789012"`

    account = "12345678901"
    24:11 "12345678901" | `account`: "12345678901" is not an account id | correct it: it has exactly 12 digits

    account = 012345678901
    24:11 0 | invalid TOML: `012345678901`, the text of `account`, is not in quotes | write `account = "012345678901"`


    22:15 stage | `region` is missing in `environments.stage` | add `region = "us-east-1"`

    region = "us"
    23:10 "us" | `region`: "us" is not a region | correct it: it has lowercase letters, digits and hyphens, like us-east-1

    region = 1979-05-27
    23:10 1979-05-27 | `region` must be a string, not a date or time | write it in quotes: `region = "1979-05-27"`

    promotes-from = "stag"
    34:17 "stag" | there is no environment `stag` | write `stage`

    promotes-from = "production"
    34:17 "production" | `production` cannot promote from itself | write one of `stage`

    promotes-from = "production"
    22:15 stage | `approval` is missing for `stage`, which promotes from another environment | write `approval = "required"`, `approval = { by = "second-person" }` or `approval = "none"` in `[environments.stage.gates]`
    24:17 "production" | `promotes-from` goes in a circle: stage ← production ← stage | remove `promotes-from` where releases start

    prefix = "${environment.prefix}"
    32:11 ${environment.prefix} | `prefix` cannot be made of `${environment.prefix}` | write `${environment.name}`, or the text itself

    [environments.Stage]⏎prefix = "other"⏎region = "us-east-1"⏎[environments.production]
    31:15 Stage | `stage` and `Stage` are one environment for GitHub | rename one of them

    account = "123456789012"⏎role = "arn:aws:iam::123456789012:role/x"⏎[environments.live]⏎region = "us-east-1"⏎promotes-from = "stage"⏎role = "arn:aws:iam::123456789012:role/x"⏎gates.approval = "none"⏎
    29:8 "arn:aws:iam::123456789012:role/x" | `role` of `live` is one of `stage`, too, whose jobs pass none of its gates | give each environment a role of its own
    "#);
}

#[test]
fn probes() {
    let changes = [
        ("[[environments.stage.components.backend.probes]]", "[environments.stage.components.backend.probes]"),
        ("url = \"http://stage.example/health\"\n", ""),
        (r#"url = "http://stage.example/health""#, r#"url = "stage.example/health""#),
        (r#"url = "http://stage.example/health""#, "url = \"ftp://stage.example\"\nmethod = \"FETCH\""),
        ("url = ", "status = 99\nretries = -1\nsuccesses = 0\ninterval = \"\"\nurl = "),
        ("url = ", "status = \"200\"\ntext = \"\"\nurl = "),
        (r#""/release" = "#, r#""release" = "#),
        (r#""/healthy" = true"#, r#""/a" = [1], "/b" = nan, "/c" = 99999999999999999999, "/d" = {}"#),
        ("Authorization = ", "\"A:\" = \"x\\ny\", Authorization = "),
    ];
    insta::assert_snapshot!(said(&changes), @r#"
    [environments.stage.components.backend.probes]
    26:40 probes | `probes` must be a list, not a table | write `[[environments.stage.components.backend.probes]]`, or `probes = [ … ]`


    26:1 [[environments.stage.components.backend.probes]] | `url` is missing in `environments.stage.components.backend.probes[0]` | add `url = "https://…/health"`

    url = "stage.example/health"
    27:7 "stage.example/health" | `url`: "stage.example/health" is not an address to ask | correct it: it starts with `http://` or `https://` and names a host

    url = "ftp://stage.example"⏎method = "FETCH"
    27:7 "ftp://stage.example" | `url`: "ftp://stage.example" is not an address to ask | correct it: it starts with `http://` or `https://` and names a host
    28:10 "FETCH" | `method`: "FETCH" is not a method | correct it: it is one of `GET`, `HEAD`, `OPTIONS`, `POST`, `PUT`, `PATCH` and `DELETE`

    status = 99⏎retries = -1⏎successes = 0⏎interval = ""⏎url = 
    27:10 99 | `status` is out of bounds | write a number from 100 to 599
    28:11 -1 | `retries` is out of bounds | write a number from 0 to 4294967295
    29:13 0 | `successes` is out of bounds | write a number from 1 to 4294967295
    30:12 "" | `interval`: "" is not a time to wait | correct it: it is like `90s` or `1h 30m`, more than nothing, at most `6h`

    status = "200"⏎text = ""⏎url = 
    27:10 "200" | `status` must be an integer, not a string | write a whole number without quotes
    28:8 "" | `text`: "" is not a text that says something | correct it: it has at least one character

    "release" = 
    28:10 "release" | "release" is not a JSON pointer | correct it: it is empty, or starts with `/` as in `/checks/0/name`; `~` is written `~0`; no variables

    "/a" = [1], "/b" = nan, "/c" = 99999999999999999999, "/d" = {}
    28:48 [1] | `/a` must be a string, a number or a boolean, not a list | compare single values; a JSON pointer leads to each
    28:60 nan | `/b` is a number that JSON cannot hold | write a finite number of at most 64 bits
    28:72 99999999999999999999 | `/c` is a number that JSON cannot hold | write a finite number of at most 64 bits
    28:94 "/d" | `/d` must be a string, a number or a boolean, not a table | compare single values; a JSON pointer leads to each

    "A:" = "x\ny", Authorization = 
    29:13 "A:" | "A:" is not the name of a header | correct it: it has letters, digits and hyphens, no variables
    29:20 "x\ny" | `A:`: "x\ny" is not the value of a header | correct it: it is one line of visible characters
    "#);
}

/// Each text after `approval = "none"`.
fn beside_approval(texts: &[&str]) -> String {
    let written: Vec<String> = texts.iter().map(|text| format!("approval = \"none\"\n{text}")).collect();
    let changes: Vec<_> = written.iter().map(|text| (r#"approval = "none""#, text.as_str())).collect();
    said(&changes).replace("approval = \"none\"⏎", "")
}

#[test]
fn gates() {
    let changes = [
        (r#"approval = "none""#, r#"approval = "maybe""#),
        (r#"approval = "none""#, "approval = false\nsoak = 30\nprotected = true\nself-approval = true"),
        (r#"approval = "none""#, "aproval = \"none\"\nweather = \"fine\""),
        (r#"approval = "none""#, ""),
        ("[environments.production.gates]\napproval = \"none\"", ""),
        ("[environments.production.gates]\napproval", "gates"),
        ("account = \"123456789012\"", "overridable = []\ngates.soak = \"30m\""),
        ("account = \"123456789012\"", "gates.approval = \"required\""),
    ];
    insta::assert_snapshot!(said(&changes), @r#"
    approval = "maybe"
    37:12 "maybe" | `approval` must be `required`, `none` or a table, not `maybe` | write `approval = "required"`, `approval = { by = "second-person" }` or `approval = "none"`

    approval = false⏎soak = 30⏎protected = true⏎self-approval = true
    37:12 false | `approval` must be `required`, `none` or a table, not a boolean | write `approval = "required"`, `approval = { by = "second-person" }` or `approval = "none"`
    38:8 30 | `soak` must be a string, not an integer | write it in quotes: `soak = "30"`
    39:1 protected | `protected` is a gate without a setting | remove it: `approval` turns it on

    aproval = "none"⏎weather = "fine"
    31:15 production | `approval` is missing for `production`, which promotes from another environment | write `approval = "required"`, `approval = { by = "second-person" }` or `approval = "none"` in `[environments.production.gates]`
    37:1 aproval | unknown key `aproval` in `environments.production.gates` | write `approval`, or remove it
    38:1 weather | unknown key `weather` in `environments.production.gates` | remove it; known here are `approval`, `self-approval`, `soak`, `branch`, `statuses`, `freeze`, `windows`, `contract`, `overridable`, `checklist`


    31:15 production | `approval` is missing for `production`, which promotes from another environment | write `approval = "required"`, `approval = { by = "second-person" }` or `approval = "none"` in `[environments.production.gates]`


    31:15 production | `approval` is missing for `production`, which promotes from another environment | write `approval = "required"`, `approval = { by = "second-person" }` or `approval = "none"` in `[environments.production.gates]`

    gates
    36:9 "none" | `gates` must be a table, not a string | write it as a table: `gates = { … }`

    overridable = []⏎gates.soak = "30m"
    24:1 overridable | `overridable` is a key of the gates | write it in `[environments.stage.gates]`
    25:14 "30m" | `soak` is written for `stage`, which promotes from no other environment | remove it, or add `promotes-from`: it is the time that a release runs there

    gates.approval = "required"
    22:15 stage | `approval` is written for `stage`, which is deployed to directly and asks no person | remove it, or add `promotes-from`: people approve what is promoted
    "#);
    insta::assert_snapshot!(beside_approval(&["identity = 1\nhold = 1\nproven = 1\nforward = true\nreuse = \"own\""]), @r#"
    identity = 1⏎hold = 1⏎proven = 1⏎forward = true⏎reuse = "own"
    38:1 identity | `identity` is a gate without a setting | remove it: wherever it applies, it is on
    39:1 hold | `hold` is a gate without a setting | remove it: wherever it applies, it is on
    40:1 proven | `proven` is a gate without a setting | remove it: wherever it applies, it is on
    41:1 forward | `forward` is a gate without a setting | remove it: wherever it applies, it is on
    42:1 reuse | `reuse` is a key of components | write it in the table of the component
    "#);
}

/// What is said of each text instead of `approval = "none"`, with workflows that are trusted.
fn said_of_approval(texts: &[&str]) -> String {
    let trusted = format!("\n[github]\nworkflows = \"acme/shipgate@{}\"", "0f".repeat(20));
    let written: Vec<String> = texts.iter().map(|text| format!("{text}{trusted}")).collect();
    let changes: Vec<_> = written.iter().map(|text| (r#"approval = "none""#, text.as_str())).collect();
    said(&changes).replace(&trusted.replace('\n', "⏎"), "")
}

#[test]
fn approval() {
    let texts = [
        "approval = \"second-person\"",
        "approval = true",
        "approval = [\"required\"]",
        "approval = {}",
        "approval = { by = \"other\" }",
        "approval = { by = \"required\" }",
        "approval = { by = \"none\" }",
        "approval = { by = 2, people = \"eva\", quorum = \"2\", who = \"eva\" }",
        "approval = { by = \"second-person\", quorum = 0 }",
        "approval = { by = \"second-person\", quorum = 11 }",
        "approval = { by = \"second-person\", people = [] }",
        "approval = { by = \"second-person\", people = [\"eva\", \"ben\", \"Eva\"] }",
        "approval = { by = \"second-person\", people = [\"eva\", \"@ben\", \"dependabot[bot]\", \"\"] }",
        "approval = { by = \"second-person\", quorum = 2, people = [\"eva\"] }",
        "approval = { by = \"second-person\", expires = \"0s\" }",
        "approval = { by = \"second-person\", expires = \"169h\" }",
        "approval = { by = \"second-person\", expires = 24 }",
        "approval = { by = \"second-person\" }\nself-approval = true",
        "approval = \"none\"\nself-approval = false",
        "approval = \"required\"\nself-approval = \"yes\"",
        "approval = \"required\"\nprotected = true\napproved = true",
    ];
    insta::assert_snapshot!(said_of_approval(&texts), @r#"
    approval = "second-person"
    37:12 "second-person" | `approval = "second-person"` says who approves, but it is a table | write `approval = { by = "second-person" }`

    approval = true
    37:12 true | `approval` must be `required`, `none` or a table, not a boolean | write `approval = "required"`, `approval = { by = "second-person" }` or `approval = "none"`

    approval = ["required"]
    37:12 ["required"] | `approval` must be `required`, `none` or a table, not a list | write `approval = "required"`, `approval = { by = "second-person" }` or `approval = "none"`

    approval = {}
    37:1 approval | `by` is missing in `environments.production.gates.approval` | add `by = "second-person"`

    approval = { by = "other" }
    37:19 "other" | `by` must be `second-person` | write `by = "second-person"`

    approval = { by = "required" }
    37:19 "required" | `by` must be `second-person` | write `approval = "required"`, without a table

    approval = { by = "none" }
    37:19 "none" | `by` must be `second-person` | write `approval = "none"`, without a table

    approval = { by = 2, people = "eva", quorum = "2", who = "eva" }
    37:19 2 | `by` must be a string, not an integer | write it in quotes: `by = "2"`
    37:31 "eva" | `people` must be a list, not a string | write it in brackets: `people = [ … ]`
    37:47 "2" | `quorum` must be an integer, not a string | write a whole number without quotes
    37:52 who | unknown key `who` in `environments.production.gates.approval` | remove it; known here are `by`, `quorum`, `people`, `expires`

    approval = { by = "second-person", quorum = 0 }
    37:45 0 | `quorum` is out of bounds | write a number from 1 to 10

    approval = { by = "second-person", quorum = 11 }
    37:45 11 | `quorum` is out of bounds | write a number from 1 to 10

    approval = { by = "second-person", people = [] }
    37:45 [] | `people` is empty | name a person, or remove it: then every person who may write to the repository counts

    approval = { by = "second-person", people = ["eva", "ben", "Eva"] }
    37:60 "Eva" | `Eva` is in `people` twice | remove one

    approval = { by = "second-person", people = ["eva", "@ben", "dependabot[bot]", ""] }
    37:53 "@ben" | `people`: "@ben" is not the name of a user of GitHub | correct it: it is like `octocat`, without `@`; teams and bots cannot approve
    37:61 "dependabot[bot]" | `people`: "dependabot[bot]" is not the name of a user of GitHub | correct it: it is like `octocat`, without `@`; teams and bots cannot approve
    37:80 "" | `people`: "" is not the name of a user of GitHub | correct it: it is like `octocat`, without `@`; teams and bots cannot approve

    approval = { by = "second-person", quorum = 2, people = ["eva"] }
    37:58 "eva" | `people` names 1 and `quorum` asks for 2, so no plan can be approved | name more people, or lower `quorum`

    approval = { by = "second-person", expires = "0s" }
    37:46 "0s" | `expires`: "0s" is not a time for an approval to count | correct it: it is like `4h` or `2d`, more than nothing, at most `7d`

    approval = { by = "second-person", expires = "169h" }
    37:46 "169h" | `expires`: "169h" is not a time for an approval to count | correct it: it is like `4h` or `2d`, more than nothing, at most `7d`

    approval = { by = "second-person", expires = 24 }
    37:46 24 | `expires` must be a string, not an integer | write it in quotes: `expires = "24"`

    approval = { by = "second-person" }⏎self-approval = true
    38:17 true | `self-approval` has a meaning only beside `approval = "required"` | remove it: only GitHub's reviewers may approve what they started

    approval = "none"⏎self-approval = false
    38:17 false | `self-approval` has a meaning only beside `approval = "required"` | remove it: only GitHub's reviewers may approve what they started

    approval = "required"⏎self-approval = "yes"
    38:17 "yes" | `self-approval` must be a boolean, not a string | write `self-approval = true` or `self-approval = false`

    approval = "required"⏎protected = true⏎approved = true
    38:1 protected | `protected` is a gate without a setting | remove it: `approval` turns it on
    39:1 approved | `approved` is a gate without a setting | remove it: `approval` turns it on
    "#);
}

#[test]
fn trusted_workflows() {
    let (one, two, three) = ("0f".repeat(20), "1f".repeat(20), "2f".repeat(20));
    let workflows = |text: &str| format!("approval = \"none\"\n[github]\nworkflows = {text}");
    let of = |commit: &str| format!("\"acme/shipgate@{commit}\"");
    let texts = [
        "approval = { by = \"second-person\" }".to_owned(),
        "approval = { by = \"second-person\" }\n[github]".to_owned(),
        workflows("[]"),
        workflows("\"\""),
        workflows("1"),
        workflows(&of("v1")),
        workflows(&of("main")),
        workflows(&of("0f0f0f0")),
        workflows("\"shipgate\""),
        workflows(&format!("\"acme/shipgate/.github/workflows/promote.yml@{one}\"")),
        workflows(&format!("[{}, {}, {}]", of(&one), of(&two), of(&three))),
        workflows(&format!("[{}, {}]", of(&one), of(&one))),
        workflows("\"${vars.SHIPGATE}\""),
        format!("{}\nworkflow = 1", workflows(&of(&one))),
    ];
    let mut changes: Vec<_> = texts.iter().map(|text| (r#"approval = "none""#, text.as_str())).collect();
    changes.push((r#"app = "cloudshop""#, "app = \"cloudshop\"\ngithub = \"acme/shipgate\""));
    let said = said(&changes);
    let shorter = [(one, "0f…"), (two, "1f…"), (three, "2f…")];
    let said = shorter.iter().fold(said, |said, (commit, short)| said.replace(commit, short));
    insta::assert_snapshot!(said, @r#"
    approval = { by = "second-person" }
    37:19 "second-person" | `approval` by a second person needs the workflows that are trusted | add `[github]` with `workflows = "OWNER/shipgate@COMMIT"`

    approval = { by = "second-person" }⏎[github]
    37:19 "second-person" | `approval` by a second person needs the workflows that are trusted | add `[github]` with `workflows = "OWNER/shipgate@COMMIT"`

    approval = "none"⏎[github]⏎workflows = []
    39:13 [] | `workflows` is empty | name a repository at a commit, or remove it

    approval = "none"⏎[github]⏎workflows = ""
    39:13 "" | `workflows`: "" is not a repository at a commit | correct it: it is `OWNER/NAME@COMMIT`, the commit with all of its 40 digits, in small letters: a tag or a branch can be moved

    approval = "none"⏎[github]⏎workflows = 1
    39:13 1 | `workflows` must be a string, not an integer | write it in quotes: `workflows = "1"`

    approval = "none"⏎[github]⏎workflows = "acme/shipgate@v1"
    39:13 "acme/shipgate@v1" | `workflows`: "acme/shipgate@v1" is not a repository at a commit | correct it: it is `OWNER/NAME@COMMIT`, the commit with all of its 40 digits, in small letters: a tag or a branch can be moved

    approval = "none"⏎[github]⏎workflows = "acme/shipgate@main"
    39:13 "acme/shipgate@main" | `workflows`: "acme/shipgate@main" is not a repository at a commit | correct it: it is `OWNER/NAME@COMMIT`, the commit with all of its 40 digits, in small letters: a tag or a branch can be moved

    approval = "none"⏎[github]⏎workflows = "acme/shipgate@0f0f0f0"
    39:13 "acme/shipgate@0f0f0f0" | `workflows`: "acme/shipgate@0f0f0f0" is not a repository at a commit | correct it: it is `OWNER/NAME@COMMIT`, the commit with all of its 40 digits, in small letters: a tag or a branch can be moved

    approval = "none"⏎[github]⏎workflows = "shipgate"
    39:13 "shipgate" | `workflows`: "shipgate" is not a repository at a commit | correct it: it is `OWNER/NAME@COMMIT`, the commit with all of its 40 digits, in small letters: a tag or a branch can be moved

    approval = "none"⏎[github]⏎workflows = "acme/shipgate/.github/workflows/promote.yml@0f…"
    39:13 "acme/shipgate/.github/workflows/promote.yml@0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f… | `workflows`: "acme/shipgate/.github/workflows/promote.yml@0f0f0f0f0f0f0f0…" is not a repository at a commit | correct it: it is `OWNER/NAME@COMMIT`, the commit with all of its 40 digits, in small letters: a tag or a branch can be moved

    approval = "none"⏎[github]⏎workflows = ["acme/shipgate@0f…", "acme/shipgate@1f…", "acme/shipgate@2f…"]
    39:130 "acme/shipgate@2f…" | `workflows` has more than two commits | remove those that are not used any more

    approval = "none"⏎[github]⏎workflows = ["acme/shipgate@0f…", "acme/shipgate@0f…"]
    39:72 "acme/shipgate@0f…" | `acme/shipgate@0f…` is in `workflows` twice | remove one

    approval = "none"⏎[github]⏎workflows = "${vars.SHIPGATE}"
    39:13 "${vars.SHIPGATE}" | `workflows` cannot have variables | write the value itself

    approval = "none"⏎[github]⏎workflows = "acme/shipgate@0f…"⏎workflow = 1
    40:1 workflow | unknown key `workflow` in `github` | write `workflows`, or remove it

    app = "cloudshop"⏎github = "acme/shipgate"
    3:10 "acme/shipgate" | `github` must be a table, not a string | write it as a table: `github = { … }`
    "#);
}

#[test]
fn keys_of_gates() {
    let texts = [
        "soak = \"0s\"",
        "soak = \"721h\"",
        "branch = []",
        "branch = \"\"",
        "branch = [\"main\", \"refs/heads/main\", \"a b\", \"hotfix/\", \"main\", 1]",
        "statuses = [\"ci\"]",
        "statuses = { wait = \"7h\" }",
        "statuses = { names = [], wiat = \"1m\" }",
        "statuses = { names = [\"ci\", \"ci\", \" \", \"shipgate/stage\"] }",
        "overridable = [\"freeze\", \"identity\", \"approved\", \"frieze\", \"weather\", \"freeze\"]",
        "checklist = [\"\", \"two\\nlines\", \"::error::x\"]",
    ];
    insta::assert_snapshot!(beside_approval(&texts), @r#"
    soak = "0s"
    38:8 "0s" | `soak`: "0s" is not a time for a release to run | correct it: it is like `30m` or `2d`, more than nothing, at most `30d`

    soak = "721h"
    38:8 "721h" | `soak`: "721h" is not a time for a release to run | correct it: it is like `30m` or `2d`, more than nothing, at most `30d`

    branch = []
    38:10 [] | `branch` is empty | name a branch, or remove it: then it is the default branch

    branch = ""
    38:10 "" | `branch`: "" is not a branch or a pattern of branches | correct it: it is like `main` or `hotfix/*`, without `refs/heads/`; `*` matches any text and `?` one character

    branch = ["main", "refs/heads/main", "a b", "hotfix/", "main", 1]
    38:19 "refs/heads/main" | `branch`: "refs/heads/main" is not a branch or a pattern of branches | correct it: it is like `main` or `hotfix/*`, without `refs/heads/`; `*` matches any text and `?` one character
    38:38 "a b" | `branch`: "a b" is not a branch or a pattern of branches | correct it: it is like `main` or `hotfix/*`, without `refs/heads/`; `*` matches any text and `?` one character
    38:45 "hotfix/" | `branch`: "hotfix/" is not a branch or a pattern of branches | correct it: it is like `main` or `hotfix/*`, without `refs/heads/`; `*` matches any text and `?` one character
    38:56 "main" | `main` is in `branch` twice | remove one
    38:64 1 | `branch[5]` must be a string, not an integer | write it in quotes: `"1"`

    statuses = ["ci"]
    38:12 ["ci"] | `statuses` must be a table, not a list | write it as a table: `statuses = { … }`

    statuses = { wait = "7h" }
    38:1 statuses | `names` is missing in `environments.production.gates.statuses` | add `names = ["ci"]`
    38:21 "7h" | `wait`: "7h" is not a time to wait | correct it: it is like `90s` or `1h 30m`, at most `6h`; `0s` does not wait

    statuses = { names = [], wiat = "1m" }
    38:22 [] | `names` is empty | name a status or check run, or remove `statuses`
    38:26 wiat | unknown key `wiat` in `environments.production.gates.statuses` | write `wait`, or remove it

    statuses = { names = ["ci", "ci", " ", "shipgate/stage"] }
    38:29 "ci" | `ci` is in `names` twice | remove one
    38:35 " " | `names`: " " is not the name of a status or check run | correct it: it is one line of at most 200 characters, as GitHub shows it, without a space at its ends
    38:40 "shipgate/stage" | `names`: "shipgate/stage" is not a status that can count | correct it: shipgate writes it, and would wait for itself; name those of other workflows

    overridable = ["freeze", "identity", "approved", "frieze", "weather", "freeze"]
    38:26 "identity" | the gate `identity` can never be overridden | remove it
    38:38 "approved" | the gate `approved` can never be overridden | remove it
    38:50 "frieze" | there is no gate `frieze` | write `freeze`
    38:60 "weather" | there is no gate `weather` | write one of `hold`, `proven`, `soak`, `reuse`, `branch`, `forward`, `statuses`, `freeze`, `windows`, `contract`
    38:71 "freeze" | `freeze` is in `overridable` twice | remove one

    checklist = ["", "two\nlines", "::error::x"]
    38:14 "" | `checklist`: "" is not a short text | correct it: it is one line of at most 200 characters, without a space at its ends, nor control characters, nor `::` at its beginning
    38:18 "two\nlines" | `checklist`: "two\nlines" is not a short text | correct it: it is one line of at most 200 characters, without a space at its ends, nor control characters, nor `::` at its beginning
    38:32 "::error::x" | `checklist`: "::error::x" is not a short text | correct it: it is one line of at most 200 characters, without a space at its ends, nor control characters, nor `::` at its beginning
    "#);
}

#[test]
fn freezes_and_windows() {
    let texts = [
        "freeze = [{}]",
        "freeze = { from = \"2026-12-20\" }",
        "freeze = [{ from = 2026-12-20, to = \"2027-1-2\", zone = \"Europe/Berln\", reason = \"\" }]",
        "freeze = [{ from = \"2026-12-20\", to = \"2026-12-19\", zone = \"Moon\" }]",
        "freeze = [{ from = \"2026-12-20\", to = \"2026-12-19\", zone = \"UTC\" }]",
        "windows = []",
        "windows = [{ day = \"mon\" }]",
        "windows = [{ days = \"monday\", from = \"8:00\", to = \"24:01\", zone = \"europe/berlin\" }]",
        "windows = [{ days = \"mon\", from = \"08:00\", to = \"08:00\", zone = \"UTC\" }]",
    ];
    insta::assert_snapshot!(beside_approval(&texts), @r#"
    freeze = [{}]
    38:11 {} | `from` is missing in `environments.production.gates.freeze[0]` | add `from = "2026-12-20 18:00"`
    38:11 {} | `to` is missing in `environments.production.gates.freeze[0]` | add `to = "2027-01-02 08:00"`
    38:11 {} | `zone` is missing in `environments.production.gates.freeze[0]` | add `zone = "Europe/Berlin"`

    freeze = { from = "2026-12-20" }
    38:1 freeze | `freeze` must be a list, not a table | write `[[environments.production.gates.freeze]]`, or `freeze = [ … ]`

    freeze = [{ from = 2026-12-20, to = "2027-1-2", zone = "Europe/Berln", reason = "" }]
    38:20 2026-12-20 | `from` must be a string, not a date or time | write it in quotes: `from = "2026-12-20"`
    38:37 "2027-1-2" | `to`: "2027-1-2" is not a date and time | correct it: it is like `2026-12-20 18:00` in the time of `zone`, or a date alone, like `2026-12-20`
    38:56 "Europe/Berln" | `zone`: "Europe/Berln" is not a time zone | write `Europe/Berlin`
    38:81 "" | `reason`: "" is not a short text | correct it: it is one line of at most 200 characters, without a space at its ends, nor control characters, nor `::` at its beginning

    freeze = [{ from = "2026-12-20", to = "2026-12-19", zone = "Moon" }]
    38:60 "Moon" | `zone`: "Moon" is not a time zone | write a name of the IANA time zone database, like `Europe/Berlin`, or `UTC`

    freeze = [{ from = "2026-12-20", to = "2026-12-19", zone = "UTC" }]
    38:39 "2026-12-19" | the freeze ends before it begins | write a `to` after `from`, both in the time of `zone`; a date alone is the whole day

    windows = []
    38:11 [] | `windows` is empty | add a window, or remove it to allow any time

    windows = [{ day = "mon" }]
    38:12 { day = "mon" } | `from` is missing in `environments.production.gates.windows[0]` | add `from = "08:00"`
    38:12 { day = "mon" } | `to` is missing in `environments.production.gates.windows[0]` | add `to = "16:00"`
    38:12 { day = "mon" } | `zone` is missing in `environments.production.gates.windows[0]` | add `zone = "Europe/Berlin"`
    38:14 day | unknown key `day` in `environments.production.gates.windows[0]` | write `days`, or remove it

    windows = [{ days = "monday", from = "8:00", to = "24:01", zone = "europe/berlin" }]
    38:21 "monday" | `days`: "monday" is not a list of days | correct it: it is like `mon`, `mon-fri`, `mon,wed` or `sat-mon`, of `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`
    38:38 "8:00" | `from`: "8:00" is not a time of the day | correct it: it is like `08:00`, from `00:00` to `24:00`
    38:51 "24:01" | `to`: "24:01" is not a time of the day | correct it: it is like `08:00`, from `00:00` to `24:00`
    38:67 "europe/berlin" | `zone`: "europe/berlin" is not a time zone | write `Europe/Berlin`

    windows = [{ days = "mon", from = "08:00", to = "08:00", zone = "UTC" }]
    38:49 "08:00" | the window is empty | write a `to` other than `from`; the whole day is `from = "00:00", to = "24:00"`
    "#);
}

#[test]
fn overrides() {
    let changes = [
        ("[environments.stage]", r#"[environments."st age"]"#),
        ("backend.probes]]", "frontend.probes]]"),
        (
            "[environments.production.gates]",
            "[environments.production.components.worker]\nkind = \"ecs\"\nbuild = {}\nimage-from = \"x\"\nrepository = \"ab\"\n[environments.production.gates]",
        ),
        (
            "[environments.production.gates]",
            "[environments.production.components]\nworker = 1\n[environments.production.gates]",
        ),
    ];
    insta::assert_snapshot!(said(&changes), @r#"
    [environments."st age"]
    22:15 "st age" | "st age" is not an environment name | rename it: it starts with a letter or digit and has letters, digits, `-`, `_`, `.`; at most 64
    26:16 stage | `region` is missing in `environments.stage` | add `region = "us-east-1"`

    frontend.probes]]
    26:33 frontend | there is no component `frontend` | write one of `backend`, `worker`

    [environments.production.components.worker]⏎kind = "ecs"⏎build = {}⏎image-from = "x"⏎repository = "ab"⏎[environments.production.gates]
    37:1 kind | `kind` cannot differ between environments | write it in `[components.worker]`
    38:1 build | `build` cannot differ between environments | write it in `[components.worker]`
    39:1 image-from | `image-from` cannot differ between environments | write it in `[components.worker]`
    40:14 "ab" | `repository` cannot be used with `image-from` | remove it; the image of `worker` is kept where `backend` says

    [environments.production.components]⏎worker = 1⏎[environments.production.gates]
    37:10 1 | `worker` must be a table, not an integer | write it as a table: `worker = { … }`
    "#);
}

#[test]
fn roles() {
    let account = r#"account = "123456789012""#;
    let role = "account = \"123456789012\"\nrole = \"arn:aws:iam::123456789012:role/stage\"";
    let beside = |more: &str| format!("{role}\n{more}");
    let changes = [
        "role = \"stage\"\nread-role = \"arn:aws:iam::123456789012:user/x\"".to_owned(),
        "account = \"123456789012\"\nrole = \"arn:aws:iam::210987654321:role/stage\"".to_owned(),
        "role = \"arn:aws-cn:iam::123456789012:role/stage\"".to_owned(),
        "read-role = \"arn:aws:iam::123456789012:role/x\"\nvia = \"arn:aws:iam::123456789012:role/x\"".to_owned(),
        "session-duration = \"1h\"\nsession-policy = \"p.json\"".to_owned(),
        beside("session-duration = \"5m\""),
        beside("session-duration = \"2h\"\nvia = \"arn:aws:iam::210987654321:role/hub\""),
        beside("session-policy = \"../p.json\""),
        "account = \"${vars.ACCOUNT}\"\nprefix = \"a-${vars.P}\"".to_owned(),
        "prefix = \"a-${vars.P}\"\nrole = \"arn:aws:iam::123456789012:role/${environment.prefix}-${env.ROLE}\""
            .to_owned(),
        beside("read-role = \"arn:aws:iam::123456789012:role/stage\"\nvia = \"arn:aws-cn:iam::210987654321:role/hub\""),
    ];
    let changes: Vec<_> = changes.iter().map(|change| (account, change.as_str())).collect();
    insta::assert_snapshot!(said(&changes), @r#"
    role = "stage"⏎read-role = "arn:aws:iam::123456789012:user/x"
    24:8 "stage" | `role`: "stage" is not the ARN of an IAM role | correct it: it is like arn:aws:iam::123456789012:role/shipgate-stage, with the role's path if it has one
    25:13 "arn:aws:iam::123456789012:user/x" | `read-role`: "arn:aws:iam::123456789012:user/x" is not the ARN of an IAM role | correct it: it is like arn:aws:iam::123456789012:role/shipgate-stage, with the role's path if it has one

    account = "123456789012"⏎role = "arn:aws:iam::210987654321:role/stage"
    25:8 "arn:aws:iam::210987654321:role/stage" | `role` is in account 210987654321, but `account` is 123456789012 | correct the one that is wrong

    role = "arn:aws-cn:iam::123456789012:role/stage"
    24:8 "arn:aws-cn:iam::123456789012:role/stage" | `role` is in partition aws-cn, but us-east-1 is in aws | write `arn:aws:iam::…`

    read-role = "arn:aws:iam::123456789012:role/x"⏎via = "arn:aws:iam::123456789012:role/x"
    24:13 "arn:aws:iam::123456789012:role/x" | `read-role` is written, but `role` is not | add `role = "arn:aws:iam::…"`, or remove it to use the ambient AWS credentials for everything
    25:7 "arn:aws:iam::123456789012:role/x" | `via` is written, but `role` is not | add `role = "arn:aws:iam::…"`, or remove it to use the ambient AWS credentials for everything

    session-duration = "1h"⏎session-policy = "p.json"
    24:20 "1h" | `session-duration` is written, but `role` is not | add `role = "arn:aws:iam::…"`, or remove it to use the ambient AWS credentials for everything
    25:18 "p.json" | `session-policy` is written, but `role` is not | add `role = "arn:aws:iam::…"`, or remove it to use the ambient AWS credentials for everything

    account = "123456789012"⏎role = "arn:aws:iam::123456789012:role/stage"⏎session-duration = "5m"
    26:20 "5m" | `session-duration`: "5m" is not how long a session can last | correct it: it is like `45m` or `2h`, from `15m` to `12h`, and no longer than the role's own maximum

    account = "123456789012"⏎role = "arn:aws:iam::123456789012:role/stage"⏎session-duration = "2h"⏎via = "arn:aws:iam::210987654321:role/hub"
    26:20 "2h" | `session-duration` is longer than `1h`, beside `via` | write at most `1h`: AWS ends a session that one role assumes from another after an hour

    account = "123456789012"⏎role = "arn:aws:iam::123456789012:role/stage"⏎session-policy = "../p.json"
    26:18 "../p.json" | `session-policy`: "../p.json" is not a path inside the repository | correct it: it is relative to the configuration file, and stays inside that directory

    account = "${vars.ACCOUNT}"⏎prefix = "a-${vars.P}"
    24:12 ${vars.ACCOUNT} | `${vars.ACCOUNT}` cannot be used in `account` | write the value itself: every person with write access may edit variables, and this says who may change what

    prefix = "a-${vars.P}"⏎role = "arn:aws:iam::123456789012:role/${environment.prefix}-${env.ROLE}"
    25:40 ${environment.prefix} | `${environment.prefix}` cannot be used in `role`: `prefix` is made of `${vars.P}` | write the value itself: every person with write access may edit variables, and this says who may change what
    25:62 ${env.ROLE} | `${env.ROLE}` cannot be used in `role` | write the value itself: every person with write access may edit variables, and this says who may change what

    account = "123456789012"⏎role = "arn:aws:iam::123456789012:role/stage"⏎read-role = "arn:aws:iam::123456789012:role/stage"⏎via = "arn:aws-cn:iam::210987654321:role/hub"
    26:13 "arn:aws:iam::123456789012:role/stage" | `read-role` is the same as `role` | name a role of its own, or remove it
    27:7 "arn:aws-cn:iam::210987654321:role/hub" | `via` is in partition aws-cn, but us-east-1 is in aws | write `arn:aws:iam::…`
    "#);
}

/// What parsers stumble over is quoted, but no secret: neither on its line, nor for itself, nor in a hint.
#[test]
fn no_error_quotes_a_secret() {
    const SECRET: &str = "Sh0pPr0d-9f3kQz7Lm";
    for line in [
        format!("DB_PASSWORD = {SECRET}"),
        format!("DB_PASSWORD = '{SECRET} and more"),
        format!("DB_PASSWORD = {{ a = \"{SECRET}\" }}"),
        format!("DB_PASSWORD = [\"a\", \"{SECRET}\"]"),
        format!("DB_PASSWORD = \"{SECRET}\" more"),
        format!("DB_PASSWORD = \"{SECRET}\"\nDB_PASSWORD = \"{SECRET}\""),
    ] {
        let text = format!(
            "app = \"shop\"\n[components.web]\nkind = \"static-site\"\n[components.web.runtime-config]\n{line}\n"
        );
        let errors = refused(&text);
        let said: Vec<String> = errors.iter().map(|error| format!("{error:?}")).collect();
        assert!(!said.is_empty() && !said.concat().contains(SECRET), "{line}: {said:#?}");
        let shown = errors.render(false);
        assert!(!shown.contains(SECRET), "{line}: {shown}");
    }
}
