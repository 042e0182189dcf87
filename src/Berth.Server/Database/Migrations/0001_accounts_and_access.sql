-- Who there is: accounts, organizations, teams, repositories, tokens. Times are milliseconds since 1970 UTC.
-- folded columns hold the name in lower case; it is what is looked up and what is unique.

create table server_keys (
    name text primary key,              -- 'fingerprint' | 'registry-token' | 'codespaces'
    value {blob} not null               -- wrapped by the master key, except the fingerprint
);

create table accounts (
    id {id},
    kind text not null,                 -- 'user' | 'organization'
    login text not null,
    folded {key} not null unique,
    name text,
    email text,
    site_admin boolean not null default false,
    created_at bigint not null,
    updated_at bigint not null
);

create table organizations (
    account_id bigint primary key references accounts (id) on delete cascade,
    base_permission text not null default 'read',               -- role of members on the organization's repositories: none|read|write|admin
    members_can_create_repositories boolean not null default true,
    members_can_create_public_packages boolean not null default false,
    members_can_create_internal_packages boolean not null default true,
    members_can_create_private_packages boolean not null default true,
    workflows_can_create_packages boolean not null default true,
    public_packages_allowed boolean not null default true,
    internal_packages_allowed boolean not null default true,
    inherit_access_on_link boolean not null default false,      -- for a link that a personal token's label makes
    first_publish_visibility text not null default 'repository', -- what a workflow's first publish takes: repository|internal|private
    export_registry_secrets boolean not null default true       -- to the processes of codespaces; pulling uses them all the same
);

create table memberships (
    organization_id bigint not null references accounts (id) on delete cascade,
    user_id bigint not null references accounts (id) on delete cascade,
    role text not null,                 -- 'admin' (an owner of the organization) | 'member'
    created_at bigint not null,
    primary key (organization_id, user_id)
);
create index memberships_user on memberships (user_id);

create table teams (
    id {id},
    organization_id bigint not null references accounts (id) on delete cascade,
    slug {key} not null,
    name text not null,
    description text,
    created_at bigint not null,
    unique (organization_id, slug)
);

create table team_members (
    team_id bigint not null references teams (id) on delete cascade,
    user_id bigint not null references accounts (id) on delete cascade,
    role text not null,                 -- 'maintainer' | 'member'
    primary key (team_id, user_id)
);
create index team_members_user on team_members (user_id);

create table repositories (
    id {id},
    owner_id bigint not null references accounts (id) on delete cascade,
    name text not null,
    folded {key} not null,
    description text,
    visibility text not null,           -- 'public' | 'internal' | 'private'
    clone_url text,
    clone_url_normalised text,          -- scheme, user, '.git' and letter case taken off: what an image's source label is compared with
    external_id text,
    default_branch text not null default 'main',
    created_at bigint not null,
    updated_at bigint not null,
    unique (owner_id, folded)
);
create index repositories_clone_url on repositories (clone_url_normalised);

create table collaborators (
    repository_id bigint not null references repositories (id) on delete cascade,
    user_id bigint not null references accounts (id) on delete cascade,
    role text not null,                 -- read|triage|write|maintain|admin
    primary key (repository_id, user_id)
);
create index collaborators_user on collaborators (user_id);

create table team_repositories (
    team_id bigint not null references teams (id) on delete cascade,
    repository_id bigint not null references repositories (id) on delete cascade,
    role text not null,                 -- read|triage|write|maintain|admin
    primary key (team_id, repository_id)
);
create index team_repositories_repository on team_repositories (repository_id);

-- Every bearer of rights: personal, workflow and codespace tokens. Only the SHA-256 of a token is kept.
create table tokens (
    id {id},
    kind text not null,                 -- 'personal' | 'workflow' | 'codespace'
    hash {blob} not null unique,
    user_id bigint references accounts (id) on delete cascade,            -- personal: whose; workflow: who minted it; codespace: its creator
    repository_id bigint references repositories (id) on delete cascade,  -- workflow, codespace
    codespace_id bigint,                                                  -- codespace
    minter_token_id bigint references tokens (id) on delete cascade,      -- workflow: dies with the token that minted it
    note text,
    scopes text not null default '',    -- personal: space separated
    patterns text,                      -- personal: package patterns, space separated; null: unrestricted
    packages text,                      -- workflow: 'read' | 'write'
    run text,                           -- workflow: remarks, they satisfy no rule
    ref text,
    created_at bigint not null,
    expires_at bigint,
    last_used_at bigint
);
create index tokens_user on tokens (user_id);
create index tokens_repository on tokens (repository_id);
create index tokens_codespace on tokens (codespace_id);
create index tokens_minter on tokens (minter_token_id);

-- Failed logins, counted per account or token prefix and address, so that one caller is slowed and nobody is locked out.
create table login_failures (
    subject {key} primary key,
    failures integer not null,
    last_at bigint not null
);
