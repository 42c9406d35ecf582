//! Looks at several things side by side.

use std::future::Future;

use futures_util::stream::{StreamExt as _, TryStreamExt as _, iter};

/// How many are looked at at once: AWS counts the calls of a whole account. Two calls of ten services each are full.
const AT_ONCE: usize = 20;

/// Does the work for each, and returns what it came to in the order of the items.
pub async fn each<T, R, W: Future<Output = R>>(items: impl IntoIterator<Item = T>, work: impl FnMut(T) -> W) -> Vec<R> {
    iter(items).map(work).buffered(AT_ONCE).collect().await
}

/// The same, to the first error in the order of the items. What is still at work then is dropped.
///
/// # Errors
///
/// That of the work.
pub async fn try_each<T, R, E, W: Future<Output = Result<R, E>>>(
    items: impl IntoIterator<Item = T>,
    work: impl FnMut(T) -> W,
) -> Result<Vec<R>, E> {
    iter(items).map(work).buffered(AT_ONCE).try_collect().await
}

/// Two that do not need each other. Both come to their end, so that of two errors it is always the first that is returned:
/// which answer arrives first says nothing.
///
/// # Errors
///
/// That of the first, or of the second.
pub async fn try_both<A, B, E>(
    first: impl Future<Output = Result<A, E>>,
    second: impl Future<Output = Result<B, E>>,
) -> Result<(A, B), E> {
    let (first, second) = tokio::join!(first, second);
    Ok((first?, second?))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use tokio::time::{Instant, timeout};

    use super::*;

    async fn for_seconds(seconds: u64) {
        let never = std::future::pending::<()>();
        timeout(Duration::from_secs(seconds), never).await.unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn twenty_at_once_in_the_order_of_the_items() {
        let (now, most) = (Cell::new(0_usize), Cell::new(0));
        let began = Instant::now();
        let work = async |number: u64| {
            now.set(now.get() + 1);
            most.set(most.get().max(now.get()));
            // The first take longest.
            for_seconds(50 - number).await;
            now.set(now.get() - 1);
            number
        };
        let all = each(0..50, work).await;
        assert_eq!((all, most.get()), ((0..50).collect(), AT_ONCE));
        assert!(began.elapsed() < Duration::from_secs(130), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_error_in_order_is_the_result() {
        let work = async |number: u64| {
            for_seconds(10 - number).await;
            if number % 2 == 1 { Err(number) } else { Ok(number) }
        };
        assert_eq!(try_each(0..5, work).await, Err(1), "though 3 ends before it");
        assert_eq!(try_each([0, 2, 4], work).await, Ok(vec![0, 2, 4]));
    }

    #[tokio::test(start_paused = true)]
    async fn of_two_errors_the_first_in_order_is_the_result() {
        let fails = async |after: u64| {
            for_seconds(after).await;
            Err::<(), u64>(after)
        };
        let succeeds = async { Ok::<u64, u64>(3) };
        assert_eq!(try_both(fails(2), fails(1)).await, Err(2));
        assert_eq!(try_both(succeeds, fails(1)).await, Err(1));
        assert_eq!(try_both(async { Ok::<u64, u64>(3) }, async { Ok("four") }).await, Ok((3, "four")));
    }
}
