//! Looks at the website of a bucket: where it answers, and whether browsers may read it.

use url::Url;

use super::site::SiteConnection;
use crate::domain::failure::Failure;
use crate::domain::names::Region;
use crate::domain::static_site::plan::Front;
use crate::domain::static_site::warning::SiteWarning;
use crate::domain::static_site::website::{host, warnings, wrong};

/// How browsers find a site on the website of its bucket, and what is odd about that. Who may not look at it learns that,
/// and no more. `own`: the address that is written.
///
/// # Errors
///
/// No browser gets the site there.
pub async fn in_front(
    site: &SiteConnection,
    region: &Region,
    own: Option<Url>,
) -> Result<(Front, Vec<SiteWarning>), Failure> {
    let bucket = &site.target.bucket;
    let host = host(bucket, region);
    let address = own.or_else(|| Url::parse(&format!("http://{host}/")).ok());
    let front = Front { address, hosts: vec![host], ..Front::default() };
    match site.setup().await {
        Ok(setup) => match wrong(bucket, region, &setup) {
            Some(failure) => Err(failure),
            None => Ok((front, warnings(bucket, &setup))),
        },
        Err(error) => {
            let what = format!("the website of bucket {bucket}");
            Ok((front, vec![SiteWarning::not_known(&what, error.into())]))
        }
    }
}
