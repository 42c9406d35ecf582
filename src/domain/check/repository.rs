//! The files of the repository, as rules ask for them.

use std::collections::BTreeSet;
use std::fmt;

/// The files of a repository: their names, and on demand their texts.
pub struct RepositoryFiles<'r> {
    names: BTreeSet<String>,
    read: &'r dyn Fn(&str) -> Result<String, String>,
}

impl fmt::Debug for RepositoryFiles<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Repository").field("names", &self.names).finish_non_exhaustive()
    }
}

impl<'r> RepositoryFiles<'r> {
    /// `names`: all files, by their paths from the root. `read`: gives the text of one, or says why it cannot be read.
    pub fn new(names: impl IntoIterator<Item = String>, read: &'r dyn Fn(&str) -> Result<String, String>) -> Self {
        Self { names: names.into_iter().collect(), read }
    }

    /// All files, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The files below a directory, sorted. The root has no name.
    pub fn below<'s>(&'s self, directory: &str) -> impl Iterator<Item = &'s str> + use<'s, 'r> {
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let from = self.names.range(prefix.clone()..).map(String::as_str);
        from.take_while(move |name| name.starts_with(&prefix))
    }

    /// Whether there is such a file.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether there is a file below such a directory.
    pub fn has_directory(&self, name: &str) -> bool {
        self.below(name).next().is_some()
    }

    /// The text of a file. `None`: there is no such file.
    ///
    /// # Errors
    ///
    /// Why it cannot be read, in words.
    pub fn text(&self, name: &str) -> Option<Result<String, String>> {
        self.has(name).then(|| (self.read)(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_directory_and_by_name() {
        let read = |name: &str| if name == "a/b" { Ok("text".to_owned()) } else { Err("it is not UTF-8".to_owned()) };
        let repository = RepositoryFiles::new(["a/b", "a/c/d", "ab", "z"].map(str::to_owned), &read);
        assert_eq!(repository.below("a").collect::<Vec<_>>(), ["a/b", "a/c/d"]);
        assert_eq!(repository.below("").count(), 4);
        assert!(repository.has_directory("a/c") && !repository.has_directory("ab") && !repository.has("a"));
        assert_eq!(repository.text("a/b"), Some(Ok("text".to_owned())));
        assert_eq!(repository.text("ab"), Some(Err("it is not UTF-8".to_owned())));
        assert_eq!(repository.text("b"), None);
    }
}
