// SPDX-License-Identifier: Apache-2.0
//! A driver bound to a device: carries out what the handshake says.

use super::device::Device;
use super::error::Error;
use super::frontend::FrontEnd;
use super::handshake::{Action, Phase, Step, Theirs};
use crate::doorbell::Doorbell;
use crate::xenstore::{Session, Wait, WatchToken};

/// How many steps a change of the back end can lead to; see [`Phase::step`].
const STEPS_MAX: usize = 4;

/// A driver and the device that it serves.
#[derive(Debug)]
pub struct Binding<F> {
    device: Device,
    driver: F,
    phase: Phase,
    watch: WatchToken,
}

impl<F: FrontEnd> Binding<F> {
    /// Binds a driver to a device, shows that it is there, and watches the back end. The first event of the watch
    /// comes at once.
    pub fn new<B: Doorbell, W: Wait>(
        session: &mut Session<B, W>,
        device: Device,
        driver: F,
    ) -> Result<Self, Error> {
        let phase = Phase::Waiting;
        device.switch_state(session, phase.state(driver.order()))?;
        let watch = session.watch(&device.back("state"))?;
        Ok(Self { device, driver, phase, watch })
    }

    /// The watch whose events are the reason to [`advance`](Self::advance).
    pub fn watch(&self) -> WatchToken {
        self.watch
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Where the handshake stands.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The driver.
    pub fn driver(&mut self) -> &mut F {
        &mut self.driver
    }

    /// Looks at the back end's state and does what follows, until nothing does. Says where that has led.
    ///
    /// When the driver fails the device is closed. When the device was unplugged the driver is disconnected,
    /// and the error says so; the binding is of no further use then.
    pub fn advance<B: Doorbell, W: Wait>(&mut self, session: &mut Session<B, W>) -> Result<Phase, Error> {
        for _ in 0..STEPS_MAX {
            let theirs = Theirs::from(self.device.back_state(session)?);
            let step = self.phase.step(theirs);
            if step.action == Action::Nothing && step.phase == self.phase {
                break;
            }
            self.take(session, step)?;
        }
        Ok(self.phase)
    }

    /// Reads anew what the back end says about a connected device. Back ends tell of a disk of another size, for one, by showing the
    /// state that they are in once more.
    pub fn refresh<B: Doorbell, W: Wait>(&mut self, session: &mut Session<B, W>) -> Result<(), Error> {
        if self.phase == Phase::Connected {
            self.driver.resume(session, &self.device)?;
        }
        Ok(())
    }

    /// Closes the device from our side. It is closed when the back end agrees, which [`advance`](Self::advance)
    /// sees.
    pub fn close<B: Doorbell, W: Wait>(&mut self, session: &mut Session<B, W>) -> Result<(), Error> {
        self.take(session, self.phase.close())
    }

    /// Uses a device again that was closed from our side.
    pub fn reopen<B: Doorbell, W: Wait>(&mut self, session: &mut Session<B, W>) -> Result<(), Error> {
        self.take(session, self.phase.reopen())
    }

    /// Ends the binding and hands the driver back, disconnected. An unplugged device is as good as a closed one.
    pub fn unbind<B: Doorbell, W: Wait>(mut self, session: &mut Session<B, W>) -> (F, Result<(), Error>) {
        let closed = match self.close(session) {
            Err(Error::Unplugged) => Ok(()),
            result => result,
        };
        let unwatched = session.unwatch(self.watch).map_err(Error::from);
        (self.driver, closed.and(unwatched))
    }

    /// Does what a step says, and shows the state that it leads to.
    fn take<B: Doorbell, W: Wait>(&mut self, session: &mut Session<B, W>, step: Step) -> Result<(), Error> {
        if step.action == Action::Nothing && step.phase == self.phase {
            return Ok(());
        }
        let before = self.phase;
        let result = self.act(session, step);
        if let Err(error) = result {
            log::warn!("{}: {error}", self.device.id());
            self.fail(session, before, step, error);
        }
        result
    }

    fn act<B: Doorbell, W: Wait>(&mut self, session: &mut Session<B, W>, step: Step) -> Result<(), Error> {
        let (device, driver) = (&self.device, &mut self.driver);
        match step.action {
            Action::Nothing => {}
            Action::Offer => driver.offer(session, device)?,
            Action::Connect => driver.connect(session, device)?,
            Action::Pause => driver.pause(),
            Action::Resume => driver.resume(session, device)?,
            Action::Disconnect => driver.disconnect(),
        }
        // What was done is done, even if it cannot be shown.
        self.phase = step.phase;
        device.switch_state_with(session, step.phase.state(driver.order()), |store| {
            if step.action == Action::Offer {
                driver.publish(store, device)?;
            }
            Ok(())
        })
    }

    /// After an error the driver must not be left half set up, and the back end, if there is one, should know.
    fn fail<B: Doorbell, W: Wait>(
        &mut self,
        session: &mut Session<B, W>,
        before: Phase,
        step: Step,
        error: Error,
    ) {
        let may_be_set_up = before.is_set_up() || step.phase.is_set_up();
        if may_be_set_up && step.action != Action::Disconnect {
            self.driver.disconnect();
        }
        if error == Error::Unplugged {
            self.phase = Phase::Closed;
        } else if may_be_set_up {
            self.phase = Phase::Closing;
            // If this fails, too, there is nobody left to tell; the first error says why.
            let _ = self.device.switch_state(session, self.phase.state(self.driver.order()));
        }
    }
}

#[cfg(test)]
mod tests;
