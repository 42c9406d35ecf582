//! What is allowed compiles: else the others would fail for another reason.
//! error: none

use shipgate::authorization::*;

pub async fn applies(run: &ApplyRun<'_>, plan: WholePlan, evidence: &GateEvidence) {
    let Ok(authorized) = authorize(plan, evidence) else { return };
    let _outcome = apply(run, &authorized).await;
}

pub fn opens<'a>(session: &'a Writable, authorized: &'a Authorized<WholePlan>) -> Writer<'a> {
    session.open(authorized.permit())
}

pub async fn holds(session: &Writable, component: &Component, request: HoldRequest, evidence: &GateEvidence, hold: &Hold) {
    let Ok(authorized) = authorize(request, evidence) else { return };
    let _holds = driver(component).put_hold(session.open(authorized.permit()), hold).await;
}
