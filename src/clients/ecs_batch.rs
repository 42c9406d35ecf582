//! Questions for services of one cluster that are asked at the same time, in one call.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::{Rc, Weak};

use aws_sdk_ecs::types::{Service, ServiceField};
use tokio::sync::oneshot;

use super::aws::{AwsError, AwsErrorKind, call};
use crate::domain::ecs::names::{ClusterName, ServiceName};

/// [`DescribeServices`](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html) takes so many
/// services.
const MOST: usize = 10;

/// What a call came to, for all who share it. `None`: a service that one of them asked for is denied, so each asks alone.
type Answer = Option<Result<Rc<[Service]>, AwsError>>;

/// The calls that are not sent yet, by cluster. Who asked first owns the call and sends it.
#[derive(Clone, Default)]
pub(super) struct Batches(Rc<RefCell<HashMap<ClusterName, Weak<RefCell<Batch>>>>>);

/// A call that is not sent yet.
#[derive(Default)]
struct Batch {
    services: Vec<String>,
    /// Those who joined.
    others: Vec<oneshot::Sender<Answer>>,
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
        // Who sends a call may be interrupted before; then somebody else does.
        while let Some(answer) = self.join(cluster, service) {
            if let Ok(answer) = answer.await {
                return one_of(answer, client, cluster, service).await;
            }
        }
        let batch = self.open(cluster, service);
        // Whoever is ready at the same time joins.
        tokio::task::yield_now().await;
        self.close(cluster, &batch);
        let Batch { mut services, others } = batch.take();
        services.sort_unstable();
        services.dedup();
        let is_shared = services.len() > 1;
        let answer: Answer = match describe(client, cluster, services).await {
            Err(error) if is_shared && error.kind == AwsErrorKind::Denied => None,
            answer => Some(answer),
        };
        for other in others {
            // Who is interrupted needs no answer.
            other.send(answer.clone()).ok();
        }
        one_of(answer, client, cluster, service).await
    }

    /// Joins a call that is not sent yet and has room.
    fn join(&self, cluster: &ClusterName, service: &ServiceName) -> Option<oneshot::Receiver<Answer>> {
        let batch = self.0.borrow().get(cluster)?.upgrade()?;
        let mut batch = batch.borrow_mut();
        if batch.services.len() == MOST {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        batch.services.push(service.to_string());
        batch.others.push(sender);
        Some(receiver)
    }

    fn open(&self, cluster: &ClusterName, service: &ServiceName) -> Rc<RefCell<Batch>> {
        let batch = Rc::new(RefCell::new(Batch { services: vec![service.to_string()], others: Vec::new() }));
        self.0.borrow_mut().insert(cluster.clone(), Rc::downgrade(&batch));
        batch
    }

    /// Lets nobody else join.
    fn close(&self, cluster: &ClusterName, batch: &Rc<RefCell<Batch>>) {
        let mut open = self.0.borrow_mut();
        if open.get(cluster).is_some_and(|other| std::ptr::eq(other.as_ptr(), Rc::as_ptr(batch))) {
            open.remove(cluster);
        }
    }
}

/// The service in an answer, or what it says alone.
async fn one_of(
    answer: Answer,
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
    let request = client.describe_services().cluster(cluster.as_str()).set_services(Some(services));
    // Holds are tags of the service. What is missing comes as `failures`, not as an error.
    let output = call("ecs:DescribeServices", request.include(ServiceField::Tags).send()).await?;
    Ok(output.services.unwrap_or_default().into())
}
