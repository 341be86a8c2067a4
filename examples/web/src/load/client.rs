//! One connection that asks one page after the other.
//!
//! In: a path. Out: status and body. A connection that broke is opened anew for the next request.

use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a request may take; then its connection is given up.
const PATIENCE: Duration = Duration::from_secs(10);

type Open = SendRequest<Empty<Bytes>>;

pub(crate) struct Client {
    address: String,
    open: Option<Open>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

impl Client {
    pub(crate) fn new(address: String) -> Self {
        Self { address, open: None }
    }

    /// Asks for a path, and reads the whole answer.
    ///
    /// # Errors
    /// When there is no answer within [`PATIENCE`].
    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer, String> {
        let open = self.open.take().filter(|open| !open.is_closed());
        let answer = timeout(PATIENCE, exchange(open, &self.address, path)).await;
        let (open, answer) = answer.map_err(|_| format!("no answer in {PATIENCE:?}"))??;
        self.open = Some(open);
        Ok(answer)
    }
}

async fn exchange(open: Option<Open>, address: &str, path: &str) -> Result<(Open, Answer), String> {
    let mut open = match open {
        Some(open) => open,
        None => connect(address).await?,
    };
    let request = Request::get(path).header(header::HOST, address).body(Empty::new());
    let request = request.map_err(|error| error.to_string())?;
    open.ready().await.map_err(|error| error.to_string())?;
    let answer = open.send_request(request).await.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok((open, Answer { status, body }))
}

async fn connect(address: &str) -> Result<Open, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| format!("{address}: {error}"))?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let (open, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    // What breaks it is said to whoever asks over it.
    tokio::spawn(async { drop(connection.await) });
    Ok(open)
}
