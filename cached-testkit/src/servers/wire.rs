//! The protocol of Redis, as much of it as a test needs to look behind a driver.
//!
//! In: the words of a command. Out: the reply as text: what it says, line by line where it is a list.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection of a test's own. It asks one thing after the other.
#[derive(Debug)]
pub struct Wire(BufReader<TcpStream>);

impl Wire {
    /// A connection to a port of 127.0.0.1.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Asks for one thing; words may hold any bytes. An error reply is its text, nothing is `(nil)`.
    ///
    /// # Panics
    /// If the connection ends, or nothing comes within ten seconds.
    pub fn ask<W: AsRef<[u8]>>(&mut self, words: &[W]) -> String {
        let mut command = format!("*{}\r\n", words.len()).into_bytes();
        for word in words.iter().map(AsRef::as_ref) {
            command.extend(format!("${}\r\n", word.len()).into_bytes());
            command.extend(word);
            command.extend(b"\r\n");
        }
        self.send(&command).and_then(|()| self.next()).unwrap_or_else(|error| panic!("no reply: {error}"))
    }

    /// Asks for one thing as a person would type it.
    ///
    /// # Errors
    /// When the connection ends, or nothing comes within ten seconds.
    pub fn inline(&mut self, command: &str) -> io::Result<String> {
        self.send(format!("{command}\r\n").as_bytes())?;
        self.next()
    }

    /// The next thing that the server says, asked for or not.
    ///
    /// # Errors
    /// As [`Wire::inline`].
    #[expect(clippy::should_implement_trait, reason = "its end is an error and not a `None`")]
    pub fn next(&mut self) -> io::Result<String> {
        let head = self.line()?;
        let (kind, rest) = head.split_at_checked(1).ok_or_else(|| unexpected(&head))?;
        let length = || rest.parse::<i64>().map_err(|_| unexpected(&head));
        match kind {
            "+" | "-" | ":" | "," | "#" | "(" => Ok(rest.to_owned()),
            "$" | "=" | "*" | "~" | ">" | "%" if length()? < 0 => Ok("(nil)".to_owned()),
            "$" | "=" => self.bulk(usize::try_from(length()?).map_err(|_| unexpected(&head))?),
            "*" | "~" | ">" => self.list(length()?),
            "%" => self.list(length()? * 2),
            "_" => Ok("(nil)".to_owned()),
            _ => Err(unexpected(&head)),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_all(bytes)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned())
    }

    fn bulk(&mut self, length: usize) -> io::Result<String> {
        let mut bytes = vec![0; length + 2];
        self.0.read_exact(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
    }

    fn list(&mut self, length: i64) -> io::Result<String> {
        let lines: io::Result<Vec<_>> = (0..length).map(|_| self.next()).collect();
        Ok(lines?.join("\n"))
    }
}

fn unexpected(line: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the server said {line:?}"))
}
