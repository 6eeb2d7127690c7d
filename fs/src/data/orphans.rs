// SPDX-License-Identifier: Apache-2.0
//! What has no name any more: contents and things that go a few windows at a time, as other things are done, so that the removal of a huge file takes no longer
//! than that of a small one. The tree lists them, so they go on going after a cut.

use super::DataFs;
use super::inode::{Body, Inode};
use super::keys::{Id, Key};
use super::store::{Growth, State};
use super::window::Window;
use crate::Errno;

/// How many windows go with each thing that is done.
const WINDOWS: usize = 8;

/// What is known of orphans.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Orphans {
    /// There may be some, from this number on.
    From(Id),
    /// There are none but things that are open.
    None,
}

impl Orphans {
    /// Whether some may go.
    pub fn may_wait(self) -> bool {
        self != Self::None
    }
}

impl DataFs {
    /// Says that a content has to go, from a window on.
    pub(super) fn orphan(&mut self, id: Id, window: u64) -> Result<(), Errno> {
        self.store().put(Key::Orphan(id), &window.to_le_bytes())?;
        self.orphans = Orphans::From(Id(0));
        Ok(())
    }

    /// Lets some of what has no name go.
    pub(super) fn reap_some(&mut self) -> Result<(), Errno> {
        let Orphans::From(from) = self.orphans else { return Ok(()) };
        if self.store().state != State::Writable {
            return Ok(());
        }
        self.store().admit(Growth::Less)?;
        let found = self.store().next_from(&Key::Orphan(from).encode())?;
        let found = found.as_ref().and_then(|(key, value)| match Key::decode(key) {
            Some(Key::Orphan(id)) => Some((id, value)),
            _ => None,
        });
        let Some((id, value)) = found else {
            // Those that were passed over are open, and their closing begins anew.
            self.orphans = Orphans::None;
            return Ok(());
        };
        if self.opened.contains_key(&id) {
            self.orphans = Orphans::From(Id(id.0.saturating_add(1)));
            return Ok(());
        }
        let window = value.as_slice().try_into().map(u64::from_le_bytes).map_err(|_| Errno::EIO)?;
        self.reap(id, window, WINDOWS)
    }

    /// Lets some windows of a content go, and at the end what said that they have to.
    fn reap(&mut self, id: Id, window: u64, most: usize) -> Result<(), Errno> {
        let from = if window == 0 { Key::Inode(id) } else { Key::Window(id, window) }.encode();
        for _ in 0..most {
            // The content's keys may be the last of all.
            let Some((key, value)) = self.store().next_from(&from)? else {
                return self.store().delete(Key::Orphan(id));
            };
            match Key::decode(&key) {
                Some(Key::Window(of, number)) if of == id => {
                    // What is damaged cannot be freed: its blocks stay in use.
                    let old = Window::decode(&value).unwrap_or_default();
                    self.store().set_window(id, number, &old, &Window::default())?;
                }
                Some(Key::Inode(of)) if of == id => {
                    if let Some(Inode { body: Body::File(content), .. }) = Inode::decode(&value) {
                        self.store().drop_pages(content, 0);
                        self.orphan(content, 0)?;
                    }
                    self.store().delete(Key::Inode(id))?;
                }
                Some(key @ (Key::Link(of, _) | Key::Own(of) | Key::Name(of, _))) if of == id => {
                    self.store().delete(key)?;
                }
                _ => return self.store().delete(Key::Orphan(id)),
            }
        }
        Ok(())
    }

    /// Lets the windows behind the end of a file go at once, as it is to become longer.
    pub(super) fn finish_cut(&mut self, content: Id) -> Result<(), Errno> {
        while let Some(value) = self.store().get(Key::Orphan(content))? {
            let window = value.as_slice().try_into().map(u64::from_le_bytes).map_err(|_| Errno::EIO)?;
            self.store().admit(Growth::Less)?;
            self.reap(content, window, WINDOWS)?;
        }
        Ok(())
    }
}
