//! A branch of an app of AWS Amplify behind the seam.

use crate::domain::amplify::Target;
use crate::domain::configured::OfKind as _;
use crate::domain::target::Component;
use crate::domain::view::status::ComponentStatus;
use crate::kinds::not_built::{kind, refuse};
use crate::kinds::{Answer, Driver, Observed};
use crate::observe::{Cloud, Files};

impl Driver for Target {
    fn can_be_planned(&self) -> bool {
        false
    }

    fn observe<'a>(
        &'a self,
        _component: &'a Component,
        _cloud: &'a Cloud,
        _files: &'a Files,
    ) -> Answer<'a, Box<dyn Observed>> {
        refuse("a change", kind(self.kind()))
    }

    fn status<'a>(&'a self, _cloud: &'a Cloud) -> Answer<'a, ComponentStatus> {
        refuse("`shipgate status`", kind(self.kind()))
    }
}
