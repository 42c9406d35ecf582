//! What lies between the program and AWS, and loses, delays or refuses what a test names. Requests are signed for the
//! proxy's own address and handed on with it: the local cloud verifies a signature against the `Host` that it gets.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http_body_util::BodyExt as _;

use super::call::Call;
use super::encrypted;
use super::forward::forward;
use crate::harness::{Ran, Running, eventually};
use crate::http_server::{Answer, Request, Server, serve_arriving};

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// The connection is closed; nothing reaches the cloud.
    CutsBefore,
    /// The cloud does it; the connection is closed instead of an answer.
    CutsAfter,
    /// It is answered so, with this code of an error; nothing reaches the cloud.
    Answers(u16, &'static str),
    /// It is handed on so much later.
    Delays(Duration),
    /// It is kept before it reaches the cloud, until the test lets it go or cuts it.
    HoldsBefore,
    /// The cloud does it; its answer is kept, until the test lets it go or cuts it.
    HoldsAfter,
    /// The cloud does it; an invalidation in the answer is still in progress.
    SaysInProgress,
    /// It is answered as for a bucket in another region; nothing reaches the cloud.
    SaysRegion(&'static str),
    /// It is denied in these words of AWS; nothing reaches the cloud.
    Denies(&'static str),
    /// The cloud does it, and its answer is that of a bucket that is encrypted with a key of KMS: an `ETag` is no hash of the
    /// bytes.
    Encrypts,
}

/// Which requests a rule is about, and what becomes of them. The first rule that fits counts.
#[derive(Debug, Clone)]
pub struct Rule {
    operation: Option<&'static str>,
    only_changes: bool,
    key: &'static str,
    skips: usize,
    times: usize,
    does: Does,
}

impl Rule {
    /// Every request of an operation.
    pub fn on(operation: &'static str, does: Does) -> Self {
        Self { operation: Some(operation), ..Self::on_all(does) }
    }

    /// Every request.
    pub fn on_all(does: Does) -> Self {
        Self { operation: None, only_changes: false, key: "", skips: 0, times: usize::MAX, does }
    }

    /// Every request that changes something.
    pub fn on_changes(does: Does) -> Self {
        Self { only_changes: true, ..Self::on_all(does) }
    }

    /// Only those whose key has this in it.
    pub fn with_key(self, part: &'static str) -> Self {
        Self { key: part, ..self }
    }

    /// Not the first ones that it fits, up to a number.
    pub fn after(self, skips: usize) -> Self {
        Self { skips, ..self }
    }

    /// At most this many.
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    fn fits(&self, call: &Call) -> bool {
        self.operation.is_none_or(|operation| operation == call.operation)
            && (!self.only_changes || call.is_change())
            && call.key.contains(self.key)
    }

    /// What becomes of a request that fits, counting it.
    fn take(&mut self) -> Option<Does> {
        if self.skips > 0 {
            self.skips -= 1;
            return None;
        }
        self.times = self.times.checked_sub(1)?;
        Some(self.does)
    }
}

/// What becomes of what is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Held {
    #[default]
    Kept,
    LetGo,
    Cut,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    rules: Vec<Rule>,
    holding: usize,
    held: Held,
}

/// A proxy on a loopback port of its own, until the test's process ends.
#[derive(Debug, Clone)]
pub struct Proxy {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// Before a cloud (`http://localhost:4566`).
    pub fn before(cloud: &str) -> Self {
        let cloud = cloud.trim_start_matches("http://").to_owned();
        let state = Arc::<Mutex<State>>::default();
        let own = Arc::clone(&state);
        let server = serve_arriving(async move |mut request: Request, body| {
            let Ok(body) = body.collect().await else { return Answer::hang_up() };
            request.body = body.to_bytes().to_vec();
            handle(&own, &cloud, &request).await
        });
        Self { server, state }
    }

    /// What `AWS_ENDPOINT_URL` is to be.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// Adds a rule, after those that are there.
    pub fn rule(&self, rule: Rule) {
        self.lock().rules.push(rule);
    }

    /// Forgets all rules, and all requests so far.
    pub fn reset(&self) {
        *self.lock() = State::default();
    }

    /// The requests so far, in the order in which they came.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// How many requests of an operation came.
    pub fn count(&self, operation: &str) -> usize {
        self.lock().calls.iter().filter(|call| call.operation == operation).count()
    }

    /// How many requests came that change something.
    pub fn changes(&self) -> usize {
        self.lock().calls.iter().filter(|call| call.is_change()).count()
    }

    /// Waits until a request is held.
    #[track_caller]
    pub fn until_held(&self) {
        eventually("a request is held", || self.lock().holding > 0);
    }

    /// Hands on what is held, and everything after it.
    pub fn let_go(&self) {
        self.lock().held = Held::LetGo;
    }

    /// Ends a program as a machine that loses its power would, as soon as one of its requests is held, which gets no
    /// further. What it said, if it came to its end before.
    #[track_caller]
    pub fn kill_when_held(&self, mut program: Running) -> Option<Ran> {
        eventually("a request is held, or the program is over", || self.lock().holding > 0 || program.has_ended());
        if self.lock().holding == 0 {
            return Some(program.wait());
        }
        program.kill();
        self.lock().held = Held::Cut;
        eventually("nothing is held", || self.lock().holding == 0);
        None
    }

    /// Ends a program at its first request that a rule fits, then another run at the second, and so on, until one comes to
    /// its end, and says something. The rule holds. `after_death` gets the number of each death, from 0.
    #[track_caller]
    pub fn kill_at_each(&self, rule: &Rule, start: impl Fn() -> Running, mut after_death: impl FnMut(usize)) -> Ran {
        for number in 0.. {
            self.reset();
            self.rule(rule.clone().after(number).times(1));
            match self.kill_when_held(start()) {
                None => after_death(number),
                Some(ran) => return ran,
            }
        }
        unreachable!("a program has fewer requests than that")
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

async fn handle(state: &Mutex<State>, cloud: &str, request: &Request) -> Answer {
    let call = Call::of(request);
    let (number, does) = {
        let mut state = state.lock().unwrap();
        state.calls.push(call.clone());
        let does = state.rules.iter_mut().filter(|rule| rule.fits(&call)).find_map(Rule::take);
        (state.calls.len() - 1, does)
    };
    let answer = carry_out(state, cloud, request, &call, does).await;
    if let Some(answer) = &answer
        // A reset between the request and its answer has forgotten it.
        && let Some(call) = state.lock().unwrap().calls.get_mut(number)
    {
        call.status = Some(answer.status);
    }
    answer.unwrap_or_else(Answer::hang_up)
}

/// `None`: the connection is to be closed.
async fn carry_out(
    state: &Mutex<State>,
    cloud: &str,
    request: &Request,
    call: &Call,
    does: Option<Does>,
) -> Option<Answer> {
    match does {
        None => forward(cloud, request).await.ok(),
        Some(Does::CutsBefore) => None,
        Some(Does::CutsAfter) => {
            forward(cloud, request).await.ok()?;
            None
        }
        Some(Does::Answers(status, code)) => Some(error(call, status, code, "as the test wants it")),
        Some(Does::SaysRegion(region)) => {
            Some(error(call, 301, "PermanentRedirect", "of a bucket elsewhere").with("x-amz-bucket-region", region))
        }
        Some(Does::Denies(message)) => Some(error(call, 403, "AccessDenied", message)),
        Some(Does::Encrypts) if call.is_of_cloudfront() => forward(cloud, request).await.ok(),
        Some(Does::Encrypts) => encrypted::forward(cloud, request).await.ok(),
        Some(Does::Delays(time)) => {
            tokio::time::sleep(time).await;
            forward(cloud, request).await.ok()
        }
        Some(Does::HoldsBefore) => {
            hold(state).await?;
            forward(cloud, request).await.ok()
        }
        Some(Does::HoldsAfter) => {
            let answer = forward(cloud, request).await.ok()?;
            hold(state).await?;
            Some(answer)
        }
        Some(Does::SaysInProgress) => {
            let mut answer = forward(cloud, request).await.ok()?;
            let text = String::from_utf8_lossy(&answer.body);
            answer.body = text.replace("<Status>Completed</Status>", "<Status>InProgress</Status>").into_bytes();
            Some(answer)
        }
    }
}

/// Counts what is held, also when its client goes away.
struct Holding<'a>(&'a Mutex<State>);

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        // After a reset there is nothing to count down.
        let mut state = self.0.lock().unwrap();
        state.holding = state.holding.saturating_sub(1);
    }
}

/// `None`: the test has cut it.
async fn hold(state: &Mutex<State>) -> Option<()> {
    state.lock().unwrap().holding += 1;
    let _counted = Holding(state);
    loop {
        match state.lock().unwrap().held {
            Held::Kept => {}
            Held::LetGo => return Some(()),
            Held::Cut => return None,
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// An error as the service writes it.
fn error(call: &Call, status: u16, code: &str, message: &str) -> Answer {
    let text = format!("<Code>{code}</Code><Message>{message}</Message><RequestId>0</RequestId>");
    let body = if call.is_of_cloudfront() {
        let place = "http://cloudfront.amazonaws.com/doc/2020-05-31/";
        format!("<ErrorResponse xmlns=\"{place}\"><Error><Type>Sender</Type>{text}</Error></ErrorResponse>")
    } else {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error>{text}</Error>")
    };
    // The answer to a HEAD has no body.
    let body = if call.operation.starts_with("Head") { String::new() } else { body };
    Answer::new(status, body).with("content-type", "application/xml")
}
