//! nginx' properties, which are its variables, as text. One that nothing is known of is `NotFound`. Outside a request
//! every path of several parts is an `InternalFailure`.

use crate::host::connection::Connection;
use crate::host::header_map::{self, TARGET};
use crate::host::memory::Guest;
use crate::host::message::Headers;
use crate::host::settings::Level;
use crate::host::status::{Outcome, Status};
use crate::host::stream::Stream;

use super::split;

/// The variable that the configuration has for the access log.
const WRITABLE: &[u8] = b"promward";

pub(super) fn get(guest: &mut Guest, parts: &[&[u8]]) -> Result<Vec<u8>, Status> {
    match parts {
        [b"plugin_name"] if guest.stream().is_none() => {
            return Err(guest.end("plugin_name outside a request"));
        }
        [b"plugin_name"] => return Ok(guest.state().plugin.settings.plugin_name.clone().into_bytes()),
        [b"plugin_root_id"] => return Ok(b"0".to_vec()),
        [_] => return Err(Status::NotFound),
        _ => {}
    }
    if let [b"connection", field] = parts
        && (field.ends_with(b"_certificate") || field.ends_with(b"_digest"))
    {
        guest.state().plugin.log(Level::Error, "nginx has no properties of a client's certificate");
        return Err(Status::NotFound);
    }
    let stream = guest.stream().ok_or(Status::InternalFailure)?;
    let variable: &[u8] = match parts {
        [b"ngx", variable] => variable,
        [b"source", b"address"] => b"remote_addr",
        [b"source", b"port"] => b"remote_port",
        [b"connection", b"tls_version"] => b"ssl_protocol",
        [b"connection", b"requested_server_name"] => b"ssl_server_name",
        [b"connection", b"mtls"] => return mtls(&stream.connection).ok_or(Status::NotFound),
        [b"connection", b"id"] => return Ok(stream.connection.id.to_string().into_bytes()),
        [b"request", b"path"] => b"request_uri",
        [b"request", b"url_path"] => b"uri",
        [b"request", b"query"] => b"args",
        [b"request", b"host"] => b"hostname",
        [b"request", b"scheme"] => b"scheme",
        [b"request", b"method"] => b"request_method",
        [b"request", b"useragent"] => b"http_user_agent",
        [b"request", b"size"] => b"content_length",
        [b"request", b"referer"] => b"http_referer",
        [b"request", b"id"] => b"http_x_request_id",
        [b"request", b"headers", name] => return header(stream.request.headers.as_ref(), name),
        [b"response", b"code"] => b"status",
        [b"response", b"headers", name] => return header(stream.response.headers.as_ref(), name),
        _ => return Err(Status::NotFound),
    };
    self::variable(stream, variable).ok_or(Status::NotFound)
}

/// Sets a variable that the configuration has, which `ngx` stands before.
pub(super) fn set(guest: &mut Guest, parts: &[&[u8]], value: Vec<u8>) -> Outcome {
    if guest.stream().is_none() && parts.len() > 1 {
        return Err(Status::InternalFailure);
    }
    let stream = guest.stream().ok_or(Status::NotFound)?;
    match parts {
        [b"ngx", name] if *name == WRITABLE => {
            stream.filter_state.insert(name.to_vec(), value);
            Ok(())
        }
        [b"ngx", name] if self::variable(stream, name).is_some() => Err(Status::InternalFailure),
        _ => Err(Status::NotFound),
    }
}

fn variable(stream: &Stream, name: &[u8]) -> Option<Vec<u8>> {
    let connection = &stream.connection;
    let of_request = |name: &[u8]| Some(header_map::get(stream.request.headers.as_ref()?, name)?.to_vec());
    match name {
        b"nginx_version" => Some(b"1.27.4".to_vec()),
        b"remote_addr" => Some(connection.source.ip().to_string().into_bytes()),
        b"remote_port" => Some(connection.source.port().to_string().into_bytes()),
        b"https" => Some(if connection.tls_version.is_some() { b"on".to_vec() } else { Vec::new() }),
        b"ssl_protocol" => connection.tls_version.clone().map(String::into_bytes),
        b"ssl_server_name" => connection.sni.clone().map(String::into_bytes),
        b"ssl_client_s_dn" => connection.certificate.as_ref()?.subject.clone().map(String::into_bytes),
        b"request_uri" => of_request(TARGET).or_else(|| of_request(b":path")),
        b"uri" => of_request(b":path").map(|path| split(&path).0.to_vec()),
        b"args" => of_request(b":path").map(|path| split(&path).1.to_vec()).filter(|args| !args.is_empty()),
        b"host" => of_request(b"host"),
        b"hostname" => Some(of_request(b":authority")?.split(|byte| *byte == b':').next()?.to_vec()),
        b"scheme" => of_request(b":scheme"),
        b"request_method" => of_request(b":method"),
        b"content_length" => of_request(b"content-length"),
        b"status" => Some(match &stream.response.headers {
            Some(head) => header_map::get(head, b":status")?.to_vec(),
            None => b"000".to_vec(),
        }),
        name if name.starts_with(b"http_") => {
            let name: Vec<u8> =
                name[5..].iter().map(|byte| if *byte == b'_' { b'-' } else { *byte }).collect();
            of_request(&name)
        }
        name => stream.filter_state.get(name).cloned(),
    }
}

fn mtls(connection: &Connection) -> Option<Vec<u8>> {
    connection.tls_version.as_ref()?;
    Some(if connection.certificate.is_some() { b"true".to_vec() } else { b"false".to_vec() })
}

fn header(map: Option<&Headers>, name: &[u8]) -> Result<Vec<u8>, Status> {
    let value = map.and_then(|map| header_map::get(map, name));
    value.map(<[u8]>::to_vec).ok_or(Status::NotFound)
}
