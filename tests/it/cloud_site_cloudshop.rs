//! CloudShop whole, as people see it: its backend and its pages are one release, and a browser opens them on both
//! environments, before and after each change.

use std::path::Path;

use aws_sdk_ecr::types::ImageTagMutability;
use serde_json::Value;

use crate::cloud::{ServiceOptions, variable};
use crate::cloud_roles;
use crate::harness::{Ran, Repository, assert_reported};
use crate::page::PICTURES;
use crate::page::browser::{Browser, Opened};
use crate::site::website::Websites;
use crate::site::{Place, SiteCloud};

/// Its sources: what is in git of them, and nothing that a build leaves.
const FRONTEND: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/cloudshop/frontend");

/// An environment as people reach it.
struct Address {
    pages: String,
    api: String,
}

struct CloudShop {
    site: SiteCloud,
    repository: Repository,
    stage: Address,
    production: Address,
}

impl CloudShop {
    /// The shop in both environments, with nothing deployed. `lets_read`: whether the backends let the pages read.
    fn new(lets_read: bool) -> Self {
        let site = SiteCloud::new();
        site.make_websites();
        let cloud = &site.cloud;
        cloud.create_repository(ImageTagMutability::Mutable);
        cloud.create_repository_named(&cloud.live_repository(), ImageTagMutability::Mutable);
        let address = |place: &Place, options: ServiceOptions| {
            let pages = Websites::front(&site, place);
            let name = format!("{}-{}", cloud.prefix, place.environment);
            let (target_group, api) = cloud.create_load_balancer_named(&name);
            let origins = if lets_read { pages.clone() } else { String::new() };
            let variables = vec![("CORS_ORIGINS", &*origins.leak())];
            cloud.create_service(&ServiceOptions { variables, target_group: Some(target_group), ..options });
            Address { pages, api }
        };
        let stage = address(&site.stage, ServiceOptions::web());
        let production = address(&site.production, ServiceOptions::live());
        let repository = cloud.shop(&config(&site, &stage, &production));
        copy(Path::new(FRONTEND), &repository.path().join("frontend"));
        repository.write(".gitignore", "/.npm\n/frontend/node_modules\n/frontend/dist\n");
        let shop = Self { site, repository, stage, production };
        shop.sell("Desk lamp");
        shop
    }

    /// Commits a shop that sells something.
    fn sell(&self, name: &str) -> String {
        let products = format!(r#"{{"products": [{{"id": 1, "name": "{name}", "price_cents": 2490}}]}}"#);
        self.repository.write("backend/products.json", products);
        self.repository.commit(&format!("Sell a {name}"))
    }

    fn deploy(&self) -> Ran {
        let bundle = SiteCloud::bundle(&self.repository);
        self.job(&["deploy", "stage", "--bundle", &bundle])
    }

    fn job(&self, arguments: &[&str]) -> Ran {
        let arguments = [arguments, &["--output", "json"]].concat();
        self.site.cloud.shipgate(&self.repository, &arguments).env("SHIPGATE_SCREENSHOTS", PICTURES).run()
    }

    /// A browser opens both environments. Nothing goes wrong in either, and each shows what it sells.
    #[track_caller]
    fn assert_seen(&self, moment: &str, stage: &str, production: Option<&str>) {
        let mut browser = Browser::start();
        std::fs::create_dir_all(PICTURES).unwrap();
        let production = production.map(|name| ("production", &self.production, name));
        for (environment, address, name) in [("stage", &self.stage, stage)].into_iter().chain(production) {
            let open = |_| browser.open(&format!("{}/", address.pages), name);
            // A container that comes or goes changes the network under a browser, which says nothing of the page.
            let is_cut_off = |opened: &Opened| opened.wrong.iter().any(|wrong| wrong.contains("ERR_NETWORK_CHANGED"));
            let opened = (0..5).map(open).find(|opened| !is_cut_off(opened)).unwrap();
            std::fs::write(format!("{PICTURES}/cloudshop-{moment}-{environment}.png"), &opened.picture).unwrap();
            assert!(opened.shown.contains(name), "{moment}, {environment}: {}", opened.shown);
            assert!(opened.shown.contains("€24.90"), "{moment}, {environment}: {}", opened.shown);
            assert_eq!(opened.wrong, [""; 0], "{moment}, {environment}");
        }
    }
}

fn config(site: &SiteCloud, stage: &Address, production: &Address) -> String {
    let cloud = &site.cloud;
    // What npm installs is there already: each build takes it from where scripts/test has put it.
    let modules = variable("SHIPGATE_TEST_NODE_MODULES");
    let components = format!(
        "[components.backend]\nkind = \"ecs\"\nsettle = \"0s\"\ncontainer = \"web\"\ncluster = \"{}\"\n\
         build = {{ context = \"backend\", args = {{ RELEASE = \"${{release.sha}}\" }} }}\n\
         [components.frontend]\nkind = \"static-site\"\nwebsite = true\ndepends-on = [\"backend\"]\ntimeout = \"30s\"\n\
         build = {{ run = \"ln -sfn {modules} node_modules && npm run build\", directory = \"frontend\", \
         output = \"frontend/dist\" }}\n",
        cloud.cluster(),
    );
    let environment = |place: &Place, address: &Address, service: &str, repository: &str, gates: &str| {
        let Address { pages, api } = address;
        let name = place.environment;
        format!(
            "[environments.{name}]\nregion = \"us-east-1\"\naccount = \"000000000000\"\n{}{gates}\
             [environments.{name}.components.backend]\nrepository = \"{repository}\"\nservice = \"{service}\"\n\
             [environments.{name}.components.frontend]\nbucket = \"{}\"\nartifacts = \"{}\"\nurl = \"{pages}\"\n\
             placeholders = {{ REACT_APP_API_URL = \"{api}\" }}\n\
             probes = [{{ browser = \"{pages}/\", text = \"€24.90\", timeout = \"20s\", retries = 0 }}]\n",
            cloud_roles::lines(cloud, name),
            place.bucket,
            place.store,
        )
    };
    let gates = "promotes-from = \"stage\"\n[environments.production.gates]\napproval = \"none\"\n";
    let live = cloud.live_repository();
    format!(
        "app = \"cloudshop\"\n{components}{}{}",
        environment(&site.stage, stage, &cloud.service_name("backend"), &cloud.repository(), ""),
        environment(&site.production, production, &cloud.service_name("live"), &live, gates),
    )
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name());
        match name.to_str().unwrap() {
            "node_modules" | "dist" => {}
            _ if path.is_dir() => copy(&path, &to.join(name)),
            _ => drop(std::fs::copy(&path, to.join(name)).unwrap()),
        }
    }
}

/// What each component of a report has come to.
fn released(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let components = report["components"].as_array().unwrap().iter();
    components.map(|component| (text(&component["name"]), text(&component["current"]["sha"]))).collect()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn both_parts_are_one_release_that_a_browser_sees_on_stage_and_production() {
    let shop = CloudShop::new(true);
    let of = |release: &str| ["backend", "frontend"].map(|name| (name.to_owned(), release.to_owned())).to_vec();
    let first = shop.repository.head();
    let report = shop.deploy().outcome("deployed", 0);
    assert_eq!(released(&report), of(&first));
    shop.assert_seen("deployed", "Desk lamp", None);
    assert_eq!(released(&shop.job(&["promote", "production"]).outcome("deployed", 0)), of(&first));
    shop.assert_seen("promoted", "Desk lamp", Some("Desk lamp"));
    let second = shop.sell("Brass desk lamp");
    shop.deploy().outcome("deployed", 0);
    shop.assert_seen("deployed-again", "Brass desk lamp", Some("Desk lamp"));
    assert_eq!(released(&shop.job(&["promote", "production"]).outcome("deployed", 0)), of(&second));
    shop.assert_seen("promoted-again", "Brass desk lamp", Some("Brass desk lamp"));

    let report = shop.job(&["rollback", "production"]).outcome("deployed", 0);

    assert_eq!(released(&report), of(&first));
    shop.assert_seen("rolled-back", "Brass desk lamp", Some("Desk lamp"));
    let picture = format!("frontend-{}-127.0.0.1", &second[..7]);
    let kept = std::fs::read_dir(PICTURES).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let kept: Vec<String> = kept.filter(|name| name.starts_with(&picture)).collect();
    assert!(["desktop", "phone"].iter().all(|window| kept.iter().any(|name| name.contains(window))), "{kept:?}");
}

/// What no HTTP question sees: all files are there, and the backend does not let the page read its answers.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_page_that_shows_no_products_is_no_success() {
    let shop = CloudShop::new(false);

    let report = shop.deploy().outcome("broken", 6);

    let reported = ["probe browser http://127.0.0.1:", "(CORS, MissingAllowOriginHeader)"];
    assert!(reported.iter().all(|text| report.to_string().contains(text)), "{report:#}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_machine_without_a_browser_says_that_the_page_was_not_asked() {
    let shop = CloudShop::new(true);
    let bundle = SiteCloud::bundle(&shop.repository);
    let arguments = ["deploy", "stage", "--bundle", &bundle, "--output", "json"];
    let run = shop.site.cloud.shipgate(&shop.repository, &arguments).env("CHROME_BIN", "no-such-chrome");
    let report = run.run().outcome("deployed", 0);
    assert_reported(
        &report["warnings"],
        &["probe browser http://127.0.0.1:", "is not asked: there is no Chrome or Chromium"],
    );
    assert!(!report["components"].to_string().contains("\"method\":\"browser\""), "{report:#}");
}
