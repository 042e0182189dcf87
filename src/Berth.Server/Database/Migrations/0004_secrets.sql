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

-- Rotations of the master key. The key in force is the one whose fingerprint server_keys holds; where the rotation has come to is kept here,
-- so that a server that was killed goes on.
create table key_rotations (
    id {id},
    from_fingerprint {blob} not null,
    to_fingerprint {blob} not null,
    state text not null,                -- 'running' | 'wrapped': the old key is still in the file | 'finished'
    pass bigint not null,               -- rows are gone through until a whole pass finds nothing of the old key
    part bigint not null,
    after_id bigint not null,
    changed bigint not null,
    done bigint not null,
    total bigint not null,
    failed bigint not null,
    started_by text,
    started_at bigint not null,
    finished_at bigint,
    lease_by text,                      -- which of several servers works on it
    lease_until bigint
);
create unique index key_rotations_running on key_rotations (state) where state = 'running';
