-- Trust in issuers of OIDC: whose ID tokens stand for workflows of a repository, so that CI stores no password.

create table trusts (
    id {id},
    owner_id bigint not null references accounts (id) on delete cascade,
    repository_id bigint references repositories (id) on delete cascade, -- null: the organization's repository whose external_id the token names
    provider text not null,             -- 'github' | 'gitlab' | 'forgejo' | 'gitea' | 'buildkite' | 'circleci' | 'other': how claims are called
    issuer {key} not null,              -- compared letter by letter
    audience text not null,
    claim text not null,                -- an id that is never given to anybody else
    value text not null,
    repository_claim text,              -- of an organization: what is compared with external_id
    ref text,                           -- null: any; '*' at its end stands for anything
    environment text,
    event text,
    packages text not null,             -- 'read' | 'write'
    created_by text not null,           -- login
    created_at bigint not null
);
create index trusts_issuer on trusts (issuer);
create index trusts_owner on trusts (owner_id);
create index trusts_repository on trusts (repository_id);

-- What tells that an ID token was exchanged before. A hash of issuer and jti.
create table used_identities (
    hash {blob} not null unique,
    expires_at bigint not null          -- of the ID token: afterwards it is refused for its age
);
create index used_identities_expires on used_identities (expires_at);

-- A workflow's token with a trust was made for an ID token: run, ref and what follows are verified. It ends with the trust.
alter table tokens add column trust_id bigint references trusts (id) on delete cascade;
alter table tokens add column commit_id text;
alter table tokens add column environment text;
alter table tokens add column event text;
create index tokens_trust on tokens (trust_id);

-- The verified run that published a version; null where nobody vouched for one.
alter table package_versions add column run text;
alter table package_versions add column ref text;
alter table package_versions add column commit_id text;
