//! One contract as the table keeps it: seventy-odd bytes and pieces of one shared text.

use sangam_core::{BrokerName, Exchange};

use crate::master::{Kind, NO_TOKEN};

/// Instead of a number into a list, where there is nothing.
pub(crate) const NOTHING: u16 = u16::MAX;
/// Instead of a freeze quantity, where no master tells one.
pub(crate) const FREE: u32 = u32::MAX;

/// Which piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    Name,
    Flattrade,
    Fyers,
    Upstox,
    Isin,
    Title,
}

impl Text {
    pub(crate) const COUNT: usize = 6;

    /// A broker's order name.
    pub(crate) fn of(broker: BrokerName) -> Self {
        match broker {
            BrokerName::Flattrade => Self::Flattrade,
            BrokerName::Fyers => Self::Fyers,
            BrokerName::Upstox => Self::Upstox,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) at: [u32; Text::COUNT],
    /// Nought where there is no such text.
    pub(crate) len: [u8; Text::COUNT],
    /// The underlying is the front of the name.
    pub(crate) underlying_len: u8,
    pub(crate) exchange: Exchange,
    pub(crate) kind: Kind,
    pub(crate) tokens: [u32; 3],
    pub(crate) strike: i64,
    pub(crate) lot: u32,
    pub(crate) freeze: u32,
    pub(crate) expiry: u16,
    pub(crate) series: u16,
    pub(crate) tick: u16,
    pub(crate) multiplier: u16,
}

impl Record {
    pub(crate) fn text_place(&self, text: Text) -> (u32, u8) {
        let slot = text as usize;
        (
            self.at.get(slot).copied().unwrap_or(0),
            self.len.get(slot).copied().unwrap_or(0),
        )
    }

    pub(crate) fn place(&mut self, text: Text, (at, len): (u32, u8)) {
        let slot = text as usize;
        if let (Some(to), Some(size)) = (self.at.get_mut(slot), self.len.get_mut(slot)) {
            *to = at;
            *size = len;
        }
    }

    pub(crate) fn lists(&self, broker: BrokerName) -> bool {
        self.text_place(Text::of(broker)).1 > 0
    }

    pub(crate) fn token(&self, broker: BrokerName) -> Option<u32> {
        let token = self.tokens.get(broker.index()).copied()?;
        (token != NO_TOKEN).then_some(token)
    }

    /// Takes a broker's listing away.
    pub(crate) fn forget(&mut self, broker: BrokerName) {
        self.place(Text::of(broker), (0, 0));
        if let Some(token) = self.tokens.get_mut(broker.index()) {
            *token = NO_TOKEN;
        }
    }

    pub(crate) fn has_no_listing(&self) -> bool {
        BrokerName::ALL.into_iter().all(|broker| !self.lists(broker))
    }
}
