//! A small HTTP/1.1 server on one connection: a greeting, octets to download, a sink for uploads (RFC 9112).
use smoltcp::socket::tcp::Socket;
use std::net::IpAddr;

/// The longest head of a request, and how many fields it may have.
const HEAD: usize = 8 * 1024;
const FIELDS: usize = 64;
static PATTERN: [u8; 16 * 1024] = [b'f'; 16 * 1024];

/// One connection's place between requests and answers.
pub struct Connection {
    state: State,
    head: Vec<u8>,
    close: bool,
}

enum State {
    Head,
    Upload { left: u64, length: u64 },
    Answer { text: Vec<u8>, sent: usize, filler: u64 },
    Done,
}

/// What a request asks for.
struct Request {
    answer: Answer,
    upload: Option<u64>,
    close: bool,
}

enum Answer {
    Greeting,
    Octets { count: u64, head_only: bool },
    Upload,
    Fault(&'static str),
}

impl Connection {
    pub fn new() -> Connection {
        Connection { state: State::Head, head: Vec::new(), close: false }
    }

    /// Goes as far as the socket's buffers allow; true where anything moved.
    pub fn step(&mut self, socket: &mut Socket<'_>, client: IpAddr) -> bool {
        let mut moved = false;
        while self.advance(socket, client) {
            moved = true;
        }
        moved
    }

    fn advance(&mut self, socket: &mut Socket<'_>, client: IpAddr) -> bool {
        match &mut self.state {
            State::Head => self.read_head(socket, client),
            State::Upload { left, length } => {
                if *left == 0 {
                    let body = format!("{{\"bytes\":{length}}}\n");
                    self.answer("200 OK", "application/json", body.into_bytes(), 0);
                    return true;
                }
                let limit = usize::try_from(*left).unwrap_or(usize::MAX);
                let taken = socket.recv(|data| (data.len().min(limit), data.len().min(limit))).unwrap_or(0);
                *left -= taken as u64;
                taken > 0
            }
            State::Answer { text, sent, filler } => {
                if *sent < text.len() {
                    let taken = socket.send_slice(&text[*sent..]).unwrap_or(0);
                    *sent += taken;
                    return taken > 0;
                }
                if *filler > 0 {
                    let limit = usize::try_from(*filler).unwrap_or(usize::MAX).min(PATTERN.len());
                    let taken = socket.send_slice(&PATTERN[..limit]).unwrap_or(0);
                    *filler -= taken as u64;
                    return taken > 0;
                }
                self.state = if self.close { State::Done } else { State::Head };
                true
            }
            State::Done => {
                if socket.may_send() {
                    socket.close();
                }
                // What a client still sends after the end of its request is read and dropped.
                socket.recv(|data| (data.len(), data.len())).unwrap_or(0) > 0
            }
        }
    }

    fn read_head(&mut self, socket: &mut Socket<'_>, client: IpAddr) -> bool {
        let from = self.head.len();
        let head = &mut self.head;
        let taken = socket.recv(|data| {
            let end = end_of_head(head, data).unwrap_or(data.len()).min(HEAD + 1 - head.len());
            head.extend_from_slice(&data[..end]);
            (end, end)
        });
        if taken.unwrap_or(0) == 0 {
            return false;
        }
        if !self.head.ends_with(b"\r\n\r\n") {
            if self.head.len() > HEAD {
                self.close = true;
                self.answer("431 Request Header Fields Too Large", "text/plain", Vec::new(), 0);
            }
            return self.head.len() > from;
        }
        let request = parse(&self.head);
        self.head.clear();
        self.close = request.close;
        self.begin(request, client);
        true
    }

    fn begin(&mut self, request: Request, client: IpAddr) {
        match (request.answer, request.upload) {
            (Answer::Upload, Some(length)) => self.state = State::Upload { left: length, length },
            (Answer::Upload, None) => {
                self.close = true;
                self.answer("411 Length Required", "text/plain", Vec::new(), 0);
            }
            (Answer::Greeting, _) => {
                let body = format!("This is the Freehold data network. You are {client}.\n");
                self.answer("200 OK", "text/plain", body.into_bytes(), 0);
            }
            (Answer::Octets { count, head_only }, _) => {
                self.answer("200 OK", "application/octet-stream", Vec::new(), count);
                if let (State::Answer { filler, .. }, true) = (&mut self.state, head_only) {
                    *filler = 0;
                }
            }
            (Answer::Fault(status), _) => self.answer(status, "text/plain", Vec::new(), 0),
        }
    }

    fn answer(&mut self, status: &str, kind: &str, body: Vec<u8>, filler: u64) {
        let length = body.len() as u64 + filler;
        let connection = if self.close { "Connection: close\r\n" } else { "" };
        let mut text =
            format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{connection}\r\n")
                .into_bytes();
        text.extend(body);
        self.state = State::Answer { text, sent: 0, filler };
    }
}

/// How much of `data` belongs to the head begun in `head`, where its end is in sight.
fn end_of_head(head: &[u8], data: &[u8]) -> Option<usize> {
    let overlap = head.len().min(3);
    let mut window = head[head.len() - overlap..].to_vec();
    window.extend_from_slice(&data[..data.len().min(HEAD)]);
    let at = window.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(at + 4 - overlap)
}

fn parse(head: &[u8]) -> Request {
    let fault = |status| Request { answer: Answer::Fault(status), upload: None, close: true };
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    if !matches!(request.parse(head), Ok(httparse::Status::Complete(_))) {
        return fault("400 Bad Request");
    }
    let field = |name: &str| {
        let mut values = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        values.next().and_then(|header| std::str::from_utf8(header.value).ok()).map(str::trim)
    };
    let persistent = request.version == Some(1);
    let close = match field("connection") {
        Some(value) if value.eq_ignore_ascii_case("close") => true,
        Some(value) if value.eq_ignore_ascii_case("keep-alive") => false,
        _ => !persistent,
    };
    // RFC 9112 6.3: a length that is not a number makes the rest of the connection unreadable.
    let upload = match field("content-length").map(str::parse::<u64>) {
        Some(Ok(length)) => Some(length),
        Some(Err(_)) => return fault("400 Bad Request"),
        None => None,
    };
    let path = request.path.unwrap_or("/");
    match request.method.unwrap_or_default() {
        "POST" | "PUT" => Request { answer: Answer::Upload, upload, close },
        method @ ("GET" | "HEAD") if upload.unwrap_or(0) == 0 => {
            Request { answer: get(path, method == "HEAD"), upload: None, close }
        }
        _ => fault("405 Method Not Allowed"),
    }
}

fn get(path: &str, head_only: bool) -> Answer {
    if let Some(count) = path.strip_prefix("/bytes/") {
        return match count.parse() {
            Ok(count) => Answer::Octets { count, head_only },
            Err(_) => Answer::Fault("400 Bad Request"),
        };
    }
    match path {
        "/" if head_only => Answer::Octets { count: 0, head_only },
        "/" => Answer::Greeting,
        _ => Answer::Fault("404 Not Found"),
    }
}
