-- Who may have codespaces of an organization's repositories, what codespaces may fetch beyond their own repository, and how private git servers are
-- cloned from.

create table codespace_access (
    organization_id bigint primary key references accounts (id) on delete cascade,
    visibility text not null            -- 'disabled' | 'selected_members' | 'all_members' | 'all_members_and_outside_collaborators' (also without a row)
);

create table codespace_access_users (
    organization_id bigint not null references accounts (id) on delete cascade,
    user_id bigint not null references accounts (id) on delete cascade,
    primary key (organization_id, user_id)
);
create index codespace_access_users_user on codespace_access_users (user_id);

-- What a user lets codespaces of a repository fetch: packages of another repository of the same owner.
create table codespace_permissions (
    user_id bigint not null references accounts (id) on delete cascade,
    repository_id bigint not null references repositories (id) on delete cascade,
    target_id bigint not null references repositories (id) on delete cascade,
    accepted_at bigint not null,
    primary key (user_id, repository_id, target_id)
);

create index codespace_permissions_repository on codespace_permissions (repository_id);
create index codespace_permissions_target on codespace_permissions (target_id);

-- Created with the wish to go without what its repository asks for.
alter table codespaces add column permissions_opt_out boolean not null default false;

-- What a codespace's configuration asked for when it was last read; it gets what its creator lets it have.
create table codespace_targets (
    codespace_id bigint not null references codespaces (id) on delete cascade,
    target_id bigint not null references repositories (id) on delete cascade,
    primary key (codespace_id, target_id)
);
create index codespace_targets_target on codespace_targets (target_id);

create table clone_credentials (
    id {id},
    repository_id bigint not null references repositories (id) on delete cascade,
    user_id bigint references accounts (id) on delete cascade, -- whose codespaces use it; null: everybody's
    origin text not null,               -- scheme, host and port that it was stored for; it goes nowhere else
    username text not null,
    value {blob} not null,              -- envelope encryption, see Security/Envelope
    version bigint not null,
    created_by text,
    created_at bigint not null,
    updated_at bigint not null
);
create unique index clone_credentials_repository on clone_credentials (repository_id) where user_id is null;
create unique index clone_credentials_user on clone_credentials (repository_id, user_id) where user_id is not null;
