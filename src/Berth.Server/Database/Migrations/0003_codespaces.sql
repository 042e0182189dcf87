-- Codespaces: one row holds what should be (desired) and what is (state); the reconciler of its host makes them meet.

create table codespaces (
    id {id},
    name {key} not null unique,
    display_name text,
    owner_id bigint not null references accounts (id),
    repository_id bigint references repositories (id) on delete set null,
    repository_full_name text not null, -- as it was at creation, for the log when the repository is gone
    ref text,
    devcontainer_path text,
    machine text not null,
    host text not null,                 -- the server that owns engine and workspace
    desired text not null,              -- 'available' | 'shutdown' | 'deleted'
    state text not null,                -- GitHub's names: Queued, Provisioning, Available, Starting, ShuttingDown, Shutdown, Failed, Deleted
    failure text,                       -- one line, when Failed
    image text,                         -- the image it runs, pinned by digest
    container_id text,
    remote_user text,
    workspace_folder text,              -- inside the container
    rebuild boolean not null default false,
    attempt bigint not null default 0,  -- counts starts; a creation log line and a token belong to one
    commands_running boolean not null default false, -- while it is available: lifecycle commands of the start go on
    idle_timeout_minutes bigint not null default 30,
    retention_period_minutes bigint not null default 43200, -- after a stop; 0: deleted when it stops
    retention_expires_at bigint,        -- null while it is wanted
    stop_notice text,                   -- why it stopped, when nobody asked for it
    git_ahead bigint,                   -- of the workspace when it was last looked at; null: not known
    git_behind bigint,
    git_unpushed boolean,
    git_uncommitted boolean,
    git_ref text,
    created_at bigint not null,
    updated_at bigint not null,
    last_used_at bigint not null
);
create index codespaces_owner on codespaces (owner_id);
create index codespaces_repository on codespaces (repository_id);

create table codespace_log (
    id {id},
    codespace_id bigint not null references codespaces (id) on delete cascade,
    attempt bigint not null,
    at bigint not null,
    step text not null,
    line text not null
);
create index codespace_log_codespace on codespace_log (codespace_id, id);

-- What the processes of a running codespace get, as it was when it started: variables (secrets among them) and registry logins. Sealed with a key that is
-- derived from the server key 'codespaces'; gone when it stops, but for the logins that a person made inside.
create table codespace_inside (
    codespace_id bigint primary key references codespaces (id) on delete cascade,
    sealed {blob} not null
);

-- Links that sign a browser in to a forwarded port: each works once.
create table codespace_port_links (
    hash {blob} not null unique,
    codespace_id bigint not null references codespaces (id) on delete cascade,
    port bigint not null,
    expires_at bigint not null
);
