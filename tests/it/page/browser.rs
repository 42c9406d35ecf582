//! A browser without a window: it lays a page out, says what came of that, and takes a picture. It is spoken to by the
//! [DevTools protocol](https://chromedevtools.github.io/devtools-protocol/) over pipes: documents that end with a zero.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{command, find_program};

/// How wide the window is, in pixels: that of the column in which GitHub shows the summaries of a run.
pub const WIDTH: u32 = 1012;

/// Says what came of a page.
const MEASURE: &str = include_str!("measure.js");
/// Says how many colours a picture has, which is put before it.
const COUNT_COLOURS: &str = "
const image = new Image();
image.src = `data:image/png;base64,${picture}`;
image.decode().then(() => {
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext('2d');
  canvas.drawImage(image, 0, 0);
  const { data } = canvas.getImageData(0, 0, image.naturalWidth, image.naturalHeight);
  return new Set(new Uint32Array(data.buffer)).size;
});
";
/// What Chromium expects: commands on its third file, answers on its fourth.
const WITH_PIPES: &str = "exec \"$@\" 3<&0 4>&1 >/dev/null 2>\"$HOME/log\"";

/// What the browser computed.
#[derive(Debug, Deserialize)]
pub struct Seen {
    /// The first element.
    pub first: String,
    pub headings: Vec<String>,
    pub width: u32,
    pub height: u32,
    /// What is wider than the page, and is no block of code.
    pub too_wide: Vec<String>,
    /// Text beside code in which there is still Markdown.
    pub raw: Vec<String>,
    pub links: Vec<String>,
    pub images: usize,
    pub alerts: Vec<Alert>,
    pub folds: Vec<Fold>,
    /// What is read without opening anything.
    pub text: String,
}

#[derive(Debug, Deserialize)]
pub struct Alert {
    pub text: String,
    pub is_framed: bool,
}

#[derive(Debug, Deserialize)]
pub struct Fold {
    pub title: String,
    /// Whether more than the title is shown.
    pub shows_more: bool,
}

/// A page that was opened.
pub struct Opened {
    /// What is read on it.
    pub shown: String,
    pub wrong: Vec<String>,
    /// As PNG.
    pub picture: Vec<u8>,
}

/// What an event says that goes wrong.
fn wrong(event: &Value) -> Option<String> {
    let parameters = &event["params"];
    let is_wrong = match event["method"].as_str()? {
        "Network.loadingFailed" | "Runtime.exceptionThrown" => true,
        "Network.responseReceived" => parameters["response"]["status"].as_u64()? >= 400,
        "Runtime.consoleAPICalled" => parameters["type"] == "error",
        "Log.entryAdded" => parameters["entry"]["level"] == "error",
        _ => false,
    };
    is_wrong.then(|| parameters.to_string())
}

/// Chromium, or Chrome.
pub struct Browser {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    sent: u32,
    /// What the browser said by itself.
    heard: Vec<Value>,
    /// The tab, once there is one.
    session: Option<String>,
    _directory: TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _status = self.child.wait();
    }
}

impl Browser {
    /// Starts the browser of this machine. That there is none is a failure: a page that was not seen is not known to be
    /// right.
    pub fn start() -> Self {
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let found = names.iter().find_map(|name| find_program(name));
        let program = found.unwrap_or_else(|| panic!("none of {names:?} is on PATH; scripts/test installs chromium"));
        let directory = tempfile::tempdir().unwrap();
        let mut child = command("sh")
            .args(["-c", WITH_PIPES, "sh"])
            .arg(program)
            // What is opened is of these tests, and root has no sandbox.
            .args(["--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
            .args(["--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking"])
            .arg(format!("--user-data-dir={}", directory.path().join("profile").display()))
            .env("HOME", directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (commands, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut browser =
            Self { child, commands, answers, sent: 0, heard: Vec::new(), session: None, _directory: directory };
        let target = browser.ask("Target.createTarget", &json!({"url": "about:blank"}))["targetId"].clone();
        let tab = browser.ask("Target.attachToTarget", &json!({"targetId": target, "flatten": true}));
        browser.session = Some(tab["sessionId"].as_str().unwrap().to_owned());
        let window = json!({"width": WIDTH, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        browser.ask("Emulation.setDeviceMetricsOverride", &window);
        browser
    }

    /// Lays a page out.
    pub fn lay_out(&mut self, html: &str) -> Seen {
        let frame = self.ask("Page.getFrameTree", &json!({}))["frameTree"]["frame"]["id"].clone();
        self.ask("Page.setDocumentContent", &json!({"frameId": frame, "html": html}));
        serde_json::from_value(self.evaluated(MEASURE)).unwrap()
    }

    /// Takes a picture of the whole page that was laid out: its bytes as PNG, and how many colours it has.
    pub fn picture(&mut self, seen: &Seen) -> (Vec<u8>, u64) {
        let clip = json!({"x": 0, "y": 0, "width": WIDTH, "height": seen.height, "scale": 1});
        let taken = self.ask("Page.captureScreenshot", &json!({"captureBeyondViewport": true, "clip": clip}));
        let picture = taken["data"].as_str().unwrap();
        let colours = self.evaluated(&format!("{{ const picture = {}; {COUNT_COLOURS} }}", json!(picture)));
        (STANDARD.decode(picture).unwrap(), colours.as_u64().unwrap())
    }

    /// Opens a page, and waits until it shows a text and all that it asked for has come. Returns what it shows, and what
    /// went wrong in it: errors in the console, errors of scripts, and requests that fail.
    #[expect(clippy::disallowed_methods, reason = "a browser has real time")]
    pub fn open(&mut self, url: &str, text: &str) -> Opened {
        for domain in ["Page", "Network", "Runtime", "Log"] {
            self.ask(&format!("{domain}.enable"), &json!({}));
        }
        self.ask("Network.setCacheDisabled", &json!({"cacheDisabled": true}));
        self.heard.clear();
        self.ask("Page.navigate", &json!({"url": url}));
        let mut shown = String::new();
        // Half a second after the text has appeared, or when it has not for ten.
        let mut left = 100;
        while left > 0 {
            let text_now = self.evaluated("document.body ? document.body.innerText : ''");
            shown = String::from(text_now.as_str().unwrap());
            if shown.contains(text) {
                left = left.min(6);
            }
            left -= 1;
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let taken = self.ask("Page.captureScreenshot", &json!({}));
        let picture = STANDARD.decode(taken["data"].as_str().unwrap()).unwrap();
        Opened { shown, wrong: self.heard.iter().filter_map(wrong).collect(), picture }
    }

    fn evaluated(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.ask("Runtime.evaluate", &asked);
        assert!(answer.get("exceptionDetails").is_none(), "{answer:#}");
        answer["result"]["value"].clone()
    }

    /// Sends a command and waits for its answer; what else the browser says is passed over.
    fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        self.sent += 1;
        let mut command = json!({"id": self.sent, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).unwrap();
        loop {
            let mut answer = Vec::new();
            self.answers.read_until(0, &mut answer).unwrap();
            assert_eq!(answer.pop(), Some(0), "the browser ended after {method}");
            let mut answer: Value = serde_json::from_slice(&answer).unwrap();
            if answer["id"] == self.sent {
                assert!(answer.get("error").is_none(), "{method}: {answer:#}");
                return answer["result"].take();
            }
            self.heard.push(answer);
        }
    }
}
