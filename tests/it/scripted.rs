//! The compiled program against a fake AWS: [`account`] says what that is.

mod account;
mod shop;

pub use self::account::{
    ACCOUNT, Answer, App, Asker, Branch, CLUSTER, Call, Index, Job, OLD_DIGEST, REQUEST_TOKEN, SERVICE, Scripted,
    World, arn, lets_in, model, refusal, time,
};
pub use self::shop::{CANARIES, Shop, all_at_once, config, text, timed};
