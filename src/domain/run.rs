//! The run of a workflow, as the ledger names it.

/// `OWNER/NAME/ID/ATTEMPT`, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunName<'a> {
    owner: &'a str,
    repository: &'a str,
    id: u64,
    attempt: u64,
}

impl<'a> RunName<'a> {
    /// The run that a text names. `None`: it names none. Anybody who may tag can write the text, so what becomes part of an
    /// address has the characters of GitHub's names alone.
    pub fn named(text: &'a str) -> Option<Self> {
        let is_name = |name: &&str| {
            !matches!(*name, "" | "." | "..")
                && name.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.'))
        };
        let number = |text: &str| text.parse().ok().filter(|_| text.chars().all(|it| it.is_ascii_digit()));
        let parts: Vec<&str> = text.split('/').collect();
        let &[owner, repository, id, attempt] = parts.as_slice() else { return None };
        let (owner, repository) = (Some(owner).filter(is_name)?, Some(repository).filter(is_name)?);
        Some(Self { owner, repository, id: number(id)?, attempt: number(attempt)? })
    }

    /// The address of its page on a server such as `https://github.com`.
    pub fn page(self, server: &str) -> String {
        let Self { owner, repository, id, attempt } = self;
        let attempt = if attempt > 1 { format!("/attempts/{attempt}") } else { String::new() };
        format!("{server}/{owner}/{repository}/actions/runs/{id}{attempt}")
    }
}

/// Who or what the ledger names, for people: `run 4711`, or the name as it is.
pub fn author(text: &str) -> String {
    RunName::named(text).map_or_else(|| text.to_owned(), |run| format!("run {}", run.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_a_page_and_nothing_else_has_one() {
        let page = |text| RunName::named(text).map(|run| run.page("https://github.com"));
        assert_eq!(page("acme/shop/7/1").unwrap(), "https://github.com/acme/shop/actions/runs/7");
        assert_eq!(page("a-b/c.d_e/7/2").unwrap(), "https://github.com/a-b/c.d_e/actions/runs/7/attempts/2");
        for text in
            ["local", "nia", "", "acme/shop/7", "acme/shop/7/1/2", "acme//7/1", "../x/7/1", "a/b c/7/1", "a/b/+7/1"]
        {
            assert_eq!((page(text), author(text)), (None, text.to_owned()));
        }
        assert_eq!(author("acme/shop/4711/1"), "run 4711");
    }
}
