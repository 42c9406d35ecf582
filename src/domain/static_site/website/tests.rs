use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn bucket() -> BucketName {
    "stage-site".parse().unwrap()
}

fn region() -> Region {
    "eu-central-1".parse().unwrap()
}

fn good() -> Setup {
    let website = Website { index: Some("index.html".to_owned()), error: None, redirects_to: None };
    Setup { website: Some(website), restricts: false, readers: Readers::Everyone }
}

#[test]
fn the_address_has_the_form_of_its_region() {
    for (region, wanted) in [
        ("us-east-1", "stage-site.s3-website-us-east-1.amazonaws.com"),
        ("eu-west-1", "stage-site.s3-website-eu-west-1.amazonaws.com"),
        ("us-gov-west-1", "stage-site.s3-website-us-gov-west-1.amazonaws.com"),
        ("us-gov-east-1", "stage-site.s3-website.us-gov-east-1.amazonaws.com"),
        ("us-east-2", "stage-site.s3-website.us-east-2.amazonaws.com"),
        ("eu-central-1", "stage-site.s3-website.eu-central-1.amazonaws.com"),
        ("ca-west-1", "stage-site.s3-website.ca-west-1.amazonaws.com"),
        ("cn-north-1", "stage-site.s3-website.cn-north-1.amazonaws.com.cn"),
    ] {
        assert_eq!(host(&bucket(), &region.parse().unwrap()), wanted);
    }
}

#[test]
fn what_keeps_browsers_out_is_named_with_the_command_that_changes_it() {
    assert_eq!(wrong(&bucket(), &region(), &good()), None);
    let with = |website: Website| Setup { website: Some(website), ..good() };
    let index = |index: Option<&str>| Website { index: index.map(str::to_owned), ..Website::default() };
    let away = Website { redirects_to: Some("www.shop.example".to_owned()), ..Website::default() };
    for (setup, reason, command) in [
        (Setup { website: None, ..good() }, "has no website", "aws s3 website s3://stage-site --index-document index"),
        (with(index(Some("home.html"))), "answers `/` with `home.html`", "aws s3 website s3://stage-site"),
        (with(index(None)), "answers `/` with `nothing`", "aws s3 website s3://stage-site"),
        (with(away), "redirects all requests to www.shop.example", "aws s3 website s3://stage-site"),
        (
            Setup { readers: Readers::NoOne, ..good() },
            "the public may not read bucket",
            r#""Action":"s3:GetObject","Resource":"arn:aws:s3:::stage-site/*""#,
        ),
        (
            Setup { restricts: true, ..good() },
            "Block Public Access keeps everyone from bucket",
            "BlockPublicPolicy=false,RestrictPublicBuckets=false",
        ),
    ] {
        let failure = wrong(&bucket(), &region(), &setup).unwrap_or_else(|| panic!("{reason}"));
        assert!(failure.reason.contains(reason), "{failure:?}");
        assert!(failure.hints[0].contains(command), "{failure:?}");
    }
}

/// A condition on addresses makes a policy that is not public, which Block Public Access lets be.
#[test]
fn who_lets_some_read_is_warned_and_not_refused() {
    let setup = Setup { readers: Readers::Some, restricts: true, ..good() };
    assert_eq!(wrong(&bucket(), &region(), &setup), None);
    assert!(warnings(&bucket(), &setup)[0].text.contains("under conditions alone"));
}

#[test]
fn the_entry_page_in_the_place_of_errors_is_told() {
    assert_eq!(warnings(&bucket(), &good()), []);
    let page = |error: &str| {
        let error = Some(error.to_owned());
        Setup { website: Some(Website { error, ..good().website.unwrap() }), ..good() }
    };
    assert_eq!(warnings(&bucket(), &page("404.html")), []);
    assert!(warnings(&bucket(), &page("index.html"))[0].text.contains("404 or 403"));
}

fn statement(more: &Value) -> Value {
    let mut statement = json!({
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::stage-site/*",
    });
    statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    statement
}

fn of(statements: &Value) -> Readers {
    readers(Some(&json!({"Version": "2012-10-17", "Statement": statements}).to_string()), &bucket())
}

#[test]
fn a_policy_says_who_may_read() {
    for (more, wanted) in [
        (json!({}), Readers::Everyone),
        (json!({"Principal": {"AWS": "*"}}), Readers::Everyone),
        (json!({"Principal": {"AWS": ["111122223333", "*"]}}), Readers::Everyone),
        (json!({"Action": ["s3:ListBucket", "s3:Get*"]}), Readers::Everyone),
        (json!({"Action": "S3:*"}), Readers::Everyone),
        (json!({"Resource": ["arn:aws:s3:::stage-site", "arn:aws:s3:::stage-site/*"]}), Readers::Everyone),
        (json!({"Resource": "arn:aws-cn:s3:::stage-site/*"}), Readers::Everyone),
        (json!({"Resource": "*"}), Readers::Everyone),
        (json!({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}), Readers::Some),
        (json!({"Effect": "Deny"}), Readers::NoOne),
        (json!({"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}), Readers::NoOne),
        (json!({"Principal": {"Service": "cloudfront.amazonaws.com"}}), Readers::NoOne),
        (json!({"Action": "s3:ListBucket"}), Readers::NoOne),
        (json!({"Resource": "arn:aws:s3:::stage-site/public/*"}), Readers::NoOne),
        (json!({"Resource": "arn:aws:s3:::other-site/*"}), Readers::NoOne),
    ] {
        assert_eq!(of(&statement(&more)), wanted, "{more}");
    }
    let secure = json!({"Effect": "Deny", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}});
    assert_eq!(of(&json!([statement(&json!({})), statement(&secure)])), Readers::Some);
    assert_eq!(readers(None, &bucket()), Readers::NoOne);
}

proptest! {
    #[test]
    fn any_text_for_a_policy_is_answered(text in ".*") {
        assert_eq!(readers(Some(&text), &bucket()), Readers::NoOne);
    }

    /// Whatever else a policy says, a further statement that allows takes no permission away.
    #[test]
    fn another_statement_that_allows_takes_nothing_away(is_first: bool, action in "s3:[A-Za-z*]{0,8}") {
        let other = statement(&json!({"Action": action}));
        let both = if is_first { json!([other, statement(&json!({}))]) } else { json!([statement(&json!({})), other]) };
        assert_eq!(of(&both), Readers::Everyone);
    }
}
