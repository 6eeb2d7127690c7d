// SPDX-License-Identifier: Apache-2.0
//! Requests that are not done, in the order in which they were made, and which of them the back end may be asked for now.
//!
//! A request stays here until it is done, so that it can be made again when another back end comes: then the queue is as if nothing had
//! been asked for. What is long is asked for in pieces, and neighbours that follow each other are asked for together.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::disk::SECTOR;
use super::request::{BlockError, Completion, Erase, Request, Ticket};

/// What a request does to the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It reads.
    Read,
    /// It writes.
    Write,
    /// It flushes.
    Flush,
    /// It discards.
    Discard(Erase),
}

/// A request that is not done.
#[derive(Debug)]
pub struct Job {
    ticket: Ticket,
    /// What it does.
    pub kind: Kind,
    sector: u64,
    sectors: u64,
    /// The bytes that are read or written.
    pub buffer: Vec<u8>,
    /// Sectors that the back end was asked for; of a flush and a discard, one when it was.
    issued: u64,
    /// Requests to the back end that it waits for.
    pending: usize,
    result: Result<(), BlockError>,
}

impl Job {
    fn new(ticket: Ticket, request: Request) -> Self {
        let (sector, sectors) = request.extent();
        let (kind, buffer) = match request {
            Request::Read { into, .. } => (Kind::Read, into),
            Request::Write { data, .. } => (Kind::Write, data),
            Request::Flush => (Kind::Flush, Vec::new()),
            Request::Discard { erase, .. } => (Kind::Discard(erase), Vec::new()),
        };
        Self { ticket, kind, sector, sectors, buffer, issued: 0, pending: 0, result: Ok(()) }
    }

    /// How much there is to ask for.
    const fn whole(&self) -> u64 {
        match self.kind {
            Kind::Read | Kind::Write => self.sectors,
            Kind::Flush | Kind::Discard(_) => 1,
        }
    }

    const fn is_issued(&self) -> bool {
        self.issued == self.whole()
    }

    const fn overlaps(&self, other: &Self) -> bool {
        self.sector < other.sector + other.sectors && other.sector < self.sector + self.sectors
    }

    /// Whether this one has to wait for one that was made earlier and is not done.
    const fn waits_for(&self, earlier: &Self) -> bool {
        match (earlier.kind, self.kind) {
            (Kind::Read, Kind::Read | Kind::Flush) | (Kind::Flush, Kind::Read | Kind::Flush) => false,
            (Kind::Flush, Kind::Write | Kind::Discard(_)) | (Kind::Write | Kind::Discard(_), Kind::Flush) => {
                true
            }
            _ => self.overlaps(earlier),
        }
    }

    fn end(self) -> Completion {
        Completion { ticket: self.ticket, buffer: self.buffer, result: self.result }
    }
}

/// A part of a request's buffer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// The request.
    pub ticket: Ticket,
    /// The first byte.
    pub offset: usize,
    /// How many bytes.
    pub length: usize,
}

/// What the back end is to be asked for next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// To read or write.
    Transfer {
        /// `Read` or `Write`.
        kind: Kind,
        /// The first sector.
        sector: u64,
        /// Where the bytes are, one after the other.
        pieces: Vec<Piece>,
    },
    /// To flush, for all of these.
    Flush {
        /// Who waits for it.
        tickets: Vec<Ticket>,
    },
    /// To discard.
    Discard {
        /// Who waits for it.
        ticket: Ticket,
        /// The first sector.
        sector: u64,
        /// How many.
        count: u64,
        /// What may be left.
        erase: Erase,
    },
}

impl Command {
    /// The requests that it serves, each once.
    pub fn tickets(&self) -> impl Iterator<Item = Ticket> {
        let (pieces, tickets, one) = match self {
            Self::Transfer { pieces, .. } => (pieces.as_slice(), [].as_slice(), None),
            Self::Flush { tickets } => ([].as_slice(), tickets.as_slice(), None),
            Self::Discard { ticket, .. } => ([].as_slice(), [].as_slice(), Some(*ticket)),
        };
        pieces.iter().map(|piece| piece.ticket).chain(tickets.iter().copied()).chain(one)
    }

    /// Bytes that are read or written.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Transfer { pieces, .. } => pieces.iter().map(|piece| piece.length).sum(),
            Self::Flush { .. } | Self::Discard { .. } => 0,
        }
    }
}

/// The requests that are not done.
#[derive(Debug, Default)]
pub struct Queue {
    jobs: VecDeque<Job>,
    next: u64,
    /// Jobs of which something is left to ask for.
    waiting: usize,
}

impl Queue {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Takes a request.
    pub fn push(&mut self, request: Request) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        let job = Job::new(ticket, request);
        self.waiting += usize::from(!job.is_issued());
        self.jobs.push_back(job);
        ticket
    }

    fn index(&self, ticket: Ticket) -> Option<usize> {
        self.jobs.binary_search_by_key(&ticket, |job| job.ticket).ok()
    }

    /// A request.
    pub fn get_mut(&mut self, ticket: Ticket) -> Option<&mut Job> {
        let index = self.index(ticket)?;
        self.jobs.get_mut(index)
    }

    fn may_begin(&self, index: usize) -> bool {
        let job = &self.jobs[index];
        self.jobs.iter().take(index).all(|earlier| !job.waits_for(earlier))
    }

    /// The next command, of so many bytes at most, or nothing when all that may be asked for was. Looks from the job of this index on,
    /// and leaves there where the next look has to begin.
    pub fn next(&self, from: &mut usize, bytes: usize) -> Option<Command> {
        if self.waiting == 0 {
            return None;
        }
        while *from < self.jobs.len() {
            let index = *from;
            if self.jobs[index].is_issued() || !self.may_begin(index) {
                *from += 1;
                continue;
            }
            return Some(self.command(index, bytes));
        }
        None
    }

    fn command(&self, index: usize, bytes: usize) -> Command {
        let job = &self.jobs[index];
        match job.kind {
            Kind::Read | Kind::Write => {
                let sector = job.sector + job.issued;
                Command::Transfer { kind: job.kind, sector, pieces: self.pieces(index, bytes) }
            }
            Kind::Flush => {
                let others = (index..self.jobs.len()).filter(|other| {
                    let job = &self.jobs[*other];
                    job.kind == Kind::Flush && !job.is_issued() && self.may_begin(*other)
                });
                Command::Flush { tickets: others.map(|other| self.jobs[other].ticket).collect() }
            }
            Kind::Discard(erase) => {
                Command::Discard { ticket: job.ticket, sector: job.sector, count: job.sectors, erase }
            }
        }
    }

    /// What is left of a transfer and of its neighbours behind it, up to so many bytes.
    fn pieces(&self, index: usize, bytes: usize) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut room = bytes;
        let kind = self.jobs[index].kind;
        let mut end = None;
        for (at, job) in self.jobs.iter().enumerate().skip(index) {
            if job.is_issued() {
                continue;
            }
            let sector = job.sector + job.issued;
            let follows = end.is_none_or(|end| end == sector && job.issued == 0 && self.may_begin(at));
            if job.kind != kind || !follows || room == 0 {
                break;
            }
            let offset = job.issued as usize * SECTOR;
            let length = (job.buffer.len() - offset).min(room);
            room -= length;
            end = Some(sector + (length / SECTOR) as u64);
            pieces.push(Piece { ticket: job.ticket, offset, length });
        }
        pieces
    }

    /// Takes note that the back end is asked for a command.
    pub fn issued(&mut self, command: &Command) {
        let mut note = |ticket, amount| {
            if let Some(index) = self.index(ticket) {
                let job = &mut self.jobs[index];
                job.issued += amount;
                job.pending += 1;
                self.waiting -= usize::from(job.is_issued());
            }
        };
        match command {
            Command::Transfer { pieces, .. } => {
                pieces.iter().for_each(|piece| note(piece.ticket, (piece.length / SECTOR) as u64));
            }
            Command::Flush { tickets } => tickets.iter().for_each(|ticket| note(*ticket, 1)),
            Command::Discard { ticket, .. } => note(*ticket, 1),
        }
    }

    /// Takes note that the back end has answered a command.
    pub fn answered(&mut self, command: &Command, result: Result<(), BlockError>) {
        for ticket in command.tickets() {
            if let Some(job) = self.get_mut(ticket) {
                job.pending = job.pending.saturating_sub(1);
                job.result = job.result.and(result);
            }
        }
    }

    /// Takes note that a command has to be asked for again, in another way.
    pub fn again(&mut self, command: &Command) {
        for ticket in command.tickets() {
            if let Some(index) = self.index(ticket) {
                let job = &mut self.jobs[index];
                self.waiting += usize::from(job.is_issued());
                job.pending = job.pending.saturating_sub(1);
                job.issued = 0;
            }
        }
    }

    /// Takes the next request that is done. One of which a part has failed is done when nothing of it is under way.
    pub fn take_done(&mut self) -> Option<(Kind, Completion)> {
        let is_done = |job: &Job| job.pending == 0 && (job.is_issued() || job.result.is_err());
        let index = self.jobs.iter().position(is_done)?;
        self.remove(index)
    }

    /// Takes the oldest request, failed.
    pub fn fail_next(&mut self, error: BlockError) -> Option<(Kind, Completion)> {
        let job = self.jobs.front_mut()?;
        job.result = Err(error);
        self.remove(0)
    }

    fn remove(&mut self, index: usize) -> Option<(Kind, Completion)> {
        let job = self.jobs.remove(index)?;
        self.waiting -= usize::from(!job.is_issued());
        Some((job.kind, job.end()))
    }

    /// Makes all requests again, as if nothing of them had been asked for. Says how many had been.
    pub fn restart(&mut self) -> u64 {
        let mut repeated = 0;
        for job in &mut self.jobs {
            repeated += u64::from(job.issued > 0);
            job.issued = 0;
            job.pending = 0;
            job.result = Ok(());
        }
        self.waiting = self.jobs.iter().filter(|job| !job.is_issued()).count();
        repeated
    }
}

#[cfg(test)]
mod tests;
