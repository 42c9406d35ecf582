//! On real repositories.

use super::super::git_history::tests::TestRepository;
use crate::domain::reference::{NamedCommits, Unresolved};

/// Commits until two begin with the same digits.
async fn with_two_of_four_digits(repository: &TestRepository) -> (String, Vec<String>) {
    let mut seen: Vec<String> = Vec::new();
    // Two of 700 commits do so, as good as certainly: there are 65536 beginnings.
    repository.commit("First").await;
    for number in 0..2_000 {
        let message = format!("Commit {number}");
        let sha = repository.git(&["commit-tree", "HEAD^{tree}", "-m", &message]).await;
        if let Some(same) = seen.iter().find(|other| other[..4] == sha[..4]) {
            let mut both = vec![same.clone(), sha.clone()];
            both.sort();
            return (sha[..4].to_owned(), both);
        }
        seen.push(sha);
    }
    panic!("no two commits begin with the same digits");
}

#[tokio::test]
async fn a_tag_is_its_commit_whatever_kind_it_is() {
    let repository = TestRepository::new().await;
    let first = repository.commit("First").await;
    repository.git(&["tag", "v1"]).await;
    repository.git(&["tag", "--annotate", "--message", "x", "v1-notes"]).await;
    repository.git(&["tag", "--annotate", "--message", "x", "nested", "v1-notes"]).await;
    repository.git(&["tag", "rc/v1"]).await;
    repository.git(&["tag", "tree", "HEAD^{tree}"]).await;
    repository.git(&["branch", "v1"]).await;
    repository.commit("Second").await;
    let git = repository.client();
    for tag in ["v1", "v1-notes", "nested", "rc/v1"] {
        assert_eq!(git.named(tag).await.unwrap().commit(), Ok(first.clone()), "{tag}");
    }
    for none in ["tree", "v", "rc", "v2", "grün"] {
        assert_eq!(git.named(none).await.unwrap(), NamedCommits::default(), "{none}");
    }
}

#[tokio::test]
async fn a_branch_is_known_for_one_here_and_of_a_remote() {
    let repository = TestRepository::new().await;
    let first = repository.commit("First").await;
    repository.git(&["branch", "feature/x"]).await;
    // git would resolve both of these.
    repository.git(&["branch", "refs/tags/v1"]).await;
    repository.git(&["branch", &first.to_string()[..7]]).await;
    let second = repository.commit("Second").await;
    let clone = repository.cloned(&[]).await;
    let git = clone.client();
    for (name, branch) in [
        ("main", "refs/heads/main"),
        ("feature/x", "refs/remotes/origin/feature/x"),
        ("origin/main", "refs/remotes/origin/main"),
    ] {
        assert_eq!(git.named(name).await.unwrap().commit(), Err(Unresolved::Branch(branch.to_owned())), "{name}");
    }
    assert_eq!(git.named("x").await.unwrap(), NamedCommits::default());
    assert_eq!(git.named("v1").await.unwrap().tag, None);
    repository.git(&["branch", "--force", &first.to_string()[..7], "HEAD"]).await;
    let named = repository.client().abbreviated(&first.to_string()[..7]).await.unwrap();
    assert_eq!((named.commit(), named.branch.is_some()), (Ok(first), true), "and not {second}");
}

#[tokio::test]
async fn a_short_id_is_of_commits_alone() {
    let repository = TestRepository::new().await;
    repository.write("file", "content");
    let first = repository.commit("First").await.to_string();
    let git = repository.client();
    for digits in [7, 12, 39] {
        let named = git.abbreviated(&first[..digits]).await.unwrap();
        assert_eq!(named.commit(), Ok(first.parse().unwrap()), "{digits}");
    }
    let blob = repository.git(&["rev-parse", "HEAD:file"]).await;
    assert_eq!(git.abbreviated(&blob[..12]).await.unwrap().commit(), Err(Unresolved::Missing));
    // A tag that is all digits is one.
    repository.git(&["tag", "20261121"]).await;
    assert_eq!(git.abbreviated("20261121").await.unwrap().commit(), Ok(first.parse().unwrap()));
    let second = repository.commit("Second").await.to_string();
    repository.git(&["tag", &second[..8], &first]).await;
    let both = git.abbreviated(&second[..8]).await.unwrap().commit();
    assert!(matches!(both, Err(Unresolved::Ambiguous(several)) if several.len() == 2));
    let shallow = repository.cloned(&["--depth=1"]).await;
    let named = shallow.client().abbreviated(&second[..12]).await.unwrap();
    assert_eq!(named.commit(), Err(Unresolved::MaybeAmbiguous(second.parse().unwrap())));
    let named = shallow.client().abbreviated(&first[..12]).await.unwrap();
    assert_eq!((named.commit(), named.is_shallow), (Err(Unresolved::Missing), true));
}

#[tokio::test]
async fn an_ambiguous_id_is_all_that_begin_so() {
    let repository = TestRepository::new().await;
    let (digits, both) = with_two_of_four_digits(&repository).await;
    let several = repository.client().abbreviated(&digits).await.unwrap().commit();
    let Err(Unresolved::Ambiguous(several)) = several else { panic!("{several:?}") };
    assert_eq!(several.iter().map(ToString::to_string).collect::<Vec<_>>(), both);
}
