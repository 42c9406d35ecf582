//! The kinds of component. [`each_kind`] is the list of them, beside the one in the syntax of the configuration.

use std::ops::{Deref, DerefMut};

use super::configured::Configured;

/// Hands the list of the kinds to a macro: the variant, the folder in `domain/` and in `kinds/`, and the word in the
/// configuration.
macro_rules! each_kind {
    ($use:ident) => {
        $use! { (Ecs, ecs, "ecs") }
    };
}
pub(crate) use each_kind;

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

            /// The word of the configuration.
            pub fn word(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $word,)*
                }
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
            impl From<super::$module::Target> for Kind {
                fn from(target: super::$module::Target) -> Self {
                    Self::$variant(target)
                }
            }
        )*
    };
}

each_kind!(define);
