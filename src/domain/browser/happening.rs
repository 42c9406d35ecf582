//! What happens in a page, as a browser reports it.

use serde_json::Value;

use crate::domain::neutral;

/// Something that happened in a page. Its texts are foreign, and not neutral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// A request was sent, or is sent on by a redirect.
    Sent {
        /// Which one.
        id: String,
        /// The address.
        url: String,
        /// What it is for.
        kind: ResourceKind,
    },
    /// The head of its answer came.
    Answered {
        /// Of which request.
        id: String,
        /// The status.
        status: u16,
    },
    /// All of its answer came.
    Ended {
        /// Of which request.
        id: String,
    },
    /// It has no answer that the page may use.
    Failed {
        /// Which one.
        id: String,
        /// Why.
        why: Why,
    },
    /// A script ended with an uncaught error.
    Thrown(String),
    /// A script said something as an error.
    Said(String),
    /// The browser itself said something as an error.
    Logged(String),
    /// Everything of the page was loaded.
    Loaded,
    /// A script asks something, and waits for the answer.
    Asks,
    /// The page ended by itself.
    Crashed,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceKind {
    /// The page itself, or one in a frame of it.
    Document,
    /// Whether a script may ask something else.
    Preflight,
    /// Something else.
    Other,
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The page itself gave it up.
    Canceled,
    /// It has no TLS, and the page does.
    MixedContent,
    /// Who answers does not let pages of this origin: the browser's word for what is missing.
    Cors(String),
    /// Something else, in the browser's words.
    Other(String),
}

impl Happening {
    /// Reads an event. `None`: it says nothing that counts.
    pub fn read(method: &str, parameters: &Value) -> Option<Self> {
        let text = |pointer: &str| parameters.pointer(pointer).and_then(Value::as_str);
        let id = || text("/requestId").map(str::to_owned);
        match method {
            "Network.requestWillBeSent" => Some(Self::Sent {
                id: id()?,
                url: text("/request/url")?.to_owned(),
                kind: ResourceKind::read(text("/type")),
            }),
            "Network.responseReceived" => {
                let status = parameters.pointer("/response/status")?.as_u64()?;
                Some(Self::Answered { id: id()?, status: status.try_into().ok()? })
            }
            "Network.loadingFinished" => Some(Self::Ended { id: id()? }),
            "Network.loadingFailed" => Some(Self::Failed { id: id()?, why: Why::read(parameters) }),
            "Runtime.exceptionThrown" => {
                let details = parameters.get("exceptionDetails")?;
                let of_error = details.pointer("/exception").map(said);
                let plain = details.get("text").and_then(Value::as_str).map(str::to_owned);
                Some(Self::Thrown(of_error.filter(|text| !text.is_empty()).or(plain)?))
            }
            "Runtime.consoleAPICalled" if matches!(text("/type"), Some("error" | "assert")) => {
                let arguments = parameters.get("args").and_then(Value::as_array)?;
                Some(Self::Said(arguments.iter().map(said).collect::<Vec<_>>().join(" ")))
            }
            // The results of requests are reported by the requests themselves, and why by their failures.
            "Log.entryAdded" if text("/entry/level") == Some("error") => {
                let is_of_request = text("/entry/source") == Some("network") || text("/entry/category") == Some("cors");
                let said = text("/entry/text").filter(|said| !is_of_request && !said.starts_with("Mixed Content"))?;
                Some(Self::Logged(said.to_owned()))
            }
            "Page.loadEventFired" => Some(Self::Loaded),
            "Page.javascriptDialogOpening" => Some(Self::Asks),
            "Inspector.targetCrashed" => Some(Self::Crashed),
            _ => None,
        }
    }
}

impl ResourceKind {
    fn read(text: Option<&str>) -> Self {
        match text {
            Some("Document") => Self::Document,
            Some("Preflight") => Self::Preflight,
            _ => Self::Other,
        }
    }
}

impl Why {
    fn read(parameters: &Value) -> Self {
        let text = |pointer: &str| parameters.pointer(pointer).and_then(Value::as_str);
        if parameters.get("canceled").and_then(Value::as_bool) == Some(true) {
            return Self::Canceled;
        }
        match (text("/blockedReason"), text("/corsErrorStatus/corsError")) {
            (Some("mixed-content"), _) => Self::MixedContent,
            (_, Some(error)) => Self::Cors(error.to_owned()),
            (Some(reason), None) => Self::Other(format!("blocked, {reason}")),
            (None, None) => Self::Other(text("/errorText").unwrap_or("no answer").to_owned()),
        }
    }
}

/// What a value of a script is for people: its first line.
fn said(value: &Value) -> String {
    let own = match value.get("value") {
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
        None => value.get("description").and_then(Value::as_str).map(str::to_owned),
    };
    let own = own.unwrap_or_default();
    neutral::phrase(own.lines().next().unwrap_or_default(), 300)
}
