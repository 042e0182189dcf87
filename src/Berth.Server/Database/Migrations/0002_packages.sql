-- Packages of both types, who may use them, and the container registry's content.

create table packages (
    id {id},
    owner_id bigint not null references accounts (id) on delete cascade,
    type text not null,                 -- 'container' | 'npm'
    name {key} not null,
    state text not null,                -- 'pending' (blobs came, no manifest yet) | 'live' | 'deleted'
    uploader text not null default '',  -- pending: the principal that alone sees it
    visibility text not null default 'private',
    repository_id bigint references repositories (id) on delete set null,
    inherits_access boolean not null default false,
    ever_linked boolean not null default false,                 -- a source label links only a package that never had a link
    created_by text,
    created_at bigint not null,
    updated_at bigint not null,
    deleted_at bigint
);
create unique index packages_live on packages (owner_id, type, name) where state = 'live';
create unique index packages_pending on packages (owner_id, type, name, uploader) where state = 'pending';
create index packages_repository on packages (repository_id);

create table package_users (
    package_id bigint not null references packages (id) on delete cascade,
    user_id bigint not null references accounts (id) on delete cascade,
    role text not null,                 -- read|write|admin
    primary key (package_id, user_id)
);
create index package_users_user on package_users (user_id);

create table package_teams (
    package_id bigint not null references packages (id) on delete cascade,
    team_id bigint not null references teams (id) on delete cascade,
    role text not null,
    primary key (package_id, team_id)
);

create table package_actions (
    package_id bigint not null references packages (id) on delete cascade,
    repository_id bigint not null references repositories (id) on delete cascade,
    role text not null,
    primary key (package_id, repository_id)
);

create table package_codespaces (
    package_id bigint not null references packages (id) on delete cascade,
    repository_id bigint not null references repositories (id) on delete cascade,
    primary key (package_id, repository_id)
);

-- A blob row says that the bytes are there. The storage key is unique to one upload and never used again.
create table blobs (
    id {id},
    digest {key} not null unique,
    size bigint not null,
    storage_key text not null unique,
    created_at bigint not null
);

-- A blob exists for a package only through its row here.
create table blob_links (
    package_id bigint not null references packages (id) on delete cascade,
    blob_id bigint not null references blobs (id),
    used_at bigint not null,            -- last creation, mount or look-up by someone who may push; refreshed at most hourly
    hidden boolean not null default false, -- the last live manifest that used it was deleted; unreadable until pushed, mounted or restored again
    primary key (package_id, blob_id)
);
create index blob_links_blob on blob_links (blob_id);
create index blob_links_used on blob_links (used_at);

-- Bytes whose row is gone and that the collector has still to delete.
create table blob_trash (
    storage_key text primary key,
    deleted_at bigint not null
);

create table uploads (
    id text primary key,
    package_id bigint not null references packages (id) on delete cascade,
    principal text not null,
    algorithm text not null,            -- what is hashed while the bytes arrive
    started_at bigint not null
);
create index uploads_started on uploads (started_at);

create table manifests (
    id {id},                            -- the version's id in the REST API
    package_id bigint not null references packages (id) on delete cascade,
    digest {key} not null,
    media_type text not null,
    artifact_type text,                 -- what the referrers API shows: artifactType, else the config's media type
    subject text,                       -- digest
    annotations text,                   -- JSON, as in the manifest; shown by the referrers API
    size bigint not null,
    created_by text,
    created_at bigint not null,
    updated_at bigint not null,
    deleted_at bigint
);
create unique index manifests_live on manifests (package_id, digest) where deleted_at is null;
create index manifests_subject on manifests (package_id, subject, digest) where subject is not null;
create index manifests_deleted on manifests (deleted_at) where deleted_at is not null;

-- The bytes as they were pushed; apart, so that lists never read them.
create table manifest_contents (
    manifest_id bigint primary key references manifests (id) on delete cascade,
    content {blob} not null
);

create table manifest_blobs (
    manifest_id bigint not null references manifests (id) on delete cascade,
    blob_id bigint not null references blobs (id),
    primary key (manifest_id, blob_id)
);
create index manifest_blobs_blob on manifest_blobs (blob_id);

create table manifest_children (
    manifest_id bigint not null references manifests (id) on delete cascade,
    digest {key} not null,
    primary key (manifest_id, digest)
);
create index manifest_children_digest on manifest_children (digest);

create table tags (
    package_id bigint not null references packages (id) on delete cascade,
    name {key} not null,
    manifest_id bigint not null references manifests (id) on delete cascade,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (package_id, name)
);
create index tags_manifest on tags (manifest_id);

-- The tags that a manifest had when it was deleted, for its restoration.
create table deleted_tags (
    manifest_id bigint not null references manifests (id) on delete cascade,
    name {key} not null,
    primary key (manifest_id, name)
);
