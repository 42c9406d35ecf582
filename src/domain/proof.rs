//! What proves that a component runs a release, as it is reported: tasks that were read back, and probes that were answered.

use super::image::Digest;

/// The tasks of a component, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenTasks {
    /// How many run the release.
    pub running: usize,
    /// How many are wanted. `None`: that is not known.
    pub desired: Option<usize>,
    /// The digest that the tasks run, where their image is pinned.
    pub digest: Option<Digest>,
}

/// How a probe was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProbeAnswer {
    /// The method, upper case.
    pub method: String,
    /// The address without user, password and query, neutral.
    pub url: String,
    /// The status of the last answer. `None`: there was none.
    pub status: Option<u16>,
    /// The release that the answer names, where the probe compares it.
    pub release: Option<String>,
    /// What differs from what the probe asks for, neutral. `None`: it passed.
    pub difference: Option<String>,
}

impl ProbeAnswer {
    /// Whether the answer is the one that the probe asks for.
    pub fn passed(&self) -> bool {
        self.difference.is_none()
    }

    /// What was answered: `200, release 734f951`, or what differs.
    pub fn answered(&self) -> String {
        if let Some(difference) = &self.difference {
            return difference.clone();
        }
        let status = self.status.map_or_else(|| "no status".to_owned(), |status| status.to_string());
        match &self.release {
            Some(release) => format!("{status}, release {release}"),
            None => status,
        }
    }
}

/// Where a component runs, as far as its kind has such a thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// The cluster.
    pub cluster: Option<String>,
    /// The service.
    pub service: Option<String>,
    /// The revision that it runs, for people: `backend:7`.
    pub revision: Option<String>,
    /// How many tasks it should run.
    pub desired: Option<i32>,
    /// How many it runs.
    pub running: Option<i32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_what_it_proves_or_what_differs() {
        let answer = |status, release: Option<&str>, difference: Option<&str>| ProbeAnswer {
            method: "GET".to_owned(),
            url: "http://localhost/health".to_owned(),
            status,
            release: release.map(str::to_owned),
            difference: difference.map(str::to_owned),
        };
        for (answer, passed, text) in [
            (answer(Some(200), None, None), true, "200"),
            (answer(Some(200), Some("734f951"), None), true, "200, release 734f951"),
            (answer(Some(503), None, Some("status 503, not 200")), false, "status 503, not 200"),
            (answer(None, None, Some("connection refused")), false, "connection refused"),
        ] {
            assert_eq!((answer.passed(), answer.answered().as_str()), (passed, text));
        }
    }
}
