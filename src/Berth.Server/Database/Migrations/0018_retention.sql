-- What goes from packages by itself, and what went.

create table retention_policies (
    id {id},
    owner_id bigint references accounts (id) on delete cascade,   -- for all packages of an account
    package_id bigint references packages (id) on delete cascade, -- for one; it replaces its owner's
    policy text not null,               -- JSON, as in the REST API
    set_by text not null,
    updated_at bigint not null
);
create unique index retention_policies_owner on retention_policies (owner_id) where owner_id is not null;
create unique index retention_policies_package on retention_policies (package_id) where package_id is not null;

create table retention_runs (
    id {id},
    package_id bigint not null references packages (id) on delete cascade,
    cause text not null,                -- 'schedule' | 'manual' | 'ref'
    actor text not null,
    started_at bigint not null,
    finished_at bigint,
    removed bigint not null default 0
);
create index retention_runs_package on retention_runs (package_id, id);
create index retention_runs_started on retention_runs (started_at);

create table retention_removals (
    run_id bigint not null references retention_runs (id) on delete cascade,
    version_id bigint not null,
    version text not null,
    tags text not null,                 -- separated by spaces
    reason text not null,
    primary key (run_id, version_id)
);
