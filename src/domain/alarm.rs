//! Alarms of `CloudWatch`, and what they say about a release.

/// An alarm as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: AlarmState,
    /// Why it is in that state, in the words of AWS: foreign text.
    pub reason: Option<String>,
}

/// The state of an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlarmState {
    /// Nothing is wrong.
    Ok,
    /// It went off.
    Alarm,
    /// There is nothing to judge by. That is usual where the service gets no requests.
    NoData,
    /// A state newer than this program.
    Other(String),
}

/// The names that are not among some alarms.
pub fn missing<'n>(names: &'n [String], alarms: &[Alarm]) -> Vec<&'n String> {
    names.iter().filter(|name| alarms.iter().all(|alarm| alarm.name != **name)).collect()
}

/// An alarm that went off and was not on before.
pub fn gone_off<'a>(alarms: &'a [Alarm], on_before: &[String]) -> Option<&'a Alarm> {
    alarms.iter().find(|alarm| alarm.state == AlarmState::Alarm && !on_before.contains(&alarm.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(name: &str, state: AlarmState) -> Alarm {
        Alarm { name: name.to_owned(), state, reason: None }
    }

    #[test]
    fn only_an_alarm_that_was_not_on_before_speaks_against_a_release() {
        let names = ["a".to_owned(), "b".to_owned()];
        for (state, goes_off) in [
            (AlarmState::Alarm, true),
            (AlarmState::Ok, false),
            (AlarmState::NoData, false),
            (AlarmState::Other("X".to_owned()), false),
        ] {
            let alarms = [alarm("a", AlarmState::Alarm), alarm("b", state)];
            let on_before = ["a".to_owned()];
            let name = gone_off(&alarms, &on_before).map(|alarm| alarm.name.as_str());
            assert_eq!(name, goes_off.then_some("b"));
        }
        assert_eq!(missing(&names, &[alarm("b", AlarmState::Ok)]), [&names[0]]);
    }
}
