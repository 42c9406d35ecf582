//! The names that users give to things of ECS.

use crate::domain::names::name;

name!(
    /// A container of a task definition
    /// ([`ContainerDefinition.name`](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html)).
    ContainerName,
    "a container name",
    "it has letters, digits, `-` and `_`; at most 255",
    |text| is_name(text)
);
name!(
    /// A cluster, by name.
    ClusterName,
    "a cluster name",
    "it has letters, digits, `-` and `_`; at most 255",
    |text| is_name(text)
);
name!(
    /// A service, by name.
    ServiceName,
    "a service name",
    "it has letters, digits, `-` and `_`; at most 255",
    |text| is_name(text)
);
fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}
