//! A cluster of Redis servers.
//!
//! In: how many masters, and whether each has a replica. Out: servers that know one another and share all slots.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{Server, program};

/// How long the servers may take until they agree.
const PATIENCE: Duration = Duration::from_secs(20);

/// How far above a server's port is the one on which it talks to the others.
const BUS: u16 = 10_000;

/// Redis servers that share the keys of one cluster. They end when it is dropped.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Server>,
}

impl Cluster {
    /// A cluster of so many masters, at least three, without replicas.
    ///
    /// # Panics
    /// If a program is missing, or if they do not agree within twenty seconds; then with what they said.
    pub fn start(masters: usize) -> Self {
        Self::make(masters, 0)
    }

    /// Three masters and a replica of each, which takes over about two seconds after its master was killed.
    ///
    /// # Panics
    /// As [`Cluster::start`].
    pub fn with_replicas() -> Self {
        Self::make(3, 1)
    }

    fn make(masters: usize, replicas: usize) -> Self {
        let options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"];
        let start = |_| thread::spawn(move || Server::start(program::redis_server(), &options, BUS));
        let starting: Vec<_> = (0..masters * (1 + replicas)).map(start).collect();
        let join = |thread: thread::JoinHandle<Server>| thread.join().expect("each server starts");
        let cluster = Self { nodes: starting.into_iter().map(join).collect() };
        let mut create = Command::new(program::redis_cli());
        create.args(["--cluster", "create"]);
        create.args(cluster.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())));
        create.args(["--cluster-replicas", &replicas.to_string(), "--cluster-yes"]);
        let done = create.stdin(Stdio::null()).output().expect("redis-cli runs");
        let said = || String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "redis-cli --cluster create: {}", said());
        cluster.agree(masters, replicas);
        cluster
    }

    /// Where its servers are, without passwords.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Server::url).collect()
    }

    /// Its servers, masters and replicas as they were when it was made: the masters first.
    pub fn nodes(&self) -> &[Server] {
        &self.nodes
    }

    /// The same, to kill one or start it again.
    pub fn nodes_mut(&mut self) -> &mut [Server] {
        &mut self.nodes
    }

    /// Waits until every server knows all others, all slots, and every replica its master.
    #[expect(clippy::disallowed_methods, reason = "servers take real time to agree")]
    fn agree(&self, masters: usize, replicas: usize) {
        let begun = Instant::now();
        let agrees = |node: &Server| {
            let mut wire = node.wire();
            let info = wire.ask(&["CLUSTER", "INFO"]);
            let knows = info.contains("cluster_state:ok") && info.contains(&format!("cluster_size:{masters}\r"));
            let others = wire.ask(&["CLUSTER", "NODES"]);
            let of = |word: &str| others.lines().filter(|line| line.contains(word)).count();
            knows
                && of("slave") == masters * replicas
                && (of("master"), of("handshake"), of("fail")) == (masters, 0, 0)
                && !wire.ask(&["INFO", "replication"]).contains("master_link_status:down")
        };
        while !self.nodes.iter().all(agrees) {
            if begun.elapsed() > PATIENCE {
                let said: Vec<_> = self.nodes.iter().map(|node| node.ask(&["CLUSTER", "NODES"])).collect();
                panic!("the servers do not agree within {PATIENCE:?}:\n{}", said.join("\n\n"));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}
