-- Prebuilds: what a new codespace of a branch would do first is done ahead, in a codespace that nobody works in. Its container is kept as an image, and its
-- workspace where it lies.

alter table codespaces add column is_prebuild boolean not null default false;
alter table codespaces add column from_prebuild bigint; -- the prebuild that it began with, which may be gone

create table prebuild_configurations (
    id {id},
    repository_id bigint not null references repositories (id) on delete cascade,
    owner_id bigint not null references accounts (id) on delete cascade, -- who settled it: by their right to read it runs
    branch {key} not null,              -- empty: the repository's default branch
    devcontainer_path {key} not null,   -- empty: the usual places
    machine text not null,
    on_push boolean not null,
    schedule text,                      -- five fields of cron in UTC, or 'every 6h'
    enabled boolean not null,
    kept bigint not null,               -- how many finished ones stay
    again text,                         -- what asked for another while one was made
    next_run_at bigint,                 -- of the schedule
    created_at bigint not null,
    updated_at bigint not null,
    unique (repository_id, branch, devcontainer_path)
);

-- What a codespace with is_prebuild is made for, and what it was made of when it is ready.
create table prebuilds (
    codespace_id bigint primary key references codespaces (id) on delete cascade,
    configuration_id bigint references prebuild_configurations (id) on delete set null,
    cause text not null,                -- 'push' | 'schedule' | 'manual'
    commit_id text,                     -- what was checked out
    configuration_hash text,            -- over all that the container is made of
    image_bytes bigint,
    workspace_bytes bigint,
    ready_at bigint                     -- null: not yet, or never
);
create index prebuilds_configuration on prebuilds (configuration_id);

-- By what a git server that tells of pushes is known. Sealed under the master key.
create table push_hooks (
    id {id},
    repository_id bigint not null unique references repositories (id) on delete cascade,
    value {blob} not null,
    version bigint not null,
    created_at bigint not null
);
