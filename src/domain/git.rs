//! What git says of a repository, as data: its settings, and the files that it is set not to compare.

use std::collections::BTreeSet;

/// What to do where the history of a clone is cut off.
pub const FETCH_HISTORY: &str =
    "fetch the whole history: `fetch-depth: 0` of actions/checkout, or `git fetch --unshallow`";

/// A setting of git's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Whether the repository brings it: it is in `.git/config`, or in a file that this one includes. All else is
    /// the user's own: the machine's, the account's, or the environment's.
    pub of_repository: bool,
    /// Section and variable in lower case, the subsection as it is written: `filter.LFS.clean`.
    pub key: String,
    /// The value; empty for a key without one.
    pub value: String,
}

/// The output of `git config --list --show-scope -z`: `SCOPE NUL KEY LF VALUE NUL`
/// ([git-config](https://git-scm.com/docs/git-config)).
pub fn settings(listing: &str) -> Vec<Setting> {
    let mut parts = listing.split('\0');
    let mut settings = Vec::new();
    while let (Some(scope), Some(entry)) = (parts.next(), parts.next()) {
        let (key, value) = entry.split_once('\n').unwrap_or((entry, ""));
        let of_repository = !matches!(scope, "system" | "global" | "command");
        settings.push(Setting { of_repository, key: key.to_owned(), value: value.to_owned() });
    }
    settings
}

/// What takes the place of a program that the repository's own configuration names, where the user's own names none.
enum Instead {
    Value(&'static str),
    /// The key is a list: it is emptied, and gets the user's own entries again.
    List,
}

/// The keys that make git start a program, as far as a configuration file can hold them.
fn instead(key: &str) -> Option<Instead> {
    let (section, rest) = key.split_once('.')?;
    let (subsection, variable) = rest.rsplit_once('.').map_or((None, rest), |(sub, variable)| (Some(sub), variable));
    let value = match (section, subsection, variable) {
        ("credential", _, "helper") => return Some(Instead::List),
        ("filter", Some(_), "required") => "false",
        ("filter", Some(_), "clean" | "smudge" | "process")
        | ("diff", Some(_), "command" | "textconv")
        | ("diff", None, "external")
        | ("merge", Some(_), "driver")
        | ("gpg", _, "program")
        | ("lfs", Some(_), "clean" | "smudge" | "path" | "standalonetransferagent")
        | ("lfs", None, "standalonetransferagent")
        | ("core", None, "askpass" | "editor") => "",
        ("core", None, "pager") => "cat",
        ("core", None, "alternaterefscommand") => ":",
        ("core", None, "sshcommand") => "ssh",
        _ => return None,
    };
    Some(Instead::Value(value))
}

/// What `git lfs install --local` writes, and with it actions/checkout where `lfs` is set: the program is the one on
/// the user's `PATH`.
fn is_of_lfs(setting: &Setting) -> bool {
    let programs = match setting.key.as_str() {
        "filter.lfs.clean" => &["git-lfs clean -- %f"][..],
        "filter.lfs.smudge" => &["git-lfs smudge -- %f", "git-lfs smudge --skip -- %f"],
        "filter.lfs.process" => &["git-lfs filter-process", "git-lfs filter-process --skip"],
        "filter.lfs.required" => &["true"],
        _ => &[],
    };
    programs.contains(&setting.value.as_str())
}

/// Settings that take back each program that the repository's own configuration names. The user's own stay.
pub fn without_programs(settings: &[Setting]) -> Vec<(String, String)> {
    let named: BTreeSet<&str> = named_programs(settings).collect();
    let (mut taken_back, mut resets_helpers) = (Vec::new(), false);
    for key in named {
        match instead(key) {
            Some(Instead::Value(default)) => {
                let own = last(settings.iter().filter(|setting| !setting.of_repository), key);
                taken_back.push((key.to_owned(), own.unwrap_or(default).to_owned()));
            }
            Some(Instead::List) => resets_helpers = true,
            None => {}
        }
    }
    if resets_helpers {
        taken_back.push(("credential.helper".to_owned(), String::new()));
        let own = settings.iter().filter(|setting| !setting.of_repository);
        let helpers = own.filter(|setting| matches!(instead(&setting.key), Some(Instead::List)));
        taken_back.extend(helpers.map(|setting| (setting.key.clone(), setting.value.clone())));
    }
    taken_back
}

/// The keys by which the repository's own configuration names programs.
fn named_programs(settings: &[Setting]) -> impl Iterator<Item = &str> {
    let of_repository = settings.iter().filter(|setting| setting.of_repository && !is_of_lfs(setting));
    of_repository.map(|setting| setting.key.as_str()).filter(|key| instead(key).is_some())
}

/// The filters of the repository's own configuration that are not run.
pub fn unused_filters(settings: &[Setting]) -> Vec<String> {
    let keys = named_programs(settings).filter(|key| key.starts_with("filter.") && !key.ends_with(".required"));
    keys.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether the repository's own configuration names a proxy for `git://`. The first one wins in git, so that no setting
/// can take it back.
pub fn names_git_proxy(settings: &[Setting]) -> bool {
    settings.iter().any(|setting| setting.of_repository && setting.key == "core.gitproxy")
}

/// The key by which the repository's own configuration names a program to reach a remote with. In git the first such
/// setting wins, so that none can take it back: the remote is not asked.
pub fn remote_by_program(settings: &[Setting]) -> Option<&str> {
    let is_program = |key: &str| {
        let variable = key.strip_prefix("remote.").and_then(|rest| rest.rsplit_once('.')).map(|(_, variable)| variable);
        matches!(variable, Some("uploadpack" | "vcs"))
    };
    settings
        .iter()
        .find(|setting| setting.of_repository && is_program(&setting.key))
        .map(|setting| setting.key.as_str())
}

/// The program for ssh that the user's own configuration names.
pub fn own_ssh(settings: &[Setting]) -> &str {
    last(settings.iter().filter(|setting| !setting.of_repository), "core.sshcommand").unwrap_or_default()
}

/// Whether the working tree is a part of the commit by intent (`git sparse-checkout`).
pub fn is_sparse(settings: &[Setting]) -> bool {
    let value = last(settings.iter(), "core.sparsecheckout").unwrap_or("false");
    ["true", "yes", "on", "1"].contains(&value.to_ascii_lowercase().as_str())
}

/// The last value of a key, which is the one that counts.
pub fn last<'s>(settings: impl DoubleEndedIterator<Item = &'s Setting>, key: &str) -> Option<&'s str> {
    settings.rev().find(|setting| setting.key == key).map(|setting| setting.value.as_str())
}

/// A file of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexEntry<'l> {
    tag: char,
    mode: &'l str,
    /// From the root of the working tree.
    pub path: &'l str,
}

/// The output of `git ls-files -v --stage -z`: `TAG MODE ID STAGE TAB PATH NUL`
/// ([git-ls-files](https://git-scm.com/docs/git-ls-files)).
pub fn entries(listing: &str) -> impl Iterator<Item = IndexEntry<'_>> {
    listing.split('\0').filter_map(|line| {
        let (facts, path) = line.split_once('\t')?;
        let mut facts = facts.split(' ');
        Some(IndexEntry { tag: facts.next()?.chars().next()?, mode: facts.next()?, path })
    })
}

/// The files in the output of `git ls-files -z`, with `--stage` (`MODE ID STAGE TAB PATH NUL`) or without (`PATH NUL`).
/// Submodules, symbolic links, repositories that are no submodules, and what is not UTF-8 are left out.
pub fn listed_files(listing: &str) -> impl Iterator<Item = &str> {
    let path = |line: &'_ str| -> Option<usize> {
        let staged = line.split_once('\t').filter(|(facts, _)| {
            let mut facts = facts.split(' ');
            let mode =
                facts.next().is_some_and(|mode| mode.len() == 6 && mode.bytes().all(|byte| byte.is_ascii_digit()));
            mode && facts.count() == 2
        });
        match staged {
            Some((facts, _)) => facts.starts_with("100").then_some(facts.len() + 1),
            None => Some(0),
        }
    };
    let lines = listing.split('\0').filter_map(move |line| line.get(path(line)?..));
    lines.filter(|path| !path.is_empty() && !path.ends_with('/') && !path.contains('\u{fffd}'))
}

impl IndexEntry<'_> {
    /// Whether it is a submodule.
    pub fn is_submodule(&self) -> bool {
        self.mode == "160000"
    }

    /// Why git does not compare the file with the commit. `None`: it does.
    pub fn uncompared(&self) -> Option<Uncompared> {
        match self.tag {
            'S' | 's' => Some(Uncompared::SkipWorktree),
            tag if tag.is_ascii_lowercase() => Some(Uncompared::AssumeUnchanged),
            _ => None,
        }
    }
}

/// A mark of the index by which `git status` is silent about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Uncompared {
    /// `git update-index --assume-unchanged`
    AssumeUnchanged,
    /// `git update-index --skip-worktree`, and files that a sparse checkout leaves out.
    SkipWorktree,
}

impl Uncompared {
    /// The mark's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::AssumeUnchanged => "assume-unchanged",
            Self::SkipWorktree => "skip-worktree",
        }
    }

    /// The command that removes the mark.
    pub fn undo(self) -> &'static str {
        match self {
            Self::AssumeUnchanged => "git update-index --no-assume-unchanged",
            Self::SkipWorktree => "git update-index --no-skip-worktree",
        }
    }

    /// Whether a file with this mark may not be what its commit has, for what is built from these directories (from the
    /// root of the working tree; empty is the root).
    ///
    /// A sparse checkout marks each file that it leaves out. That is ordinary where nothing is built from such a file.
    /// A marked file that is there can have any content; one that is missing from a build makes another image.
    pub fn matters(self, path: &str, is_present: bool, is_sparse: bool, built: &[String]) -> bool {
        let is_inside = |directory: &String| {
            directory.is_empty() || path.strip_prefix(directory.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        match self {
            Self::AssumeUnchanged => true,
            Self::SkipWorktree => is_present || !is_sparse || built.iter().any(is_inside),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(entries: &[(&str, &str)]) -> Vec<Setting> {
        settings(&entries.iter().flat_map(|(scope, entry)| [*scope, "\0", *entry, "\0"]).collect::<String>())
    }

    fn taken_back(entries: &[(&str, &str)]) -> Vec<(String, String)> {
        without_programs(&listing(entries))
    }

    #[track_caller]
    fn assert_taken_back(entries: &[(&str, &str)], expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        assert_eq!(taken_back(entries), expected, "{entries:?}");
    }

    #[test]
    fn programs_of_the_repository_are_taken_back() {
        for (key, instead) in [
            ("core.sshcommand", "ssh"),
            ("core.pager", "cat"),
            ("core.alternaterefscommand", ":"),
            ("core.askpass", ""),
            ("filter.x.y.clean", ""),
            ("filter.x.smudge", ""),
            ("filter.x.process", ""),
            ("filter.x.required", "false"),
            ("diff.external", ""),
            ("diff.x.command", ""),
            ("diff.x.textconv", ""),
            ("merge.x.driver", ""),
            ("gpg.program", ""),
            ("gpg.ssh.program", ""),
            ("lfs.extension.x.clean", ""),
            ("lfs.customtransfer.x.path", ""),
        ] {
            let entry = format!("{key}\nevil");
            for scope in ["local", "worktree", "unknown"] {
                assert_taken_back(&[(scope, &entry)], &[(key, instead)]);
            }
            for scope in ["system", "global", "command"] {
                assert_taken_back(&[(scope, &entry)], &[]);
            }
            let own = format!("{key}\nmine");
            assert_taken_back(&[("system", "core.bare\nno"), ("global", &own), ("local", &entry)], &[(key, "mine")]);
        }
    }

    #[test]
    fn what_names_no_program_stays() {
        for entry in [
            "http.https://github.com/.extraheader\nAUTHORIZATION: basic x",
            "includeif.gitdir:/github/workspace/.git.path\n/github/runner_temp/git-credentials-1.config",
            "remote.origin.url\nhttps://github.com/acme/shop",
            "remote.origin.promisor\ntrue",
            "credential.username\nx",
            "alias.status\n!evil",
            "core.bare\nfalse",
            "bare",
        ] {
            assert_taken_back(&[("local", entry)], &[]);
        }
    }

    #[test]
    fn the_words_of_lfs_stay_and_no_others() {
        let lfs = [
            ("local", "filter.lfs.clean\ngit-lfs clean -- %f"),
            ("local", "filter.lfs.smudge\ngit-lfs smudge --skip -- %f"),
            ("local", "filter.lfs.process\ngit-lfs filter-process"),
            ("local", "filter.lfs.required\ntrue"),
        ];
        assert_taken_back(&lfs, &[]);
        assert_taken_back(&[("local", "filter.lfs.clean\ngit-lfs clean; evil")], &[("filter.lfs.clean", "")]);
        assert_eq!(unused_filters(&listing(&lfs)), [""; 0]);
        assert_eq!(unused_filters(&listing(&[("local", "filter.x.clean\ny")])), ["filter.x.clean"]);
    }

    #[test]
    fn helpers_of_the_user_come_back_in_their_order() {
        assert_taken_back(
            &[
                ("system", "credential.helper\none"),
                ("global", "credential.https://git.example.helper\ntwo"),
                ("local", "credential.https://Git.example/a=b.helper\nevil"),
                ("command", "credential.helper\nthree"),
            ],
            &[
                ("credential.helper", ""),
                ("credential.helper", "one"),
                ("credential.https://git.example.helper", "two"),
                ("credential.helper", "three"),
            ],
        );
    }

    #[test]
    fn settings_have_their_last_value() {
        let settings = listing(&[
            ("global", "core.sshcommand\nssh -i own"),
            ("local", "core.sshcommand\nevil"),
            ("local", "core.gitproxy\nevil"),
            ("local", "core.sparsecheckout\nfalse"),
            ("worktree", "core.sparsecheckout\ntrue"),
        ]);
        assert_eq!(own_ssh(&settings), "ssh -i own");
        assert!(names_git_proxy(&settings) && is_sparse(&settings));
        let own = listing(&[("global", "core.gitproxy\nown")]);
        assert!(!names_git_proxy(&own) && !is_sparse(&own));
        assert_eq!(own_ssh(&own), "");
        for (scope, key, found) in [
            ("local", "remote.origin.uploadpack", true),
            ("local", "remote.a.b.vcs", true),
            ("local", "remote.origin.url", false),
            ("local", "remote.vcs", false),
            ("global", "remote.origin.uploadpack", false),
        ] {
            let settings = listing(&[(scope, &format!("{key}\nx"))]);
            assert_eq!(remote_by_program(&settings), found.then_some(key), "{scope} {key}");
        }
    }

    #[test]
    fn marked_entries_are_found() {
        let listing = "H 100644 0 0\ta\0h 100644 0 0\tb c\0S 100755 0 0\td\0s 100644 0 0\te\0H 160000 0 0\tsub\0";
        let found: Vec<_> = entries(listing).map(|entry| (entry.path, entry.uncompared())).collect();
        assert_eq!(
            found,
            [
                ("a", None),
                ("b c", Some(Uncompared::AssumeUnchanged)),
                ("d", Some(Uncompared::SkipWorktree)),
                ("e", Some(Uncompared::SkipWorktree)),
                ("sub", None),
            ]
        );
        assert_eq!(entries(listing).filter(IndexEntry::is_submodule).count(), 1);
    }

    #[test]
    fn files_are_listed_without_links_and_submodules() {
        let staged = [
            "100644 0a 0\ta b",
            "100755 0a 0\tc\td",
            "120000 0a 0\tlink",
            "160000 0a 0\tsub",
            "100644 0a 2\te",
            "100644 0a 3\te",
            "",
        ]
        .join("\0");
        assert_eq!(listed_files(&staged).collect::<Vec<_>>(), ["a b", "c\td", "e", "e"]);
        assert_eq!(listed_files("a b\0x\ty\0repository/\0\u{fffd}\0").collect::<Vec<_>>(), ["a b", "x\ty"]);
    }

    #[test]
    fn only_a_sparse_checkout_may_leave_files_out() {
        use Uncompared::{AssumeUnchanged, SkipWorktree};
        let built = ["backend".to_owned()];
        for (mark, path, is_present, is_sparse, matters) in [
            (AssumeUnchanged, "docs/a", true, false, true),
            (AssumeUnchanged, "docs/a", false, true, true),
            (SkipWorktree, "docs/a", true, true, true),
            (SkipWorktree, "docs/a", false, false, true),
            (SkipWorktree, "docs/a", false, true, false),
            (SkipWorktree, "backend/a", false, true, true),
            (SkipWorktree, "backend-old/a", false, true, false),
        ] {
            assert_eq!(mark.matters(path, is_present, is_sparse, &built), matters, "{mark:?} {path}");
        }
        assert!(SkipWorktree.matters("docs/a", false, true, &[String::new()]));
    }
}
