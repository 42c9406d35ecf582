//! A conversation with a browser: documents of JSON, each with a zero byte behind it
//! ([protocol](https://chromedevtools.github.io/devtools-protocol/)).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::ChildStdout;
use tokio::time::{Instant, timeout, timeout_at};

use super::error::BrowserError;
use crate::clients::process::Conversation;
use crate::domain::browser::{BrowserWindow, Happening, PageView};
use crate::domain::neutral;

/// A command that says nothing of the page has to be answered after so long.
const ANSWER: Duration = Duration::from_mins(1);
/// The text that people read, as far as anybody looks for one in it.
const TEXT: &str = "document.body ? document.body.innerText.slice(0, 200000) : ''";

/// A browser with at most one tab.
#[derive(Debug)]
pub struct Tab {
    conversation: Conversation,
    answers: BufReader<ChildStdout>,
    /// What of a document has come.
    read: Vec<u8>,
    sent: u64,
    /// The tab, once there is one, and what it is called beside that.
    session: Option<(Value, Value)>,
    view: PageView,
}

impl Tab {
    /// With a browser that was started. `None`: somebody else listens to it.
    pub fn new(mut conversation: Conversation) -> Option<Self> {
        let answers = BufReader::new(conversation.take_output()?);
        Some(Self { conversation, answers, read: Vec::new(), sent: 0, session: None, view: PageView::default() })
    }

    /// Waits until the browser answers.
    ///
    /// # Errors
    ///
    /// It ended, or does not answer in time.
    pub async fn hello(&mut self, until: Instant) -> Result<(), BrowserError> {
        let version = self.ask_until("Browser.getVersion", json!({}), until).await?;
        version.ok_or_else(|| BrowserError::Fails("it does not answer in time".to_owned()))?;
        self.ask("Browser.setDownloadBehavior", json!({"behavior": "deny"})).await.map(drop)
    }

    /// Opens a tab with nothing in it, which shares nothing with those before.
    ///
    /// # Errors
    ///
    /// The browser fails.
    pub async fn open(&mut self, window: &BrowserWindow) -> Result<(), BrowserError> {
        let apart = self.ask("Target.createBrowserContext", json!({})).await?;
        let made = json!({"url": "about:blank", "browserContextId": apart["browserContextId"]});
        let target = self.ask("Target.createTarget", made).await?["targetId"].take();
        let attached = self.ask("Target.attachToTarget", json!({"targetId": target, "flatten": true})).await?;
        self.session = Some((attached["sessionId"].clone(), target));
        self.view = PageView::default();
        let BrowserWindow { width, height, is_phone, .. } = *window;
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone});
        self.ask("Emulation.setDeviceMetricsOverride", metrics).await?;
        self.ask("Emulation.setTouchEmulationEnabled", json!({"enabled": is_phone})).await?;
        for domain in ["Page", "Network", "Runtime", "Log", "Inspector"] {
            self.ask(&format!("{domain}.enable"), json!({})).await?;
        }
        Ok(())
    }

    /// Goes to an address. Returns why it cannot be opened, in the browser's words.
    ///
    /// # Errors
    ///
    /// The browser fails.
    pub async fn go(&mut self, url: &str, until: Instant) -> Result<Option<String>, BrowserError> {
        let Some(answer) = self.ask_until("Page.navigate", json!({"url": url}), until).await? else {
            return Ok(Some("no answer".to_owned()));
        };
        let is_download = answer["isDownload"] == true;
        Ok(answer["errorText"].as_str().map(str::to_owned).filter(|_| !is_download))
    }

    /// The text that the page shows. `None`: it does not say, as one that is just replaced, or does not come to it.
    ///
    /// # Errors
    ///
    /// The browser fails.
    pub async fn text(&mut self, until: Instant) -> Result<Option<String>, BrowserError> {
        let asked = json!({"expression": TEXT, "returnByValue": true});
        let answer = self.ask_until("Runtime.evaluate", asked, until).await?;
        Ok(answer.and_then(|answer| Some(answer.pointer("/result/value")?.as_str()?.to_owned())))
    }

    /// A picture of what the window shows, as PNG.
    ///
    /// # Errors
    ///
    /// The browser fails.
    pub async fn picture(&mut self) -> Result<Vec<u8>, BrowserError> {
        let taken = self.ask("Page.captureScreenshot", json!({"format": "png"})).await?;
        let data = taken["data"].as_str().unwrap_or_default();
        STANDARD.decode(data).map_err(|error| BrowserError::Fails(error.to_string()))
    }

    /// Listens for a while. Returns how much was heard.
    ///
    /// # Errors
    ///
    /// The browser ended.
    pub async fn listen(&mut self, time: Duration) -> Result<usize, BrowserError> {
        let (end, mut heard) = (Instant::now() + time, 0);
        while let Ok(document) = timeout_at(end, self.next()).await {
            heard += usize::from(self.hear(&document?).await?);
        }
        Ok(heard)
    }

    /// What happened so far.
    pub fn view(&self) -> &PageView {
        &self.view
    }

    /// The same, to keep.
    pub fn take_view(&mut self) -> PageView {
        std::mem::take(&mut self.view)
    }

    /// Closes the tab.
    ///
    /// # Errors
    ///
    /// The browser fails.
    pub async fn close(&mut self) -> Result<(), BrowserError> {
        let Some((_, target)) = self.session.take() else { return Ok(()) };
        self.ask("Target.closeTarget", json!({"targetId": target})).await.map(drop)
    }

    /// Lets the browser end by itself, for a while. Whatever is left of it ends with this.
    pub async fn end(mut self, time: Duration) {
        if self.send("Browser.close", json!({})).await.is_ok() {
            // What it still says is of no interest.
            let _ended = timeout(time, async { while self.next().await.is_ok() {} }).await;
            let _status = timeout(time, self.conversation.ended()).await;
        }
    }

    async fn ask(&mut self, method: &str, parameters: Value) -> Result<Value, BrowserError> {
        let answer = self.ask_until(method, parameters, Instant::now() + ANSWER).await?;
        answer.ok_or_else(|| BrowserError::Fails(format!("no answer to {method} for {} s", ANSWER.as_secs())))
    }

    /// Sends a command, and takes in what happens until its answer. `None`: there is none in time, or the page that it was
    /// for is gone.
    async fn ask_until(
        &mut self,
        method: &str,
        parameters: Value,
        until: Instant,
    ) -> Result<Option<Value>, BrowserError> {
        let id = self.send(method, parameters).await?;
        while let Ok(document) = timeout_at(until, self.next()).await {
            let mut document = document?;
            if document["id"] == id {
                return Ok(document.get_mut("result").map(Value::take));
            }
            self.hear(&document).await?;
        }
        Ok(None)
    }

    async fn send(&mut self, method: &str, parameters: Value) -> Result<u64, BrowserError> {
        self.sent += 1;
        let mut command = json!({"id": self.sent, "method": method, "params": parameters});
        if let Some((session, _)) = &self.session {
            command["sessionId"] = session.clone();
        }
        let command = format!("{command}\0");
        let input = self.conversation.input();
        input.write_all(command.as_bytes()).await.map_err(|error| BrowserError::Fails(error.to_string()))?;
        Ok(self.sent)
    }

    /// Takes in an event. Returns whether it counts.
    async fn hear(&mut self, document: &Value) -> Result<bool, BrowserError> {
        let is_of_tab = self.session.as_ref().is_some_and(|(session, _)| document["sessionId"] == *session);
        let read = |method: &str| Happening::read(method, document.get("params")?);
        let happening = document["method"].as_str().filter(|_| is_of_tab).and_then(read);
        let Some(happening) = happening else { return Ok(false) };
        if happening == Happening::Asks {
            // Until somebody answers, no script goes on. The answer to this is passed over.
            self.send("Page.handleJavaScriptDialog", json!({"accept": true})).await?;
        }
        self.view.see(happening);
        Ok(true)
    }

    /// The next document. May be dropped and asked for again: what has come of it is kept.
    async fn next(&mut self) -> Result<Value, BrowserError> {
        let fails = |why: String| BrowserError::Fails(neutral::phrase(&why, 200));
        self.answers.read_until(0, &mut self.read).await.map_err(|error| fails(error.to_string()))?;
        if self.read.pop() != Some(0) {
            return Err(fails("it ended".to_owned()));
        }
        let document = serde_json::from_slice(&std::mem::take(&mut self.read));
        document.map_err(|error| fails(error.to_string()))
    }
}
