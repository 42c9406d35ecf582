//! What ends before anything is asked: the command line, the configuration, the repository.

use crate::golden::{Case, Form};
use crate::harness::Repository;
use crate::scripted::{Shop, config};

pub const CASES: &[Case] = &[
    ("usage-no-command", |form| nowhere(form, &[])),
    ("usage-unknown-command", |form| nowhere(form, &["deploi", "stage"])),
    ("usage-missing-argument", |form| nowhere(form, &["deploy"])),
    ("usage-wrong-value", |form| nowhere(form, &["logs", "stage", "--since", "soon"])),
    ("usage-plan-of-what", |form| nowhere(form, &["plan", "stage"])),
    ("no-configuration", |form| nowhere(form, &["deploy", "stage"])),
    ("no-repository", |form| {
        let repository = Repository::bare();
        repository.write("shipgate.toml", config(""));
        let arguments = ["deploy", "stage"];
        form.kept(&repository, &arguments, &form.ran(repository.shipgate(&form.words(&arguments))))
    }),
    ("unknown-environment", |form| form.run(&Shop::new(), &["deploy", "stagg"])),
    ("unknown-component", |form| form.run(&Shop::new(), &["history", "stage", "--component", "frontend"])),
    ("unset-variables", |form| {
        form.run(&Shop::with("pre-deploy = [\"${env.COMMAND}\"]\ntimeout = \"${vars.TIMEOUT}\""), &["deploy", "stage"])
    }),
    ("status-invalid", |form| form.run(&Shop::with("timeout = 3"), &["status"])),
    ("hold-invalid", |form| form.run(&Shop::new(), &["hold", "stage", "--reason", ""])),
    ("logs-follow-as-a-document", |form| form.run(&Shop::new(), &["logs", "stage", "--follow", "--output", "json"])),
    ("changed-tree-invalid", |form| {
        let shop = Shop::new();
        shop.repository.write("new", "");
        form.run(&shop, &["deploy", "stage"])
    }),
];

fn nowhere(form: Form, arguments: &[&str]) -> String {
    let repository = Repository::bare();
    repository.git(&["init", "--quiet"]);
    form.kept(&repository, arguments, &form.ran(repository.shipgate(&form.words(arguments))))
}
