// SPDX-License-Identifier: Apache-2.0
//! The table of open files that every file system has, and what POSIX says of a file's modes and position (`read`, `write`, `lseek`).

use alloc::vec::Vec;

use crate::{At, Errno, From, Modes, Node};

/// A file that is open: `what` is the file system's own word for it.
#[derive(Clone, Copy, Debug)]
pub struct Opened<T> {
    pub what: T,
    pub modes: Modes,
    pub position: u64,
}

impl<T> Opened<T> {
    /// Where a read begins.
    ///
    /// # Errors
    /// `EBADF` when it is open to write only.
    pub const fn read_from(&self, at: At) -> Result<u64, Errno> {
        if self.modes.write && !self.modes.read {
            return Err(Errno::EBADF);
        }
        Ok(self.place(at))
    }

    /// Where a write begins: as on Linux, a file that is open to append to gets everything at its end, which `size` asks for.
    ///
    /// # Errors
    /// `EBADF` when it is not open to write, and those of `size`.
    pub fn write_from(&self, at: At, size: impl FnOnce() -> Result<u64, Errno>) -> Result<u64, Errno> {
        if !self.modes.write {
            return Err(Errno::EBADF);
        }
        if self.modes.append { size() } else { Ok(self.place(at)) }
    }

    const fn place(&self, at: At) -> u64 {
        match at {
            At::Position => self.position,
            At::Offset(offset) => offset,
        }
    }

    /// Where a move of the position leads: `size` is asked for what is relative to the end, `largest` is the most that a file has.
    ///
    /// # Errors
    /// `EINVAL` for a place that no file has, and those of `size`.
    pub fn seek_to(
        &self,
        from: From,
        offset: i64,
        largest: u64,
        size: impl FnOnce() -> Result<u64, Errno>,
    ) -> Result<u64, Errno> {
        let base = match from {
            From::Start => 0,
            From::Position => self.position,
            From::End => size()?,
        };
        let position = base.checked_add_signed(offset).filter(|position| *position <= largest);
        position.ok_or(Errno::EINVAL)
    }

    /// Whether its size may become this one, `largest` being the most that a file has.
    ///
    /// # Errors
    /// `EINVAL` when it is not open to write, `EFBIG`.
    pub const fn check_resize(&self, size: u64, largest: u64) -> Result<(), Errno> {
        if !self.modes.write {
            return Err(Errno::EINVAL);
        }
        if size > largest { Err(Errno::EFBIG) } else { Ok(()) }
    }

    /// Whether room may be made in it up to the end that is given.
    ///
    /// # Errors
    /// `EBADF` when it is not open to write, `EINVAL` for no bytes, `EFBIG`.
    pub fn check_allocate(&self, offset: u64, length: u64, largest: u64) -> Result<u64, Errno> {
        if !self.modes.write {
            return Err(Errno::EBADF);
        }
        if length == 0 {
            return Err(Errno::EINVAL);
        }
        offset.checked_add(length).filter(|end| *end <= largest).ok_or(Errno::EFBIG)
    }
}

/// The open files of a file system. Numbers of closed ones are given again.
#[derive(Debug)]
pub struct OpenFiles<T> {
    slots: Vec<Option<Opened<T>>>,
    free: Vec<u32>,
}

impl<T: Copy> OpenFiles<T> {
    /// No files.
    pub const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// One more, at its beginning.
    pub fn insert(&mut self, what: T, modes: Modes) -> Node {
        let opened = Some(Opened { what, modes, position: 0 });
        let slot = self.free.pop().unwrap_or(self.slots.len() as u32);
        match self.slots.get_mut(slot as usize) {
            Some(place) => *place = opened,
            None => self.slots.push(opened),
        }
        Node(slot)
    }

    /// The file with a number.
    ///
    /// # Errors
    /// `EBADF`: there is none.
    pub fn get(&self, file: Node) -> Result<Opened<T>, Errno> {
        self.slots.get(file.0 as usize).copied().flatten().ok_or(Errno::EBADF)
    }

    /// Takes a file out.
    ///
    /// # Errors
    /// `EBADF`: there is none.
    pub fn remove(&mut self, file: Node) -> Result<Opened<T>, Errno> {
        let opened = self.slots.get_mut(file.0 as usize).and_then(Option::take).ok_or(Errno::EBADF)?;
        self.free.push(file.0);
        Ok(opened)
    }

    /// The next read or write without a place is here.
    pub fn set_position(&mut self, file: Node, position: u64) {
        if let Some(Some(opened)) = self.slots.get_mut(file.0 as usize) {
            opened.position = position;
        }
    }

    /// What was read or written moves the position, if it was there.
    pub fn advance(&mut self, file: Node, at: At, position: u64) {
        if at == At::Position {
            self.set_position(file, position);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::OpenFiles;
    use crate::{At, Errno, From, Modes};

    #[test]
    fn numbers_of_closed_files_are_given_again() {
        let mut files = OpenFiles::new();
        let modes = Modes::default();
        let (a, b) = (files.insert('a', modes), files.insert('b', modes));
        assert_eq!(files.remove(a).map(|opened| opened.what), Ok('a'));
        assert_eq!((files.get(a).err(), files.remove(a).err()), (Some(Errno::EBADF), Some(Errno::EBADF)));
        assert_eq!((files.insert('c', modes), files.count()), (a, 2));
        assert_eq!(files.get(b).map(|opened| opened.what), Ok('b'));
    }

    #[test]
    fn positions_move_as_posix_says() {
        let mut files = OpenFiles::new();
        let file = files.insert((), Modes { read: true, write: true, ..Modes::default() });
        files.set_position(file, 9);
        let opened = files.get(file).unwrap();
        assert_eq!(opened.seek_to(From::End, -1, 100, || Ok(10)), Ok(9));
        assert_eq!(opened.seek_to(From::Position, 91, 100, || Ok(10)), Ok(100));
        assert_eq!(opened.seek_to(From::Position, 92, 100, || Ok(10)), Err(Errno::EINVAL));
        assert_eq!(opened.seek_to(From::Start, -1, 100, || Ok(10)), Err(Errno::EINVAL));
        files.advance(file, At::Offset(3), 7);
        assert_eq!(files.get(file).unwrap().position, 9);
        files.advance(file, At::Position, 7);
        assert_eq!(files.get(file).unwrap().read_from(At::Position), Ok(7));
    }

    #[test]
    fn modes_say_what_may_be_done() {
        let mut files = OpenFiles::new();
        let modes = Modes { write: true, append: true, ..Modes::default() };
        let file = files.insert((), modes);
        let opened = files.get(file).unwrap();
        assert_eq!(opened.read_from(At::Position), Err(Errno::EBADF));
        assert_eq!(opened.write_from(At::Offset(3), || Ok(10)), Ok(10));
        assert_eq!(opened.check_resize(101, 100), Err(Errno::EFBIG));
        assert_eq!(opened.check_allocate(90, 10, 100), Ok(100));
        assert_eq!(opened.check_allocate(u64::MAX, 10, 100), Err(Errno::EFBIG));
        assert_eq!(opened.check_allocate(90, 0, 100), Err(Errno::EINVAL));
        let file = files.insert((), Modes { read: true, ..Modes::default() });
        let opened = files.get(file).unwrap();
        assert_eq!(opened.write_from(At::Position, || Ok(10)), Err(Errno::EBADF));
        assert_eq!(opened.check_resize(1, 100), Err(Errno::EINVAL));
        assert_eq!(opened.check_allocate(0, 1, 100), Err(Errno::EBADF));
    }
}
