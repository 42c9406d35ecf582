//! A component of one of the kinds in the list `each_kind!` of `domain/mod.rs`, and what is asked of it.

use std::ops::{Deref, DerefMut};

use super::check::outline::Outline;
use super::check::{AwsResource, Findings, RepositoryFiles};
use super::configured::{Configured, OfKind};
use super::iam::rights::Rights;

/// What is said of something that a later version will know. To call a key unknown would send people to search for a typing
/// error, and to leave an action out would look like success.
pub const NOT_BUILT: &str = "is not built yet";

macro_rules! define {
    ($(($variant:ident, $module:ident, $word:literal)),*) => {
        /// What a component is, and all that only such a component has.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Kind {
            $(
                #[doc = concat!("`", $word, "`")]
                $variant(super::$module::Target),
            )*
        }

        impl Kind {
            /// The words of the configuration.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The rights that components of each kind may need.
            pub fn rights() -> impl Iterator<Item = Rights> {
                [$(super::$module::Target::rights()),*].into_iter().flatten().copied()
            }

            /// Checks the files of the repository that components of each kind depend on.
            pub fn check(repository: &RepositoryFiles<'_>, outline: Option<&Outline>, seen: &[AwsResource]) -> Findings {
                let mut findings = Findings::default();
                $(findings.extend(super::$module::Target::check(repository, outline, seen));)*
                findings
            }

            /// The word of the configuration.
            pub fn word(&self) -> &'static str {
                self.kind()
            }
        }

        impl Deref for Kind {
            type Target = dyn Configured;

            fn deref(&self) -> &Self::Target {
                match self {
                    $(Self::$variant(target) => target,)*
                }
            }
        }

        impl DerefMut for Kind {
            fn deref_mut(&mut self) -> &mut Self::Target {
                match self {
                    $(Self::$variant(target) => target,)*
                }
            }
        }

        $(
            impl OfKind for super::$module::Target {
                fn kind(&self) -> &'static str {
                    $word
                }
            }

            impl From<super::$module::Target> for Kind {
                fn from(target: super::$module::Target) -> Self {
                    Self::$variant(target)
                }
            }
        )*
    };
}

each_kind!(define);
