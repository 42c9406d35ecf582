//! Why the values of placeholders are not put into the files of a site.

use super::{Explain, explained};
use crate::domain::failure::{CauseKind, Failure};
use crate::domain::outcome::Outcome;
use crate::domain::static_site::placeholder::Unfillable;

explained!(Unfillable);

impl Explain for Unfillable {
    fn before(&self) -> Failure {
        Failure::new(Outcome::Refused, self.to_string()).of(CauseKind::Build).hint(hint(self))
    }
}

fn hint(error: &Unfillable) -> &'static str {
    match error {
        Unfillable::Missing { .. } => {
            "let the build read the environment variable of that name and write its value, or remove the placeholder"
        }
        Unfillable::Unknown { .. } => "give it a value in `placeholders`, or let the build not use it",
        Unfillable::Mangled { .. } => {
            "let the program use the value as it is: take it apart when a page runs, not while it is built; or write the value \
             in `runtime-config`"
        }
        Unfillable::NoText { .. } => "let a script use the value, and hand it over; or write it in `runtime-config`",
        Unfillable::TooLarge { .. } => "remove it with `exclude`, or serve it from another host",
        Unfillable::Circle { .. } => "configure the build to omit hashes in scripts that load each other",
        Unfillable::Listed { .. } => "write the value in `runtime-config`, or build without that list",
        Unfillable::NoName { .. } => "let the build write longer fingerprints into names",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::static_site::bundle::SitePath;
    use crate::domain::static_site::placeholder::FilePlace;
    use crate::explain::tests::assert_explained;

    #[test]
    fn each_way_not_to_fill_a_site_is_explained() {
        let path = || "a.js".parse::<SitePath>().unwrap();
        let name = || "API_URL".parse().unwrap();
        let place = || FilePlace { path: path(), line: 1, column: 2 };
        for (error, hint) in [
            (Unfillable::Missing { name: name() }, "the environment variable of that name"),
            (Unfillable::Unknown { place: place(), name: name() }, "give it a value"),
            (Unfillable::Mangled { place: place() }, "when a page runs"),
            (Unfillable::NoText { path: path(), what: "has a marker" }, "let a script"),
            (Unfillable::TooLarge { path: path() }, "`exclude`"),
            (Unfillable::Circle { path: path() }, "omit hashes in scripts"),
            (Unfillable::Listed { list: path(), path: path() }, "`runtime-config`"),
            (Unfillable::NoName { path: path() }, "longer fingerprints"),
        ] {
            assert_explained(&error, (Outcome::Refused, CauseKind::Build, None, hint));
        }
    }
}
