//! All that is said of each single mistake.

use super::*;

/// What is said of each change of the good file.
fn said(changes: &[(&str, &str)]) -> String {
    let said = |(old, new): &(&str, &str)| {
        let errors = refused(&with(old, new));
        for error in &errors {
            assert!(!error.hint.is_empty() && !error.message.ends_with('.'), "{error:?}");
        }
        format!("{}\n{}", new.replace('\n', "⏎"), told(&errors))
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
        ("kind = \"ecs\"\nimage", "kind = \"amplify\"\nbranch = \"main\"\nimage"),
        ("kind = \"ecs\"\nimage", "kind = \"stack\"\nimage"),
        ("kind = \"ecs\"\nimage", "kind = \"lambda\"\nimage"),
        ("kind = \"ecs\"\nimage", "kind = true\nimage"),
    ];
    insta::assert_snapshot!(said(&changes), @r#"
    image
    13:13 worker | `kind` is missing in `components.worker` | add `kind = "ecs"`

    kind = "amplify"⏎branch = "main"⏎image
    14:8 "amplify" | `kind = "amplify"` is not built yet | remove the component; only `kind = "ecs"` and `kind = "static-site"` are built so far

    kind = "stack"⏎image
    14:8 "stack" | `kind = "stack"` is not built yet | remove the component; only `kind = "ecs"` and `kind = "static-site"` are built so far

    kind = "lambda"⏎image
    14:8 "lambda" | `lambda` is not a kind of component | write `kind = "ecs"` or `kind = "static-site"`

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
    16:14 "ab" | `repository` cannot stand beside `image-from` | remove it; the image of `worker` is kept where `backend` says
    17:21 true | `create-repository` cannot stand beside `image-from` | remove it; the image of `worker` is kept where `backend` says

    image-from = "backend"⏎reuse = "own"
    16:9 "own" | `reuse` cannot stand beside `image-from` | remove it; the image of `worker` is kept where `backend` says
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
    6:1 rebuild-per-environment | `rebuild-per-environment` is not built yet | remove it
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
    6:21 "/srv" | `context`: "/srv" is not a path inside the repository | correct it: it is relative to the configuration file, and does not leave that directory

    context = "a/../../b"
    6:21 "a/../../b" | `context`: "a/../../b" is not a path inside the repository | correct it: it is relative to the configuration file, and does not leave that directory

    context = ""
    6:21 "" | `context`: "" is not a path inside the repository | correct it: it is relative to the configuration file, and does not leave that directory

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
    4:13 backend | `container` is missing in `components.backend` | add `container = "…"`
    7:1 contaner | unknown key `contaner` in `components.backend` | write `container`, or remove it

    container = "web"⏎create-repository = "yes"
    8:21 "yes" | `create-repository` must be a boolean, not a string | write `create-repository = true` or `create-repository = false`

    container = "web"⏎reuse = "mine"
    8:9 "mine" | `reuse` must be `any` or `own`, not `mine` | write one of `any`, `own`

    container = "web"⏎reuse = true
    8:9 true | `reuse` must be a string, not a boolean | write it in quotes: `reuse = "true"`


    4:13 backend | `repository` is missing in `components.backend` | add `repository = "…"`

    repository = "${environment.prefix}-${release.sha}-
    9:37 ${release.sha} | `${release.sha}` cannot stand in `repository` | write it only in `args` and `tags` of a build, in `pre-deploy`, and in probes

    task-definition = "../worker.json"
    17:19 "../worker.json" | `task-definition`: "../worker.json" is not a path inside the repository | correct it: it is relative to the configuration file, and does not leave that directory

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
    ];
    insta::assert_snapshot!(said(&changes), @r#"
    account = 123456789012
    24:11 123456789012 | `account` must be a string, not an integer | write it in quotes: `account = "123456789012"`

    account = "12345678901"
    24:11 "12345678901" | `account`: "12345678901" is not an account id | correct it: it has exactly 12 digits

    account = 012345678901
    24:11 0 | invalid TOML: unexpected leading zero, expected nothing | correct the TOML: texts stand in quotes, and a key or table stands once


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
    22:15 stage | `approval` is missing for `stage`, which promotes from another environment | add `approval = "none"` to `[environments.stage.gates]`; `required` is not built yet
    24:17 "production" | `promotes-from` goes in a circle: stage ← production ← stage | remove `promotes-from` where releases start

    prefix = "${environment.prefix}"
    32:11 ${environment.prefix} | `prefix` cannot be made of `${environment.prefix}` | write `${environment.name}`, or the text itself
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

#[test]
fn gates() {
    let changes = [
        (r#"approval = "none""#, r#"approval = "required""#),
        (r#"approval = "none""#, r#"approval = "maybe""#),
        (r#"approval = "none""#, "approval = false\nsoak = \"30m\"\nfreeze = []\nself-approval = true"),
        (r#"approval = "none""#, "aproval = \"none\"\nweather = \"fine\""),
        (r#"approval = "none""#, ""),
        ("[environments.production.gates]\napproval = \"none\"", ""),
        ("[environments.production.gates]\napproval", "gates"),
    ];
    insta::assert_snapshot!(said(&changes), @r#"
    approval = "required"
    37:12 "required" | `approval = "required"` is not built yet | write `approval = "none"` if nobody has to be asked

    approval = "maybe"
    37:12 "maybe" | `approval` must be `required` or `none`, not `maybe` | write `approval = "none"`; `required` is not built yet

    approval = false⏎soak = "30m"⏎freeze = []⏎self-approval = true
    37:12 false | `approval` must be a string, not a boolean | write it in quotes: `approval = "false"`
    38:1 soak | `soak` is not built yet | remove it
    39:1 freeze | `freeze` is not built yet | remove it
    40:1 self-approval | `self-approval` is not built yet | remove it

    aproval = "none"⏎weather = "fine"
    31:15 production | `approval` is missing for `production`, which promotes from another environment | add `approval = "none"` to `[environments.production.gates]`; `required` is not built yet
    37:1 aproval | unknown key `aproval` in `environments.production.gates` | write `approval`, or remove it
    38:1 weather | unknown key `weather` in `environments.production.gates` | remove it; known here are `approval`


    31:15 production | `approval` is missing for `production`, which promotes from another environment | add `approval = "none"` to `[environments.production.gates]`; `required` is not built yet


    31:15 production | `approval` is missing for `production`, which promotes from another environment | add `approval = "none"` to `[environments.production.gates]`; `required` is not built yet

    gates
    36:9 "none" | `gates` must be a table, not a string | write it as a table: `gates = { … }`
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
    40:14 "ab" | `repository` cannot stand beside `image-from` | remove it; the image of `worker` is kept where `backend` says

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
    26:18 "../p.json" | `session-policy`: "../p.json" is not a path inside the repository | correct it: it is relative to the configuration file, and does not leave that directory

    account = "123456789012"⏎role = "arn:aws:iam::123456789012:role/stage"⏎read-role = "arn:aws:iam::123456789012:role/stage"⏎via = "arn:aws-cn:iam::210987654321:role/hub"
    26:13 "arn:aws:iam::123456789012:role/stage" | `read-role` is the same as `role` | name a role of its own, or remove it
    27:7 "arn:aws-cn:iam::210987654321:role/hub" | `via` is in partition aws-cn, but us-east-1 is in aws | write `arn:aws:iam::…`
    "#);
}
