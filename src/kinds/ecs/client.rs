//! The client of ECS in an environment.

use aws_config::SdkConfig;

use crate::clients::alarms::Alarms;
use crate::clients::ecs::Ecs;
use crate::clients::ecs_write::EcsWriter;
use crate::observe::{AwsClient, Cloud, Writer};

impl AwsClient for Ecs {
    const SERVICE: &'static str = "ECS";

    fn new(config: &SdkConfig) -> Self {
        Self::new(config)
    }
}

impl AwsClient for Alarms {
    const SERVICE: &'static str = Self::SERVICE;

    fn new(config: &SdkConfig) -> Self {
        Self::new(config)
    }
}

impl<'a> Writer<'a> {
    /// What changes Amazon ECS.
    pub fn ecs(self) -> EcsWriter<'a> {
        EcsWriter::new(self.cloud().ecs(), self.permit())
    }
}

impl Cloud {
    /// Amazon ECS. All who ask share its calls.
    pub fn ecs(&self) -> Ecs {
        self.checked_client()
    }
}
