//! Questions for services of one cluster that are asked at the same time, in one call.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::{Rc, Weak};

use aws_sdk_ecs::types::{Service, ServiceField};
use tokio::sync::oneshot;

use super::aws::{AwsError, call};
use crate::domain::ecs::names::{ClusterName, ServiceName};

/// [`DescribeServices`](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html) takes so many
/// services.
const MOST: usize = 10;

/// What a call came to, for all who share it.
type Answer = Result<Rc<[Service]>, AwsError>;

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
                return answer.map(|services| find(&services, service));
            }
        }
        let batch = self.open(cluster, service);
        // Whoever is ready at the same time joins.
        tokio::task::yield_now().await;
        self.close(cluster, &batch);
        let Batch { mut services, others } = batch.take();
        services.sort_unstable();
        services.dedup();
        let request = client.describe_services().cluster(cluster.as_str()).set_services(Some(services));
        // Holds are tags of the service. What is missing comes as `failures`, not as an error.
        let output = call("ecs:DescribeServices", request.include(ServiceField::Tags).send()).await;
        let answer: Answer = output.map(|output| output.services.unwrap_or_default().into());
        for other in others {
            // Who is interrupted needs no answer.
            other.send(answer.clone()).ok();
        }
        answer.map(|services| find(&services, service))
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

fn find(services: &[Service], service: &ServiceName) -> Option<Service> {
    services.iter().find(|found| found.service_name() == Some(service.as_str())).cloned()
}
