//! Many objects side by side.

use std::cell::Cell;

use futures_util::stream::{StreamExt as _, iter};

/// Number of small objects that are on their way at once.
pub const AT_ONCE: usize = 32;

/// Does the work for each, a limited number at once, in no order. After the first error nothing more is begun. What is still at work
/// then comes to its end: a write that is dropped on its way may arrive later, when something else was put there.
///
/// # Errors
///
/// The first of the work.
pub async fn each_of<T, E, W: Future<Output = Result<(), E>>>(
    items: impl IntoIterator<Item = T>,
    at_once: usize,
    work: impl FnMut(T) -> W,
) -> Result<(), E> {
    let has_failed = Cell::new(false);
    let items = items.into_iter().take_while(|_| !has_failed.get());
    let mut working = iter(items).map(work).buffer_unordered(at_once);
    let mut ended = Ok(());
    while let Some(one) = working.next().await {
        has_failed.set(has_failed.get() || one.is_err());
        ended = ended.and(one);
    }
    ended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_more_are_at_work_than_asked_for_and_an_error_ends_it() {
        let (now, most, done) = (Cell::new(0_usize), Cell::new(0), Cell::new(0));
        let work = async |number: usize| {
            now.set(now.get() + 1);
            most.set(most.get().max(now.get()));
            tokio::task::yield_now().await;
            now.set(now.get() - 1);
            done.set(done.get() + 1);
            if number == 50 { Err(number) } else { Ok(()) }
        };
        assert_eq!(each_of(0..40, 8, work).await, Ok(()));
        assert_eq!((most.get(), done.get()), (8, 40));
        assert_eq!(each_of(0..1000, 8, work).await, Err(50));
        assert!(done.get() < 120, "{}", done.get());
        assert_eq!(now.get(), 0, "something was dropped");
    }
}
