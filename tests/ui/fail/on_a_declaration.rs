//! A declaration has no body.

use cached_core::cached;

trait Load {
    #[cached]
    fn load(&self, id: u64) -> u64;
}

struct Db;

impl Load for Db {
    fn load(&self, id: u64) -> u64 {
        id
    }
}

fn main() {
    Db.load(1);
}
