//! The client of ECS in an environment.

use aws_config::SdkConfig;

use crate::clients::ecs::Ecs;
use crate::observe::{AwsClient, Cloud};

impl AwsClient for Ecs {
    const SERVICE: &'static str = "ECS";

    fn new(config: &SdkConfig) -> Self {
        Self::new(config)
    }
}

impl Cloud {
    /// Amazon ECS. All who ask share its calls.
    pub fn ecs(&self) -> Ecs {
        self.checked_client()
    }
}
