//! The few things of one hash.
//!
//! In: what shares a hash: nearly always one. Out: the same, found and taken out; the first needs no allocation.

pub(crate) struct Bucket<T> {
    first: Option<T>,
    others: Vec<T>,
}

impl<T> Default for Bucket<T> {
    fn default() -> Self {
        Bucket { first: None, others: Vec::new() }
    }
}

impl<T> Bucket<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none() && self.others.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.others.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(&self.others)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.first.iter_mut().chain(&mut self.others)
    }

    pub(crate) fn push(&mut self, thing: T) {
        match self.first {
            None => self.first = Some(thing),
            Some(_) => self.others.push(thing),
        }
    }

    /// Takes one out that is what is looked for.
    pub(crate) fn take(&mut self, is: &mut dyn FnMut(&mut T) -> bool) -> Option<T> {
        if let Some(first) = self.first.take_if(|first| is(first)) {
            return Some(first);
        }
        let place = self.others.iter_mut().position(is)?;
        Some(self.others.swap_remove(place))
    }
}
