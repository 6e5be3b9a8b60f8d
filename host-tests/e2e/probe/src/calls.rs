//! Single host calls with arguments from the script: `cut:3` or `replace:0:x-t-name:value`. Their statuses are logged.

use proxy_wasm::hostcalls;
use proxy_wasm::types::MetricType;

use crate::host::{self, proxy_set_property};
use crate::statuses::{proxy_remove_header_map_value, proxy_set_shared_data};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
}

/// Makes the call that an action asks for, about the given body or about what the action names.
pub(crate) fn make(action: &str, buffer: u32) {
    let parts: Vec<&str> = action.splitn(4, ':').collect();
    match parts.as_slice() {
        ["cut", size] => host::set_body(buffer, 0, number(size) as usize, "replaced"),
        ["empty"] => host::replace_body(buffer, ""),
        ["path", path] => host::replace(0, ":path", path),
        ["replace", map, name, value] => host::replace(number(map), name, value),
        ["add", map, name, value] => host::add(number(map), name, value),
        ["remove", map, name] => remove(number(map), name),
        ["value", map, name] => log::info!("probe: {name} is {}", host::header(number(map), name)),
        ["write", path, value] => write(path, value.as_bytes()),
        ["write_number", path, value] => write(path, &u64::from(number(value)).to_le_bytes()),
        ["tick", period] => {
            // SAFETY: the call takes no pointers.
            let status = unsafe { proxy_set_tick_period_milliseconds(number(period)) };
            log::info!("probe: set_tick_period returned {status}");
        }
        ["gauge"] => {
            let moved = hostcalls::define_metric(MetricType::Gauge, "probe.gauge")
                .and_then(|metric| hostcalls::increment_metric(metric, 1));
            log::info!("probe: the gauge is moved: {}", moved.is_ok());
        }
        ["redirect"] => drop(hostcalls::send_http_response(301, vec![("location", "/")], None)),
        ["share", key, based_on] => share(key, number(based_on)),
        _ => {}
    }
}

fn remove(map: u32, name: &str) {
    // SAFETY: the pointer is that of a live slice with its length.
    let status = unsafe { proxy_remove_header_map_value(map, name.as_ptr(), name.len()) };
    log::info!("probe: remove_header_map_value returned {status}");
}

fn write(path: &str, value: &[u8]) {
    let path = path.replace('.', "\0");
    // SAFETY: the pointers are those of live slices with their lengths.
    let status = unsafe { proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) };
    log::info!("probe: set_property returned {status}");
}

fn share(key: &str, based_on: u32) {
    // SAFETY: the pointers are those of live slices with their lengths.
    let status = unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), key.as_ptr(), key.len(), based_on) };
    log::info!("probe: set_shared_data returned {status}");
}

fn number(text: &str) -> u32 {
    text.parse().unwrap_or(u32::MAX)
}
