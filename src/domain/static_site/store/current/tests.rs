use serde_json::{Value, json};

use super::*;

fn kept(letter: char) -> KeptRelease {
    KeptRelease {
        release: letter.to_string().repeat(40).parse().unwrap(),
        digest: Digest::of(letter.to_string()),
        exclude: Vec::new(),
        filled: None,
    }
}

fn finished(letter: char) -> FinishedRelease {
    let run = Some("o/r/7/1".to_owned());
    FinishedRelease { kept: kept(letter), at: Timestamp::UNIX_EPOCH, is_listed: true, config: None, run }
}

fn letters(list: &[KeptRelease]) -> String {
    list.iter().map(|kept| kept.release.to_string().remove(0)).collect()
}

fn full() -> CurrentRelease {
    let config = WrittenConfig {
        path: "config.js".parse().unwrap(),
        digest: Digest::of("config"),
        size: 6,
        content_type: "text/javascript; charset=utf-8".to_owned(),
    };
    let filled = FilledBundle { values: Digest::of("values"), manifest: Digest::of("manifest") };
    let kept = KeptRelease { exclude: vec!["**/*.map".parse().unwrap()], filled: Some(filled), ..kept('b') };
    let before = CurrentRelease::after(finished('a'), None, &[], 5);
    CurrentRelease::after(FinishedRelease { kept, config: Some(config), ..finished('b') }, Some(&before), &[], 1)
}

#[test]
fn a_pointer_reads_as_it_was_written() {
    for current in [full(), CurrentRelease::after(finished('a'), None, &[], 5)] {
        assert_eq!(CurrentRelease::read(current.document().as_bytes()), Ok(current));
    }
    assert!(full().document().starts_with("{\"schema\":\"shipgate/site/v1\",\"release\":\"bbbb"));
}

#[test]
fn what_cannot_be_understood_is_not_guessed() {
    let read = |object: &Value| CurrentRelease::read(object.to_string().as_bytes());
    let good: Value = serde_json::from_str(&full().document()).unwrap();
    for (key, value) in [
        ("schema", json!("shipgate/site/v2")),
        ("release", json!("main")),
        ("digest", json!("md5:1")),
        ("since", json!("yesterday")),
        ("release", json!(7)),
        ("exclude", json!(["a**b"])),
        ("config", json!({"path": "../x", "digest": Digest::of("x"), "size": 1, "type": "a/b"})),
        ("config", json!({"path": "x.js", "digest": Digest::of("x"), "size": 1, "type": "a\r\nb"})),
        ("filled", json!({"values": Digest::of("x")})),
        ("filled", json!({"values": Digest::of("x"), "manifest": "x"})),
        ("recent", json!([{"release": "main", "digest": Digest::of("x")}])),
        ("more", json!(1)),
    ] {
        let mut wrong = good.clone();
        wrong[key] = value;
        assert!(read(&wrong).is_err(), "{wrong}");
    }
    assert!(read(&good).is_ok() && CurrentRelease::read(b"").is_err() && CurrentRelease::read(b"[]").is_err());
}

/// Of before there were placeholders.
#[test]
fn a_pointer_without_values_is_read() {
    let mut old: Value = serde_json::from_str(&full().document()).unwrap();
    old.as_object_mut().unwrap().shift_remove("filled");
    let mut read = CurrentRelease::read(old.to_string().as_bytes()).unwrap();
    assert_eq!(read.filled.take(), None);
    assert_eq!(read, CurrentRelease { filled: None, ..full() });
}

#[test]
fn one_release_with_other_values_is_another_that_is_kept() {
    let with = |values: &str| {
        let filled = FilledBundle { values: Digest::of(values), manifest: Digest::of(values) };
        FinishedRelease { kept: KeptRelease { filled: Some(filled), ..kept('a') }, ..finished('a') }
    };
    let first = CurrentRelease::after(with("1"), None, &[], 5);
    let second = CurrentRelease::after(with("2"), Some(&first), &[], 5);
    assert_eq!(second.recent, [with("2").kept, with("1").kept]);
    assert_eq!(CurrentRelease::after(with("2"), Some(&second), &[], 5).recent, second.recent);
}

#[test]
fn when_each_file_was_compared_last_is_handed_on() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let finished = |second, is_listed| FinishedRelease { at: at(second), is_listed, ..finished('a') };
    let first = CurrentRelease::after(finished(1, true), None, &[], 5);
    let second = CurrentRelease::after(finished(2, false), Some(&first), &[], 5);
    let third = CurrentRelease::after(finished(3, true), Some(&second), &[], 5);
    assert_eq!([first.listed, second.listed, third.listed], [at(1), at(1), at(3)]);
    assert_eq!(CurrentRelease::read(second.document().as_bytes()), Ok(second));
}

#[test]
fn the_last_releases_are_kept_and_the_others_leave() {
    let mut current = CurrentRelease::after(finished('a'), None, &[], 2);
    for (letter, begun, recent, leaving) in [
        ('b', "", "ba", ""),
        ('b', "", "ba", ""),
        ('c', "", "cb", "a"),
        ('b', "", "bc", "a"),
        ('d', "e", "db", "cea"),
        ('e', "e", "ed", "bca"),
    ] {
        let begun: Vec<KeptRelease> = begun.chars().map(kept).collect();
        current = CurrentRelease::after(finished(letter), Some(&current), &begun, 2);
        assert_eq!((letters(&current.recent), letters(&current.leaving)), (recent.to_owned(), leaving.to_owned()));
    }
    assert_eq!(letters(&current.without_leaving(2).leaving), "b");
}
