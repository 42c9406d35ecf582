//! A component of one of the kinds in the list `each_kind!` of `domain/mod.rs`, and what is asked of it.

use std::ops::{Deref, DerefMut};

use super::iam::policy::Rights;
use super::names::{ComponentName, Region};
use super::target::Probe;
use super::template::Template;

/// What is said of something that a later version will know. To call a key unknown would send people to search for a typing
/// error, and to leave an action out would look like success.
pub const NOT_BUILT: &str = "is not built yet";

/// A component that is of a kind.
pub trait OfKind {
    /// The word of the kind in the configuration.
    fn kind(&self) -> &'static str;
}

/// What the rest of the program asks of a configured component, whatever its kind.
pub trait Configured: OfKind {
    /// The names in it, which are no secrets wherever they stand.
    fn names(&self) -> Vec<&str>;

    /// All rights that a component of the kind may need, for who misses one.
    fn rights() -> &'static [Rights]
    where
        Self: Sized,
    {
        &[]
    }

    /// Its page in the console of AWS.
    fn console(&self, region: &Region) -> Option<String>;

    /// The component whose image it runs. Absent: it ships something else.
    fn image(&self) -> Option<&ComponentName> {
        None
    }

    /// The questions to ask the running release.
    fn probes(&self) -> &[Probe] {
        &[]
    }

    /// The command that runs before a release takes traffic.
    fn pre_deploy(&self) -> Option<&[Template]> {
        None
    }

    /// Whether the release has such a command for the component, here or for another environment. `None`: unknown.
    fn has_pre_deploy(&self) -> Option<bool> {
        Some(false)
    }

    /// Takes the command over that the release's own commit has, and whether it has one anywhere.
    fn take_pre_deploy(&mut self, _command: Option<Vec<Template>>, _is_used: Option<bool>) {}

    /// Whether it uses files that belong to the release's commit.
    fn uses_files(&self) -> bool {
        false
    }
}

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
