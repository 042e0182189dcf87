-- A repository's hook with everything and an organization's with the least; a delivery that waits and one that nobody answered.
insert into hooks (id, organization_id, repository_id, active, events, url, content_type, format, value, version, created_at, updated_at) values
    (1001, 1003, null, true, 'package', 'http://127.0.0.1:1/ü?a=b', 'json', 'github', null, 0, 0, 0),
    (1002, null, 1001, false, 'package registry_package *', 'https://[::1]/', 'form', 'cloudevents', null, 253402300799999, 0, 253402300799999);
insert into hook_deliveries (id, hook_id, guid, event, action, event_id, redelivery, state, attempts, next_at, created_at, delivered_at, duration, status, status_code, url, request_headers, response_headers, response_body, payload) values
    (1001, 1002, 'x', 'ping', null, null, false, 'waiting', 0, 253402300799999, 0, null, 0, 'waiting', 0, null, null, null, null, '{}'),
    (1002, 1002, 'x', 'package', 'published', 999999, true, 'failed', 8, 0, 0, 1, 10000, 'no answer', 0, 'https://[::1]/', '{}', '{}', '🚢' || {newline}, '{}');
