//! The lint of `amplify.yml`, the build specification of Amplify Hosting, and of what its commands run.
//!
//! `specification` reads the file, and `shape` judges its keys. `walk` follows commands into scripts of `package.json`,
//! makefiles and shell scripts (`scripts`, `packages`, `makefile`), with `shell` for what a shell makes of them. What comes
//! out is one [`ReachedCommand`](walk::ReachedCommand) for each command that is reached; the rules are about those. `surroundings` is what the
//! configuration and the rest of the repository say. `docs/amplify/README.md` has the rules with their sources.

mod ampx;
mod backends;
mod branches;
mod builds;
mod deploy;
mod judge;
mod locate;
mod makefile;
mod node;
mod output;
mod packages;
mod reached;
mod roots;
mod scripts;
mod shape;
mod shell;
mod specification;
mod surroundings;
#[cfg(test)]
mod tests;
mod variables;
mod versions;
mod walk;
mod workflows;

pub use branches::branches;
pub use judge::check;
