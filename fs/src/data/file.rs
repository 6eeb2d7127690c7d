// SPDX-License-Identifier: Apache-2.0
//! The bytes of files. What is small goes into changed pages and with the next record into the log; what is large goes to blocks at once.

use super::DataFs;
use super::disk::BLOCK;
use super::inode::{Body, Inode, LARGEST, Tail, Thing};
use super::keys::Id;
use super::store::Growth;
use super::window::{PAGES, Place};
use crate::Errno;

/// The least that goes to blocks, or comes from them, at once: in pages.
const DIRECT: u64 = 4;
/// The most that is written at once.
pub const MOST: usize = 64 * BLOCK;

const PAGE: u64 = BLOCK as u64;

impl DataFs {
    /// Reads bytes of a content that has so many.
    pub(super) fn read_bytes(&mut self, inode: &Inode, offset: u64, into: &mut [u8]) -> Result<usize, Errno> {
        let Body::File(content) = inode.body else { return Err(Errno::EISDIR) };
        let most = inode.size.saturating_sub(offset).min(into.len() as u64).min(MOST as u64) as usize;
        let into = &mut into[..most];
        let mut done = 0;
        let mut window = None;
        while done < most {
            let at = offset + done as u64;
            let (page, start) = (at / PAGE, (at % PAGE) as usize);
            let count = (BLOCK - start).min(most - done);
            let store = self.store.get_mut();
            if let Some(bytes) = store.changed_page(content, page) {
                into[done..done + count].copy_from_slice(&bytes[start..start + count]);
            } else {
                let number = page / PAGES;
                let places = match &window {
                    Some((loaded, places)) if *loaded == number => places,
                    _ => &window.insert((number, store.window(content, number)?)).1,
                };
                let slot = (page % PAGES) as usize;
                let whole = ((most - done) / BLOCK).min(places.places.len() - slot);
                if start == 0 && whole as u64 >= DIRECT {
                    let run = store.run(content, page, &places.places[slot..slot + whole]);
                    if run.len() as u64 >= DIRECT {
                        match store.read_run(&run, &mut into[done..]) {
                            Ok(pages) => done += pages * BLOCK,
                            Err(_) if done > 0 => return Ok(done),
                            Err(errno) => return Err(errno),
                        }
                        continue;
                    }
                }
                let pages = (start + most - done).div_ceil(BLOCK).min(places.places.len() - slot);
                match places.places[slot] {
                    Some(place) => {
                        let bytes = store.placed_page(place, &places.places[slot + 1..slot + pages]);
                        match bytes {
                            Ok(bytes) => {
                                into[done..done + count].copy_from_slice(&bytes[start..start + count])
                            }
                            Err(_) if done > 0 => return Ok(done),
                            Err(errno) => return Err(errno),
                        }
                    }
                    None => into[done..done + count].fill(0),
                }
            }
            done += count;
        }
        self.readers.read(self.store.get_mut(), content, offset..offset + most as u64, inode.size);
        Ok(most)
    }

    /// Writes bytes of a file: fewer than there are if they are many, or if there is no room for all.
    pub(super) fn write_bytes(&mut self, id: Id, offset: u64, bytes: &[u8]) -> Result<usize, Errno> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let most = LARGEST.checked_sub(offset).filter(|most| *most > 0).ok_or(Errno::EFBIG)?;
        let mut length = most.min(bytes.len() as u64).min(MOST as u64);
        loop {
            let pages = (offset + length).div_ceil(PAGE) - offset / PAGE;
            match self.begin(Growth::Pages(pages)) {
                Ok(()) => break,
                Err(Errno::ENOSPC) => {
                    // With a page less there may be room.
                    let end = (offset + length - 1) / PAGE * PAGE;
                    length = end.checked_sub(offset).filter(|length| *length > 0).ok_or(Errno::ENOSPC)?;
                }
                Err(errno) => return Err(errno),
            }
        }
        let bytes = &bytes[..length as usize];
        let end = offset + length;
        let mut inode = self.inode(id)?;
        if end > inode.size && inode.tail == Tail::Cut {
            let Body::File(content) = inode.body else { return Err(Errno::EISDIR) };
            self.finish_cut(content)?;
            inode.tail = Tail::Clean;
        }
        let Body::File(content) = inode.body else { return Err(Errno::EISDIR) };
        let (first, last) = (offset.div_ceil(PAGE), end / PAGE);
        if last >= first + DIRECT {
            let (low, high) = ((first * PAGE - offset) as usize, (last * PAGE - offset) as usize);
            self.write_pages(content, first, &bytes[low..high])?;
            self.patch(content, offset, &bytes[..low])?;
            self.patch(content, last * PAGE, &bytes[high..])?;
        } else {
            self.patch(content, offset, bytes)?;
        }
        let now = self.now();
        inode.size = inode.size.max(end);
        (inode.modified, inode.changed) = (now, now);
        self.put_inode(id, &inode)?;
        Ok(bytes.len())
    }

    /// Writes whole pages to blocks.
    fn write_pages(&mut self, content: Id, first: u64, bytes: &[u8]) -> Result<(), Errno> {
        let store = self.store();
        let places = store.place_pages(bytes)?;
        let mut done = 0;
        while done < places.len() {
            let page = first + done as u64;
            let slot = (page % PAGES) as usize;
            let count = (PAGES as usize - slot).min(places.len() - done);
            let old = store.window(content, page / PAGES)?;
            let mut new = old.clone();
            for (slot, place) in new.places[slot..].iter_mut().zip(&places[done..done + count]) {
                *slot = Some(*place);
            }
            store.set_window(content, page / PAGES, &old, &new)?;
            store.forget_pages(content, page, page + count as u64);
            done += count;
        }
        Ok(())
    }

    /// Writes bytes into pages.
    fn patch(&mut self, content: Id, offset: u64, bytes: &[u8]) -> Result<(), Errno> {
        let mut done = 0;
        while done < bytes.len() {
            let at = offset + done as u64;
            let start = (at % PAGE) as usize;
            let count = (BLOCK - start).min(bytes.len() - done);
            self.store().patch(content, at / PAGE, start, &bytes[done..done + count])?;
            done += count;
        }
        Ok(())
    }

    /// Gives a file a size.
    pub(super) fn resize_file(&mut self, thing: Thing, size: u64) -> Result<(), Errno> {
        self.begin(Growth::Less)?;
        let mut inode = self.inode(thing.id)?;
        let Body::File(content) = inode.body else { return Err(Errno::EINVAL) };
        if size == 0 && inode.size > 0 {
            self.store().drop_pages(content, 0);
            self.orphan(content, 0)?;
            inode.body = Body::File(self.store().new_id());
            inode.tail = Tail::Clean;
        } else if size < inode.size {
            self.cut(content, size)?;
            inode.tail = Tail::Cut;
        } else if size > inode.size && inode.tail == Tail::Cut {
            self.finish_cut(content)?;
            inode.tail = Tail::Clean;
        }
        let now = self.now();
        inode.size = size;
        (inode.modified, inode.changed) = (now, now);
        self.put_inode(thing.id, &inode)
    }

    /// Cuts a content.
    fn cut(&mut self, content: Id, size: u64) -> Result<(), Errno> {
        let pages = size.div_ceil(PAGE);
        let (page, start) = (size / PAGE, (size % PAGE) as usize);
        let number = page / PAGES;
        let store = self.store();
        let old = store.window(content, number)?;
        let slot = (page % PAGES) as usize;
        if start > 0 && (old.places[slot].is_some() || store.changed_page(content, page).is_some()) {
            store.patch(content, page, start, &[0; BLOCK][start..])?;
        }
        store.drop_pages(content, pages);
        let mut new = old.clone();
        new.places[slot + usize::from(start > 0)..].fill(None::<Place>);
        if new != old {
            store.set_window(content, number, &old, &new)?;
        }
        // What a cut before left is behind this one.
        self.orphan(content, number + 1)
    }

    /// What is said when a file is to have room: that there is enough.
    pub(super) fn check_room(&mut self, offset: u64, length: u64) -> Result<(), Errno> {
        let pages = (offset + length).div_ceil(PAGE) - offset / PAGE;
        if pages > self.store().available() {
            return Err(Errno::ENOSPC);
        }
        Ok(())
    }
}
