// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! How any thread wakes a future without entering tokio.
//!
//! The waker of a tokio runtime looks at a thread-local with a destructor, on the thread that wakes. On a thread of the
//! JVM that would keep the library mapped until the thread ends, long after the library was unloaded. A byte that is sent
//! through a socket leaves nothing behind on its sender's thread.

use std::io;
use std::sync::Arc;
use std::task::Context;

pub use bell::{Doorbell, Listening, Porter};

/// A bell, and who hears it.
///
/// Fails if the operating system has no more file descriptors for this process.
pub fn install() -> io::Result<(Doorbell, Porter)> {
    bell::install()
}

/// Rings the bell that a command was left for, if there is one.
pub(crate) fn ring(bell: Option<Arc<Doorbell>>) {
    if let Some(bell) = bell {
        bell.ring();
    }
}

#[cfg(unix)]
mod bell {
    use std::os::unix::net::UnixDatagram as StdDatagram;

    use tokio::net::UnixDatagram;

    use super::{Context, io};

    /// Rung by any thread.
    pub struct Doorbell(StdDatagram);

    /// Waits for the ring. Still to be taken to a tokio runtime, where it is heard.
    pub struct Porter(StdDatagram);

    /// A porter at work.
    pub struct Listening(UnixDatagram);

    pub(super) fn install() -> io::Result<(Doorbell, Porter)> {
        let (bell, porter) = StdDatagram::pair()?;
        bell.set_nonblocking(true)?;
        porter.set_nonblocking(true)?;
        Ok((Doorbell(bell), Porter(porter)))
    }

    impl Doorbell {
        /// Lets the porter's future be polled.
        pub fn ring(&self) {
            // Fails if so many rings are unheard that there is no room for another, or if nobody listens any more: either
            // way there is nobody left to wake.
            let _ = self.0.send(&[0]);
        }
    }

    impl Porter {
        /// To be called within a tokio runtime with I/O.
        pub fn listen(self) -> io::Result<Listening> {
            UnixDatagram::from_std(self.0).map(Listening)
        }
    }

    impl Listening {
        /// Forgets the rings so far; the next one wakes the future that `context` belongs to.
        pub fn rearm(&mut self, context: &mut Context<'_>) {
            while self.0.poll_recv_ready(context).is_ready() {
                match self.0.try_recv(&mut [0]) {
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(_) => return, // the bell is gone: whoever removed it has rung it before
                }
            }
        }
    }
}

#[cfg(not(unix))]
mod bell {
    use std::sync::Arc;

    use atomic_waker::AtomicWaker;

    use super::{Context, io};

    /// Rung by any thread.
    pub struct Doorbell(Arc<AtomicWaker>);

    /// Waits for the ring.
    pub struct Porter(Arc<AtomicWaker>);

    /// A porter at work.
    pub use Porter as Listening;

    pub(super) fn install() -> io::Result<(Doorbell, Porter)> {
        let waker = Arc::new(AtomicWaker::new());
        Ok((Doorbell(Arc::clone(&waker)), Porter(waker)))
    }

    impl Doorbell {
        /// Lets the porter's future be polled. Outside of unix no thread-local pins a library.
        pub fn ring(&self) {
            self.0.wake();
        }
    }

    impl Porter {
        /// To be called within a tokio runtime.
        pub fn listen(self) -> io::Result<Porter> {
            Ok(self)
        }

        /// Forgets the rings so far; the next one wakes the future that `context` belongs to.
        pub fn rearm(&mut self, context: &mut Context<'_>) {
            self.0.register(context.waker());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Poll;

    use super::*;

    #[test]
    fn a_ring_wakes_the_listening_future_and_is_forgotten_then() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let (bell, porter) = install().expect("a bell");
        let rung = AtomicBool::new(false);
        let mut polls = 0;
        let waiting = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                waiting.wait();
                rung.store(true, Ordering::SeqCst);
                bell.ring();
                bell.ring();
            });
            runtime.block_on(async {
                let mut listening = porter.listen().expect("a porter");
                poll_fn(|context| {
                    listening.rearm(context);
                    polls += 1;
                    if polls == 1 {
                        waiting.wait();
                    }
                    if rung.load(Ordering::SeqCst) {
                        Poll::Ready(())
                    } else {
                        Poll::Pending
                    }
                })
                .await;
            });
        });
        assert!(polls <= 3, "polled {polls} times for two rings");
    }
}
