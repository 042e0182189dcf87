-- Who is told of packages, what was sent to them, and how far the events of packages are read.

create table hooks (
    id {id},
    organization_id bigint references accounts (id) on delete cascade,      -- one of these two
    repository_id bigint references repositories (id) on delete cascade,
    active boolean not null,
    events text not null,               -- names with spaces between: 'package' | 'registry_package' | 'ping' | '*'
    url text not null,
    content_type text not null,         -- 'json' | 'form'
    format text not null,               -- 'github' | 'cloudevents'
    value {blob},                       -- the secret in an envelope; null: what is sent is not signed
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null
);
create index hooks_organization on hooks (organization_id) where organization_id is not null;
create index hooks_repository on hooks (repository_id) where repository_id is not null;

create table hook_deliveries (
    id {id},
    hook_id bigint not null references hooks (id) on delete cascade,
    guid text not null,                 -- the same for every attempt and redelivery
    event text not null,
    action text,
    event_id bigint,                    -- the first of package_events that it tells of
    redelivery boolean not null,
    state text not null,                -- 'waiting' | 'delivered' | 'failed'
    attempts bigint not null,
    next_at bigint not null,            -- when it is due; while somebody sends it, when another may
    created_at bigint not null,
    delivered_at bigint,                -- when it was last tried
    duration bigint not null,           -- milliseconds
    status text not null,
    status_code bigint not null,        -- 0: nobody answered
    url text,
    request_headers text,               -- JSON
    response_headers text,              -- JSON
    response_body text,                 -- its beginning
    payload text not null               -- JSON; the last, since it may be large
);
create index hook_deliveries_hook on hook_deliveries (hook_id, id);
create index hook_deliveries_due on hook_deliveries (next_at) where state = 'waiting';
create index hook_deliveries_time on hook_deliveries (created_at);

create table event_cursors (
    reader {key} primary key,
    position bigint not null            -- of package_events: everything up to it is read
);
insert into event_cursors (reader, position) select 'webhooks', coalesce(max(id), 0) from package_events;
