-- Secrets of users, repositories and organizations. A secret belongs to an account or to a repository and goes with it.

create table secret_keys (
    id {id},                            -- the key_id that clients send back
    account_id bigint references accounts (id) on delete cascade,
    repository_id bigint references repositories (id) on delete cascade,
    public_key {blob} not null,
    secret_key {blob} not null,         -- wrapped by the master key
    created_at bigint not null,
    retired_at bigint                   -- still opens boxes for a while after a newer key took over
);
create unique index secret_keys_account on secret_keys (account_id) where retired_at is null and account_id is not null;
create unique index secret_keys_repository on secret_keys (repository_id) where retired_at is null and repository_id is not null;

create table secrets (
    id {id},
    level text not null,                -- 'user' | 'repository' | 'organization'
    account_id bigint references accounts (id) on delete cascade,
    repository_id bigint references repositories (id) on delete cascade,
    name {key} not null,                -- upper case
    visibility text not null,           -- 'all' | 'private' | 'selected'; users: selected; repositories: all
    value {blob} not null,              -- envelope encryption, see Secrets/Crypto/Envelope
    version bigint not null,
    created_by text,
    created_at bigint not null,
    updated_at bigint not null
);
create unique index secrets_account on secrets (account_id, name) where account_id is not null;
create unique index secrets_repository on secrets (repository_id, name) where repository_id is not null;

create table secret_repositories (
    secret_id bigint not null references secrets (id) on delete cascade,
    repository_id bigint not null references repositories (id) on delete cascade,
    primary key (secret_id, repository_id)
);
create index secret_repositories_repository on secret_repositories (repository_id);
