//! A browser without a window that opens a page, and says what came of that.

mod error;
mod tab;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use camino::Utf8PathBuf;
use tokio::time::{Instant, timeout};

pub use self::error::BrowserError;
use self::tab::Tab;
use super::process::{ProcessError, Processes, ProgramCall, find};
use crate::domain::browser::{BrowserWindow, PageView, ShownPage, WINDOWS};
use crate::domain::neutral;

/// The names of Chrome and Chromium on `PATH`.
const NAMES: [&str; 4] = ["google-chrome", "google-chrome-stable", "chromium", "chromium-browser"];
/// Where Chrome is on macOS.
const ON_MACOS: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
/// It has to be ready for commands after so long: on a busy machine it takes its time.
const START: Duration = Duration::from_mins(1);
/// A page is opened so often where this machine cuts it off each time.
const CUT_OFF: usize = 5;
/// A page that does not come to it gives no picture.
const PICTURE: Duration = Duration::from_secs(10);
/// It may end by itself for so long.
const END: Duration = Duration::from_secs(2);
/// Nothing has to come for so long before a page is taken for whole.
const QUIET: Duration = Duration::from_millis(500);
/// A page that never gets quiet is taken for whole after so long.
const LOUD: Duration = Duration::from_secs(3);
/// How often the text of a page is read.
const POLL_PAUSE: Duration = Duration::from_millis(150);
/// Commands on the third file and answers on the fourth, as `--remote-debugging-pipe` has it.
const WITH_PIPES: &str = "exec \"$@\" 3<&0 4>&1 >/dev/null 2>\"$HOME/log\"";
/// Nothing of the user's, nothing from Google's services, and no more than the page asks for.
const FLAGS: [&str; 14] = [
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--hide-scrollbars",
    "--mute-audio",
];

/// The browser of this machine, if there is one.
#[derive(Debug, Clone)]
pub struct Browser {
    processes: Processes,
    program: Option<PathBuf>,
    pictures: Option<Utf8PathBuf>,
}

/// A page that is to be opened.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// The address.
    pub url: String,
    /// The text that it has to show.
    pub text: Option<String>,
    /// The status of its answer.
    pub status: u16,
    /// How long the text may take.
    pub timeout: Duration,
    /// The name of the file with its picture, without the window and the ending.
    pub picture: String,
}

/// What came of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The status of its answer. `None`: there was none.
    pub status: Option<u16>,
    /// What is wrong with it, in words. `None`: nothing.
    pub difference: Option<String>,
}

impl Browser {
    /// Looks for it. `environment`: what it sees; nothing in it is secret, since a page may learn it. `named`: the program
    /// that is named, instead of those that are looked for. `pictures`: where pictures go.
    pub fn new(environment: Vec<(OsString, OsString)>, named: Option<&str>, pictures: Option<Utf8PathBuf>) -> Self {
        let processes = Processes::new(environment);
        let path = processes.variable("PATH");
        let program = match named {
            Some(named) if named.contains('/') => Some(PathBuf::from(named)),
            Some(named) => find(named, path),
            None => NAMES.iter().find_map(|name| find(name, path)).or_else(|| on_macos(Path::new(ON_MACOS))),
        };
        Self { processes, program, pictures }
    }

    /// Where pictures go. `None`: none is kept.
    pub fn pictures(&self) -> Option<&Utf8PathBuf> {
        self.pictures.as_ref()
    }

    /// Opens a page in each window, and keeps a picture of each.
    ///
    /// # Errors
    ///
    /// There is no browser, or it fails: nothing is known of the page.
    pub async fn open(&self, page: &PageRequest) -> Result<Opened, BrowserError> {
        let program = self.program.as_ref().ok_or(BrowserError::None)?;
        let home = tempfile::tempdir().map_err(|error| BrowserError::Fails(error.to_string()))?;
        let mut tab = self.start(program, home.path()).await?;
        let mut opened = Opened { status: None, difference: None };
        for window in &WINDOWS {
            let (view, text) = look_whole(&mut tab, page, window).await?;
            self.keep_picture(&mut tab, page, window).await;
            tab.close().await?;
            let shown =
                ShownPage { wanted: page.text.as_deref(), text: &text, status: page.status, waited: page.timeout };
            let difference = view.difference(shown);
            opened.status = opened.status.or(view.status());
            if let Some(difference) = difference {
                opened.difference = Some(format!("in a {} window: {difference}", window.name));
                break;
            }
        }
        tab.end(END).await;
        Ok(opened)
    }

    async fn start(&self, program: &Path, home: &Path) -> Result<Tab, BrowserError> {
        let name = || neutral::phrase(&program.display().to_string(), 200);
        let not_started = |why: String| BrowserError::NotStarted { program: name(), why };
        let mut arguments: Vec<OsString> =
            ["-c", WITH_PIPES, "sh"].map(OsString::from).into_iter().chain([program.into()]).collect();
        arguments.extend(FLAGS.map(OsString::from));
        // Chrome has no sandbox for root.
        arguments.extend(rustix::process::geteuid().is_root().then(|| OsString::from("--no-sandbox")));
        let mut profile = OsString::from("--user-data-dir=");
        profile.push(home.join("profile"));
        arguments.push(profile);
        let directory = Utf8PathBuf::try_from(home.to_owned()).map_err(|error| not_started(error.to_string()))?;
        let variables = vec![(Cow::Borrowed("HOME"), OsString::from(home))];
        let invocation = ProgramCall { program: "sh", arguments, directory, variables };
        let conversation =
            self.processes.converse(&invocation).map_err(|error: ProcessError| not_started(error.to_string()))?;
        let mut tab = Tab::new(conversation).ok_or_else(|| not_started("another process listens on it".to_owned()))?;
        match tab.hello(Instant::now() + START).await {
            Ok(()) => Ok(tab),
            // Its own last words say more than that it ended.
            Err(error) => Err(not_started(format!("{error}; {}", last_line(&home.join("log"))))),
        }
    }

    /// Keeps the picture of a page. One that cannot be kept is missed by people, and says nothing about the page.
    async fn keep_picture(&self, tab: &mut Tab, page: &PageRequest, window: &BrowserWindow) {
        let Some(directory) = &self.pictures else { return };
        let picture = match timeout(PICTURE, tab.picture()).await {
            Ok(Ok(picture)) => picture,
            Ok(Err(error)) => return tracing::debug!("no picture: {error}"),
            Err(_) => return tracing::debug!("no picture in time"),
        };
        let file = directory.join(format!("{}-{}.png", page.picture, window.name));
        let written = std::fs::create_dir_all(directory).and_then(|()| std::fs::write(&file, picture));
        if let Err(error) = written {
            tracing::debug!("{file}: {error}");
        }
    }
}

/// Opens a page in a window, again where this machine cut it off.
async fn look_whole(
    tab: &mut Tab,
    page: &PageRequest,
    window: &BrowserWindow,
) -> Result<(PageView, String), BrowserError> {
    let mut seen = look(tab, page, window).await?;
    for _ in 1..CUT_OFF {
        if !seen.0.is_cut_off() {
            break;
        }
        tab.close().await?;
        seen = look(tab, page, window).await?;
    }
    Ok(seen)
}

/// Opens a page in a window, and waits until it shows what it has to show, and is whole.
async fn look(tab: &mut Tab, page: &PageRequest, window: &BrowserWindow) -> Result<(PageView, String), BrowserError> {
    tab.open(window).await?;
    let until = Instant::now() + page.timeout;
    if let Some(why) = tab.go(&page.url, until).await? {
        let mut view = tab.take_view();
        view.not_opened(&why);
        return Ok((view, String::new()));
    }
    let mut text = String::new();
    while Instant::now() < until && !tab.view().has_crashed() {
        text = tab.text(until).await?.unwrap_or_default();
        if page.text.as_ref().map_or_else(|| tab.view().is_quiet(), |wanted| text.contains(wanted.as_str())) {
            break;
        }
        tab.listen(POLL_PAUSE).await?;
    }
    settle(tab).await?;
    // What a script writes at the end counts as much as what it wrote first.
    let text = tab.text(Instant::now() + POLL_PAUSE.max(QUIET)).await?.unwrap_or(text);
    Ok((tab.take_view(), text))
}

/// Waits until nothing has happened for a while.
async fn settle(tab: &mut Tab) -> Result<(), BrowserError> {
    let end = Instant::now() + LOUD;
    while Instant::now() < end && !tab.view().has_crashed() {
        let heard = tab.listen(QUIET).await?;
        if heard == 0 && tab.view().is_quiet() {
            break;
        }
    }
    Ok(())
}

fn on_macos(program: &Path) -> Option<PathBuf> {
    program.is_file().then(|| program.to_owned())
}

/// The end of what a program said before it ended.
fn last_line(log: &Path) -> String {
    let said = std::fs::read(log).unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    let line = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it ends without a word");
    neutral::phrase(line, 300)
}

/// The variables that a browser may see: what a page can learn holds no credential.
pub fn may_see(name: &OsStr) -> bool {
    const NAMES: [&str; 10] = [
        "PATH",
        "LANG",
        "TMPDIR",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "TZ",
    ];
    name.to_str().is_some_and(|name| NAMES.contains(&name) || name.starts_with("LC_"))
}
