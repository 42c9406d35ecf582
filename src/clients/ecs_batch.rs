//! Questions for services of one cluster that are asked at nearly the same time, in one call.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Duration;

use aws_sdk_ecs::types::{Service, ServiceField};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout};

use super::aws::{AwsError, AwsErrorKind, call};
use crate::domain::ecs::names::{ClusterName, ServiceName};

/// [`DescribeServices`](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html) takes at most this many
/// services.
const MOST: usize = 10;

/// What a call came to, for all who share it. `None`: a service that one of them asked for is denied, so each asks alone.
type BatchAnswer = Option<Result<Rc<[Service]>, AwsError>>;

/// How long a call that has room waits for others to join, where several services of the cluster are followed: those whose
/// answers came together ask again within some milliseconds. It is less than what a call takes.
const WINDOW: Duration = Duration::from_millis(25);
/// Another service that was asked for so shortly before is followed beside this one.
const BESIDE: Duration = Duration::from_secs(1);

/// What is asked for, by cluster.
#[derive(Clone, Default)]
pub(super) struct Batches(Rc<RefCell<HashMap<ClusterName, ClusterQuery>>>);

/// What is asked for in one cluster.
#[derive(Default)]
struct ClusterQuery {
    /// The call that is not sent yet. Who asked first owns it and sends it.
    open: Weak<Batch>,
    /// The service that was asked for last, and when.
    last: Option<(ServiceName, Instant)>,
}

impl ClusterQuery {
    /// Notes that a service is asked for. Returns whether another one was shortly before.
    fn note(&mut self, service: &ServiceName) -> bool {
        let now = Instant::now();
        let before = self.last.replace((service.clone(), now));
        before.is_some_and(|(other, at)| other != *service && now.duration_since(at) <= BESIDE)
    }
}

/// A call that is not sent yet.
#[derive(Default)]
struct Batch {
    services: RefCell<Vec<String>>,
    /// Those who joined.
    others: RefCell<Vec<oneshot::Sender<BatchAnswer>>>,
    /// When it has no more room.
    full: Notify,
}

impl fmt::Debug for Batches {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Batches")
    }
}

impl Batches {
    /// Asks for a service, with its tags. `None`: there is none of that name in the cluster.
    pub(super) async fn ask(
        &self,
        client: &aws_sdk_ecs::Client,
        cluster: &ClusterName,
        service: &ServiceName,
    ) -> Result<Option<Service>, AwsError> {
        let is_beside = self.note(cluster, service);
        // Who sends a call may be interrupted before; then somebody else does.
        while let Some(answer) = self.join(cluster, service) {
            if let Ok(answer) = answer.await {
                return one_of(answer, client, cluster, service).await;
            }
        }
        let batch = self.open(cluster, service);
        // Calls that are ready at the same time join.
        tokio::task::yield_now().await;
        if is_beside {
            timeout(WINDOW, batch.full.notified()).await.ok();
        }
        self.close(cluster, &batch);
        let mut services = batch.services.take();
        services.sort_unstable();
        services.dedup();
        let is_shared = services.len() > 1;
        let answer: BatchAnswer = match describe(client, cluster, services).await {
            Err(error) if is_shared && error.kind == AwsErrorKind::Denied => None,
            answer => Some(answer),
        };
        for other in batch.others.take() {
            // Who is interrupted needs no answer.
            other.send(answer.clone()).ok();
        }
        one_of(answer, client, cluster, service).await
    }

    fn note(&self, cluster: &ClusterName, service: &ServiceName) -> bool {
        self.0.borrow_mut().entry(cluster.clone()).or_default().note(service)
    }

    /// Joins a call that is not sent yet and has room.
    fn join(&self, cluster: &ClusterName, service: &ServiceName) -> Option<oneshot::Receiver<BatchAnswer>> {
        let batch = self.0.borrow().get(cluster)?.open.upgrade()?;
        let mut services = batch.services.borrow_mut();
        if services.len() == MOST {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        services.push(service.to_string());
        batch.others.borrow_mut().push(sender);
        if services.len() == MOST {
            batch.full.notify_one();
        }
        Some(receiver)
    }

    fn open(&self, cluster: &ClusterName, service: &ServiceName) -> Rc<Batch> {
        let batch = Rc::new(Batch { services: RefCell::new(vec![service.to_string()]), ..Batch::default() });
        self.0.borrow_mut().entry(cluster.clone()).or_default().open = Rc::downgrade(&batch);
        batch
    }

    /// Lets no other process join.
    fn close(&self, cluster: &ClusterName, batch: &Rc<Batch>) {
        if let Some(asked) = self.0.borrow_mut().get_mut(cluster)
            && std::ptr::eq(asked.open.as_ptr(), Rc::as_ptr(batch))
        {
            asked.open = Weak::new();
        }
    }
}

/// The service in an answer, or what it says alone.
async fn one_of(
    answer: BatchAnswer,
    client: &aws_sdk_ecs::Client,
    cluster: &ClusterName,
    service: &ServiceName,
) -> Result<Option<Service>, AwsError> {
    let services = match answer {
        Some(answer) => answer?,
        None => describe(client, cluster, vec![service.to_string()]).await?,
    };
    Ok(services.iter().find(|found| found.service_name() == Some(service.as_str())).cloned())
}

async fn describe(
    client: &aws_sdk_ecs::Client,
    cluster: &ClusterName,
    services: Vec<String>,
) -> Result<Rc<[Service]>, AwsError> {
    let about = services.join(", ");
    let request = client.describe_services().cluster(cluster.as_str()).set_services(Some(services));
    // Holds are tags of the service. What is missing comes as `failures`, not as an error.
    let output = call("ecs:DescribeServices", &about, request.include(ServiceField::Tags).send()).await?;
    Ok(output.services.unwrap_or_default().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A service that is followed alone waits for none.
    #[tokio::test(start_paused = true)]
    async fn only_those_that_are_followed_beside_others_wait_for_them() {
        let mut asked = ClusterQuery::default();
        let names = ["backend", "worker"].map(|name| name.parse::<ServiceName>().unwrap());
        let second = Duration::from_secs(1);
        for (pause, name, is_beside) in [
            (Duration::ZERO, 0, false),
            (Duration::ZERO, 0, false),
            (second / 2, 1, true),
            (second, 0, true),
            (Duration::ZERO, 0, false),
            (second * 2, 1, false),
        ] {
            tokio::time::advance(pause).await;
            assert_eq!(asked.note(&names[name]), is_beside, "{name} after {pause:?}");
        }
    }
}
