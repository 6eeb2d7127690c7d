// SPDX-License-Identifier: Apache-2.0
//! What a volume does, and what is left of it after cuts and damage.

mod agree;
mod ahead;
mod breath;
mod cuts;
mod damage;
mod hostile;
mod large;
mod model;
mod trees;
