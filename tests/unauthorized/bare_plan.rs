//! A plan that no gate has let through is not carried out.
//! error: E0308

use shipgate::authorization::*;

pub async fn applies(run: &ApplyRun<'_>, plan: &WholePlan) {
    let _outcome = apply(run, plan).await;
}
