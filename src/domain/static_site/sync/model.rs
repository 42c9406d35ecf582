//! A bucket with readers: whatever is cut off, and whenever, a page that is served names only files that are there.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::Index;

use super::plan::plan_in;
use super::{Over, RecordedFiles, SeenObject, Sync, Write, deletes, to_look_at};
use crate::domain::static_site::bundle::{Cache, SiteFile, SitePath, Wave};
use crate::domain::static_site::served::Served;
use crate::domain::static_site::served::tests::file;

/// What is in a release: a digit for the content of each asset and each other file, and which of them its pages name.
#[derive(Debug, Clone)]
struct Built {
    assets: Vec<Option<u8>>,
    others: Vec<Option<u8>>,
    pages: Vec<Option<Vec<Index>>>,
}

/// A release and what each of its pages names.
#[derive(Debug, Clone)]
struct ModelRelease {
    served: Served,
    names: BTreeMap<SitePath, BTreeSet<SitePath>>,
}

/// A bucket: what is at each path, and the number of the write that put it there.
#[derive(Debug, Clone, Default)]
struct Bucket {
    objects: BTreeMap<SitePath, (SiteFile, usize)>,
    writes: usize,
}

fn wave(file: &SiteFile, path: &SitePath) -> Wave {
    match (file.cache, path.as_str()) {
        (Cache::Immutable, _) => Wave::Asset,
        (_, "index.html") => Wave::Entry,
        (_, name) if name.starts_with("other/") => Wave::Other,
        _ => Wave::Page,
    }
}

impl Built {
    fn release(&self) -> ModelRelease {
        let mut served = Served::default();
        let some = |prefix: &str, contents: &[Option<u8>], cache| {
            let each = contents.iter().enumerate().filter_map(|(number, content)| Some((number, (*content)?)));
            let each = each.map(|(number, content)| {
                let path = format!("{prefix}{number}").parse::<SitePath>().unwrap();
                (path, file(&content.to_string(), cache))
            });
            each.collect::<Vec<_>>()
        };
        served.0.extend(some("assets/", &self.assets, Cache::Immutable));
        served.0.extend(some("other/", &self.others, Cache::Revalidate));
        let files: Vec<SitePath> = served.0.keys().cloned().collect();
        let mut names = BTreeMap::new();
        for (number, chosen) in self.pages.iter().enumerate() {
            let Some(chosen) = chosen else { continue };
            let uses: BTreeSet<SitePath> =
                chosen.iter().filter(|_| !files.is_empty()).map(|index| index.get(&files).clone()).collect();
            let path: SitePath =
                if number == 0 { "index.html".parse() } else { format!("{number}.html").parse() }.unwrap();
            // What a page names is what is in it.
            served.0.insert(path.clone(), file(&format!("{uses:?}"), Cache::Revalidate));
            names.insert(path, uses);
        }
        ModelRelease { served, names }
    }
}

impl Bucket {
    fn seen(&self, paths: &[&SitePath]) -> BTreeMap<SitePath, SeenObject> {
        let look = |path: &&SitePath| {
            let (file, version) = self.objects.get(*path)?;
            let object = SeenObject {
                version: version.to_string().into(),
                size: file.size,
                digest: Some(file.digest.clone()),
                content_type: Some(file.content_type.clone()),
                cache: Some(file.cache.header().to_owned()),
                encoding: None,
            };
            Some(((*path).clone(), object))
        };
        paths.iter().filter_map(look).collect()
    }

    fn plan(&self, wanted: &Served, known: RecordedFiles<'_>) -> Sync {
        plan_in(wave, wanted, known, &self.seen(&to_look_at(wanted, known)))
    }

    fn write(&mut self, Write { path, file, over }: &Write) {
        let there = self.objects.get(path).map(|(_, version)| version.to_string());
        match over {
            Over::Nothing => assert_eq!(there, None, "{path}"),
            Over::Version(version) => assert_eq!(there.as_deref(), Some(version.as_str()), "{path}"),
            Over::Anything => (),
        }
        self.writes += 1;
        self.objects.insert(path.clone(), (file.clone(), self.writes));
    }

    /// A page that is served as one of the releases has it names only what is there. `wanted`: what its pages name is also
    /// as it means it, where another page was there at the start.
    fn check(&self, releases: &[&ModelRelease], wanted: &ModelRelease, start: &Self) {
        for release in releases {
            for (page, named) in &release.names {
                if self.objects.get(page).is_some_and(|(file, _)| release.served.has(page, file)) {
                    for path in named {
                        assert!(self.objects.contains_key(path), "{page} names {path}");
                    }
                }
            }
        }
        for (page, named) in &wanted.names {
            let is_there = self.objects.get(page).is_some_and(|(file, _)| wanted.served.has(page, file));
            let was_there = start.objects.get(page).map(|(file, _)| file) == wanted.served.0.get(page);
            if is_there && !was_there {
                for path in named {
                    assert!(wanted.served.has(path, &self.objects[path].0), "{page} names {path}");
                }
            }
        }
    }

    fn serves(&self, wanted: &Served) {
        for (path, file) in &wanted.0 {
            assert_eq!(self.objects.get(path).map(|(file, _)| file), Some(file), "{path}");
        }
    }

    /// Carries out a part of a plan, each wave in some order, with a reader after every write.
    fn carry_out(&mut self, sync: &Sync, order: usize, most: usize, mut check: impl FnMut(&Self)) {
        let in_order = sync.waves.values().flat_map(|wave| {
            let mut wave = wave.clone();
            let middle = order % wave.len().max(1);
            wave.rotate_left(middle);
            if order % 2 == 1 {
                wave.reverse();
            }
            wave
        });
        check(self);
        for write in in_order.take(most) {
            self.write(&write);
            check(self);
        }
    }
}

fn built() -> impl Strategy<Value = ModelRelease> {
    use proptest::collection::vec;
    use proptest::option::weighted;
    let contents = |most: u8| vec(weighted(0.6, 0..most), 4);
    let pages = vec(weighted(0.8, vec(any::<Index>(), 0..5)), 3);
    (contents(2), contents(3), pages).prop_map(|(assets, others, pages)| Built { assets, others, pages }.release())
}

/// A bucket that serves a release, with what another one before it left there.
fn serving(older: &ModelRelease, before: &ModelRelease) -> Bucket {
    let mut bucket = Bucket::default();
    let sync = bucket.plan(&older.served, RecordedFiles::default());
    bucket.carry_out(&sync, 0, usize::MAX, |_| ());
    let sync = bucket.plan(&before.served, RecordedFiles { before: Some(&older.served), ..RecordedFiles::default() });
    bucket.carry_out(&sync, 0, usize::MAX, |_| ());
    bucket.serves(&before.served);
    bucket
}

proptest! {
    #[test]
    fn a_page_names_only_what_is_there_on_the_way_and_on_the_way_back(
        older in built(), before in built(), wanted in built(), order: usize, cut in 0..16_usize, again in 0..16_usize,
    ) {
        let mut bucket = serving(&older, &before);
        let start = bucket.clone();
        let kept = [older.served.clone()];
        let known = RecordedFiles { before: Some(&before.served), kept: &kept, ..RecordedFiles::default() };
        let all = [&older, &before, &wanted];
        let sync = bucket.plan(&wanted.served, known);
        bucket.carry_out(&sync, order, cut, |bucket| bucket.check(&all, &wanted, &start));
        let begun = [wanted.served.clone()];
        let unfinished = RecordedFiles { begun: &begun, ..known };

        // The same command again, which dies too, and once more.
        let mut forth = bucket.clone();
        for most in [again, usize::MAX] {
            let sync = forth.plan(&wanted.served, unfinished);
            forth.carry_out(&sync, order / 2, most, |bucket| bucket.check(&all, &wanted, &start));
        }
        forth.serves(&wanted.served);
        prop_assert!(forth.plan(&wanted.served, unfinished).is_empty());

        // Or back, from wherever it came to, also over a death.
        for mut bucket in [bucket, forth] {
            for most in [again, usize::MAX] {
                let sync = bucket.plan(&before.served, unfinished);
                bucket.carry_out(&sync, order / 3, most, |bucket| bucket.check(&all, &before, &start));
            }
            bucket.serves(&before.served);
        }
    }

    #[test]
    fn whatever_runs_began_another_release_comes_to_its_end(
        before in built(), begun in proptest::collection::vec((built(), 0..16_usize), 1..4), wanted in built(), order: usize,
    ) {
        let mut bucket = serving(&before, &before);
        let mut unfinished: Vec<Served> = Vec::new();
        for (release, cut) in &begun {
            unfinished.insert(0, release.served.clone());
            let known = RecordedFiles { before: Some(&before.served), begun: &unfinished, ..RecordedFiles::default() };
            let sync = bucket.plan(&release.served, known);
            bucket.carry_out(&sync, order, *cut, |_| ());
        }
        let known = RecordedFiles { before: Some(&before.served), begun: &unfinished, ..RecordedFiles::default() };
        let sync = bucket.plan(&wanted.served, known);
        bucket.carry_out(&sync, order, usize::MAX, |_| ());
        bucket.serves(&wanted.served);
    }

    #[test]
    fn what_is_kept_stays_whole_and_can_be_gone_back_to(releases in proptest::collection::vec(built(), 2..8), keep in 1..4_usize) {
        let mut bucket = Bucket::default();
        // The newest first, as the pointer has them.
        let mut served: Vec<Served> = Vec::new();
        let mut leaving: Vec<Served> = Vec::new();
        for release in &releases {
            let known = RecordedFiles { before: served.first(), kept: served.get(1..).unwrap_or_default(), ..RecordedFiles::default() };
            let sync = bucket.plan(&release.served, known);
            bucket.carry_out(&sync, 0, usize::MAX, |_| ());
            served.insert(0, release.served.clone());
            leaving.splice(0..0, served.drain(keep.min(served.len())..));
            let found = deletes(&release.served, &served, &leaving);
            prop_assert!(found.paths.len() <= bucket.objects.len().div_ceil(2));
            for path in &found.paths {
                bucket.objects.remove(path);
            }
            leaving.truncate(leaving.len() - found.gone);
            for kept in &served {
                prop_assert!(kept.0.keys().all(|path| bucket.objects.contains_key(path)));
            }
        }
        for kept in &served {
            let mut bucket = bucket.clone();
            let known = RecordedFiles { before: served.first(), kept: &served[1..], ..RecordedFiles::default() };
            let sync = bucket.plan(&kept.clone(), known);
            bucket.carry_out(&sync, 0, usize::MAX, |_| ());
            bucket.serves(kept);
        }
    }
}
